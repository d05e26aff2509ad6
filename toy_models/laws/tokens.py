"""Laws of one token: letters, dice, two peaks."""

from __future__ import annotations

from functools import cache

import torch

from playground.core.law import Law
from playground.spaces.table import TableLaw, TokenTable

# Norvig 2012, "English letter frequency counts", % of the letters of books
LETTERS = {
    "a": 8.04, "b": 1.48, "c": 3.34, "d": 3.82, "e": 12.49, "f": 2.40, "g": 1.87, "h": 5.05, "i": 7.57, "j": 0.16, "k": 0.54, "l": 4.07, "m": 2.51,
    "n": 7.23, "o": 7.64, "p": 2.14, "q": 0.12, "r": 6.28, "s": 6.51, "t": 9.28, "u": 2.73, "v": 1.05, "w": 1.68, "x": 0.23, "y": 1.66, "z": 0.09,
}  # fmt: skip


def letters() -> TokenTable:
    """Letters of English texts; the classes are vowels and consonants."""
    return TokenTable(
        tuple(LETTERS), torch.tensor(list(LETTERS.values()), dtype=torch.float64), torch.tensor([int(c not in "aeiou") for c in LETTERS])
    )


def dice() -> TokenTable:
    """The sum of two dice: (6 − |k − 7|)/36 for k = 2 … 12."""
    pips = range(2, 13)
    return TokenTable(tuple(map(str, pips)), torch.tensor([6.0 - abs(k - 7) for k in pips]), torch.tensor([k % 2 for k in pips]))


def two_peaks() -> TokenTable:
    """16 symbols in a row with two peaks of weight 0.6 and 0.4, of widths 1.2 and 1.8 symbols."""
    at = torch.arange(16.0)
    one, two = (w * torch.exp(-0.5 * ((at - m) / s) ** 2) / s for w, m, s in ((0.6, 3, 1.2), (0.4, 11, 1.8)))
    return TokenTable(tuple("ABCDEFGHIJKLMNOP"), one + two, (two > one).long())


@cache
def laws() -> list[Law]:
    return [
        TableLaw(
            letters(),
            "letters",
            "letters of English",
            "How often each letter stands in English books (Norvig 2012): 26 symbols.",
            ("vowel", "consonant"),
            30,
        ),
        TableLaw(
            dice(), "two_dice", "sum of two dice", "The sum of two dice, 2 to 12: the simplest table with a shape.", ("even", "odd"), 31
        ),
        TableLaw(two_peaks(), "two_peaks", "two peaks", "16 symbols in a row, of which two stretches are likely.", ("left", "right"), 32),
    ]

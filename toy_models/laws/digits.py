"""scikit-learn's digits: 8 × 8 pixels, ten classes, of which the last 297 images are held out."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from playground.core.examples import Examples, ExamplesLaw, digest_of
from playground.core.fields import BadValue
from playground.core.law import Law

HELD_OUT = 297  # the last: no model sees them, so that memorising can be told from generalising


class Digits(ExamplesLaw):
    group, rank = "images", 31

    def __init__(self) -> None:
        super().__init__("digits", "8×8 digits", (1, 8, 8), 10, 1797 - HELD_OUT, 8.0)
        self.tip = f"scikit-learn’s digits (Alpaydin & Kaynak 1998): {self.count:,} images that models may see, {HELD_OUT} held out."

    @property
    def examples(self) -> Examples:
        """Those that models may see."""
        return _seen()


DIGITS = Digits()


@functools.lru_cache(maxsize=1)
def _all() -> tuple[Tensor, Tensor, str]:
    """The 1,797 digits of scikit-learn (Alpaydin & Kaynak 1998, UCI; values 0 … 16), in [−1, 1], with labels and digest.

    Read from the package's file: to import scikit-learn for sklearn.datasets.load_digits takes seconds. Raises BadValue if it is not installed.
    """
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise BadValue("data", DIGITS.key, "a machine with scikit-learn: pip install scikit-learn")
    table = np.loadtxt(Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz", delimiter=",", dtype=np.uint8)
    pixels, labels = table[:, :-1].reshape(-1, 8, 8), table[:, -1]
    return torch.from_numpy(pixels).float()[:, None] / 8 - 1, torch.from_numpy(labels.astype(np.int64)), digest_of(pixels, labels)


@functools.lru_cache(maxsize=1)
def _seen() -> Examples:
    x, labels, digest = _all()
    return Examples(x[:-HELD_OUT], labels[:-HELD_OUT], DIGITS.title, digest)


def held_out() -> tuple[Tensor, Tensor]:
    """The digits that no model has seen: x (297, 1, 8, 8) and labels."""
    x, labels, _ = _all()
    return x[-HELD_OUT:], labels[-HELD_OUT:]


def laws() -> list[Law]:
    return [DIGITS]

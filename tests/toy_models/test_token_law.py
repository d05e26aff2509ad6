"""Tables of one token: what they are, what they refuse, the sampling floor."""

import math

import numpy as np
import pytest
import torch

from playground.core.fields import BadValue
from playground.spaces.table import TokenTable, sampling_floor
from toy_models.laws.tokens import dice, letters, two_peaks


@pytest.mark.parametrize("law", [letters, dice, two_peaks])
def test_tables(law):
    p = law()
    assert float(p.table.sum()) == pytest.approx(1, abs=1e-14)
    assert len(p.symbols) == len(p.table) == len(p.labels) == p.space.count
    assert 0 < p.entropy() < math.log(len(p.symbols))
    some = p.only(1)
    assert float(some.table[p.labels == 0].sum()) == 0
    torch.testing.assert_close(some.table[p.labels == 1] * p.table[p.labels == 1].sum(), p.table[p.labels == 1])


def test_known_numbers():
    assert float(dice().table[5]) == pytest.approx(1 / 6)
    table = dict(zip(letters().symbols, letters().table.tolist(), strict=True))
    assert max(table, key=table.get) == "e"
    assert sum(table[c] for c in "aeiou") == pytest.approx(0.385, abs=0.002)


def test_the_floor_is_that_of_draws():
    """E TV of n draws in closed form against 4,000 experiments, to 4 standard errors."""
    p = letters().table
    rng = np.random.default_rng(0)
    for n in (50, 2000):
        told = 0.5 * np.abs(rng.multinomial(n, p.numpy(), size=4000) / n - p.numpy()).sum(1)
        assert abs(told.mean() - sampling_floor(p, n)) < 4 * told.std() / math.sqrt(4000)


def test_what_is_refused():
    for field, parts in {
        "symbols": (("a", "a"), torch.ones(2)),
        "table": (("a", "b"), torch.tensor([1.0, -1.0])),
    }.items():
        with pytest.raises(BadValue, match=f"^{field} = "):
            TokenTable(*parts, torch.zeros(2))
    with pytest.raises(BadValue, match=r"^label = 5.*one of 0, 1"):
        dice().only(5)

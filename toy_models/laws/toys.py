"""The toy distributions as laws."""

from __future__ import annotations

from functools import cache

from playground.core.law import Law, MixtureLaw
from playground.core.mixture import GaussianMixture
from toy_models.laws.distributions import TOYS, Toy


class ToyLaw(MixtureLaw):
    """A toy as law; its components are built when they are first asked for."""

    def __init__(self, toy: Toy):
        super().__init__(GaussianMixture(*toy.tensors()), toy.key, toy.title, toy.class_names)
        self.tip, self.group, self.rank, self.listed = toy.tip, f"{toy.dim}D", 20 - 5 * (toy.dim - 1), True


@cache
def _law(key: str) -> ToyLaw:
    return ToyLaw(TOYS[key])


def laws() -> list[Law]:
    return [_law(key) for key in TOYS]


def law(data: str) -> Law | None:
    return _law(data) if data in TOYS else None

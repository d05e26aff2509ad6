"""The exact toy distributions: toy("moons"), toys(dim=2), TOYS["moons"].

Each is a Gaussian mixture in R^1 (one_d.py) or R^2 (two_d.py); base.py says what a Toy is. Shapes that are no
mixtures are fitted, and fit.py measures how well ("python -m toy_models.laws.distributions.fit").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from .base import Toy
from .one_d import ONE_D
from .two_d import TWO_D

__all__ = ["TOYS", "Toy", "toy", "toys"]

_BUILDERS = {**ONE_D, **TWO_D}


@cache
def _build(key: str) -> Toy:
    return _BUILDERS[key]()


class _Toys(Mapping[str, Toy]):
    """A read-only dict in display order; each toy is built when it is first asked for."""

    def __getitem__(self, key: str) -> Toy:
        if key not in _BUILDERS:
            raise KeyError(key)
        return _build(key)

    def __contains__(self, key: object) -> bool:  # without building it
        return key in _BUILDERS

    def __iter__(self) -> Iterator[str]:
        return iter(_BUILDERS)

    def __len__(self) -> int:
        return len(_BUILDERS)


TOYS: Mapping[str, Toy] = _Toys()


def toy(key: str) -> Toy:
    """The distribution of that key; BadValue (a ValueError) if there is none."""
    if not isinstance(key, str) or key not in TOYS:
        from playground.core.fields import BadValue  # here, so that the distributions import nothing but numpy

        raise BadValue("data", key, ", ".join(TOYS))
    return TOYS[key]


def toys(dim: int | None = None) -> list[Toy]:
    """All distributions in display order, or those of dimension dim (1 or 2)."""
    if dim not in (None, 1, 2):
        raise ValueError(f"dim: {dim!r} is not allowed; allowed are 1, 2 and None (both)")
    return [t for t in TOYS.values() if dim is None or t.dim == dim]

"""The exact toy distributions: toy("moons"), toys(dim=2), TOYS["moons"].

Each is a Gaussian mixture in R^1 (one_d.py) or R^2 (two_d.py); base.py says what a Toy is. To add one: a function under
``@distribution()`` in any module here. Shapes that are no mixtures are fitted (one drawn with a pen by its strokes, pen.py), and
fit.py measures how well ("python -m toy_models.laws.distributions.fit").
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping

from .base import DECLARED, Toy, distribution

__all__ = ["TOYS", "Toy", "distribution", "toy", "toys"]

_COMMANDS = {"fit"}  # they read all of the others themselves
for _module in pkgutil.iter_modules(__path__):
    if _module.name not in _COMMANDS:
        importlib.import_module(f"{__name__}.{_module.name}")
_BUILDERS = {key: declared.build for key, declared in sorted(DECLARED.items(), key=lambda entry: entry[1].rank)}


class _Toys(Mapping[str, Toy]):
    """A read-only dict in display order; each toy is built when it is first asked for."""

    def __getitem__(self, key: str) -> Toy:
        if key not in _BUILDERS:
            raise KeyError(key)
        return _BUILDERS[key]()

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

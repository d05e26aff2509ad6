"""What a notebook imports: ``import playground as pg``."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from playground.core.experiment import Experiment
from playground.core.fields import BadValue
from playground.core.mixture import GaussianMixture
from playground.core.run import Trace
from playground.core.spec import FAMILIES, Spec, by_name, registry
from playground.engine import simulate
from playground.images.own import load_images

__all__ = ["BadValue", "Experiment", "GaussianMixture", "Trace", "load_images", "registry", "simulate"]


def named(families: Iterable[str], taken: Collection[str]) -> dict[str, type[Spec]]:
    """Every registered choice under its own name. Raises BadValue where two have the same one, or one that something else here has."""
    found: dict[str, type[Spec]] = {}
    for family in families:
        found = by_name(registry(family).values(), found)
    for key, cls in found.items():
        if key in taken:
            raise BadValue("key", key, f"a name that nothing else in playground has (used by {cls.__module__})")
    return found


# pg.VP, pg.DDIM, pg.LinearBeta, pg.UniformTime, …
_CHOICES = named(FAMILIES, __all__)
globals().update(_CHOICES)
__all__ += _CHOICES

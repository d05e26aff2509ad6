"""What a notebook imports: ``import playground as pg``. The nouns, what is asked of them, and the parts of which own choices are made."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, choice, flag, free, integer, slider
from playground.core.grid import Grid
from playground.core.guidance import Guidance
from playground.core.legal import why_illegal
from playground.core.mixture import GaussianMixture
from playground.core.problem import Prediction, Predictor, Problem
from playground.core.process import LinearProcess, Process, ScalarGaussian
from playground.core.rng import Rng
from playground.core.run import Frame, Trace
from playground.core.sampler import Sampler
from playground.core.schedule import Schedule
from playground.core.spec import FAMILIES, Info, Spec, SpecClass, by_name, nested, registry
from playground.core.spec import register as _register
from playground.engine import simulate
from playground.images.own import load_images

__all__ = [
    "BadValue",
    "Experiment",
    "Frame",
    "GaussianMixture",
    "Grid",
    "Guidance",
    "Info",
    "LinearProcess",
    "Prediction",
    "Predictor",
    "Problem",
    "Process",
    "Rng",
    "Sampler",
    "ScalarGaussian",
    "Schedule",
    "Spec",
    "Trace",
    "choice",
    "flag",
    "free",
    "integer",
    "load_images",
    "nested",
    "register",
    "registry",
    "simulate",
    "slider",
    "why_illegal",
]


def named(families: Iterable[str], taken: Collection[str]) -> dict[str, type[Spec]]:
    """Every registered choice under its own name. Raises BadValue where two have the same one, or one that something else here has."""
    found: dict[str, type[Spec]] = {}
    for family in families:
        found = by_name(registry(family).values(), found)
    for key, cls in found.items():
        if key in taken:
            raise BadValue("key", key, f"a name that nothing else in playground has (used by {cls.__module__})")
    return found


def choices() -> dict[str, type[Spec]]:
    """pg.VP, pg.DDIM, pg.LinearBeta, pg.UniformTime, …: every choice by name, those that were registered too."""
    return named(FAMILIES, __all__)


def register(cls: SpecClass) -> SpecClass:
    """A choice of one's own, by name, in JSON, in links, on a page that is started from here: ``playground.core.spec.register``.

    @pg.register
    @dataclass(frozen=True)
    class Mine(pg.Sampler): …

    Raises: BadValue for what is no choice, or where its name is taken.
    """
    return _register(cls, __all__)


choices()  # two choices of one name are found here, not where one of them is silently gone

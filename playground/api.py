"""What a notebook imports: ``import playground as pg``. The nouns, what is asked of them, and the parts of which own choices are made."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, choice, flag, free, integer, slider
from playground.core.grid import Grid
from playground.core.guidance import Guidance
from playground.core.law import Law
from playground.core.legal import legal, why_illegal
from playground.core.measure import Estimate, Measure
from playground.core.mixture import GaussianMixture
from playground.core.model import Model
from playground.core.problem import Prediction, Predictor, Problem
from playground.core.process import LinearProcess, Process, ScalarGaussian, ScalarProcess
from playground.core.rng import Rng
from playground.core.run import Frame, Trace
from playground.core.sampler import Sampler
from playground.core.schedule import Schedule
from playground.core.space import Space
from playground.core.spec import FAMILIES, Info, Spec, SpecClass, by_name, nested, registry
from playground.core.spec import register as _register
from playground.engine import Run, simulate
from playground.images.own import load_images
from playground.notebook import (
    Bridge,
    Order,
    bridge,
    budget,
    decode,
    denoised,
    density,
    distance,
    invert,
    law,
    likelihood,
    log_prob,
    model,
    order,
    problem,
    sample,
    score,
)

__all__ = [
    "BadValue",
    "Bridge",
    "Estimate",
    "Experiment",
    "Frame",
    "GaussianMixture",
    "Grid",
    "Guidance",
    "Info",
    "Law",
    "LinearProcess",
    "Measure",
    "Model",
    "Order",
    "Prediction",
    "Predictor",
    "Problem",
    "Process",
    "Rng",
    "Run",
    "Sampler",
    "ScalarGaussian",
    "ScalarProcess",
    "Schedule",
    "Space",
    "Spec",
    "Trace",
    "bridge",
    "budget",
    "choice",
    "decode",
    "denoised",
    "density",
    "distance",
    "flag",
    "free",
    "integer",
    "invert",
    "law",
    "legal",
    "likelihood",
    "load_images",
    "log_prob",
    "model",
    "nested",
    "order",
    "problem",
    "register",
    "registry",
    "sample",
    "score",
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

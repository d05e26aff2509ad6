"""What a notebook imports: ``import playground as pg``. The nouns, what is asked of them, and the parts of which own choices are made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple
from urllib.parse import urlencode

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Whole, choice, flag, free, integer, slider
from playground.core.grid import Grid
from playground.core.guidance import Guidance
from playground.core.law import Law
from playground.core.legal import legal, why_illegal
from playground.core.measure import Estimate, Measure
from playground.core.mixture import GaussianMixture
from playground.core.model import Model
from playground.core.names import Elsewhere
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
from playground.figures import plot
from playground.images.own import load_images
from playground.notebook import (
    Bridge,
    Order,
    bridge,
    budget,
    checked,
    decode,
    denoised,
    density,
    distance,
    elsewhere,
    invert,
    law,
    likelihood,
    log_prob,
    measure,
    model,
    order,
    problem,
    sample,
    score,
)
from playground.sweeps import Sweep, sweep
from playground.viewer.shown import Showing, board, compare, show
from playground.views.numbers import Numbers, numbers

__all__ = [
    "BadValue",
    "Bridge",
    "Elsewhere",
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
    "Numbers",
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
    "Showing",
    "Space",
    "Spec",
    "Sweep",
    "Trace",
    "board",
    "bridge",
    "budget",
    "choice",
    "compare",
    "decode",
    "denoised",
    "density",
    "distance",
    "elsewhere",
    "flag",
    "free",
    "integer",
    "invert",
    "launch",
    "law",
    "legal",
    "likelihood",
    "load_images",
    "log_prob",
    "measure",
    "model",
    "nested",
    "numbers",
    "order",
    "plot",
    "problem",
    "register",
    "registry",
    "sample",
    "score",
    "show",
    "simulate",
    "slider",
    "sweep",
    "why_illegal",
]


PORT = Whole(7860, 1024, 65535)


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


class Served(NamedTuple):
    """A page that runs: its address, and how to end it."""

    url: str
    close: Callable[[], None]


def launch(exp: Experiment | None = None, *, port: int | None = None) -> Served:
    """Starts the page in this process and shows where it is: with the choices that were registered here, opened at ``exp``. It runs until
    ``close()`` or the end of the process. ``port``: the first free one from 7860 on where there is none. Raises: BadValue.
    """
    from playground.ui.page import build  # gradio comes only with a page

    query = "" if exp is None else "?" + urlencode(checked(exp).to_query())
    page = build()
    page.launch(prevent_thread_lock=True, server_port=None if port is None else PORT.clean("port", port), inbrowser=False)
    return Served(f"{page.local_url}{query}", page.close)


choices()  # two choices of one name are found here, not where one of them is silently gone

"""Sweeps that are asked for often, each a function of a base Experiment: what stands on the board's menu, and ``python -m playground.sweeps preset NAME``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, idle, one_of
from playground.core.legal import judged, parts_of
from playground.core.spec import registry
from playground.sweeps.record import Sweep

BUDGETS = (5, 8, 10, 15, 20, 30, 50, 100)  # model calls
FEW = (5, 10, 20, 50)


@dataclass(frozen=True)
class Preset:
    """A sweep by name: ``word`` stands on a button, ``make`` gives it for a base. Raises BadValue where the base has no such thing."""

    key: str
    title: str
    word: str
    make: Callable[[Experiment], Sweep]


FOUND: dict[str, Preset] = {}


def preset(title: str, word: str) -> Callable[[Callable[[Experiment], Sweep]], Callable[[Experiment], Sweep]]:
    """Declares the function below as a preset of its name."""

    def declared(make: Callable[[Experiment], Sweep]) -> Callable[[Experiment], Sweep]:
        FOUND[make.__name__] = Preset(make.__name__, title, word, make)
        return make

    return declared


def presets() -> Mapping[str, Preset]:
    """All of them by key, in the menu's order."""
    return FOUND


def made(key: str, base: Experiment | None = None) -> Sweep:
    """The sweep of a preset. Raises BadValue."""
    if key not in FOUND:
        raise BadValue("preset", key, one_of(key, FOUND))
    return FOUND[key].make(base or Experiment())


def fitting(slot: str, base: Experiment) -> list[str]:
    """The choices of a slot that can stand beside the others of ``base``. A sampler is judged beside the process's own grid."""
    return [key for key, why in judged(slot, parts_of(base)).items() if not why]


@preset("every sampler that fits, 5 to 100 model calls", "every sampler")
def samplers(base: Experiment) -> Sweep:
    own = registry("samplers")
    keys = [key for key in fitting("sampler", base) if own[key]().calls_line() is not None]
    return Sweep(base=base, axes=[{"sampler": keys}, {"calls": BUDGETS}], title=f"samplers on {base.who.title}")


@preset("grids for one sampler", "grids")
def grids(base: Experiment) -> Sweep:
    keys = [key for key in fitting("grid", base) if "steps" not in idle(registry("grids")[key]())]
    return Sweep(base=base, axes=[{"grid": keys}, {"calls": BUDGETS}], title=f"grids for {base.sampler.info.title}")


@preset("noise schedules of VP", "schedules")
def schedules(base: Experiment) -> Sweep:
    known = list(registry("schedules"))
    return Sweep(base=base, axes=[{"process": ["VP"] * len(known), "process.schedule": known}, {"calls": FEW}], title="schedules of VP")


@preset("η of DDIM", "η of DDIM")
def eta(base: Experiment) -> Sweep:
    return Sweep(base=base, axes=[{"sampler": ["DDIM"]}, {"sampler.eta": [0.0, 0.2, 0.5, 0.8, 1.0]}, {"calls": FEW}], title="η of DDIM")


@preset("guidance weights", "guidance")
def guidance(base: Experiment) -> Sweep:
    return Sweep(
        base=base,
        axes=[{"guidance": ["ClassifierFree"]}, {"guidance.weight": [1.0, 1.5, 2.0, 3.0, 5.0]}, {"calls": FEW}],
        measures=("W2", "Energy", "TiltedLaw"),
        title="guidance weights",
    )


@preset("processes at equal model calls", "processes")
def processes(base: Experiment) -> Sweep:
    keys = fitting("process", base)
    plain = Experiment(data=base.data, particles=base.particles, dtype=base.dtype)  # each process with the sampler and grid that it gets
    return Sweep(base=plain, axes=[{"process": keys}, {"calls": BUDGETS}], title=f"processes on {base.who.title}")


@preset("CLD: SSCS against Euler–Maruyama against VP", "CLD")
def cld(base: Experiment) -> Sweep:
    plain = Experiment(data=base.data, particles=base.particles, dtype=base.dtype)
    methods = {
        "process": ["CLD", "CLD", "VP", "VP"],
        "sampler": ["SSCS", "EulerMaruyama", "EulerMaruyama", "DDIM"],
        "grid": ["Quadratic", "Quadratic", "UniformLogSNR", "UniformLogSNR"],
    }
    return Sweep(base=plain, axes=[methods, {"calls": (10, 20, 50, 100, 200)}], title="CLD: SSCS against Euler–Maruyama against VP")


@preset("the trilemma: quality, diversity and speed of eight methods at equal calls", "trilemma")
def trilemma(base: Experiment) -> Sweep:
    """Each method with the process and the grid that it was published for, on the same data from the same seeds: quality by W₂ and two moments (of images by the Fréchet distance), diversity by recall,
    speed by model calls and milliseconds, which every cell has."""
    plain = Experiment(data=base.data, particles=base.particles, dtype=base.dtype)
    methods = {
        "sampler": ["DDPM", "DDIM", "DPMSolverPP2M", "UniPC", "EDMHeun", "Euler", "SSCS", "EulerMaruyama"],
        "process": ["VP", "VP", "VP", "VP", "EDM", "Flow", "CLD", "CLD"],
        "grid": ["UniformLogSNR", "UniformLogSNR", "UniformLogSNR", "UniformLogSNR", "Karras", "UniformTime", "Quadratic", "Quadratic"],
    }
    measures = (
        ("Frechet", "ImageRecall", "ImagePrecision")
        if "examples" in base.law.gives
        else ("W2", "Moments", "Recall", "Precision", "ModeRecall")
    )
    return Sweep(base=plain, axes=[methods, {"calls": (10, 20, 50, 100)}], measures=measures, title=f"the trilemma on {base.who.title}")

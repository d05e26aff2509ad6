"""Sweeps that are asked for often, each a function of a base Experiment: what stands on the board's menu, and ``python -m playground.sweeps preset NAME``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, idle, one_of
from playground.core.legal import judged, parts_of
from playground.core.spec import registry
from playground.sweeps.record import MEASURES, NEW, Sweep

BUDGETS = (5, 8, 10, 15, 20, 30, 50, 100)  # model calls
FEW = (5, 10, 20, 50)
IMAGES, IMAGE_SEEDS = 200, 3  # of a network each call is dear; the numbers of fewer say little
DIGITS = "digits-unet"
OF_IMAGES = ("Frechet", "ImageRecall", "ImagePrecision")


@dataclass(frozen=True)
class Preset:
    """A sweep by name: ``word`` stands on a button, ``make`` gives it for a base. Raises BadValue where the base has no such thing. ``across``: measures of which the first that it has
    stands across the board's plot at first, in place of model calls."""

    key: str
    title: str
    word: str
    make: Callable[[Experiment], Sweep]
    across: tuple[str, ...] = ()


FOUND: dict[str, Preset] = {}


def preset(title: str, word: str, across: tuple[str, ...] = ()) -> Callable[[Callable[[Experiment], Sweep]], Callable[[Experiment], Sweep]]:
    """Declares the function below as a preset of its name."""

    def declared(make: Callable[[Experiment], Sweep]) -> Callable[[Experiment], Sweep]:
        FOUND[make.__name__] = Preset(make.__name__, title, word, make, across)
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


def _sweep(base: Experiment, axes: Sequence[Mapping[str, Sequence[object]]], title: str, measures: tuple[str, ...] = MEASURES) -> Sweep:
    """Of pictures in their own measures, which need no exact law of the noised data, and with fewer seeds."""
    pictures = base.law.space.pictures
    return Sweep(base=base, axes=axes, seeds=IMAGE_SEEDS if pictures else NEW, measures=OF_IMAGES if pictures else measures, title=title)


def budgets(base: Experiment) -> tuple[int, ...]:
    """Model calls."""
    return FEW if base.law.space.pictures else BUDGETS


def fitting(slot: str, base: Experiment) -> list[str]:
    """The choices of a slot that can stand beside the others of ``base``. A sampler is judged beside the process's own grid."""
    return [key for key, why in judged(slot, parts_of(base)).items() if not why]


@preset("every sampler that fits, by model calls", "every sampler")
def samplers(base: Experiment) -> Sweep:
    own = registry("samplers")
    keys = [key for key in fitting("sampler", base) if own[key]().calls_line() is not None]
    return _sweep(base, [{"sampler": keys}, {"calls": budgets(base)}], f"samplers on {base.who.title}")


@preset("grids for one sampler", "grids")
def grids(base: Experiment) -> Sweep:
    keys = [key for key in fitting("grid", base) if "steps" not in idle(registry("grids")[key]())]
    return _sweep(base, [{"grid": keys}, {"calls": budgets(base)}], f"grids for {base.sampler.info.title}")


@preset("noise schedules of VP", "schedules")
def schedules(base: Experiment) -> Sweep:
    known = list(registry("schedules"))
    return _sweep(base, [{"process": ["VP"] * len(known), "process.schedule": known}, {"calls": FEW}], "schedules of VP")


@preset("η of DDIM", "η of DDIM")
def eta(base: Experiment) -> Sweep:
    return _sweep(base, [{"sampler": ["DDIM"]}, {"sampler.eta": [0.0, 0.2, 0.5, 0.8, 1.0]}, {"calls": FEW}], "η of DDIM")


@preset("guidance weights", "guidance")
def guidance(base: Experiment) -> Sweep:
    axes = [{"guidance": ["ClassifierFree"]}, {"guidance.weight": [1.0, 1.5, 2.0, 3.0, 5.0]}, {"calls": FEW}]
    return _sweep(base, axes, "guidance weights", (*MEASURES, "TiltedLaw"))


@preset("processes at equal model calls", "processes")
def processes(base: Experiment) -> Sweep:
    keys = fitting("process", base)
    plain = Experiment(data=base.data, particles=base.particles, dtype=base.dtype)  # each process with the sampler and grid that it gets
    return _sweep(plain, [{"process": keys}, {"calls": budgets(base)}], f"processes on {base.who.title}")


@preset("CLD: SSCS against Euler–Maruyama against VP", "CLD")
def cld(base: Experiment) -> Sweep:
    plain = Experiment(data=base.data, particles=base.particles, dtype=base.dtype)
    methods = {
        "process": ["CLD", "CLD", "VP", "VP"],
        "sampler": ["SSCS", "EulerMaruyama", "EulerMaruyama", "DDIM"],
        "grid": ["Quadratic", "Quadratic", "UniformLogSNR", "UniformLogSNR"],
    }
    return _sweep(plain, [methods, {"calls": (10, 20, 50, 100, 200)}], "CLD: SSCS against Euler–Maruyama against VP")


@preset("the trilemma: quality, diversity and speed of eight methods at equal calls", "trilemma", ("Recall", "ImageRecall"))
def trilemma(base: Experiment) -> Sweep:
    """Each method with the process and the grid that it was published for, on the same data from the same seeds: quality by W₂ and two moments (of images by the Fréchet distance), diversity by recall,
    speed by model calls and milliseconds, which every cell has."""
    plain = Experiment(data=base.data, particles=base.particles, dtype=base.dtype)
    methods = {
        "sampler": ["DDPM", "DDIM", "DPMSolverPP2M", "UniPC", "EDMHeun", "Euler", "SSCS", "EulerMaruyama"],
        "process": ["VP", "VP", "VP", "VP", "EDM", "Flow", "CLD", "CLD"],
        "grid": ["UniformLogSNR", "UniformLogSNR", "UniformLogSNR", "UniformLogSNR", "Karras", "UniformTime", "Quadratic", "Quadratic"],
    }
    measures = ("W2", "Moments", "Recall", "Precision", "ModeRecall")
    return _sweep(plain, [methods, {"calls": (10, 20, 50, 100)}], f"the trilemma on {base.who.title}", measures)


METHODS: Mapping[str, tuple[str, str, str]] = {
    "DPM-Solver++ 2M (VP)": ("VP", "DPMSolverPP2M", "UniformLogSNR"),
    "DDIM (VP)": ("VP", "DDIM", "UniformLogSNR"),
    "EDM Heun": ("EDM", "EDMHeun", "Karras"),
    "Euler (flow)": ("Flow", "Euler", "UniformTime"),
    "SSCS (CLD)": ("CLD", "SSCS", "Quadratic"),
}
"""Process, sampler and grid of what image models are compared by: each method with those that it was published for."""


def of_images(base: Experiment, methods: Sequence[str], calls: Sequence[int]) -> Sweep:
    """Methods by name at so many model calls. A model that knows one process has those of that process; the others say why they are not there."""
    process, sampler, grid = zip(*(METHODS[name] for name in methods), strict=True)
    return _sweep(base, [{"sampler": sampler, "process": process, "grid": grid}, {"calls": calls}], f"images: {base.who.title}")


@preset("image models: five methods at equal calls, Fréchet distance in the classifier's features", "images")
def images(base: Experiment) -> Sweep:
    """Of the base where it makes pictures, else of the digits' network."""
    return of_images(base if base.law.space.pictures else Experiment(data=DIGITS, particles=IMAGES), tuple(METHODS), FEW)

"""What choices are called elsewhere: in `diffusers`, k-diffusion, A1111's web UI (and Forge), ComfyUI and the repository of DPM-Solver; and the lines of `diffusers`
that make the same run, where there are such. A sampler says ``called``, a grid ``spaced``, a process ``noise_elsewhere``, a schedule ``table``; here they are put together.

A name says which method it is. That every number agrees is claimed of lines of `diffusers` alone, and only where ``exact`` says so: tests/samplers/test_names.py
runs them. Read in `diffusers` 0.42, k-diffusion's sampling.py, A1111's sd_samplers_*.py and sd_schedulers.py, ComfyUI's samplers.py, dpm_solver_pytorch.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from .fields import idle, params

if TYPE_CHECKING:
    from .experiment import Experiment
    from .spec import Spec

Chosen = TypeVar("Chosen", bound="Spec")

Arguments: TypeAlias = Mapping[str, object]

READS = {
    "DDIMScheduler": "table",
    "PNDMScheduler": "table",
    "DDPMScheduler": "whole",
    "EulerAncestralDiscreteScheduler": "ancestral",
    "EulerDiscreteScheduler": "sigmas",
    "HeunDiscreteScheduler": "sigmas",
    "KDPM2DiscreteScheduler": "sigmas",
    "KDPM2AncestralDiscreteScheduler": "sigmas",
    "LMSDiscreteScheduler": "sigmas",
    "DPMSolverSDEScheduler": "sigmas",
    "DPMSolverMultistepScheduler": "steps",
    "UniPCMultistepScheduler": "unipc",
    "DEISMultistepScheduler": "steps",
    "DPMSolverSinglestepScheduler": "stages",
    "EDMEulerScheduler": "edm",
    "EDMDPMSolverMultistepScheduler": "edm",
    "FlowMatchEulerDiscreteScheduler": "flow",
    "ScoreSdeVeScheduler": "ve",
}
"""How a scheduler makes its noise levels. table: whole timesteps, the next one 1000 // n below; whole: whole timesteps; ancestral: timesteps; sigmas: timesteps, or a law of σ;
steps and unipc: n + 1 timesteps of which the last is left out (but for "trailing"), or a law of σ (they differ in flows); stages: one level for every model call; edm: a law of σ
between two numbers; flow: a list of t."""

LAWS = ("sigmas", "steps", "unipc")
"""Those that know laws of σ."""
COUNTS = range(2, 401)
"""Numbers of steps at which these laws are ours: with one step they begin elsewhere, with very many the first two levels have one timestep, and the run begins at the second."""
EXPONENTIAL: Mapping[str, Arguments] = {**{key: {"use_exponential_sigmas": True} for key in LAWS}, "edm": {"sigma_schedule": "exponential"}}
"""σ falls by the same factor in every step."""

NO_END = 'with the noise prediction it has no step to σ = 0: its run ends at the table\'s first level, final_sigmas_type="sigma_min"'
EQUAL = 'DPM-Solver: with skip_type="logSNR" its groups of steps are equally long, and these as long as they have steps'
EVEN = "with an even number of model calls it ends with two steps of first order"
MIXED = "it takes one form of second order for the stages within and for the last one; the paper, and this, takes two"
STAGES = "it counts model calls as steps, and has a level of its grid for each"

LISTED = 100
"""The most steps of which a line spells out every level."""


class Scheduler(NamedTuple):
    """A scheduler of `diffusers`: its class, what it is made with, what each of its steps is told, and where it is not quite the same, in words."""

    name: str
    arguments: Arguments = {}
    step: Arguments = {}
    near: str = ""


class Called(NamedTuple):
    """A sampler's names at the chosen parameters, '' where a library has none; ``diffusers``: the first that knows the levels is taken. ``near``: where the others differ."""

    diffusers: tuple[Scheduler, ...] = ()
    k_diffusion: str = ""
    a1111: str = ""
    comfyui: str = ""
    dpm_solver: str = ""
    near: str = ""


class Spaced(NamedTuple):
    """A grid's names; ``diffusers``: the arguments that give exactly these levels, by how a scheduler makes its own (``READS``)."""

    diffusers: Mapping[str, Arguments] = {}
    k_diffusion: str = ""
    a1111: str = ""
    comfyui: str = ""
    dpm_solver: str = ""
    near: str = ""


class NoiseElsewhere(NamedTuple):
    """A process as schedulers of `diffusers` are told of it, by how they make their levels, and as which of these. ``near``: where their noise levels are not quite its own.

    ``levels``: which of them take a list of its levels, and what makes it of times. ``time`` is what is linear in the process's time: "sigma" (EDM), "flow" (1 − t and t), "table"
    (a table's index), or "" for none of these.
    """

    diffusers: Mapping[str, tuple[str, Arguments]] = {}
    near: str = ""
    levels: tuple[str, Callable[[float], float]] | None = None
    time: str = ""


class Table(NamedTuple):
    """The β table of a schedule, as `diffusers` is told of it; ``near``: where it is not quite the schedule."""

    arguments: Arguments = {}
    near: str = ""


PLACES = {
    "diffusers": "diffusers",
    "k_diffusion": "k-diffusion",
    "a1111": "A1111, Forge",
    "comfyui": "ComfyUI",
    "dpm_solver": "DPM-Solver",
}


class Name(NamedTuple):
    """What sampler and grid are called at one place; the grid's is '' where there is none."""

    where: str
    sampler: str
    grid: str = ""

    def __str__(self) -> str:
        return f"{self.sampler} · {self.grid}" if self.grid else self.sampler


class Elsewhere(NamedTuple):
    """What an experiment's sampler and grid are called elsewhere. ``code``: lines that make the scheduler of `diffusers`, '' where there is none; ``exact``: do they make this run's
    levels and steps; ``near``: what is not the same, in words."""

    names: tuple[Name, ...] = ()
    code: str = ""
    exact: bool = False
    near: str = ""

    def __str__(self) -> str:
        lines = [f"{PLACES[name.where]}: {name}" for name in self.names] or ["no name elsewhere"]
        return "\n".join(lines + ([f"near: {self.near}"] if self.near else []) + (["", self.code] if self.code else []))


def call(name: str, arguments: Arguments) -> str:
    """``name(a=1, b='c')``."""
    return f"{name}({written_out(arguments)})"


def said(value: object) -> str:
    """A value as Python reads it, texts in double quotes."""
    return f'"{value}"' if isinstance(value, str) else repr(value)


class Line(NamedTuple):
    """A scheduler and how it is made: None where it knows no such process; ``spacing``: which arguments choose the levels; ``level``: what makes levels of times where they are spelled out; ``near``: what is not the same."""

    scheduler: Scheduler
    arguments: Arguments | None
    spacing: str = ""
    level: Callable[[float], float] | None = None
    near: tuple[str, ...] = ()


class Unsaid(NamedTuple):
    """Parameters that no name tells, in words: of sampler and process, and of the grid, which do not matter where its levels are spelled out."""

    own: tuple[str, ...] = ()
    grid: tuple[str, ...] = ()


def line_of(
    schedulers: Sequence[Scheduler], spaced: Spaced, noise: NoiseElsewhere, times: Sequence[float], grid: str, whole: bool, unsaid: Unsaid
) -> Line:
    """The first scheduler that makes just these levels of this process, else the first that takes them as a list, else the nearest one and why it is only near."""
    same = [scheduler for scheduler in schedulers if not scheduler.near and not unsaid.own]
    for scheduler in same if whole and not noise.near and not unsaid.grid else ():
        reads, told = noise.diffusers.get(READS[scheduler.name], ("", {}))
        if reads in spaced.diffusers:
            return Line(scheduler, {**told, **scheduler.arguments, **spaced.diffusers[reads]}, written_out(spaced.diffusers[reads]))
    for scheduler in same if noise.levels and times[-1] == 0 and len(times) <= LISTED + 1 else ():
        name, level = noise.levels or ("", None)
        if scheduler.name == name:
            _, told = noise.diffusers.get(READS[name], ("", {}))
            return Line(scheduler, scheduler.arguments if noise.near else {**told, **scheduler.arguments}, "sigmas=[…]", level)
    known = [(scheduler, *noise.diffusers[READS[scheduler.name]]) for scheduler in schedulers if READS[scheduler.name] in noise.diffusers]
    if not known:
        return Line(schedulers[0], None, near=("its levels are not of this process",))
    scheduler, reads, told = next((found for found in known if found[1] in spaced.diffusers), known[0])
    why = [scheduler.near, noise.near, *unsaid.own, *unsaid.grid]
    if not whole:
        why.append("their run begins at the noise end and ends with a step to σ = 0")
    elif reads not in spaced.diffusers:
        why.append(f"their own levels: this class has no grid “{grid}” at this number of steps")
    own = spaced.diffusers.get(reads, {})
    return Line(scheduler, {**told, **scheduler.arguments, **own}, written_out(own), near=tuple(words for words in why if words))


NOTHING = Unsaid()


def together(
    called: Called, spaced: Spaced, noise: NoiseElsewhere, times: Sequence[float], grid: str, whole: bool, unsaid: Unsaid = NOTHING
) -> Elsewhere:
    """``times``: of the run; ``grid``: its title; ``whole``: from the process's own start to t = 0."""
    line = line_of(called.diffusers, spaced, noise, times, grid, whole, unsaid) if called.diffusers else None
    own = "" if line is None else call(*line.scheduler[:2]) if line.scheduler.arguments else line.scheduler.name
    words = {"diffusers": (own, "" if line is None else line.spacing)} | {
        place: (getattr(called, place), getattr(spaced, place)) for place in PLACES if place != "diffusers"
    }
    names = tuple(Name(place, sampler, of_grid) for place, (sampler, of_grid) in words.items() if sampler)
    differs = [f"diffusers: {words}" for words in (line.near if line else ())] + [words for words in (called.near, spaced.near) if words]
    return Elsewhere(names, written(line, times) if line else "", line is not None and not line.near, "; ".join(differs) if names else "")


def written_out(arguments: Arguments) -> str:
    return ", ".join(f"{key}={said(value)}" for key, value in arguments.items())


def written(line: Line, times: Sequence[float]) -> str:
    """Python that makes the scheduler and its levels, '' where there is none."""
    scheduler, arguments, _, level, near = line
    if arguments is None:
        return ""
    told = [f"# near, not the same: {words}" for words in near]
    told += [f"from diffusers import {scheduler.name}", "", f"scheduler = {call(scheduler.name, arguments)}"]
    if level is None:
        told.append(f"scheduler.set_timesteps({len(times) - 1})")
    else:
        levels = [level(t) for t in times[:-1]] + ([0.0] if READS[scheduler.name] == "sigmas" else [])
        told.append(f"scheduler.set_timesteps(sigmas={levels!r})")
    if scheduler.step:
        told.append(f"# every step: scheduler.step(output, t, x, {written_out(scheduler.step)})")
    return "\n".join(told)


def untold(choice: Chosen, names: Callable[[Chosen], object], apart: Collection[str] = ()) -> tuple[str, ...]:
    """What of a choice its ``names`` leave out, in words: parameters that speak, are not at their default, and would have the same names there."""
    declared, silent = params(choice), idle(choice)
    found = [name for name, param in declared.items() if name not in (*silent, *apart) and getattr(choice, name) != param.default]
    return tuple(
        f"here {declared[name].label or name} is {said(getattr(choice, name))}"
        for name in found
        if names(replace(choice, **{name: declared[name].default})) == names(choice)
    )


def elsewhere(exp: Experiment, times: Sequence[float]) -> Elsewhere:
    """What the sampler and the grid of an experiment are called elsewhere, of a run over ``times``; of noising nothing."""
    if exp.mode == "forward":
        return Elsewhere()
    process, grid, sampler = exp.process, exp.grid, exp.sampler
    called = sampler.called(process)
    if not called.diffusers:
        return together(called, grid.spaced(process), NoiseElsewhere(), times, grid.info.title, False)
    own = untold(sampler, lambda choice: choice.called(process)) + untold(process, lambda choice: choice.noise_elsewhere)
    spaced = grid.spaced(process)
    unsaid = Unsaid(
        own, untold(grid, lambda choice: choice.spaced(process), ("steps", "denoise")) if any(spaced) else ()
    )  # a grid without names leaves none out
    whole = grid.denoise and exp.start_at == 1 and exp.stop_at == 0
    return together(called, spaced, process.noise_elsewhere, times, grid.info.title, whole, unsaid)

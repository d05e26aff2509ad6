"""Samplers: frozen choices with one method, the step from t to s < t."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, TypeAlias, TypeVar

from torch import Tensor

from .brownian import Clock
from .names import Called
from .problem import Problem
from .process import Process
from .rng import Rng
from .spec import Misfit, Spec

Carry = TypeVar("Carry")
"""What a sampler remembers from step to step: None, a few numbers, past predictions."""


def _finite(terms: Callable[..., dict[str, float]]) -> Callable[..., dict[str, float]]:
    @functools.wraps(terms)
    def checked(self: AnySampler, problem: Problem, t: float, s: float) -> dict[str, float]:
        return {k: v for k, v in terms(self, problem, t, s).items() if math.isfinite(v)} if s > 0 else {}

    return checked


def _finite_on(terms_on: Callable[..., dict[str, float]]) -> Callable[..., dict[str, float]]:
    @functools.wraps(terms_on)
    def checked(self: AnySampler, problem: Problem, grid: list[float], index: int, afresh: bool = False) -> dict[str, float]:
        return {k: v for k, v in terms_on(self, problem, grid, index, afresh).items() if math.isfinite(v)} if grid[index + 1] > 0 else {}

    return checked


class Variant(NamedTuple):
    """Parameters at which a sampler's order is measured (docs/samplers.md and the tests). ``weak``: with noise in a step, the order of the variance's error;
    inf: none is made at any number of steps."""

    name: str
    parameters: Mapping[str, object] = {}
    weak: float | None = None


class Twin(NamedTuple):
    """Parameters at which a sampler is another one (its class's name, and that one's parameters): the same states from the same noise."""

    parameters: Mapping[str, object]
    other: str
    of_other: Mapping[str, object] = {}


class Ending(NamedTuple):
    """The step to t = 0: how many draws it makes, whether it gives E[z_0 | z_t] of the state, and what it does in ``words``, in which {x} stands for the
    state's letter and {mean} for the model's E[x_0 | x_t], or what guidance makes of it."""

    draws: int = 0
    denoised: bool = True
    words: str = "{x}₀ is {mean}"

    def said(self, x: str, mean: str) -> str:
        return self.words.format(x=x, mean=mean)


STEEP = (1e-4, 2e-3)


@dataclass(frozen=True)
class Sampler(Spec, Generic[Carry]):
    """A sampler has no mutable state: multistep methods pass their history on as ``carry``, of a type of their own (``Sampler[None]``: they have none).

    ``formula`` is the step in LaTeX (``printed``: at the chosen parameters), ``terms`` and ``terms_on`` its numbers. Samplers that draw noise in a step have no ``declared_order``.
    """

    family: ClassVar[str] = "samplers"
    formula: ClassVar[str] = ""
    moves: ClassVar[frozenset[str]] = frozenset({"vector"})
    """How it moves, as a capability of the space: by z + h u, unless it says otherwise ("tangent": along geodesics, "discrete": by jumps)."""
    superconvergent: ClassVar[frozenset[str]] = frozenset()
    """Processes under which Gaussian data, whose flow is simple there, show one order more than the declared one (the tests measure it)."""

    # what the tests and docs/samplers.md measure of it
    variants: ClassVar[tuple[Variant, ...]] = (Variant(""),)
    tried: ClassVar[tuple[Mapping[str, object], ...]] = ({},)
    """Parameters at which its paths are compared between processes, where it sees levels only (``level_only``)."""
    fine: ClassVar[tuple[Mapping[str, object], ...]] = ({},)
    """Parameters at which, if it draws noise there, 150 steps from an exact start must end within the floor of exact samples; (): at none."""
    twins: ClassVar[tuple[Twin, ...]] = ()
    """Other samplers that it is at some of its parameters."""
    matches: ClassVar[tuple[str, ...]] = ()
    """The schedulers of `diffusers` whose states it gives from the same noise and the same model (tests/samplers/parity has a file of each)."""
    named: ClassVar[tuple[Mapping[str, object], ...]] = ({},)
    """Parameters at which docs/names.md lists what it is called elsewhere: one for every name."""
    exact_step: ClassVar[bool] = False
    """Is a step a draw from the model's own q(z_s | z_t)? Then it has no error of its own."""
    corrects: ClassVar[bool] = False
    """Does it move the state on a level as well, around another sampler? Such samplers do not stand in each other."""
    unprinted: ClassVar[str] = ""
    """Why a first step cannot be put together from ``printed`` and ``terms``, or ""."""
    cold_start: ClassVar[bool] = False
    """Does it begin with a step of first order, whose error shows from a finite noise level? (From pure noise it does not.)"""
    level_only: ClassVar[bool] = True
    """If it needs a noise level: does it see nothing else of the process, so that y = x/α has the same path in all of them? Not if α or t enter."""
    from_noise: ClassVar[bool] = False
    """Is a first step from α = 0, where log-SNR is −∞, finite by its formula?"""
    rounding: ClassVar[tuple[float, float]] = (2e-5, 2e-5)
    """What float32 loses over ten steps from α = 0.001, as a share of a particle's size: at most; and at most where ρ falls by 1e4 in a step (sub-VP,
    polynomial paths), which multiplies the rounding of x̂_0 in the coefficients of some methods (``STEEP``)."""

    unpathed: ClassVar[str] = "does not say of which integral over its steps their noise is (noise_clock)"
    """With noise but without a ``noise_clock``: why its draws are no increments of one Brownian path, to go on after its title."""

    @property
    def in_time(self) -> bool:
        """Does it integrate in the process's own time, although it needs a noise level? Then its order is measured on VP as well."""
        return False

    def called(self, process: Process) -> Called:
        """What it is called elsewhere at the chosen parameters, under this process."""
        return Called()

    @property
    def ending(self) -> Ending:
        """What its ``last`` does, at the chosen parameters."""
        return Ending()

    @property
    def printed(self) -> str:
        """The formula at the chosen parameters (LaTeX), as the page prints it; ``formula`` is the class's, for all of them."""
        return self.formula

    @property
    def couples_particles(self) -> bool:
        """Does a step depend on means over the batch? Then a particle's path changes with the number of particles."""
        return False

    @property
    def begins_in_noise(self) -> bool:
        """``from_noise``, at the chosen parameters."""
        return self.from_noise

    def misfit(self, process: Process) -> Misfit | None:
        """Why these numbers do not fit a process. For the judge (core/legal.py)."""
        if self.begins_in_noise or not process.from_noise:
            return None
        return Misfit(
            "needs a finite log-SNR where it starts: here that is pure noise, t = 1", whom=f"{process.info.title} from pure noise"
        )

    @property
    def declared_order(self) -> float | None:
        """Global order of convergence at the chosen parameters; None with noise in a step."""
        return self.info.order

    @property
    def needs(self) -> frozenset[str]:
        """Besides what it declares: a space in which it can move, and in R^n, with noise in a step, a process whose own noise is Gaussian."""
        own = self.info.needs | self.moves
        return own | {"linear"} if self.declared_order is None and "vector" in self.moves else own

    def calls(self, steps: int) -> float | None:
        """Model calls of a run of so many steps that ends with the denoiser; None where they are not known beforehand."""
        return None if self.info.nfe is None else self.info.nfe * (steps - 1) + 1

    def calls_line(self) -> tuple[float, float] | None:
        """(a, b) with calls(n) = a n + b for n ≥ 5 steps, as every sampler's count is; None where it is not known beforehand."""
        five, six = self.calls(5), self.calls(6)
        return None if five is None or six is None else (six - five, five - 5 * (six - five))

    def calls_on(self, process: Process, grid: list[float]) -> float | None:
        """Model calls of a run over these times, exactly; None where they are not known beforehand."""
        steps = len(grid) - 1
        if grid[-1] == 0:
            return self.calls(steps)
        more = self.calls(steps + 1)
        return None if more is None else more - 1

    def calls_afresh(self, steps: int) -> float | None:
        """The same where no step has a history, since something else moves the state between them: every step is a first one."""
        first = self.calls(2)
        return None if first is None else (first - 1) * (steps - 1) + 1

    def calls_first(self, process: Process, grid: list[float]) -> float:
        """Model calls of the first step over these times, where ``calls_on`` knows them."""
        whole = self.calls_on(process, grid) or 0
        return whole if len(grid) == 2 else (self.calls_afresh(2) or 0) - 1

    def noise_clock(self, process: Process) -> Clock | None:
        """c(u), u = ``process.evened(t)``: the noise of a step is the integral ∫ w dB, dc = ± w² du, over the path B(u), up to a factor, so that in the limit of
        small steps all samplers of one SDE are driven by the same path. None: it draws nothing, or what is no such integral (``unpathed``)."""
        return None

    def noise_times(self, process: Process, t: float, s: float) -> tuple[float, ...]:
        """The times between which the draws of a step are increments, one draw an interval, in the order of the draws."""
        return t, s

    def off_path(self, process: Process) -> str:
        """Why its draws are no increments of one Brownian path, to go on after its title; "" where they are, or where it makes none."""
        return "" if self.declared_order is not None or self.noise_clock(process) is not None else self.unpathed

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> Carry:
        """The carry before the first step; ``grid`` holds all times of the run. Samplers that remember something have their own."""
        return None  # type: ignore[return-value]

    def resume(self, problem: Problem, z: Tensor, grid: list[float], index: int) -> Carry:
        """The carry before the step from grid[index] where something else has moved the state: that of a first step, without a history."""
        return self.init(problem, z, grid[index:])

    def ahead(self, carry: Carry, steps: int) -> Carry:
        """The carry of a run that begins so many steps later on its grid. Samplers that count their steps have their own."""
        return carry

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: Carry, rng: Rng) -> tuple[Tensor, Carry]:
        """z_s (batch, *state) and the next carry, from z_t (batch, *state), t > s > 0; draws, if any, from ``rng``."""
        raise NotImplementedError

    def last(self, problem: Problem, z: Tensor, t: float, carry: Carry, rng: Rng) -> Tensor:
        """The step to s = 0, where σ = 0: E[z_0 | z_t] of the state (batch, *state), without a draw. Samplers that end otherwise say so: exact ancestral draws from
        p(z_0 | z_t), EDM Heun's churn and a corrector move once more, UniPC has x̂_0 already, Langevin stays on its level."""
        return problem.denoise(z, t)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        """The formula's coefficients for the step from t to s, by LaTeX symbol; {} for the last step (s = 0), which is not made by the formula.

        A multistep method's are those that do not depend on its history. Only finite numbers: a subclass's own ``terms`` is filtered.
        """
        return {}

    def terms_on(self, problem: Problem, grid: list[float], index: int, afresh: bool = False) -> dict[str, float]:
        """``terms`` of the step from grid[index] to grid[index + 1], and those that need the whole grid: past steps, the number of steps.

        ``afresh``: the step has no history, since something else has moved the state (``resume``).
        """
        return self.terms(problem, grid[index], grid[index + 1])

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "terms" in vars(cls):
            cls.terms = _finite(vars(cls)["terms"])  # type: ignore[method-assign]
        if "terms_on" in vars(cls):
            cls.terms_on = _finite_on(vars(cls)["terms_on"])  # type: ignore[method-assign]


AnySampler: TypeAlias = Sampler[Any]
"""A sampler, whatever it remembers: what runs, menus and measures take."""

"""Singlestep solvers whose stages lie on the grid: a step of order k is k steps of the grid, each with one model call. So DPM-Solver's repository has "singlestep", and `diffusers`;
the inner times follow the grid's own variable, and the orders of the groups follow the number of steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Generic, NamedTuple, cast

from torch import Tensor

from .exponential import clean, phi, raised, rise_of
from .fields import Conditions, choice, flag, only
from .problem import Problem
from .sampler import Carry, Sampler

INSIDE, GRID = "inside", "grid"
FORMULA = r"x_s = \frac{\sigma_s}{\sigma_0}\,x_0 + \alpha_s\,(1-e^{-h})\,D_0 + \alpha_s\,c\,(D-D_0),\quad 0\text{: where the group began}"
"""In x̂_0."""
FORMULA_NOISE = r"x_s = \frac{\alpha_s}{\alpha_0}\,x_0 - \sigma_s\,(e^{h}-1)\,\hat\varepsilon_0 - \sigma_s\,c\,(\hat\varepsilon-\hat\varepsilon_0),\quad 0\text{: where the group began}"
"""In ε̂."""


def stages_option(when: Conditions = ()) -> str:
    """``stages`` of a sampler that has both."""
    return choice(
        INSIDE,
        (INSIDE, GRID),
        help="inside: each step's further predictions lie within it, at fractions of log-SNR; grid: at the grid's own times, a step of order k taking k of the grid’s steps with one model call each, as DPM-Solver’s and diffusers’ singlestep runs do",
        when=when,
        named=True,
    )


def lowered_option(when: Conditions = ()) -> bool:
    """``lower_last`` of a sampler of order 3."""
    return flag(
        True,
        label="2 and 1 at the end",
        help="a run of 3, 6, 9 … steps ends with a group of order 2 and one of order 1, as in DPM-Solver’s repository; off: with a whole one of order 3",
        when=(*when, only("stages", GRID)),
        named=True,
    )


def orders(steps: int, order: int, lowered: bool) -> list[int]:
    """The orders of the groups of a run with so many model calls: whole ones, and one of what is left; where nothing is left of order 3, and it is ``lowered``, 2 and 1 in place of the last
    (Lu et al. 2022, 2206.00927, appendix; K = ⌊steps/3⌋ + 1 groups).

    ``orders(9, 3, True) == [3, 3, 2, 1]``, ``orders(8, 3, True) == [3, 3, 2]``.
    """
    whole, left = divmod(steps, order)
    if order == 3 and not left and lowered:
        return [3] * (whole - 1) + [2, 1]
    return [order] * whole + [left] * (left > 0)


class Group(NamedTuple):
    """The carry: ``plan``, for each step of the run its number within its group, from 1, and the group's order; ``done`` steps; of the group so far the state ``start`` and time ``t0`` where it
    began, its prediction there ``first``, and ``rise``, the last step made from there in x/σ (``Noises``)."""

    plan: tuple[tuple[int, int], ...]
    done: int = 0
    start: Tensor | None = None
    t0: float = 0.0
    first: Tensor | None = None
    rise: Tensor | None = None

    @classmethod
    def of(cls, grid: list[float], order: int, lowered: bool = True) -> Group:
        """Before the first step of a run over these times; the step to t = 0 is no part of a group."""
        steps = len(grid) - 1 - (grid[-1] == 0)
        return cls(tuple((k, whole) for whole in orders(steps, order, lowered) for k in range(1, whole + 1)))

    def step(self, problem: Problem, z: Tensor, t: float, s: float, in_noise: bool) -> tuple[Tensor, Group]:
        """z_s and the next carry: from where the group began, by the first prediction there and the one here. ``in_noise``: differences are those of ε̂."""
        process = problem.scalar
        told = problem.x0(z, t)
        number, whole = self.plan[self.done]
        if number == 1 or self.start is None or self.first is None or self.rise is None:
            rise = rise_of(process, told, t, s)
            return raised(process, z, rise, t, s), self._replace(done=self.done + 1, start=z, t0=t, first=told, rise=rise)
        c = weight(problem, self.t0, t, s, whole, in_noise)
        if in_noise:  # ε̂ − ε̂_0
            more = -c * (self.rise - told * clean(process, t) + self.first * clean(process, self.t0))
        else:
            more = c * clean(process, s) * (told - self.first)
        rise = rise_of(process, self.first, self.t0, s) + more
        return raised(process, self.start, rise, self.t0, s), self._replace(done=self.done + 1, rise=rise)

    def terms(self, problem: Problem, grid: list[float], index: int, in_noise: bool) -> dict[str, float]:
        """The coefficients of the step from grid[index], by LaTeX symbol."""
        number, whole = self.plan[index]
        t0, t, s = grid[index + 1 - number], grid[index], grid[index + 1]
        now, then = problem.at(t0), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        c = 0.0 if number == 1 else weight(problem, t0, t, s, whole, in_noise)
        if in_noise:
            return {"h": h, "c": c, r"\frac{\alpha_s}{\alpha_0}": then.alpha / now.alpha, r"\sigma_s(e^{h}-1)": then.sigma * math.expm1(h)}
        return {"h": h, "c": c, r"\frac{\sigma_s}{\sigma_0}": then.sigma / now.sigma, r"\alpha_s(1-e^{-h})": -then.alpha * math.expm1(-h)}


def weight(problem: Problem, t0: float, t: float, s: float, whole: int, in_noise: bool) -> float:
    """c, the weight of the difference of the predictions at t and t_0 in a step from t_0 to s, h = L_s − L_{t0}, r = (L_t − L_{t0})/h: of a group of order 2 (e^h − 1)/(2r) in ε̂ and (1 − e^{−h})/(2r) in
    x̂_0; in both further steps of one of order 3 (``whole``) h φ_2(±h)/r."""
    l0, l1, l2 = (problem.at(u).half_log_snr for u in (t0, t, s))
    h = l2 - l0
    grow = h if in_noise else -h
    return h / (l1 - l0) * (h * phi(2, grow) if whole == 3 else math.expm1(grow) / 2 * (1 if in_noise else -1))


@dataclass(frozen=True, kw_only=True)
class OnGrid(Sampler[Carry], Generic[Carry]):
    """A singlestep solver that may have its stages on the grid, where its carry is a ``Group``."""

    in_noise: ClassVar[bool] = False
    """Are its differences those of ε̂?"""

    @property
    def on_grid(self) -> bool:
        """Does it have them there, at the chosen parameters?"""
        raise NotImplementedError

    def group(self, grid: list[float]) -> Group:
        """The carry before the first step of a run over these times."""
        raise NotImplementedError

    def calls(self, steps: int) -> float | None:
        return steps if self.on_grid else super().calls(steps)

    def ahead(self, carry: Carry, steps: int) -> Carry:
        return cast("Carry", cast("Group", carry)._replace(done=steps)) if self.on_grid else super().ahead(carry, steps)

    def terms_on(self, problem: Problem, grid: list[float], index: int, afresh: bool = False) -> dict[str, float]:
        if not self.on_grid:
            return super().terms_on(problem, grid, index, afresh)
        grid, index = (grid[index:], 0) if afresh else (grid, index)
        return self.group(grid).terms(problem, grid, index, self.in_noise)

"""How runs of other programs end: by the solver's own step to t = 0, or above it by steps of lower order. Options, each declared once for all that have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from torch import Tensor

from .fields import Conditions, flag
from .problem import Problem
from .process import Process
from .rng import Rng
from .sampler import Carry, Ending, Sampler


@dataclass(frozen=True, kw_only=True)
class ToZero(Sampler[None]):
    """A sampler whose formula asks the model above t = 0 only, so that its step to 0 exists: so do runs of other programs end that know no denoiser."""

    own_last: bool = flag(
        False,
        label="own last step",
        help="the step to t = 0 is the solver's own, without noise, as in programs that do not denoise; off: x̂₀",
    )

    def to_zero(self, problem: Problem, z: Tensor, t: float) -> Tensor:
        """The formula's step from z_t (batch, *state) to t = 0, without its noise."""
        raise NotImplementedError

    @property
    def ending(self) -> Ending:
        return Ending(denoised=False, words="{x}₀ is where its own formula leads from here, without noise") if self.own_last else Ending()

    def last(self, problem: Problem, z: Tensor, t: float, carry: None, rng: Rng) -> Tensor:
        return self.to_zero(problem, z, t) if self.own_last else problem.denoise(z, t)

    # its last step costs as much as the others

    def calls(self, steps: int) -> float | None:
        return self._each * steps if self.own_last else super().calls(steps)

    def calls_on(self, process: Process, grid: list[float]) -> float | None:
        return self.calls(len(grid) - 1) if self.own_last else super().calls_on(process, grid)

    def calls_afresh(self, steps: int) -> float | None:
        return self.calls(steps) if self.own_last else super().calls_afresh(steps)

    def calls_first(self, process: Process, grid: list[float]) -> float:
        return self._each if self.own_last else super().calls_first(process, grid)

    @property
    def _each(self) -> float:
        return self.info.nfe or 0


def lowered_above(when: Conditions = ()) -> bool:
    """``LowersAbove.lower_above``, for those that have it under a condition."""
    return flag(
        False,
        label="lower order above t = 0",
        help="a run that ends above t = 0 lowers its order there too, to 1 in the last step, as diffusers’ runs to σ_min do",
        when=when,
        named=True,
    )


@dataclass(frozen=True, kw_only=True)
class LowersAbove(Sampler[Carry], Generic[Carry]):
    """A multistep solver whose runs may end above t = 0 by a step of first order, as `diffusers`' runs to σ_min do."""

    lower_above: bool = lowered_above()

    def lowers(self, grid: list[float], at_zero: bool) -> bool:
        """Is the order of a run over these times lowered at its end? ``at_zero``: is it where the end is t = 0?"""
        return self.lower_above if grid[-1] > 0 else at_zero

"""What samplers share that go along geodesics by a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.sampler import Ending, Sampler
from playground.processes.torus import brownian
from playground.spaces.torus import Torus


@dataclass(frozen=True)
class Geodesic(Sampler[None]):
    """A sampler of angles whose last step goes along σ_t² ∇log p_t, the mean of θ_0 − θ_t where the circle is unrolled."""

    moves: ClassVar[frozenset[str]] = frozenset({"tangent"})

    @property
    def ending(self) -> Ending:
        return Ending(denoised=False, words="one geodesic by σ_t² ∇log p_t: to the mean of θ₀, were the circle unrolled")

    def last(self, problem: Problem, z: Tensor, t: float, carry: None, rng: Rng) -> Tensor:
        return Torus(z.shape[1]).move(z, brownian(problem).at(t)[0] * problem.score(z, t))

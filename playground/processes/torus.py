from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.fields import promised, slider
from playground.core.kernel import t64
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.space import Space
from playground.core.spec import Info
from playground.spaces.torus import TURN
from playground.spaces.wrapped import Wrapped


@functools.lru_cache(maxsize=64)
def _wrapped(process: TorusBrownian) -> Wrapped:
    return Wrapped(process)


@dataclass(frozen=True)
class TorusBrownian(Process):
    """Brownian motion of angles: dθ = g dw, wrapped; σ² = ∫g² = σ_min² ((σ_max/σ_min)^{2t} − 1). The law tends to the uniform one: of what is left at
    t = 1 the largest Fourier coefficient is e^{−σ_max²/2}.

    For mixtures of wrapped normals variances add, so that p_t is one; there is no mean E[θ_0 | θ_t] on a circle: models tell the score.
    De Bortoli et al. 2022, 2202.02763.
    """

    info = Info(
        "TorusBrownian",
        "Brownian motion on the torus",
        "angles walk at random until every direction is as likely as any other",
        "De Bortoli et al. 2022",
        "2202.02763",
        rank=84,
    )
    caps: ClassVar[frozenset[str]] = frozenset({"brownian"})
    lives: ClassVar[frozenset[str]] = frozenset({"tangent"})
    elsewhere: ClassVar[str] = "needs angles, which these data are not"
    suits: ClassVar[str] = "UniformTime"
    noised: ClassVar[str] = "true paths: every step an exact draw from p(θ_t | θ_s)"
    level: ClassVar[str] = "−ln σ², σ in radians"
    sigma_min: float = slider(0.03, 0.005, 0.3, 0.005, label="σ min", help="scale of the geometric series, radians")
    sigma_max: float = slider(6.0, 1.0, 12.0, 0.5, label="σ max", help="noise level at t = 1, radians; below 3 the end is not uniform")
    formula = r"\mathrm d\theta = g\,\mathrm dw \bmod 2\pi,\quad p(\theta_t\mid\theta_0) = \textstyle\sum_n \mathcal N(\theta_t + 2\pi n;\ \theta_0, \sigma^2 I)"

    @property
    def kernel(self) -> Wrapped:
        return _wrapped(self)

    @property
    def _rate(self) -> float:
        return math.log(self.sigma_max / self.sigma_min)

    def variance(self, t: Tensor) -> Tensor:
        """σ²(t)."""
        return self.sigma_min**2 * torch.expm1(2 * self._rate * t64(t))

    def g2(self, t: Tensor) -> Tensor:
        """dσ²/dt."""
        return 2 * self._rate * self.sigma_min**2 * torch.exp(2 * self._rate * t64(t))

    def prior(self, space: Space, batch: int, rng: Rng) -> Tensor:
        """Uniform angles."""
        return TURN * rng.uniform((batch, *space.shape)) - math.pi

    def noising(self, space: Space, x0: Tensor, times: list[float], rng: Rng) -> Iterator[Tensor]:
        """Paths of the Brownian motion, exact at every one of the times."""
        z = x0
        yield z
        for s, t in itertools.pairwise(times):
            z = self.kernel.step(z, s, t, rng)
            yield z

    def log_snr(self, t: Tensor) -> Tensor:
        """−ln σ²: of angles in radians."""
        return -torch.log(self.variance(t64(t)))

    def curves(self, t: Tensor) -> list[tuple[str, str, str, Tensor]]:
        var = self.variance(t64(t))
        return [("sigma", "σ / π", "noise", var.sqrt() / math.pi), ("left", "E cos of the turn", "data", torch.exp(-var / 2))]


def brownian(problem: Problem) -> Wrapped:
    """The kernel of a sampler that needs "brownian"."""
    return promised(problem.process, TorusBrownian, "process", "Brownian motion on the torus").kernel

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.core.fields import slider
from playground.core.kernel import Kernel
from playground.core.process import t64
from playground.core.rng import Rng, chi2_over
from playground.core.spec import Info
from playground.processes.edm import NoiseTime


@dataclass(frozen=True)
class StudentT(Kernel):
    """x_0 + σ ξ √(D/χ²_D) with ξ ~ N(0, I), σ = t: a multivariate Student-t of D = ``freedom`` degrees of freedom."""

    key = "student"
    shares_noise = True
    freedom: float

    def ray(self, shape: tuple[int, ...], rng: Rng, extra: float = 0.0) -> Tensor:
        """ξ √(D/χ²_D + extra), one χ² a particle."""
        scale = (chi2_over(rng.uniform((shape[0],)), self.freedom) + extra).sqrt()
        return rng.normal(shape) * scale.to(rng.dtype).view(-1, *[1] * (len(shape) - 1)).to(rng.device)

    def unit(self, shape: tuple[int, ...], rng: Rng) -> Tensor:
        return self.ray(shape, rng)

    def draw(self, x0: Tensor, t: float, rng: Rng) -> Tensor:
        return x0 + t * self.ray(tuple(x0.shape), rng).to(x0)

    def log_prob(self, offset: Tensor, t: float) -> Tensor:
        """log p(x | y) at x − y = offset (..., d), from r = σ√D by logarithms: r^{d + D} itself overflows."""
        d, big = offset.shape[-1], t64(self.freedom)
        r2 = t64(t) ** 2 * big
        norm = torch.lgamma((d + big) / 2) - torch.lgamma(big / 2) - 0.5 * d * torch.log(torch.pi * r2)
        return norm - 0.5 * (d + big) * torch.log1p(offset.square().sum(-1) / r2)


@dataclass(frozen=True)
class PFGMPP(NoiseTime):
    """Poisson flow ++: heavy-tailed noise. x_t = x_0 + σ ξ √(D/χ²_D), σ = t: a multivariate Student-t of D degrees of freedom.

    From a charge picture in d + D dimensions: p(x | y) ∝ (|x − y|² + r²)^{−(d + D)/2} with r = σ√D. D = 1 is PFGM, D → ∞ is EDM. The velocity is
    EDM's, dx/dσ = (x − E[x_0 | x])/σ, so every deterministic solver in σ applies; there is no forward SDE, hence no reverse one: samplers
    that add noise do not fit. Kernel variance σ² D/(D − 2), infinite for D ≤ 2.
    Xu et al. 2022, 2209.11178; Xu et al. 2023, 2302.04265.
    """

    info = Info(
        "PFGMPP",
        "PFGM++",
        "heavy-tailed noise from D extra dimensions: 1 is the Poisson flow, many are EDM",
        "Xu et al. 2022, 2023",
        "2302.04265",
        rank=70,
    )
    sigma_max: float = slider(80.0, 1.0, 160.0, 1.0, label="σ max", help="where sampling starts")
    D: float = slider(
        128.0, 1.0, 1e6, 1.0, log=True, label="D dims", help="extra dimensions: 1 is PFGM (very heavy tails), 1,000,000 is EDM"
    )

    formula = (
        r"x_t = x_0 + \sigma\,\xi\,\sqrt{D/\chi^2_D},\quad \frac{\mathrm dx}{\mathrm d\sigma} = \frac{x - \mathbb E[x_0\mid x]}{\sigma}"
    )

    @property
    def moments(self) -> float:
        """A Student-t of D degrees of freedom has its moments below D."""
        return self.D

    @property
    def kernel(self) -> StudentT:
        return StudentT(self.D)

    def source(self, batch: int, event: tuple[int, ...], rng: Rng) -> Tensor:
        """σ_max times a Student-t: the kernel around the origin."""
        return self.sigma_max * self.kernel.ray((batch, *event), rng)

    def source_below(self, t: float, batch: int, event: tuple[int, ...], rng: Rng) -> Tensor | None:
        """x_0 + t ξ √(D/χ²_D) with x_0 ~ N(0, I): given the χ², a Gaussian of variance 1 + t² D/χ²_D. Heavy tails at every level."""
        return t * self.kernel.ray((batch, *event), rng, t**-2)

    def paths(self, x0: Tensor, times: list[float], rng: Rng) -> Iterator[Tensor]:
        """Straight rays x_0 + t ξ: every time has its exact marginal."""
        ray = self.kernel.ray(tuple(x0.shape), rng).to(x0)
        for t in times:
            yield x0 + t * ray

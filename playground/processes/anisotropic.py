from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.fields import slider
from playground.core.kernel import Kernel, symmetric_root
from playground.core.process import Curve, Process, Sized, t64
from playground.core.rng import Rng
from playground.core.schedule import Schedule
from playground.core.spec import Info, Misfit, nested
from playground.schedules.linear import LinearBeta


@dataclass(frozen=True)
class AnisotropicGaussian(Kernel):
    """N(A x_0, σ² I), A = α_1 P_1 + α_2 P_2."""

    key = "anisotropic"
    process: Anisotropic

    def draw(self, x0: Tensor, t: float, rng: Rng) -> Tensor:
        a, _ = self.process.attenuation(t64(t))
        return x0 @ a.to(x0).mT + float(self.process.sigma2(t64(t))) ** 0.5 * rng.normal(tuple(x0.shape)).to(x0)


@dataclass(frozen=True)
class Anisotropic(Process):
    """Two directions of the plane fade at different rates, and the faster one is dropped (2D data only; after DVDP):

        x_t = α_1 P_1 x_0 + α_2 P_2 x_0 + σ ε,   α_1 = e^{−B/2}, α_2 = e^{−κB/2}, σ² = 1 − e^{−B}

    From t = T_drop on α_2 is 0: the state is pure noise there and only one dimension has to be modelled. In reverse the velocity merely
    rescales that noise to N(0, σ²), so what stands there at T_drop is exactly DVDP's re-inserted noise. The price at the re-insertion is
    KL ≈ (α_2² c_2/σ²)²/4 for a component of variance c_2 (and mean 0): small when α_2 is negligible. κ = 1, T_drop = 1 is VP.
    Zhang et al. 2022, 2211.16032 (dimensionality-varying diffusion).
    """

    info = Info(
        "Anisotropic",
        "anisotropic",
        "two directions fade at different rates; one is dropped and re-inserted as noise (2D)",
        "Zhang et al. 2022 (DVDP)",
        "2211.16032",
        rank=80,
    )
    suits: ClassVar[str] = "Quadratic"
    caps: ClassVar[frozenset[str]] = frozenset({"velocity"})
    ratio: float = slider(6.0, 1.0, 40.0, 0.5, log=True, label="κ ratio", help="how many times faster the second direction fades")
    drop: float = slider(
        0.6, 0.05, 1.0, 0.01, label="T drop", help="from this fraction of t_max on the second direction is noise alone; 1: never"
    )
    angle: float = slider(
        0.0, 0.0, 180.0, 1.0, label="angle", help="direction that is kept, in degrees from x₁; the other is at right angles"
    )
    schedule: Schedule = nested(LinearBeta(), "schedules", help="noise schedule β(t)")

    formula = r"x_t = \alpha_1 P_1 x_0 + \alpha_2 P_2 x_0 + \sigma\varepsilon,\quad \alpha_2 = 0\ \text{from}\ T_{\mathrm{drop}}"

    eye: ClassVar[Tensor] = torch.eye(2, dtype=torch.float64)

    @property
    def t_max(self) -> float:
        return self.schedule.t_max

    @property
    def t_drop(self) -> float:
        return self.drop * self.t_max

    @property
    def kernel(self) -> AnisotropicGaussian:
        return AnisotropicGaussian(self)

    def misfit(self, law: Sized) -> Misfit | None:
        allowed = "2D data, whose two directions fade at different rates"
        return None if law.dim == 2 else Misfit(field="data", value=f"{law.dim}D", allowed=allowed)

    def alphas(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """α_1, α_2."""
        b = self.schedule.integral(t)
        late = (t >= self.t_drop) & (self.drop < 1)
        return torch.exp(-0.5 * b), torch.where(late, 0.0, torch.exp(-0.5 * self.ratio * b))

    def attenuation(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """A(t) and dA/dt, (..., 2, 2)."""
        first, second = self.alphas(t)
        beta = self.schedule.beta(t)
        c, s = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        p1 = torch.tensor([[c * c, c * s], [c * s, s * s]], dtype=torch.float64)
        p2 = self.eye - p1
        a = first[..., None, None] * p1 + second[..., None, None] * p2
        da = (-0.5 * beta * first)[..., None, None] * p1 + (-0.5 * self.ratio * beta * second)[..., None, None] * p2
        return a, da

    def sigma2(self, t: Tensor) -> Tensor:
        return -torch.expm1(-self.schedule.integral(t))

    def dsigma2(self, t: Tensor) -> Tensor:
        return self.schedule.beta(t) * torch.exp(-self.schedule.integral(t))

    def source(self, batch: int, event: tuple[int, ...], rng: Rng) -> Tensor:
        return rng.normal((batch, *event)) * float(self.sigma2(t64(self.t_max))) ** 0.5

    def source_cov(self, t: float) -> Tensor | None:
        return self.sigma2(t64(t)).reshape(1, 1) if t >= self.t_max * (1 - 1e-9) else None

    def reinsertion_kl(self, variance: float) -> float:
        """KL(N(0, α_2² c + σ²) ‖ N(0, σ²)) at T_drop for a component of variance c: exact; ≈ (α_2² c/σ²)²/4."""
        b = self.schedule.integral(t64(self.t_drop))
        r = float(torch.exp(-self.ratio * b) * variance / self.sigma2(t64(self.t_drop)))
        return 0.5 * (r - math.log1p(r))

    def paths(self, x0: Tensor, times: list[float], rng: Rng) -> Iterator[Tensor]:
        """Exact steps of the linear SDE with F = diag(α̇_j/α_j); the dropped direction loses what is left of the data at T_drop."""
        z = x0
        yield z
        for s, t in itertools.pairwise(times):
            (a_s, _), (a_t, _) = self.attenuation(t64(s)), self.attenuation(t64(t))
            if self.drop == 1 or s < self.t_drop:
                gain = a_t @ torch.linalg.inv(a_s)
            else:  # both directions are on their way to N(0, I), the dropped one already as noise
                first = torch.exp(0.5 * (self.schedule.integral(t64(s)) - self.schedule.integral(t64(t))))
                gain = first * self.eye
            q = self.sigma2(t64(t)) * self.eye - self.sigma2(t64(s)) * gain @ gain.mT
            z = z @ gain.to(z).mT + rng.normal(tuple(z.shape)).to(z) @ symmetric_root(q).to(z)
            yield z

    def log_snr(self, t: Tensor) -> Tensor:
        """Of the direction that is kept."""
        return -torch.log(torch.expm1(self.schedule.integral(t)))

    def curves(self, t: Tensor) -> list[Curve]:
        first, second = self.alphas(t)
        return [
            ("alpha", "α₁", "data", first),
            ("alpha2", "α₂", "learned", second),
            ("sigma", "σ", "noise", self.sigma2(t).clamp_min(0).sqrt()),
        ]

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from playground.core.fields import choice, slider
from playground.core.process import Curve, LinearProcess, t64
from playground.core.rng import Rng
from playground.core.schedule import Schedule
from playground.core.spec import Info, nested
from playground.schedules.constant import ConstantBeta

SMALL = 4.0  # b · fastest rate below which quadrature replaces the closed form, which loses Σ_xx to cancellation (both ≤ 1e-13 there)
NODES, WEIGHTS = (torch.as_tensor(a, dtype=torch.float64) for a in np.polynomial.legendre.leggauss(24))


@dataclass(frozen=True)
class CLD(LinearProcess):
    """Critically damped Langevin diffusion in data–velocity space. State (batch, 2, *event) = (x, v).

        dx = β v/M dt,   dv = −β x dt − β Γ/M v dt + √(2Γβ) dw,   v_0 ~ N(0, γ M I)

    Γ² = 4M is critical damping; smaller Γ oscillates, larger Γ creeps. With B = ∫β:
    A(B) = exp(B [[0, 1/M], [−1, −Γ/M]]), Σ_t | x_0 = A diag(0, γM) Aᵀ + E − A E Aᵀ, E = diag(1, M) (the stationary covariance).
    Limits: M → 0 is VP with β_VP = 2β/Γ. Dockhorn, Vahdat & Kreis 2022, 2112.07068.
    """

    info = Info(
        "CLD",
        "CLD",
        "critically damped Langevin: noise enters the velocity only, the data move smoothly",
        "Dockhorn et al. 2022",
        "2112.07068",
        rank=60,
    )
    suits: ClassVar[str] = "Quadratic"
    caps: ClassVar[frozenset[str]] = frozenset({"linear", "velocity", "phase"})
    parts: ClassVar[tuple[str, ...]] = ("x", "v")

    friction: float = slider(1.0, 0.05, 5.0, 0.05, label="friction Γ", help="damping; critical at Γ = 2√M")
    mass: float = slider(0.25, 0.02, 2.0, 0.01, label="mass M", help="inertia of the velocity; its stationary variance")
    gamma: float = slider(0.04, 0.005, 1.0, 0.005, label="γ start", help="initial velocity v_0 ~ N(0, γM)")
    target: str = choice(
        "HSM", ("HSM", "DSM"), label="training", help="HSM: v₀ averaged out of the training kernel; DSM: v₀ drawn and known"
    )
    schedule: Schedule = nested(ConstantBeta(4.0), "schedules", help="rate β(t)")

    formula = r"\mathrm dx = \beta\tfrac{v}{M}\,\mathrm dt,\quad \mathrm dv = -\beta x\,\mathrm dt - \beta\tfrac{\Gamma}{M}v\,\mathrm dt + \sqrt{2\Gamma\beta}\,\mathrm dw"

    @property
    def t_max(self) -> float:
        return self.schedule.t_max

    def curves(self, t: Tensor) -> list[Curve]:
        psi, cov = self.mean_and_cov(t)
        return [
            ("psi_x", "ψ_x", "data", psi[:, 0]),
            ("sigma_x", "√Σ_xx", "noise", cov[:, 0, 0].sqrt()),
            ("sigma_v", "√(Σ_vv/M)", "learned", (cov[:, 1, 1] / float(self.prior_cov()[1, 1])).sqrt()),
        ]

    @property
    def start_known(self) -> bool:
        return self.target == "DSM"

    @property
    def regime(self) -> str:
        gap = self.friction**2 - 4 * self.mass
        return "critically damped" if abs(gap) < 1e-9 else "overdamped" if gap > 0 else "underdamped"

    @property
    def _fastest(self) -> float:
        """Largest |eigenvalue| of [[0, 1/M], [−1, −Γ/M]]: what a unit of b is to be compared with."""
        a = self.friction / (2 * self.mass)
        return max(self.mass**-0.5, a + math.sqrt(max(a * a - 1 / self.mass, 0.0)))

    def propagator(self, b: Tensor) -> Tensor:
        """A(b) = exp(b [[0, 1/M], [−1, −Γ/M]]), (..., 2, 2), in all three regimes.

        A = e^{−ab}[[c + a n, n/M], [−n, c − a n]], a = Γ/2M; critical c = 1, n = b; over-damped c, n = cosh δb, sinh(δb)/δ;
        under-damped cos ωb, sin(ωb)/ω with δ² = −ω² = a² − 1/M.
        """
        b = t64(b)
        a = self.friction / (2 * self.mass)
        d2 = (self.friction**2 - 4 * self.mass) / (4 * self.mass**2)
        x2 = d2 * b * b
        decay = torch.exp(-a * b)
        # near critical damping: the series of cosh and sinh(x)/x in x², exact to 1e-17 for |x²| < 1e-3
        c = decay * (1 + x2 / 2 * (1 + x2 / 12 * (1 + x2 / 30 * (1 + x2 / 56))))
        n = decay * b * (1 + x2 / 6 * (1 + x2 / 20 * (1 + x2 / 42 * (1 + x2 / 72))))
        if d2 > 0:
            delta = math.sqrt(d2)
            slow = torch.exp(-(a - delta) * b)  # exponents combined first: cosh alone overflows
            fade = torch.exp(-2 * delta * b)
            far_c, far_n = slow * (1 + fade) / 2, -slow * torch.expm1(-2 * delta * b) / (2 * delta)
        else:
            omega = math.sqrt(-d2)
            far_c = decay * torch.cos(omega * b)
            far_n = decay * torch.sin(omega * b) / (omega or 1.0)
        near = x2.abs() < 1e-3
        c, n = torch.where(near, c, far_c), torch.where(near, n, far_n)
        rows = [torch.stack([c + a * n, n / self.mass], -1), torch.stack([-n, c - a * n], -1)]
        return torch.stack(rows, -2)

    def noise_cov(self, b: Tensor) -> Tensor:
        """Q(b) = E − A E Aᵀ = ∫₀ᵇ 2Γ A(s) e_v e_vᵀ A(s)ᵀ ds, (..., 2, 2); by Gauss–Legendre for small b, where E − AEAᵀ cancels."""
        b = t64(b)
        a = self.propagator(b)
        e = torch.diag(torch.tensor([1.0, self.mass], dtype=torch.float64))
        closed = e - a @ e @ a.mT
        s = 0.5 * b[..., None] * (NODES + 1)
        column = self.propagator(s)[..., :, 1]
        quadrature = torch.einsum("...q,...qi,...qj->...ij", b[..., None] * WEIGHTS * self.friction, column, column)
        return torch.where((b * self._fastest < SMALL)[..., None, None], quadrature, closed)

    def start_cov(self) -> Tensor:
        return torch.diag(torch.tensor([0.0, self.gamma * self.mass], dtype=torch.float64))

    def prior_cov(self) -> Tensor:
        """N(0, I) × N(0, M I), the stationary law."""
        return torch.diag(torch.tensor([1.0, self.mass], dtype=torch.float64))

    def mean_and_cov(self, t: Tensor) -> tuple[Tensor, Tensor]:
        b = self.schedule.integral(t)
        a = self.propagator(b)
        return a[..., :, 0], a @ self.start_cov() @ a.mT + self.noise_cov(b)

    def kernel_dsm(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """z_t | x_0, v_0 ~ N(A (x_0, v_0), Q): A and Q, (..., 2, 2) each. Denoising score matching draws v_0 and conditions on it;
        hybrid score matching (HSM) averages it out, which is ``mean_and_cov``: Σ = A diag(0, γM) Aᵀ + Q."""
        b = self.schedule.integral(t)
        return self.propagator(b), self.noise_cov(b)

    def target_scale(self, t: Tensor) -> Tensor:
        """ℓ(t) with ∇_v log p(z_t | ·) = −ℓ ε_v for the chosen training kernel: √(Σ_xx/det Σ) (math 3).

        As B → 0 both diverge: √(2/(ΓB)) for DSM, √(3/(2ΓB)) for HSM. Which one is chosen matters for training only; p_t and sampling are the same.
        """
        cov = self.kernel_dsm(t)[1] if self.start_known else self.mean_and_cov(t)[1]
        det = cov[..., 0, 0] * cov[..., 1, 1] - cov[..., 0, 1] ** 2
        return (cov[..., 0, 0] / det).sqrt()

    def transition(self, s: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        gap = self.schedule.integral(t) - self.schedule.integral(s)
        return self.propagator(gap), self.noise_cov(gap)

    def sde(self, t: Tensor) -> tuple[Tensor, Tensor]:
        f = torch.tensor([[0.0, 1 / self.mass], [-1.0, -self.friction / self.mass]], dtype=torch.float64)
        g = torch.tensor([[0.0, 0.0], [0.0, 2 * self.friction]], dtype=torch.float64)
        beta = self.schedule.beta(t)[..., None, None]
        return beta * f, beta * g

    def hamiltonian(self, z: Tensor, t: float) -> Tensor:
        """β(t) (v/M, −x): the part of the drift that keeps the energy x²/2 + v²/(2M), for a state (batch, 2, *event). What remains of the
        probability flow is the Ornstein–Uhlenbeck part β(t) (0, −Γ v/M − Γ ∇_v log p_t); it moves the velocity only."""
        beta = float(self.schedule.beta(t64(t)))
        return beta * torch.stack([z[:, 1] / self.mass, -z[:, 0]], 1)

    def lift(self, x0: Tensor, rng: Rng) -> Tensor:
        v0 = (self.gamma * self.mass) ** 0.5 * rng.normal(tuple(x0.shape))
        return torch.stack([x0, v0], 1)

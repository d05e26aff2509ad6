from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.brownian import Clock, exponential
from playground.core.fields import choice, promised, slider, unless
from playground.core.kernel import symmetric_root
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Sampler, Variant
from playground.core.spec import Info
from playground.exact.mixture import MixtureOracle


@dataclass(frozen=True)
class AnalyticDPM(Sampler[None]):
    """x_s = α_s x̂_0 + √(σ_s² − l²) ε̂ + Σ^½ z with the optimal covariance of a Gaussian step,

        Σ = l² I + c Cov(x_0 | x_t),   c = (α_s − √(σ_s² − l²) α_t/σ_t)²,   l² = β̃ (DDPM's mean) or 0 (DDIM's)

    isotropic: its mean over x_t and coordinates, l² + c E tr Cov/d (Analytic-DPM); diagonal: the diagonal at every x_t (Extended-Analytic-DPM,
    SN and NPR coincide for the exact model); full: the matrix. Cov(x_0 | x_t) is the mixture's own, and the expectation a quadrature of
    it, not of 1 − E‖ε̂‖²/d, which cancels at high noise. l² ≤ σ*² ≤ l² + c σ_t²/α_t², and l² + c r² for data in [−r, r] (their theorem 2): ``half_range`` clips there. The times that fit
    it best are the grid OptimalTrajectory's. No noise in the last step. One model call a step.
    Bao et al. 2022, 2201.06503; extended: Bao et al. 2022, 2206.07309.
    """

    info = Info(
        "AnalyticDPM",
        "Analytic-DPM",
        "ancestral step with the optimal variance: isotropic, diagonal or full",
        "Bao et al. 2022",
        "2201.06503",
        group="ancestral",
        rank=22,
        nfe=1,
        needs=frozenset({"linear", "snr", "mean", "mixture"}),
    )
    formula = r"x_s = \alpha_s\hat x_0 + \sqrt{\sigma_s^2-l^2}\;\hat\varepsilon + \Sigma^{1/2}z,\quad \Sigma = l^2 I + c\,\mathrm{Cov}(x_0\mid x_t)"
    unpathed: ClassVar[str] = "with the mean of DDIM has noise that vanishes faster than a path’s"
    fine = ({}, {"covariance": "diagonal"}, {"covariance": "full", "mean": "DDIM"})
    variants = (
        Variant("", {}, weak=math.inf),
        Variant("DDIM", {"mean": "DDIM", "covariance": "diagonal"}, weak=math.inf),
    )
    noises: ClassVar[dict[str, str]] = {
        "isotropic": r"\sqrt{\sigma^{*2}}\,z,\quad \sigma^{*2} = l^2 + \tfrac{c}{d}\,\mathbb E_{x_t}\mathrm{tr}\,\mathrm{Cov}(x_0\mid x_t)",
        "diagonal": r"\Sigma^{1/2}z,\quad \Sigma = l^2 I + c\,\mathrm{diag}\,\mathrm{Cov}(x_0\mid x_t)\ \text{of every particle}",
        "full": r"\Sigma^{1/2}z,\quad \Sigma = l^2 I + c\,\mathrm{Cov}(x_0\mid x_t)\ \text{of every particle}",
    }
    """The formula's last term, by ``covariance``: a number only where it is the same for all particles."""
    covariance: str = choice("isotropic", ("isotropic", "diagonal", "full"), help="how much of Cov(x₀ | x_t) the step's noise follows")
    mean: str = choice("DDPM", ("DDPM", "DDIM"), help="the step's mean: l² = β̃ or 0")
    half_range: float = slider(
        0.0,
        0.0,
        5.0,
        0.05,
        label="half range r",
        help="data between −r and r have Cov(x₀ | x_t) of at most r² a coordinate; 0: no bound",
        when=unless("covariance", "full"),
    )

    @property
    def printed(self) -> str:
        return r"x_s = \alpha_s\hat x_0 + \sqrt{\sigma_s^2-l^2}\;\hat\varepsilon + " + self.noises[self.covariance]

    def _coefficients(self, problem: Problem, t: float, s: float) -> tuple[float, float, float]:
        """l², √(σ_s² − l²)/σ_t, c."""
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        l2 = then.sigma**2 * -math.expm1(-2 * h) if self.mean == "DDPM" else 0.0
        keep = (then.sigma * math.exp(-h) if self.mean == "DDPM" else then.sigma) / now.sigma
        return l2, keep, (then.alpha - keep * now.alpha) ** 2

    def noise_clock(self, process: Process) -> Clock | None:
        return exponential(1.0) if self.mean == "DDPM" else None

    def _bounded(self, variance: Tensor) -> Tensor:
        """At most r², where the data's range is told (Bao et al. 2022, theorem 2)."""
        return variance.clamp_max(self.half_range**2) if self.half_range else variance

    def _isotropic(self, oracle: MixtureOracle, t: float) -> float:
        return float(self._bounded(torch.tensor(oracle.mean_posterior_variance(t), dtype=torch.float64)))

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        oracle = promised(problem.predictor, MixtureOracle, "predictor", "the exact model of a mixture")
        l2, keep, c = self._coefficients(problem, t, s)
        mean = keep * z + (problem.at(s).alpha - keep * problem.at(t).alpha) * problem.x0(z, t)
        noise = rng.normal(tuple(z.shape))
        if self.covariance == "isotropic":
            return mean + math.sqrt(l2 + c * self._isotropic(oracle, t)) * noise, None
        cov = oracle.posterior_cov(z, t)
        if self.covariance == "diagonal":
            return mean + (l2 + c * self._bounded(cov.diagonal(dim1=-2, dim2=-1))).clamp_min(0).sqrt().reshape(z.shape) * noise, None
        eye = torch.eye(oracle.dim, dtype=z.dtype, device=z.device)
        root = lower_root(l2 * eye + c * cov)
        return mean + (root @ noise.reshape(-1, oracle.dim, 1)).reshape(z.shape), None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        l2, keep, c = self._coefficients(problem, t, s)
        found = {r"\alpha_s": problem.at(s).alpha, r"\sqrt{\sigma_s^2-l^2}": keep * problem.at(t).sigma, "l^2": l2, "c": c}
        if self.covariance == "isotropic":
            oracle = promised(problem.predictor, MixtureOracle, "predictor", "the exact model of a mixture")
            found[r"\sigma^{*2}"] = l2 + c * self._isotropic(oracle, t)
        return found


def lower_root(cov: Tensor) -> Tensor:
    """Roots of (batch, d, d) positive semi-definite matrices: lower triangular ones in closed form for d ≤ 2, above symmetric ones."""
    d = cov.shape[-1]
    if d == 1:
        return cov.clamp_min(0).sqrt()
    if d > 2:
        return symmetric_root(cov).to(cov)
    a = cov[:, 0, 0].clamp_min(0).sqrt()
    b = cov[:, 1, 0] / a.clamp_min(1e-30)
    c = (cov[:, 1, 1] - b * b).clamp_min(0).sqrt()
    return torch.stack([torch.stack([a, torch.zeros_like(a)], -1), torch.stack([b, c], -1)], -2)

"""What a network of points is taught: one linear map between its answer and x̂_0 for every parameterisation, and every pair (input, wanted answer) drawn exactly.

Every target is E[x_0 | z_t] in other units. With F the network's answer and z_t the state (k parts: x, or x and v),

    x̂_0 = Σ_i a_i(t) z_i + b(t) F        so that        ‖F − F*‖² = ‖x̂_0 − x_0‖² / b²   for the F* that stands for x_0,

and a loss is w(t) ‖x̂_0 − x_0‖², whose least value, with x̂_0 = E[x_0 | z_t], is the posterior variance: the floor that no network can beat.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from playground.core.fields import BadValue
from playground.core.process import LinearProcess, Process, ScalarProcess, t64

TARGETS = ("edm", "x0", "eps", "v", "score", "velocity")
WEIGHTS = ("edm", "simple", "likelihood", "min_snr")
MIN_SNR = 5.0  # γ of Hang et al. 2023, 2303.09556


class Frame(NamedTuple):
    """At times t (batch,), in float64: ``own`` a (batch, k) and ``gain`` b (batch,) of the map, ``inlet`` (batch, k), by which parts of a state are multiplied on the way in,
    ``noise`` c_noise (batch,), ``weight`` w (batch,) of ‖x̂_0 − x_0‖²."""

    own: Tensor
    gain: Tensor
    inlet: Tensor
    noise: Tensor
    weight: Tensor


@dataclass(frozen=True)
class Regression:
    """A process, a target and a weighting, for data of standard deviation ``sigma_data`` in each coordinate.

    target, of a process with one noise level (α, σ): "x0"; "eps" ε = (x − α x_0)/σ; "v" (α ε − σ x_0)/√(α² + σ²), Salimans & Ho 2022, 2202.00512, for α² + σ² = 1;
    "score" −ε/σ; "velocity" α̇ x_0 + σ̇ ε; "edm" Karras et al. 2022, 2206.00364, F of D = c_skip y + c_out F with y = x/α. Of position and velocity (CLD) it is
    ε_v of the score by the velocity, s_v = −v/Σ_vv − ℓ F ("edm", the mixed score) or −ℓ F ("eps"); Dockhorn et al. 2022, 2112.07068, math 3.

    weight: "simple" the plain ‖F − F*‖² of the target; "edm" 1/c_out²; "likelihood" ½ g² ‖score error‖² (Song et al. 2021, 2101.09258), of CLD Γβ ‖·‖²;
    "min_snr" min(SNR, 5). Each as the factor w of ‖x̂_0 − x_0‖².
    """

    process: Process
    target: str
    weight: str
    sigma_data: float

    @property
    def parts(self) -> int:
        return len(self.process.parts)

    def at(self, t: Tensor) -> Frame:
        """Of times (batch,)."""
        return self._phase(t) if self.parts > 1 else self._scalar(t)

    def _scalar(self, t: Tensor) -> Frame:
        p, sd = self.process.scalar(), self.sigma_data
        a, s = p.alpha(t), p.sigma(t)
        tau = s / a
        total = tau.square() + sd**2
        out = tau * sd * total.rsqrt()
        own, gain = {
            "x0": lambda: (torch.zeros_like(a), torch.ones_like(a)),
            "eps": lambda: (1 / a, -tau),
            "v": lambda: (a / (a * a + s * s), -s / (a * a + s * s).sqrt()),
            "score": lambda: (1 / a, s * tau),
            "velocity": lambda: self._velocity(p, t, a, s),
            "edm": lambda: (sd**2 / total / a, out),
        }[self.target]()
        weight = {
            "simple": lambda: gain.square().reciprocal(),
            "edm": lambda: out.square().reciprocal(),
            "likelihood": lambda: p.g2(t) / 2 * (a / s.square()).square(),
            "min_snr": lambda: tau.square().reciprocal().clamp(max=MIN_SNR),
        }[self.weight]()
        inlet = (a * a * sd**2 + s * s).rsqrt()
        return Frame(own[:, None], gain, inlet[:, None], tau.log() / 4, weight)

    @staticmethod
    def _velocity(p: ScalarProcess, t: Tensor, a: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
        da, ds = p.dalpha(t), p.dsigma(t)
        mixed = ds * a - s * da
        return ds / mixed, -s / mixed

    def _phase(self, t: Tensor) -> Frame:
        process = self.process.linear()
        psi, cov = process.mean_and_cov(t)
        precision = torch.linalg.inv(cov)
        pull = (precision @ psi[..., None])[..., 0]
        ell = precision[:, 1, 1].sqrt()  # √(Σ_xx/det Σ)
        mixed = (1 / cov[:, 1, 1]) if self.target == "edm" else torch.zeros_like(ell)
        # (Σ⁻¹ψ)_v x̂_0 = s_v + (Σ⁻¹z)_v,  s_v = −mixed v − ℓ F
        own = torch.stack([precision[:, 1, 0], precision[:, 1, 1] - mixed], -1) / pull[:, 1:]
        gain = -ell / pull[:, 1]
        noise = process.sde(t)[1][:, 1, 1]  # 2Γβ
        weight = {"simple": gain.square().reciprocal(), "likelihood": noise / 2 * pull[:, 1].square()}[self.weight]
        spread = psi.square() * self.sigma_data**2 + cov.diagonal(dim1=-2, dim2=-1)
        return Frame(own, gain, spread.rsqrt(), (psi * pull).sum(-1).log() / -8, weight)

    def misfit(self) -> BadValue | None:
        """What does not go together, naming ``target`` or ``weight``."""
        title = self.process.info.title
        if self.parts > 1 and self.target not in ("edm", "eps"):
            return BadValue("target", self.target, f"edm (the mixed score) or eps (the score by the velocity, of unit size) under {title}")
        if self.parts > 1 and self.weight not in ("simple", "likelihood"):
            return BadValue("weight", self.weight, f"simple or likelihood under {title}, which has no single noise level")
        if self.parts == 1 and "snr" not in self.process.caps:
            return BadValue("process", self.process.info.key, "one with a noise level σ/α, or CLD")
        if self.weight == "likelihood" and "linear" not in self.process.caps:
            return BadValue("weight", self.weight, f"simple, edm or min_snr: under {title} there is no SDE whose likelihood it would bound")
        return None


def pairs(regression: Regression, x0: Tensor, t: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """States z (batch, k, d) at times t (batch,) of data x0 (batch, d), and what x̂_0 is compared with, (batch, d): all in float64.

    ``noise`` (batch, k + 1, d) are standard normals, of PFGM++ times √(D/χ²_D); the last is for v_0. Where CLD is trained by denoising score matching (``process.target`` "DSM"), v_0 is drawn and known: the wanted score is that of
    p(z_t | x_0, v_0), and what stands for x_0 is the x̂_0 whose score that is; its mean given z_t is E[x_0 | z_t] too, its spread larger.
    """
    process = regression.process
    if regression.parts == 1:
        p = process.scalar()
        return (p.alpha(t)[:, None] * x0 + p.sigma(t)[:, None] * noise[:, 0])[:, None], x0
    linear = process.linear()
    psi, cov = linear.mean_and_cov(t)
    if not linear.start_known:
        root = torch.linalg.cholesky(cov)
        return psi[..., None] * x0[:, None] + root @ noise[:, :2], x0
    return _denoised(linear, x0, t, noise, psi, cov)


def _denoised(process: LinearProcess, x0: Tensor, t: Tensor, noise: Tensor, psi: Tensor, cov: Tensor) -> tuple[Tensor, Tensor]:
    """Denoising score matching: the kernel given x_0 and v_0, whose covariance is that of ``transition`` from 0."""
    a, q = process.transition(torch.zeros_like(t), t)
    root = torch.linalg.cholesky(q)
    noise, start = noise[:, :2], float(process.start_cov()[1, 1]) ** 0.5 * noise[:, 2]
    z = a @ torch.stack([x0, start], 1) + root @ noise
    score = -torch.linalg.solve_triangular(root.mT, noise, upper=True)[:, 1]  # (−L⁻ᵀ ε)_v
    precision = torch.linalg.inv(cov)
    pull = (precision @ psi[..., None])[..., 0]
    return z, (score + (precision @ z)[:, 1]) / pull[:, 1:]


def clock_of(process: Process, times: str, sigma_data: float, u: Tensor) -> Tensor:
    """Quantiles u (n,) in (0, 1) as times: "uniform" evenly in the process's time, "log_normal" ln σ/α ~ N(ln σ_d − ½, 1.4²) and a seventh of them evenly in ln σ/α
    (EDM's law (2206.00364), wide enough to learn the noise from which samplers start). Between t_min and t_max; raises BadValue for a process without one noise level."""
    lo, hi = process.t_min, process.t_level
    if times == "uniform":
        return lo + (hi - lo) * u
    p = process.scalar()
    ends = [float(-p.half_log_snr(t64(t))) for t in (lo, hi)]
    return p.time_at(-log_sigma(u, math.log(sigma_data) - 0.5, 1.4, ends[0], ends[1])).clamp(lo, hi)


EVEN = 0.15


def log_sigma(u: Tensor, mean: float, std: float, lo: float, hi: float) -> Tensor:
    """The quantiles of (1 − EVEN) N(mean, std²), kept between lo and hi, and EVEN of what is even there: by bisection."""
    normal = torch.distributions.Normal(t64(mean), t64(std))
    first, last = normal.cdf(t64(lo)), normal.cdf(t64(hi))
    a, b = torch.full_like(u, lo), torch.full_like(u, hi)
    for _ in range(40):
        middle = (a + b) / 2
        below = EVEN * (middle - lo) / (hi - lo) + (1 - EVEN) * (normal.cdf(middle) - first) / (last - first) < u
        a, b = torch.where(below, middle, a), torch.where(below, b, middle)
    return (a + b) / 2

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.brownian import Clock, exponential
from playground.core.exponential import ancestral, middle
from playground.core.fields import above, choice, slider
from playground.core.names import Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Twin, Variant
from playground.core.scaled import SYMBOL, ScalesNoise
from playground.core.spec import Info
from playground.samplers.dpmpp_2s import DPMSolverPP2S

SAME_PATH = "k-diffusion, A1111 and ComfyUI too draw both of a Brownian motion in σ"


@dataclass(frozen=True)
class DPMSolverPPSDE(ScalesNoise[None]):
    """Two stages in y = x/α, ρ = σ/α, with the model asked at the step's start and at m, half-way in ln ρ ("DPM++ SDE"):

        y_m = (d_m/ρ_t) y + (1 − d_m/ρ_t) D(y, t) + u_m n_1,    y_s = (d_s/ρ_t) y + (1 − d_s/ρ_t) D(y_m, m) + u_s n_2

    u = η ρ′ √(1 − ρ′²/ρ_t²), d = √(ρ′² − u²). Both draws belong to one Brownian path: n_2 = c n_1 + √(1 − c²) z. Path "sde": the
    correlation that the reverse SDE's own noise has, c = (ρ_s/ρ_m)² u_m/u_s at η = 1; "sigma": a Brownian motion in ρ, as `diffusers`
    has it, c = √((ρ_t − ρ_m)/(ρ_t − ρ_s)). η = 0: DPM-Solver++ 2S. Two model calls a step. Lu et al. 2022, 2211.01095; Crowson 2022.
    """

    info = Info(
        "DPMSolverPPSDE",
        "DPM++ SDE (two stages)",
        "reverse SDE with a second prediction in the middle of the step, on one Brownian path",
        "Lu et al. 2022; Crowson 2022",
        "2211.01095",
        group="reverse SDE",
        rank=84,
        nfe=2,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"y_s = \tfrac{d_s}{\rho_t}\,y_t + \big(1-\tfrac{d_s}{\rho_t}\big)D(y_m,m) + u_s\,(c\,n_1+\sqrt{1-c^2}\,z)"
    drawn: ClassVar[tuple[str, str]] = (r"u_s\,(", rf"u_s\,{SYMBOL}\,(")
    matches = ("DPMSolverSDEScheduler",)
    twins = (Twin({"eta": 0.0}, "DPMSolverPP2S"),)
    named = ({}, {"path": "sigma"}, {"eta": 0.0})
    variants = (
        Variant("η = 0", {"eta": 0.0}),
        Variant("", {}, weak=2),
    )
    eta: float = slider(1.0, 0.0, 1.0, 0.05, label="η noise", help="1: the reverse SDE, 0: no noise (DPM-Solver++ 2S)")
    path: str = choice(
        "sde", ("sde", "sigma"), help="how the two draws belong together: as in the SDE, or as in diffusers", when=above("eta", 0)
    )

    @property
    def declared_order(self) -> float | None:
        return 2 if self.eta == 0 else None

    def correlation(self, high: float, mid: float, low: float) -> float:
        """c of the noises at ρ_m and ρ_s."""
        if self.path == "sigma":
            return math.sqrt((high - mid) / (high - low))
        return low / mid * math.sqrt((1 - (mid / high) ** 2) / (1 - (low / high) ** 2))

    def called(self, process: Process) -> Called:
        if self.eta == 0:
            return (
                DPMSolverPP2S()
                .called(process)
                ._replace(k_diffusion="sample_dpmpp_sde(eta=0)", a1111="DPM++ SDE, eta 0", comfyui="dpmpp_sde, eta 0")
            )
        eta = f", eta {self.eta:g}" if self.eta < 1 else ""
        near = [] if self.path == "sigma" else ["its two draws are of a Brownian motion in σ (here: path “sigma”)"]
        near += [] if self.eta == 1 else ["its η is 1"]
        known = (Scheduler("DPMSolverSDEScheduler", near="; ".join(near)),)
        return Called(
            known,
            f"sample_dpmpp_sde(eta={self.eta:g}{self.s_noise})",
            f"DPM++ SDE{eta}",
            f"dpmpp_sde{eta}",
            near="" if self.path == "sigma" else SAME_PATH,
        )

    def noise_clock(self, process: Process) -> Clock | None:
        """The two draws are one motion over both halves: in the clock of the SDE, or of σ."""
        return exponential(-0.5 if self.path == "sigma" else 1.0) if self.eta else None

    def noise_times(self, process: Process, t: float, s: float) -> tuple[float, ...]:
        return t, middle(process.scalar(), t, s), s

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        process = problem.scalar
        m = middle(process, t, s)
        now, mid, then = process.at(t), process.at(m), process.at(s)
        high, between, low = (math.exp(-c.half_log_snr) for c in (now, mid, then))
        first, second = ancestral(high, between, self.eta), ancestral(high, low, self.eta)
        noise = rng.normals(2, tuple(z.shape))
        n1 = next(noise) if self.eta else None
        keep = first.down / high
        u = mid.alpha * (keep / now.alpha * z + (1 - keep) * problem.x0(z, t))
        u = u if n1 is None else u + mid.alpha * first.up * self.noise_scale * n1
        keep = second.down / high
        out = then.alpha * (keep / now.alpha * z + (1 - keep) * problem.x0(u, m))
        if n1 is not None:
            c = self.correlation(high, between, low)
            out = out + then.alpha * second.up * self.noise_scale * (c * n1 + math.sqrt(1 - c * c) * next(noise))
        return out, None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        levels = [math.exp(-problem.at(u).half_log_snr) for u in (t, middle(problem.scalar, t, s), s)]
        end = ancestral(levels[0], levels[2], self.eta)
        return {r"\tfrac{d_s}{\rho_t}": end.down / levels[0], "u_s": end.up, "c": self.correlation(*levels), **self.scale_terms}

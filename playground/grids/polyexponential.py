from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from playground.core.fields import slider
from playground.core.grid import Grid
from playground.core.names import Spaced
from playground.core.process import Process, t64
from playground.core.spec import Info


@dataclass(frozen=True)
class PolyExponential(Grid):
    """ln(σ_i/α_i) = b + (a − b)(1 − i/n)^ρ with a, b the first and the last ln(σ/α): ρ = 1 is uniform log-SNR (k-diffusion's own default), a larger ρ leaves the
    noise sooner and takes small steps near the data. Crowson 2022 (k-diffusion)."""

    info = Info(
        "PolyExponential",
        "poly-exponential",
        "log-SNR bent by a power: small steps near the data for ρ above 1",
        "Crowson 2022 (k-diffusion)",
        rank=37,
        needs=frozenset({"snr"}),
    )
    rho: float = slider(1.5, 0.3, 4.0, 0.1, label="ρ exponent", help="1: uniform log-SNR; larger: more steps near the data")

    def spaced(self, process: Process) -> Spaced:
        return Spaced({}, f"get_sigmas_polyexponential(rho={self.rho:g})", "Polyexponential", "PolyexponentialScheduler")

    def place(self, process: Process, u: Tensor) -> Tensor:
        scalar = process.scalar()
        start, end = (scalar.half_log_snr(t64(t)) for t in (process.t_level, process.t_min))
        return scalar.time_at(end + (start - end) * (1 - u) ** self.rho)

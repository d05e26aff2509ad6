from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from playground.core.fields import slider
from playground.core.grid import Grid
from playground.core.names import COUNTS, LAWS, Arguments, Spaced
from playground.core.process import Process, t64
from playground.core.spec import Info


@dataclass(frozen=True)
class Karras(Grid):
    """σ_i/α_i = (a + (b − a) i/n)^ρ with a, b the ρ-th roots of the first and the last level. Karras et al. 2022, 2206.00364."""

    info = Info(
        "Karras",
        "Karras",
        "noise levels σ/α evenly spaced after a ρ-th root",
        "Karras et al. 2022",
        "2206.00364",
        rank=40,
        needs=frozenset({"snr"}),
    )
    rho: float = slider(7.0, 1.0, 20.0, 0.5, label="ρ exponent", help="larger ρ: more steps near the data")

    def spaced(self, process: Process) -> Spaced:
        edm: dict[str, Arguments] = {"edm": {"sigma_schedule": "karras", "rho": self.rho}}
        seven: dict[str, Arguments] = {key: {"use_karras_sigmas": True} for key in LAWS}
        known = ({**seven, **edm} if self.rho == 7 else edm) if self.steps in COUNTS else {}
        return Spaced(known, f"get_sigmas_karras(rho={self.rho:g})", "Karras", "karras")

    def place(self, process: Process, u: Tensor) -> Tensor:
        scalar = process.scalar()
        start, end = ((-scalar.half_log_snr(t64(t)) / self.rho).exp() for t in (process.t_level, process.t_min))
        return scalar.time_at(-self.rho * (start + (end - start) * u).log())

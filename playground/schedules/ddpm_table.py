from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from playground.core.curve import Curve, curve
from playground.core.fields import choice, slider, unless
from playground.core.names import Table
from playground.core.process import t64
from playground.core.schedule import Schedule
from playground.core.spec import Info

STEPS = 1000
TABLES = {
    "linear": "linear",
    "scaled linear": "scaled_linear",
    "cosine": "squaredcos_cap_v2",
}  # as `diffusers` calls them; its sigmoid is DDPMScheduler's only


@functools.lru_cache(maxsize=64)
def betas(law: str, first: float, last: float) -> tuple[float, ...]:
    """The discrete β_1 … β_1000 (math 2.1)."""
    if law == "linear":
        return tuple(np.linspace(first, last, STEPS).tolist())
    if law == "scaled linear":
        return tuple((np.linspace(first**0.5, last**0.5, STEPS) ** 2).tolist())
    if law == "sigmoid":
        return tuple((first + (last - first) / (1 + np.exp(-np.linspace(-6, 6, STEPS)))).tolist())

    def bar(t: float) -> float:
        return math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2

    return tuple(min(1 - bar((i + 1) / STEPS) / bar(i / STEPS), 0.999) for i in range(STEPS))


@dataclass(frozen=True)
class DDPMTable(Schedule):
    """1000 discrete β_i with ᾱ_i = Π_{j≤i}(1 − β_j) at t = i/1000, and between them a monotone curve through −ln ᾱ_i.

    Training code's timestep i (counted from 0) is t = (i + 1)/1000. B(t) = PCHIP through (i/1000, −ln ᾱ_i), β = dB/dt: every ᾱ_i is met
    exactly. linear: β from first to last; scaled linear: √β linear (latent diffusion); sigmoid: GeoDiff's; cosine: clipped at 0.999.
    ᾱ_1000 = 4.036e-5 (linear), 2.43e-9 (cosine). Ho et al. 2020, 2006.11239; Nichol & Dhariwal 2021, 2102.09672.
    """

    info = Info(
        "DDPMTable",
        "DDPM table",
        "the 1000 discrete β of DDPM's code, with a smooth curve between them",
        "Ho et al. 2020; Nichol & Dhariwal 2021",
        "2006.11239",
        rank=50,
    )
    law: str = choice("linear", ("linear", "cosine", "sigmoid", "scaled linear"), label="table", help="how the 1000 β are spaced")
    first: float = slider(1e-4, 1e-5, 1e-2, 1e-5, log=True, label="β₁ first", help="first β (not for cosine)", when=unless("law", "cosine"))
    last: float = slider(0.02, 1e-3, 0.1, 1e-3, log=True, label="β₁₀₀₀ last", help="last β (not for cosine)", when=unless("law", "cosine"))

    @property
    def _curve(self) -> Curve:
        return _table(self.law, self.first, self.last)

    @property
    def beta_table(self) -> Table:
        name = TABLES.get(self.law)
        if name is None:
            return Table()
        ends = {} if self.law == "cosine" else {"beta_start": self.first, "beta_end": self.last}
        cosine = "its last σ/α are so far apart that timesteps repeat, where a run may begin at its second level"
        return Table({"beta_schedule": name, **ends}, cosine if self.law == "cosine" else "")

    def beta(self, t: Tensor) -> Tensor:
        return self._curve.slope(t64(t))

    def integral(self, t: Tensor) -> Tensor:
        return self._curve(t64(t))


@functools.lru_cache(maxsize=64)
def _table(law: str, first: float, last: float) -> Curve:
    depth = -np.cumsum(np.log1p(-np.asarray(betas(law, first, last))))
    return curve(tuple((np.arange(STEPS + 1) / STEPS).tolist()), (0.0, *depth.tolist()))

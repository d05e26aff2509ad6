from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from playground.core.names import NoiseElsewhere
from playground.core.process import t64
from playground.core.spec import Info
from playground.processes.path import Path


@dataclass(frozen=True)
class Flow(Path):
    """Linear flow (rectified flow, OT path): x_t = (1 − t) x_0 + t ε, u = E[ε − x_0 | x_t].

    f = −1/(1 − t), g² = 2t/(1 − t) and log-SNR are infinite at t = 1: cut at t = 0.999, unless it starts from pure noise.
    Liu et al. 2022, 2209.03003; Lipman et al. 2022, 2210.02747 (whose t = 1 is data).
    """

    info = Info(
        "Flow",
        "flow",
        "straight lines between data and noise: x_t = (1 − t) x_0 + t ε; starts at t = 0.999, or at 1",
        "Liu et al. 2022; Lipman et al. 2022",
        "2209.03003",
        rank=50,
    )

    formula = r"x_t = (1-t)\,x_0 + t\,\varepsilon,\quad u = \mathbb E[\varepsilon - x_0\mid x_t]"

    @property
    def noise_elsewhere(self) -> NoiseElsewhere:
        own = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}
        known = {reads: (f"flow {reads}", own) for reads in ("steps", "unipc", "stages")}
        return NoiseElsewhere({**known, "flow": ("flow", {})}, levels=("FlowMatchEulerDiscreteScheduler", float), time="flow")

    def alpha(self, t: Tensor) -> Tensor:
        return 1 - t64(t)

    def dalpha(self, t: Tensor) -> Tensor:
        return -torch.ones_like(t64(t))

    def sigma(self, t: Tensor) -> Tensor:
        return t64(t)

    def dsigma(self, t: Tensor) -> Tensor:
        return torch.ones_like(t64(t))

    def time_at(self, half_log_snr: Tensor) -> Tensor:
        return torch.sigmoid(-t64(half_log_snr))

    def g2(self, t: Tensor) -> Tensor:
        return 2 * t64(t) / (1 - t64(t))

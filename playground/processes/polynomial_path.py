from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from playground.core.fields import choice, slider
from playground.core.process import t64
from playground.core.spec import Info
from playground.processes.path import Path


@dataclass(frozen=True)
class PolynomialPath(Path):
    """α = 1 − t^p with either σ = √(1 − α²) (variance preserving) or σ = t^p = 1 − α (convex).

    p = 2 preserving is the polynomial schedule of E(3)-equivariant diffusion (Hoogeboom et al. 2022, 2203.17003, there with a
    floor of 1e-5 on α); p = 1 convex is the linear flow, p > 1 convex the polynomial convex path of flow matching run in the other
    direction of time (Lipman et al. 2024, 2412.06264). Cut at t = 0.999, where α = 1 − 0.999^p ≈ 0.001 p, unless it starts from pure noise.
    With w = t^p: σ² = w(2 − w), L = ln(1 − w) − ½ ln(w(2 − w)); convex L = ln((1 − w)/w).
    """

    info = Info(
        "PolynomialPath",
        "polynomial path",
        "α falls like 1 − t^p: gentle near the data; starts at t = 0.999, or at 1",
        "Hoogeboom et al. 2022; Lipman et al. 2024",
        "2203.17003",
        rank=54,
    )
    power: float = slider(2.0, 1.0, 5.0, 0.1, label="p power", help="larger p: the data stay clean for longer")
    noise: str = choice("preserving", ("preserving", "convex"), label="σ rule", help="preserving: σ = √(1 − α²); convex: σ = 1 − α")

    formula = r"x_t = (1-t^p)\,x_0 + \sigma\,\varepsilon,\quad \sigma = \sqrt{1-\alpha^2}\ \text{or}\ t^p"

    def _w(self, t: Tensor) -> Tensor:
        return t64(t) ** self.power

    def _dw(self, t: Tensor) -> Tensor:
        return self.power * t64(t) ** (self.power - 1)

    def alpha(self, t: Tensor) -> Tensor:
        return 1 - self._w(t)

    def dalpha(self, t: Tensor) -> Tensor:
        return -self._dw(t)

    def sigma(self, t: Tensor) -> Tensor:
        w = self._w(t)
        return w if self.noise == "convex" else torch.sqrt(w * (2 - w))

    def dsigma(self, t: Tensor) -> Tensor:
        if self.noise == "convex":
            return self._dw(t)
        return self._dw(t) * (1 - self._w(t)) / self.sigma(t)

    def time_at(self, half_log_snr: Tensor) -> Tensor:
        level = t64(half_log_snr)
        if self.noise == "convex":
            return torch.sigmoid(-level) ** (1 / self.power)
        variance = torch.sigmoid(-2 * level)  # σ²; w = 1 − α = σ²/(1 + α) does not cancel
        return (variance / (1 + torch.sigmoid(2 * level).sqrt())) ** (1 / self.power)

    def g2(self, t: Tensor) -> Tensor:
        w = self._w(t)  # dσ²/dt − 2fσ² = 2ẇ/(1 − w), convex times w: finite at t = 0, where σ̇ may not be
        return 2 * self._dw(t) / (1 - w) * (w if self.noise == "convex" else 1.0)

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from playground.core.fields import choice, slider
from playground.core.process import t64
from playground.core.spec import Info
from playground.processes.path import CUT, Path


@dataclass(frozen=True)
class PolynomialPath(Path):
    """α = 1 − t^p, or from the other end α = (1 − t)^p, with either σ = √(1 − α²) (variance preserving) or σ = 1 − α (convex).

    1 − t^p is gentle near the data, (1 − t)^p near the noise. p = 2 preserving from the data's end is the polynomial schedule of E(3)-equivariant diffusion (Hoogeboom et al. 2022,
    2203.17003, there with a floor of 1e-5 on α); p = 1 convex is the linear flow, from either end; convex from the noise's end is the polynomial convex path of flow matching (Lipman et al.
    2024, 2412.06264, whose t = 1 is data). Cut at t = 0.999, where α = 1 − 0.999^p ≈ 0.001 p, from the noise's end where α = 0.001, unless it starts from pure noise.
    With w = 1 − α: σ² = w(2 − w), L = ln(1 − w) − ½ ln(w(2 − w)); convex L = ln((1 − w)/w).
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

    gentle: str = choice(
        "data", ("data", "noise"), label="gentle at", help="α = 1 − t^p changes little near the data, (1 − t)^p near the noise"
    )

    formula = r"x_t = \alpha\,x_0 + \sigma\,\varepsilon,\quad \alpha = 1-t^p\ \text{or}\ (1-t)^p,\quad \sigma = \sqrt{1-\alpha^2}\ \text{or}\ 1-\alpha"

    @property
    def t_level(self) -> float:
        return CUT if self.gentle == "data" else 1 - (1 - CUT) ** (1 / self.power)

    @property
    def t_max(self) -> float:
        return 1.0 if self.pure else self.t_level

    def _w(self, t: Tensor) -> Tensor:
        """1 − α."""
        return t64(t) ** self.power if self.gentle == "data" else -torch.expm1(self.power * torch.log1p(-t64(t)))

    def _dw(self, t: Tensor) -> Tensor:
        return self.power * (t64(t) if self.gentle == "data" else 1 - t64(t)) ** (self.power - 1)

    def alpha(self, t: Tensor) -> Tensor:
        return 1 - self._w(t) if self.gentle == "data" else (1 - t64(t)) ** self.power

    def dalpha(self, t: Tensor) -> Tensor:
        return -self._dw(t)

    def sigma(self, t: Tensor) -> Tensor:
        w = self._w(t)
        return w if self.noise == "convex" else torch.sqrt(w * (2 - w))

    def dsigma(self, t: Tensor) -> Tensor:
        if self.noise == "convex":
            return self._dw(t)
        return self._dw(t) * self.alpha(t) / self.sigma(t)

    def time_at(self, half_log_snr: Tensor) -> Tensor:
        level = t64(half_log_snr)
        convex = self.noise == "convex"
        if self.gentle == "noise":
            log_alpha = logsigmoid(level) if convex else 0.5 * logsigmoid(2 * level)
            return -torch.expm1(log_alpha / self.power)
        if convex:
            return torch.sigmoid(-level) ** (1 / self.power)
        variance = torch.sigmoid(-2 * level)  # σ²; w = 1 − α = σ²/(1 + α) does not cancel
        return (variance / (1 + torch.sigmoid(2 * level).sqrt())) ** (1 / self.power)

    def g2(self, t: Tensor) -> Tensor:
        # dσ²/dt − 2fσ² = 2ẇ/α, convex times w: finite at t = 0, where σ̇ may not be
        return 2 * self._dw(t) / self.alpha(t) * (self._w(t) if self.noise == "convex" else 1.0)

"""Networks of points: small, of a few numbers in and out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class MLPConfig:
    """inputs: numbers of a state; outputs: of what is predicted. kind: "residual" (x + W₂ silu(W₁ silu(x + level))), "plain" (layers one after the other), "fourier"
    (residual, with sines of the position too) or "energy" (residual; the output is the gradient of one number by the state, so that its curl is 0).
    width: of a layer; depth: layers or residual blocks. classes: labels 0 … classes − 1; ``classes`` itself is the null label.
    """

    inputs: int = 2
    outputs: int = 2
    kind: str = "residual"
    width: int = 128
    depth: int = 3
    classes: int = 0


KINDS = ("residual", "plain", "fourier", "energy")
WAVES = 8  # directions of sines for each number of a position


class Level(nn.Module):
    """c_noise (batch,) and label (batch,) → (batch, width): sines of the noise level at frequencies 1 … 64, a table of the labels, two layers."""

    def __init__(self, width: int, classes: int):
        super().__init__()
        self.register_buffer("frequencies", torch.exp(torch.linspace(0, math.log(64), width // 4)), persistent=False)
        self.label = nn.Embedding(classes + 1, width) if classes else None
        self.mix = nn.Sequential(nn.Linear(2 * (width // 4) + 1, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, noise: Tensor, label: Tensor) -> Tensor:
        angle = noise[:, None] * self.get_buffer("frequencies")
        told = self.mix(torch.cat([noise[:, None], angle.sin(), angle.cos()], -1))
        return told if self.label is None else told + self.label(label)


class Block(nn.Module):
    """x + W₂ silu(W₁ silu(x + level)); the last layer starts at zero."""

    def __init__(self, width: int):
        super().__init__()
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        return x + self.second(F.silu(self.first(F.silu(x + level))))


class Layer(nn.Module):
    """silu(W (x + level))."""

    def __init__(self, width: int):
        super().__init__()
        self.first = nn.Linear(width, width)

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        return F.silu(self.first(x + level))


class MLP(nn.Module):
    """F(x, c_noise, label): (batch, inputs) → (batch, outputs). The output starts at zero."""

    def __init__(self, config: MLPConfig = MLPConfig()):
        super().__init__()
        self.config = config
        width, energy = config.width, config.kind == "energy"
        waves = WAVES * config.inputs if config.kind == "fourier" else 0
        # drawn once, kept with the weights: normal directions, of a period of about the data's own size
        self.register_buffer("waves", torch.randn(config.inputs, waves) * 2)
        self.level = Level(width, config.classes)
        self.inlet = nn.Linear(config.inputs + 2 * waves, width)
        self.blocks = nn.ModuleList((Layer if config.kind == "plain" else Block)(width) for _ in range(config.depth))
        self.outlet = nn.Linear(width, 1 if energy else config.outputs)
        if not energy:  # the gradient of a constant does not learn
            nn.init.zeros_(self.outlet.weight)
            nn.init.zeros_(self.outlet.bias)

    def body(self, x: Tensor, noise: Tensor, label: Tensor) -> Tensor:
        level = F.silu(self.level(noise, label))
        if self.config.kind == "fourier":
            angle = x @ self.get_buffer("waves")
            x = torch.cat([x, angle.sin(), angle.cos()], -1)
        x = self.inlet(x)
        for block in self.blocks:
            x = block(x, level)
        return self.outlet(x)

    def forward(self, x: Tensor, noise: Tensor, label: Tensor) -> Tensor:
        if self.config.kind != "energy":
            return self.body(x, noise, label)
        with torch.enable_grad():
            point = x.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self.body(point, noise, label).sum(), point, create_graph=self.training)
        return slope[:, -self.config.outputs :]  # of position and velocity: by the velocity

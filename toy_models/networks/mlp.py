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
    """F(x, c_noise, label): (batch, inputs) → (batch, outputs), of residual blocks. The output starts at zero."""

    def __init__(self, config: MLPConfig = MLPConfig()):
        super().__init__()
        self.config = config
        self.level = Level(config.width, config.classes)
        self.inlet = nn.Linear(self.seen(config.inputs), config.width)
        self.blocks = nn.ModuleList(self.block(config.width) for _ in range(config.depth))
        self.outlet = self.out(config)

    def seen(self, inputs: int) -> int:
        """How many numbers the first layer sees."""
        return inputs

    def block(self, width: int) -> nn.Module:
        return Block(width)

    def out(self, config: MLPConfig) -> nn.Linear:
        """The last layer."""
        layer = nn.Linear(config.width, config.outputs)
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
        return layer

    def forward(self, x: Tensor, noise: Tensor, label: Tensor) -> Tensor:
        level = F.silu(self.level(noise, label))
        x = self.inlet(x)
        for block in self.blocks:
            x = block(x, level)
        return self.outlet(x)


class Plain(MLP):
    """Layers one after the other."""

    def block(self, width: int) -> nn.Module:
        return Layer(width)


class Fourier(MLP):
    """Sines of the position go in too, along directions that are drawn once and kept with the weights."""

    def seen(self, inputs: int) -> int:
        self.register_buffer("waves", 2 * torch.randn(inputs, WAVES * inputs))
        return inputs * (1 + 2 * WAVES)

    def forward(self, x: Tensor, noise: Tensor, label: Tensor) -> Tensor:
        angle = x @ self.get_buffer("waves")
        return super().forward(torch.cat([x, angle.sin(), angle.cos()], -1), noise, label)


class Energy(MLP):
    """The gradient of one number by the position, by that of the velocity where there is one: a field without curl."""

    def out(self, config: MLPConfig) -> nn.Linear:
        return nn.Linear(config.width, 1)  # not from zero: the gradient of a constant does not learn

    def forward(self, x: Tensor, noise: Tensor, label: Tensor) -> Tensor:
        with torch.enable_grad():
            point = x.detach().requires_grad_()
            energy = super().forward(point, noise, label).sum()
            (slope,) = torch.autograd.grad(energy, point, create_graph=self.training)
        return slope[:, -self.config.outputs :]


KINDS: dict[str, type[MLP]] = {"residual": MLP, "plain": Plain, "fourier": Fourier, "energy": Energy}


def network(config: MLPConfig) -> MLP:
    """The network of a configuration, before training."""
    return KINDS[config.kind](config)

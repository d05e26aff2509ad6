"""A small class-conditional U-Net for images (math 2.24)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from toy_models.networks.attributes import Attributes


@dataclass(frozen=True)
class UNetConfig:
    """channels: of the image. inputs: channels that go in, 0 = as many (2 × channels for data and velocity). width: channels at each resolution, halved from one to the next. blocks: residual blocks a resolution. classes: labels
    0 … classes − 1; ``classes`` itself is the null label of unconditional prediction. attention: self-attention at the lowest resolution. attributes: their
    sizes, where a label tells several (attributes.py); ``classes`` is then their ``silent``."""

    channels: int = 1
    width: tuple[int, ...] = (24, 48, 48)
    blocks: int = 1
    classes: int = 10
    attention: bool = True
    groups: int = 8
    inputs: int = 0
    attributes: tuple[int, ...] = ()


class Embedding(nn.Module):
    """c_noise (batch,) and label (batch,) → (batch, width): sines of the noise level, a table of the labels or the sum of one of each attribute, two layers."""

    def __init__(self, width: int, classes: int, attributes: tuple[int, ...] = ()):
        super().__init__()
        self.register_buffer("frequencies", torch.exp(torch.linspace(0, math.log(1000), width // 2)), persistent=False)
        self.told = Attributes(attributes) if attributes else None
        self.label = (
            nn.Embedding(classes + 1, width) if self.told is None else nn.ModuleList(nn.Embedding(b, width) for b in self.told.bases)
        )
        self.mix = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())

    def forward(self, noise: Tensor, label: Tensor) -> Tensor:
        angle = noise[:, None] * self.get_buffer("frequencies")
        return self.mix(torch.cat([angle.sin(), angle.cos()], -1) + self.named(label))

    def named(self, label: Tensor) -> Tensor:
        """What stands for a label, (batch, width)."""
        if self.told is None:
            return self.label(label)
        tables = cast("nn.ModuleList", self.label)
        return torch.stack([table(value) for table, value in zip(tables, self.told.values(label).unbind(-1), strict=True)]).sum(0)


class Block(nn.Module):
    """GroupNorm → SiLU → 3×3 conv, twice; the embedding scales and shifts after the second norm; the last convolution starts at zero."""

    def __init__(self, inside: int, out: int, embedding: int, groups: int):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(groups, inside), nn.Conv2d(inside, out, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(groups, out), nn.Conv2d(out, out, 3, padding=1)
        self.shift = nn.Linear(embedding, 2 * out)
        self.skip = nn.Conv2d(inside, out, 1) if inside != out else nn.Identity()
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.shift(embedding)[:, :, None, None].chunk(2, 1)
        return self.skip(x) + self.conv2(F.silu(self.norm2(h) * (1 + scale) + shift))


class Attention(nn.Module):
    """Self-attention over pixels, one head, softmax(QKᵀ/√d) V; the projection out starts at zero."""

    def __init__(self, width: int, groups: int):
        super().__init__()
        self.norm, self.qkv, self.out = nn.GroupNorm(groups, width), nn.Conv2d(width, 3 * width, 1), nn.Conv2d(width, width, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(self.norm(x)).flatten(2).transpose(1, 2).chunk(3, -1)
        mixed = F.scaled_dot_product_attention(q, k, v)
        return x + self.out(mixed.transpose(1, 2).reshape(x.shape))


class UNet(nn.Module):
    """F(x, c_noise, label): (batch, inputs, height, width) → (batch, channels, height, width). Height and width divisible by 2^(resolutions − 1)."""

    def __init__(self, config: UNetConfig = UNetConfig()):
        super().__init__()
        self.config = config
        first, *_ = widths = config.width
        size = 4 * first
        self.embed = Embedding(size, config.classes, config.attributes)
        self.inlet = nn.Conv2d(config.inputs or config.channels, first, 3, padding=1)
        self.down, self.shrink = nn.ModuleList(), nn.ModuleList()
        self.up, self.grow = nn.ModuleList(), nn.ModuleList()
        now, kept = first, [first]
        for i, width in enumerate(widths):
            for _ in range(config.blocks):
                self.down.append(Block(now, width, size, config.groups))
                now = width
                kept.append(now)
            if i + 1 < len(widths):
                self.shrink.append(nn.Conv2d(now, now, 3, stride=2, padding=1))
                kept.append(now)
        self.middle = nn.ModuleList([Block(now, now, size, config.groups), Block(now, now, size, config.groups)])
        self.attention = Attention(now, config.groups) if config.attention else nn.Identity()
        for i, width in reversed(list(enumerate(widths))):
            for _ in range(config.blocks + 1):
                self.up.append(Block(now + kept.pop(), width, size, config.groups))
                now = width
            if i:
                self.grow.append(nn.Conv2d(now, now, 3, padding=1))
        self.outlet = nn.Sequential(nn.GroupNorm(config.groups, now), nn.SiLU(), nn.Conv2d(now, config.channels, 3, padding=1))
        nn.init.zeros_(self.outlet[-1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.outlet[-1].bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, noise: Tensor, label: Tensor) -> Tensor:
        embedding, levels, blocks = self.embed(noise, label), len(self.config.width), self.config.blocks
        x = self.inlet(x)
        kept = [x]
        for i in range(levels):
            for block in self.down[i * blocks : (i + 1) * blocks]:
                x = block(x, embedding)
                kept.append(x)
            if i + 1 < levels:
                x = self.shrink[i](x)
                kept.append(x)
        x = self.middle[1](self.attention(self.middle[0](x, embedding)), embedding)
        for i in range(levels):
            for block in self.up[i * (blocks + 1) : (i + 1) * (blocks + 1)]:
                x = block(torch.cat([x, kept.pop()], 1), embedding)
            if i + 1 < levels:
                x = self.grow[i](F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return self.outlet(x)

"""A network of points as x̂_0 of states."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from toy_models.networks.mlp import MLP
from toy_models.training.regression import Frame, Regression


class PointModel(nn.Module):
    """x̂_0 = Σ_i a_i z_i + b F(inlet z, c_noise, label), the map of a ``Regression`` around a network F."""

    def __init__(self, network: MLP, regression: Regression):
        super().__init__()
        self.network, self.regression = network, regression

    def frame(self, z: Tensor, t: Tensor) -> Frame:
        """What the map is at times t (batch,), where z is and in its dtype."""
        return Frame(*(part.to(z) for part in self.regression.at(t.double().cpu())))

    def forward(self, z: Tensor, t: Tensor, label: Tensor | None = None) -> Tensor:
        """x̂_0 (batch, d) of states z (batch, k, d) at times t (batch,)."""
        return self.of(z, self.frame(z, t), label)

    def of(self, z: Tensor, frame: Frame, label: Tensor | None = None) -> Tensor:
        """The same where the map is known."""
        label = torch.full((len(z),), self.network.config.classes, device=z.device) if label is None else label
        answer = self.network((frame.inlet[..., None] * z).flatten(1), frame.noise.expand(len(z)), label)
        return (frame.own[..., None] * z).sum(1) + frame.gain[:, None] * answer

    def loss(self, z: Tensor, frame: Frame, wanted: Tensor, label: Tensor) -> Tensor:
        """w ‖x̂_0 − wanted‖², the mean over coordinates, (batch,)."""
        return frame.weight * (self.of(z, frame, label) - wanted).square().mean(1)

"""From a network to x̂_0 under every linear process."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from playground.core.problem import Prediction
from playground.core.process import LinearProcess


class Denoiser(nn.Module):
    """D(y; σ) = c_skip y + c_out F(c_in y, c_noise) ≈ E[x_0 | y = x_0 + σ ε] (EDM preconditioning, math 2.6; Karras et al. 2022, 2206.00364).

    c_skip = σ_d²/(σ² + σ_d²), c_out = σ σ_d/√(σ² + σ_d²), c_in = 1/√(σ² + σ_d²), c_noise = ln σ / 4; σ_d is the data's standard deviation.
    """

    network: Any

    def __init__(self, network: nn.Module, sigma_data: float):
        super().__init__()
        self.network, self.sigma_data = network, sigma_data

    def forward(self, y: Tensor, sigma: Tensor, label: Tensor) -> Tensor:
        """y (batch, channels, height, width), sigma and label (batch,) → (batch, channels, height, width)."""
        s = sigma.view(-1, 1, 1, 1)
        total = s.square() + self.sigma_data**2
        f = self.network(y * total.rsqrt(), sigma.log() / 4, label)
        return self.sigma_data**2 / total * y + s * self.sigma_data * total.rsqrt() * f.float()

    def loss(self, x0: Tensor, sigma: Tensor, noise: Tensor, label: Tensor) -> Tensor:
        """‖D(x_0 + σ ε) − x_0‖² / c_out², the mean over pixels of each image, (batch,)."""
        weight = (sigma.square() + self.sigma_data**2) / (sigma * self.sigma_data).square()
        error = self(x0 + sigma.view(-1, 1, 1, 1) * noise, sigma, label) - x0
        return weight * error.square().flatten(1).mean(1)


class NetworkPredictor:
    """A denoiser as predictor of any linear process, CLD included.

    z_t | x_0 ~ N(ψ x_0, Σ) alike in every pixel, so all that z_t says of x_0 is the scalar statistic y = ψᵀΣ⁻¹ z / (ψᵀΣ⁻¹ψ) = x_0 + τ n with
    τ² = 1/(ψᵀΣ⁻¹ψ): E[x_0 | z_t] = D(y; τ). For scalar processes y = z/α and τ = σ/α; for CLD both x and v go into y.
    """

    gives = frozenset({"mean"})

    def __init__(self, process: LinearProcess, denoiser: Denoiser, label: int | Tensor | None = None):
        self.process, self.denoiser, self.label = process, denoiser, label

    def prepare(self, times: list[float]) -> None:
        """A network keeps no tables."""

    def statistic(self, z: Tensor, t: float) -> tuple[Tensor, float]:
        """y (batch, *event) and τ of z_t (batch, *state)."""
        k = self.process.kernel(t)
        pull = k.precision @ k.psi
        size = float(k.psi @ pull)
        parts = self.process.split(z)
        y = sum(float(pull[i]) / size * parts[:, i] for i in range(len(pull))) if self.process.blocks > 1 else z / float(k.psi[0])
        return y, size**-0.5  # type: ignore[return-value]

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        y, tau = self.statistic(z_t, t)
        batch = y.shape[0]
        null = self.denoiser.network.config.classes
        label = self.label if isinstance(self.label, Tensor) else torch.full((batch,), null if self.label is None else self.label)
        return Prediction(self.denoiser(y, torch.full((batch,), tau, device=y.device, dtype=y.dtype), label.to(y.device)))

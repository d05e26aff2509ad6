"""From a network to x̂_0 under every linear process."""

from __future__ import annotations

from typing import NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn

from playground.core.denoiser import StatisticPredictor
from playground.core.fields import Record
from playground.core.placed import Packed, Placed, Shelf, beside
from playground.core.problem import Prediction
from playground.core.process import LinearProcess


class Config(Protocol):
    """What is read of a network's configuration."""

    @property
    def classes(self) -> int: ...


class Denoiser(nn.Module):
    """D(y; σ) = c_skip y + c_out F(c_in y, c_noise) ≈ E[x_0 | y = x_0 + σ ε] (EDM preconditioning, math 2.6; Karras et al. 2022, 2206.00364).

    c_skip = σ_d²/(σ² + σ_d²), c_out = σ σ_d/√(σ² + σ_d²), c_in = 1/√(σ² + σ_d²), c_noise = ln σ / 4; σ_d is the data's standard deviation.
    """

    def __init__(self, network: nn.Module, sigma_data: float):
        super().__init__()
        self.network, self.sigma_data = network, sigma_data

    def card(self) -> Record:
        """What its card says of it."""
        return {"sigma_data": self.sigma_data}

    def x0(self, predictor: StatisticPredictor, z: Tensor, t: float, label: Tensor) -> Tensor:
        """x̂_0 of z (batch, *state) under the linear process of a predictor."""
        y, tau = predictor.statistic(z, t)
        return self(y, torch.full((len(y),), tau, device=y.device, dtype=y.dtype), label)

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


class PhaseFacts(NamedTuple):
    """What a PhaseDenoiser knows of times: Σ_vv, ℓ, (Σ⁻¹ψ)_v, Σ⁻¹_vx, Σ⁻¹_vv, and c_noise = ln τ / 4; each (times, 1, 1, 1), of one time for all states or
    of each state's own."""

    vv: Tensor
    ell: Tensor
    pull: Tensor
    px: Tensor
    pv: Tensor
    noise: Tensor


class PhaseDenoiser(nn.Module):
    """The score of critically damped Langevin diffusion from a network that sees (x, v) (math 3; Dockhorn et al. 2022, 2112.07068).

        s_v(z, t) = −v/Σ_vv(t) − ℓ(t) α'(x, v/√M, t)                    (mixed score: α' is the network)
        x̂_0 = (s_v + (Σ⁻¹z)_v) / (Σ⁻¹ψ)_v                               (the x̂_0 whose score that is: the score is linear in it)

    Hybrid score matching: z_t = ψ x_0 + L (ε_x, ε_v) with v_0 averaged out of Σ = LLᵀ; ∇_v log p(z_t | x_0) = −ℓ ε_v, so that with λ = ℓ⁻²
    the loss is ‖ε_v − v/(ℓ Σ_vv) − α'‖². It serves the process it was trained for and no other.
    """

    process: LinearProcess

    def __init__(self, network: nn.Module, process: LinearProcess):
        super().__init__()
        self.network, self.process = network, process
        self._known: Shelf[float] = Shelf()

    def card(self) -> Record:
        """What its card says of it."""
        return {"process": self.process.to_dict()}

    def x0(self, predictor: StatisticPredictor, z: Tensor, t: float, label: Tensor) -> Tensor:
        """x̂_0 of z (batch, 2, *event) under its own process."""
        known = self._known.get(t, z, lambda times: Packed([self._told(torch.tensor([u], dtype=torch.float64)) for u in times]))
        return self._x0(z, PhaseFacts(*known), label)

    def _told(self, t: Tensor) -> PhaseFacts:
        """Of t (times,), on the host, in float64."""
        psi, cov = self.process.mean_and_cov(t)
        precision = torch.linalg.inv(cov)
        pull = (precision @ psi[..., None])[..., 0]
        ell = precision[..., 1, 1].sqrt()  # = √(Σ_xx/det Σ)
        tau = (psi * pull).sum(-1).rsqrt()
        told = (cov[..., 1, 1], ell, pull[..., 1], precision[..., 1, 0], precision[..., 1, 1], tau.log() / 4)
        return PhaseFacts(*(a.view(-1, 1, 1, 1) for a in told))

    def _facts(self, z: Tensor, t: Tensor) -> PhaseFacts:
        """On z's device and in its dtype, of t (batch,)."""
        return PhaseFacts(*beside(z, *self._told(t.double().cpu())))

    def noise(self, z: Tensor, t: Tensor, label: Tensor) -> Tensor:
        """ε̂_v = v/(ℓ Σ_vv) + α' of z (batch, 2, *event), t (batch,): (batch, *event)."""
        return self._noise(z, self._facts(z, t), label)

    def _noise(self, z: Tensor, facts: PhaseFacts, label: Tensor) -> Tensor:
        x, v = z[:, 0], z[:, 1]
        mass = float(self.process.prior_cov()[1, 1])
        told = self.network(torch.cat([x, v * mass**-0.5], 1), facts.noise.view(-1).expand(len(z)), label)
        return v / (facts.ell * facts.vv) + told.float()

    def forward(self, z: Tensor, t: Tensor, label: Tensor) -> Tensor:
        """x̂_0 of z (batch, 2, *event), t and label (batch,): (batch, *event). Near t = T it is the small difference of large numbers: there
        the score is well known and x̂_0 is not."""
        return self._x0(z, self._facts(z, t), label)

    def _x0(self, z: Tensor, facts: PhaseFacts, label: Tensor) -> Tensor:
        return (facts.px * z[:, 0] + facts.pv * z[:, 1] - facts.ell * self._noise(z, facts, label)) / facts.pull

    def loss(self, x0: Tensor, t: Tensor, noise: Tensor, label: Tensor) -> Tensor:
        """‖ε_v − ε̂_v(ψ x_0 + L ε)‖², the mean over pixels of each image, (batch,); noise = (ε_x, ε_v), (batch, 2, *event)."""
        psi, cov = self.process.mean_and_cov(t.double().cpu())
        shape = (-1, 1, 1, 1)
        (px, pv), root = (a.view(shape).to(x0.device, x0.dtype) for a in psi.unbind(-1)), torch.linalg.cholesky(cov).to(x0.device, x0.dtype)
        (xx, _), (vx, vv) = ((a.view(shape) for a in row.unbind(-1)) for row in root.unbind(-2))
        # products of numbers, not of matrices: autocast would round those, and the smallest noise with them
        z = torch.stack([px * x0 + xx * noise[:, 0], pv * x0 + vx * noise[:, 0] + vv * noise[:, 1]], 1)
        return (noise[:, 1] - self.noise(z, t, label)).square().flatten(1).mean(1)


class NetworkPredictor(StatisticPredictor):
    """A Denoiser as predictor of any linear process; a PhaseDenoiser as predictor of its own. label: one class, classes in turn (a tensor that
    is gone through again and again over the batch), or None."""

    def __init__(self, process: LinearProcess, denoiser: Denoiser | PhaseDenoiser, label: int | Tensor | None = None):
        StatisticPredictor.__init__(self, process)
        self.denoiser = denoiser
        null = cast("Config", denoiser.network.config).classes
        self._labels = Placed(torch.as_tensor(null if label is None else label).reshape(-1))

    def labels(self, batch: int, device: torch.device) -> Tensor:
        (label,) = self._labels.on(device)
        return label[torch.arange(batch, device=device) % len(label)]

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        return Prediction(self.denoiser.x0(self, z_t, t, self.labels(len(z_t), z_t.device)))

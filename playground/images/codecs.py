"""From the state that is diffused to a picture: pixels as they are, or latents of an autoencoder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from playground.core.rng import Rng

SMALL = 64  # pixels of a picture's side while it forms


def shrink(x: Tensor) -> Tensor:
    """Images (n, channels, h, w) averaged over squares until no side is longer than SMALL."""
    factor = -(-max(x.shape[-2:]) // SMALL)
    return x if factor == 1 else avg_pool2d(x, factor, ceil_mode=True)


class Codec(Protocol):
    """What makes pictures of states."""

    def show(self, x: Tensor, final: bool) -> Tensor:
        """States (n, *event) as pictures (n, 3, h, w) in about [−1, 1]; ``final``: as well as it can."""
        ...


class Pixels:
    """The state is the picture, in [−1, 1]."""

    def show(self, x: Tensor, final: bool) -> Tensor:
        return x if final else shrink(x)


class Coded(Protocol):
    """An autoencoder's answer."""

    @property
    def latent_dist(self) -> Distribution: ...


class Distribution(Protocol):
    def mode(self) -> Tensor: ...


class Decoded(Protocol):
    @property
    def sample(self) -> Tensor: ...


class Autoencoder(Protocol):
    """What is used of the library's autoencoders."""

    config: object

    def parameters(self) -> Iterator[Tensor]: ...

    def encode(self, x: Tensor) -> Coded: ...

    def decode(self, z: Tensor) -> Decoded: ...


class Latents:
    """The state is z = (latent − shift) · scale of an autoencoder (Rombach et al. 2022, 2112.10752).

    While it forms it is shown by the best affine map of one latent cell to the mean colour of its square. The map is fitted once by least squares
    on a few smooth random pictures and their latents, as the encoder gives them.
    """

    def __init__(self, vae: Autoencoder):
        self.vae = vae
        config = vae.config
        self.scale = float(getattr(config, "scaling_factor", None) or 1.0)
        self.shift = float(getattr(config, "shift_factor", None) or 0.0)
        self.map = _fit(self)  # (channels + 1, 3)

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (n, 3, h, w) in [−1, 1] as states (n, channels, h/f, w/f): the posterior's mean."""
        weight = next(self.vae.parameters())
        return ((self.vae.encode(pictures.to(weight)).latent_dist.mode() - self.shift) * self.scale).float()

    def decode(self, z: Tensor) -> Tensor:
        """States as pictures (n, 3, h, w), one after the other: memory for one is enough."""
        weight = next(self.vae.parameters())
        latent = (z.to(weight) / self.scale) + self.shift
        return torch.cat([self.vae.decode(one).sample.float() for one in latent.split(1)])

    def show(self, x: Tensor, final: bool) -> Tensor:
        with torch.no_grad():
            if final:
                return self.decode(x).cpu()
            table = self.map.to(x)
            return shrink(torch.einsum("nchw,cd->ndhw", x, table[:-1]) + table[-1][:, None, None])


def _fit(codec: Latents) -> Tensor:
    """Least squares of the mean colours on (latent, 1) over 8 smooth pictures of 128 × 128."""
    pictures = interpolate(0.6 * Rng(0).normal((8, 3, 3, 3)), 128, mode="bicubic").clamp(-1, 1)
    with torch.no_grad():
        latent = torch.cat([codec.encode(one) for one in pictures.split(1)]).cpu()
    colour = avg_pool2d(pictures, 128 // latent.shape[-1])
    rows = latent.permute(0, 2, 3, 1).flatten(0, 2).double()
    rows = torch.cat([rows, torch.ones(len(rows), 1, dtype=rows.dtype)], 1)
    target = colour.permute(0, 2, 3, 1).flatten(0, 2).double()
    ridge = 1e-6 * len(rows) * torch.eye(rows.shape[1], dtype=rows.dtype)
    return torch.linalg.solve(rows.mT @ rows + ridge, rows.mT @ target).float()

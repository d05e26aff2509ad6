"""Monotone interpolation: SciPy's PCHIP coefficients, evaluated in torch so that autograd and batches of times work."""

from __future__ import annotations

import functools

import numpy as np
import torch
from torch import Tensor

from .algebra import pchip


class Curve:
    """The PCHIP interpolant of (x_i, y_i): C¹, monotone between the knots wherever the values are, linear beyond the ends.

    Args: x strictly increasing, y, at least two of each. Fritsch & Carlson 1980.
    """

    def __init__(self, x: tuple[float, ...], y: tuple[float, ...]):
        # with two knots PCHIP is the straight line
        knots, values = np.asarray(x, float), np.asarray(y, float)
        rise = (values[-1] - values[0]) / (knots[-1] - knots[0])
        cubic = pchip(knots, values) if len(knots) > 2 else np.array([[values[0], rise, 0.0, 0.0]])
        self.x, self.c = torch.tensor(x, dtype=torch.float64), torch.tensor(cubic.copy())
        width = self.x.diff()
        pieces = sum(self.c[:, k] * width ** (k + 1) / (k + 1) for k in range(4))
        self.area = torch.cat([torch.zeros(1, dtype=torch.float64), torch.as_tensor(pieces).cumsum(0)])

    def _local(self, t: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Piece, distance from its left knot (clamped to the knots' range), and what lies beyond the range."""
        inside = t.clamp(float(self.x[0]), float(self.x[-1]))
        piece = (torch.searchsorted(self.x, inside.detach().contiguous(), right=True) - 1).clamp(0, len(self.c) - 1)
        return piece, inside - self.x[piece], t - inside

    def __call__(self, t: Tensor) -> Tensor:
        piece, u, beyond = self._local(t)
        c = self.c[piece]
        value = c[..., 0] + u * (c[..., 1] + u * (c[..., 2] + u * c[..., 3]))
        return value + beyond * (c[..., 1] + u * (2 * c[..., 2] + 3 * u * c[..., 3]))

    def slope(self, t: Tensor) -> Tensor:
        piece, u, _ = self._local(t)
        c = self.c[piece]
        return c[..., 1] + u * (2 * c[..., 2] + 3 * u * c[..., 3])

    def integral(self, t: Tensor) -> Tensor:
        """∫ from the first knot to t; beyond the last knot the value stays as it is there."""
        piece, u, beyond = self._local(t)
        c = self.c[piece]
        inner = u * (c[..., 0] + u * (c[..., 1] / 2 + u * (c[..., 2] / 3 + u * c[..., 3] / 4)))
        edge = c[..., 0] + u * (c[..., 1] + u * (c[..., 2] + u * c[..., 3]))
        return self.area[piece] + inner + beyond * edge


@functools.lru_cache(maxsize=256)
def curve(x: tuple[float, ...], y: tuple[float, ...]) -> Curve:
    """The interpolant of these knots, made once."""
    return Curve(x, y)

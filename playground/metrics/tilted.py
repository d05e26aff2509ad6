"""The tilted law p_main^W p_weak^{1−W} of two mixtures, normalised: for guidance p(x) p(c | x)^W. No mixture itself; exact on a lattice."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from playground.core.mixture import GaussianMixture

COARSE, LINE = 160, 8192  # cells a side to find where the law is; of the lattice on the line
FINE, SIDE = (
    3.0,
    (120, 640),
)  # in the plane: cells a standard deviation of the narrowest component, and how many a side at least and at most
REACH, DEEP = 9.0, 32.0  # standard deviations around the components, and nats below the peak, beyond which there is nothing


class Tilted:
    """Its density on a lattice that holds all but e^−DEEP of it, and draws: a cell by its share, a point evenly in the cell.

    Args: main, weak: mixtures on R or R². weight: W ≥ 0; 0 is the weak law, 1 the main one.
    """

    def __init__(self, main: GaussianMixture, weak: GaussianMixture, weight: float):
        self.main, self.weak, self.weight, self.dim = main, weak, weight, main.dim
        means, sd = (torch.cat([getattr(law, n) for law in (main, weak)]) for n in ("means", "covs"))
        sd = sd.diagonal(dim1=-2, dim2=-1).sqrt()
        box = [((means[:, i] - REACH * sd[:, i]).min(), (means[:, i] + REACH * sd[:, i]).max()) for i in range(self.dim)]
        axes = [_centres(lo, hi, COARSE) for lo, hi in box]
        there = self.log_density(axes)
        there = there > there.max() - DEEP
        tight = []
        for i, axis in enumerate(axes):
            seen = torch.nonzero(there.any(1 - i) if self.dim == 2 else there)[:, 0]
            cell = axis[1] - axis[0]
            tight.append((axis[seen[0]] - 1.5 * cell, axis[seen[-1]] + 1.5 * cell))
        count = [LINE if self.dim == 1 else int(min(SIDE[1], max(SIDE[0], FINE * float(hi - lo) / float(sd.min())))) for lo, hi in tight]
        self.axes = [_centres(lo, hi, n) for (lo, hi), n in zip(tight, count, strict=True)]
        log_p = self.log_density(self.axes)
        share = (log_p - log_p.max()).exp()
        self.share = share / share.sum()  # of every cell

    def log_density(self, axes: list[Tensor]) -> Tensor:
        """ln p up to a constant at the points of the axes' product, float64."""
        points = torch.cartesian_prod(*axes).reshape(-1, self.dim)
        shape = [len(a) for a in axes]
        out = [self._log(law, points) for law, power in ((self.main, self.weight), (self.weak, 1 - self.weight)) if power]
        powers = [p for p in (self.weight, 1 - self.weight) if p]
        return torch.stack([p * v for p, v in zip(powers, out, strict=True)]).sum(0).view(shape)

    @staticmethod
    def _log(law: GaussianMixture, points: Tensor) -> Tensor:
        from playground.metrics.denoising import log_density

        return torch.cat([log_density(law, part) for part in points.split(1 << 14)])

    def sample(self, uniform: Tensor, jitter: Tensor) -> np.ndarray:
        """Draws (n, d) by the inverse distribution function of the cells, from ``uniform`` (n,) and ``jitter`` (n, d) in [0, 1)."""
        cell = torch.searchsorted(self.share.flatten().cumsum(0), uniform.double().contiguous()).clamp_max(self.share.numel() - 1)
        index = [cell] if self.dim == 1 else [cell // self.share.shape[1], cell % self.share.shape[1]]
        step = [float(a[1] - a[0]) for a in self.axes]
        return torch.stack(
            [a[i] + h * (jitter[:, k].double() - 0.5) for k, (a, i, h) in enumerate(zip(self.axes, index, step, strict=True))], -1
        ).numpy()


def _centres(lo: Tensor, hi: Tensor, count: int) -> Tensor:
    return lo + (hi - lo) * (torch.arange(count, dtype=torch.float64) + 0.5) / count

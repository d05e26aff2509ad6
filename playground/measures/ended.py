"""Numbers of the last states beside the law's own: functions of means over the particles, so that error and floor come alike."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from playground.core.measure import Estimate, Measure, Measured
from playground.core.mixture import GaussianMixture
from playground.core.rng import Rng

DRAWS = 16  # exact samples for the floor, the same for every seed
GROUPS = 10  # of the jackknife
WITHIN = 3.0  # standard deviations of a component that are on it
FAR = 1e6  # where what is not finite is put


@dataclass(frozen=True)
class Ended(Measure):
    """A function of the means of ``seen`` over the last particles. ``floor``: its mean over DRAWS exact samples as large; ``error``: by the jackknife over GROUPS of particles."""

    unit: ClassVar[str] = ""
    in_squares: ClassVar[bool] = False
    how: ClassVar[str] = "of the last states; ± by the jackknife over 10 groups of particles"

    def seen(self, law: GaussianMixture, x: Tensor) -> Tensor:
        """What is averaged over points x (n, d), (n, F), float64."""
        raise NotImplementedError

    def number(self, law: GaussianMixture, means: np.ndarray) -> np.ndarray:
        """The number of means (…, F), (…)."""
        raise NotImplementedError

    def of(self, run: Measured) -> Estimate:
        law = run.oracle.data
        x = run.process.project(run.frames[-1].z).flatten(1).cpu().double()
        seen = self.seen(law, torch.nan_to_num(x, FAR, FAR, -FAR).clamp(-FAR, FAR)).numpy()
        groups = min(GROUPS, len(seen))
        place = np.arange(len(seen)) % groups
        sums, sizes = np.stack([seen[place == g].sum(0) for g in range(groups)]), np.bincount(place)
        value = float(self.number(law, sums.sum(0) / len(seen)))
        error = math.nan
        if groups > 1:
            left = self.number(law, (sums.sum(0) - sums) / (len(seen) - sizes)[:, None])
            error = math.sqrt((groups - 1) * float(left.var()))
        return Estimate(value, error, *floor_of(self, law, len(seen)))


@functools.lru_cache(maxsize=256)
def floor_of(measure: Ended, law: GaussianMixture, n: int) -> tuple[float, float]:
    """Mean and standard deviation of a number over exact samples of n points."""
    rng = Rng(0, dtype=torch.float64).stream("floors")
    drawn = [measure.seen(law, law.draw(n, rng)[0]).mean(0).numpy() for _ in range(DRAWS)]
    told = measure.number(law, np.stack(drawn))
    return float(told.mean()), float(told.std(ddof=1))


def on_components(law: GaussianMixture, x: Tensor) -> Tensor:
    """Is a point (n, d) within WITHIN standard deviations of a component, (n, K)?"""
    chol = torch.linalg.cholesky(law.covs)
    white = torch.linalg.inv(chol)
    u = torch.einsum("kij,nj->nki", white, x) - torch.einsum("kij,kj->ki", white, law.means)
    return u.square().sum(-1) <= WITHIN**2

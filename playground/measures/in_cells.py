"""Divergences of the particles' histogram from the exact probabilities of its cells: what both share."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from playground.core.measure import Estimate, Measure, Measured
from playground.core.mixture import GaussianMixture
from playground.metrics.cells import Cells, cells_of

AGAIN = 32  # multinomial draws from which floor and error are read


@dataclass(frozen=True)
class InCells(Measure):
    """A divergence of the shares of the last particles from the exact shares of 64 cells on the line, 32 × 32 in the plane, and one outside. ``floor``: its mean over as many
    independent draws from the cells, about (cells − 1)/2n; ``error``: its standard deviation over resampled particles."""

    unit: ClassVar[str] = "nats"
    in_squares: ClassVar[bool] = False
    degree: ClassVar[int] = 2
    how: ClassVar[str] = (
        "of the particles' shares in 64 cells, in the plane 32 × 32, to their exact ones; ± the standard deviation over resampled particles"
    )
    floor_of: ClassVar[str] = "{points} independent draws and the exact cells"

    def between(self, share: np.ndarray, table: np.ndarray) -> np.ndarray:
        """The divergence of shares (…, S) from a table (S,), (…)."""
        raise NotImplementedError

    def of(self, run: Measured) -> Estimate:
        cells = cells_of(run.oracle.data)
        x = run.process.project(run.frames[-1].z).flatten(1).cpu().double().numpy()
        n, counts = len(x), cells.counts(x)
        there = counts > 0
        again = np.random.default_rng(run.exp.seed).multinomial(n, counts[there] / n, size=AGAIN) / n
        spread = float(self.between(again, cells.shares[there]).std())  # what empty cells add is the same each time
        return Estimate(float(self.between(counts / n, cells.shares)), spread if n > 1 else math.nan, *floor_of(self, run.oracle.data, n))


@functools.lru_cache(maxsize=256)
def floor_of(measure: InCells, law: GaussianMixture, n: int) -> tuple[float, float]:
    """Mean and standard deviation of a divergence over exact samples of n points."""
    cells: Cells = cells_of(law)
    told = measure.between(np.random.default_rng(0).multinomial(n, cells.shares, size=2 * AGAIN) / n, cells.shares)
    return float(told.mean()), float(told.std(ddof=1))

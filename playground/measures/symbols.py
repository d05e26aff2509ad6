"""Distances of the symbols of a run to the exact table p_t: what total variation and relative entropy share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playground.core.exact import law_at
from playground.core.fields import promised
from playground.core.measure import Curve, Estimate, Measure, Measured
from playground.measures.sampled import FRAMES, evenly
from playground.spaces.table import TokenTable

AGAIN = 200  # multinomial draws from which floor and error are read


@dataclass(frozen=True)
class OfTable(Measure):
    """A distance between the shares of the particles and the exact p_t; ``floor``: its mean over as many independent draws from p_t; ``error``: its
    standard deviation over resampled particles."""

    unit = ""
    in_squares = False
    how = "of the particles' shares to the exact table; ± the standard deviation over resampled particles"
    floor_of = "{points} independent draws and the exact table"

    def between(self, share: np.ndarray, table: np.ndarray) -> np.ndarray:
        """The distance of shares (…, S) from a table (S,), (…)."""
        raise NotImplementedError

    def at(self, run: Measured, index: int, rng: np.random.Generator) -> Estimate:
        frame = run.frames[index]
        law = promised(law_at(run.oracle, frame.t), TokenTable, "data", "symbols")
        p, n = law.table.numpy(), len(frame.z)
        share = np.bincount(frame.z[:, 0].cpu().numpy(), minlength=len(p)) / n
        if len(share) > len(p):  # masks that are left among the data's symbols
            p = np.append(p, np.zeros(len(share) - len(p)))
        floors, again = (self.between(rng.multinomial(n, q, size=AGAIN) / n, p) for q in (p, share))
        spread = float(np.std(again)) if bool(np.isfinite(again).all()) else float("nan")
        return Estimate(float(self.between(share, p)), spread, float(floors.mean()), float(floors.std()))

    def of(self, run: Measured) -> Estimate:
        return self.at(run, len(run.frames) - 1, np.random.default_rng(run.exp.seed))

    def along(self, run: Measured) -> Curve:
        """At up to FRAMES times, evenly over the steps."""
        picks = evenly(len(run.frames), FRAMES)
        return Curve(picks, [self.at(run, index, np.random.default_rng(run.exp.seed)) for index in picks])

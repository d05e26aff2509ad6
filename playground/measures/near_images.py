"""Precision and recall of images by their features: what both share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from playground.core.fields import BadValue
from playground.core.measure import Estimate, Measure, Measured
from playground.core.rng import Rng
from playground.metrics.fidelity import Coverage, precision_recall

NEIGHBOURS, DRAWS = 3, 4  # of a ball; draws of the set


@dataclass(frozen=True)
class NearImages(Measure):
    """A share of images by ``precision_recall`` against as many of the set (at most all of them): the mean over DRAWS draws without repetition, its standard error, and as floor the
    same between two draws that share no image."""

    unit: ClassVar[str] = ""
    in_squares: ClassVar[bool] = False
    better: ClassVar[str] = "higher"
    degree: ClassVar[int] = 0
    cheap: ClassVar[bool] = False

    def picked(self, both: Coverage) -> float:
        """Precision or recall."""
        raise NotImplementedError

    def of(self, run: Measured) -> Estimate:
        who, x = run.exp.who, run.process.project(run.frames[-1].z)
        mine, whole = who.features(torch.nan_to_num(x)), who.real()
        n = min(len(mine), len(whole) // 2)
        if n <= NEIGHBOURS:
            raise BadValue("particles", len(mine), f"more than {NEIGHBOURS} images")
        rng = Rng(run.exp.seed).stream("near")
        orders = [rng.uniform((len(whole),)).argsort() for _ in range(DRAWS)]
        told = torch.tensor([self.picked(precision_recall(whole[order[:n]], mine[:n], NEIGHBOURS)) for order in orders])
        floors = torch.tensor([self.picked(precision_recall(whole[order[:n]], whole[order[n : 2 * n]], NEIGHBOURS)) for order in orders])
        return Estimate(float(told.mean()), float(told.std() / DRAWS**0.5), float(floors.mean()), float(floors.std()))

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.fields import BadValue
from playground.core.measure import Estimate, Measure, Measured
from playground.core.rng import Rng
from playground.core.spec import Info
from playground.metrics.fidelity import frechet_of_moments, known_moments

DRAWS, GROUPS = 8, 8  # of the set for the floor; of the jackknife


@dataclass(frozen=True)
class Frechet(Measure):
    """|m − m*|² + tr(C + C* − 2 (C C*)^½) of features of the last n images and of the whole set: of the classifier that belongs to the model, else the pixels
    themselves (``Model.features``). Never to be called FID, which has its own network; blind beyond two moments. ``floor``: its mean over independent draws
    of n images of the set: few images always seem far. ``error``: by the jackknife."""

    info: ClassVar[Info] = Info(
        key="Frechet",
        title="Fréchet distance",
        tip="how far mean and covariance of the images' features are from those of the set: squared W₂ of the Gaussians that have them",
        paper="Dowson & Landau 1982",
        rank=210,
        needs=frozenset({"features", "data at the end"}),
    )
    unit: ClassVar[str] = "(units of the features)²"
    in_squares: ClassVar[bool] = False
    degree: ClassVar[int] = 2

    def of(self, run: Measured) -> Estimate:
        who, x = run.exp.who, run.process.project(run.frames[-1].z)
        n = len(x)
        if n < GROUPS:
            raise BadValue("particles", n, f"at least {GROUPS} images")
        whole, mine = who.real(), who.features(torch.nan_to_num(x))
        known = known_moments("y", whole)

        def to_set(rows: Tensor) -> float:
            return float(frechet_of_moments(known_moments("x", rows), known))

        group, rng = torch.arange(n) % GROUPS, Rng(run.exp.seed).stream("frechet")
        left = torch.tensor([to_set(mine[group != g]) for g in range(GROUPS)])
        drawn = (rng.uniform((DRAWS, n)) * len(whole)).long().clamp_max(len(whole) - 1)
        floors = torch.tensor([to_set(whole[rows]) for rows in drawn])
        error = math.sqrt((GROUPS - 1) * float(left.var(correction=0)))
        return Estimate(to_set(mine), error, float(floors.mean()), float(floors.std()))

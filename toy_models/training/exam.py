"""How far a network of points is from the truth, level by level, on draws that it has not seen and that never change."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from playground.core.catalog import models_of
from playground.core.law import Law
from playground.core.process import t64
from playground.core.rng import Rng
from toy_models.networks.points import PointModel
from toy_models.training.regression import Regression, pairs

LEVELS, DRAWS = 24, 1024


@dataclass(frozen=True)
class Marks:
    """At times ``t`` (levels,): ``loss`` w E‖x̂_0 − x_0‖², its ``floor`` w E‖E[x_0 | z_t] − x_0‖² that no network can beat, their difference w E‖x̂_0 − E[x_0 | z_t]‖² (``excess``), all per
    coordinate, and ``share`` the excess relative to the floor's and its own sum."""

    t: Tensor
    loss: Tensor
    floor: Tensor
    excess: Tensor

    @property
    def mean_excess(self) -> float:
        """Of the levels, which are even in ln σ/α."""
        return float(self.excess.mean())


class Exam:
    """States at LEVELS times, even in the process's own coordinate of levels, DRAWS at each, with the exact E[x_0 | z_t] beside them."""

    def __init__(self, regression: Regression, law: Law, seed: int):
        process = regression.process
        ends = [process.evened(t) for t in (process.t_min, process.t_level)]
        self.t = process.unevened(torch.linspace(ends[0], ends[1], LEVELS, dtype=torch.float64)).clamp(process.t_min, process.t_level)
        rng, self.regression = Rng(seed, dtype=torch.float64).stream("exam"), regression
        exact = next(model for model in models_of(law) if "mixture" in model.gives).exact(process)
        self.z, self.wanted, self.exact = [], [], []
        for t in self.t.tolist():
            x0, _ = law.draw(DRAWS, rng)
            noise = process.kernel.unit((DRAWS, regression.parts + 1, law.dim), rng)
            z, wanted = pairs(regression, x0, t64(t).expand(DRAWS), noise)
            self.z.append(z)
            self.wanted.append(wanted)
            self.exact.append(exact(process.join(z), t).mean)
        frame = regression.at(self.t)
        self.weight = frame.weight

    @torch.no_grad()
    def of(self, model: PointModel) -> Marks:
        """The marks of a model."""
        loss, floor, excess = [], [], []
        for t, z, wanted, exact in zip(self.t, self.z, self.wanted, self.exact, strict=True):
            got = model(z.float(), t.expand(1)).double()
            loss.append((got - wanted).square().mean())
            floor.append((exact - wanted).square().mean())
            excess.append((got - exact).square().mean())
        return Marks(self.t, *(self.weight * torch.stack(part) for part in (loss, floor, excess)))

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
from toy_models.training.regression import Frame, Regression, pairs

LEVELS, DRAWS = 24, 1024


@dataclass(frozen=True)
class Marks:
    """At times ``t`` (levels,): ``loss`` w E‖x̂_0 − x_0‖², its ``floor`` w E‖E[x_0 | z_t] − x_0‖² that no network can beat, and ``excess`` w E‖x̂_0 − E[x_0 | z_t]‖², by which the loss
    is above it in the mean; all per coordinate."""

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
        rng = Rng(seed, dtype=torch.float64).stream("exam")
        exact = next(model for model in models_of(law) if "mixture" in model.gives).exact(process)
        z, wanted, known = [], [], []
        for t in self.t.tolist():
            x0, _ = law.draw(DRAWS, rng)
            states, compared = pairs(regression, x0, t64(t).expand(DRAWS), process.kernel.unit((DRAWS, regression.parts + 1, law.dim), rng))
            z.append(states)
            wanted.append(compared)
            known.append(exact(process.join(states), t).mean)
        self.z, self.wanted, self.exact = torch.cat(z).float(), torch.stack(wanted), torch.stack(known)
        self.frame = regression.at(self.t)

    @torch.no_grad()
    def of(self, model: PointModel) -> Marks:
        """The marks of a model."""
        z = self.z.to(next(model.parameters()).device)
        got = model.of(z, Frame(*(part.repeat_interleave(DRAWS, 0).to(z) for part in self.frame))).cpu().double().view_as(self.exact)
        gaps = (got - self.wanted, self.exact - self.wanted, got - self.exact)
        return Marks(self.t, *(self.frame.weight * gap.square().mean((1, 2)) for gap in gaps))

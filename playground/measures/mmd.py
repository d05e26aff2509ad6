from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from playground.core.measure import Estimate
from playground.core.mixture import GaussianMixture
from playground.core.space import Space
from playground.core.spec import Info
from playground.measures.sampled import AtEnd
from playground.metrics.kernels import MOST_PAIRS, mmd_of_masks, mmd_to_mixture, null_sd, width_of

WIDTH = 0.5  # of the kernel, in root mean standard deviations of the data's coordinates
MOST_NUMBERS = 16  # of a point, up to which a mixture's part is taken by its formula


@dataclass(frozen=True)
class MMD(AtEnd):
    """MMD² with a Gaussian kernel whose width ℓ is half the root mean variance of the coordinates of the law (of two samples: of the second), as a U-statistic. Against a
    mixture the law's part is exact; the mean over perfect runs is then 0, half of them are below it."""

    info: ClassVar[Info] = Info(
        key="MMD",
        title="MMD²",
        tip="how well Gaussian bumps of half the data’s width tell particles from the law: unbiased, so below 0 for half of all perfect runs",
        paper="Gretton et al. 2012",
        rank=43,
        needs=frozenset({"marginals", "vector"}),
    )
    formula: ClassVar[str] = r"\mathrm{E}k(x,x')+\mathrm{E}k(y,y')-2\,\mathrm{E}k(x,y),\quad k=e^{-|x-y|^2/2\ell^2}"
    unit: ClassVar[str] = ""
    in_squares: ClassVar[bool] = False
    degree: ClassVar[int] = 2
    how: ClassVar[str] = "of the last states and the law by a formula, or the mean over 3 exact samples"
    floor_of: ClassVar[str] = "0 against a law, else that of two exact samples of {points} points"

    def exactly(self, law: GaussianMixture, x: np.ndarray, exact: np.ndarray) -> Estimate | None:
        if law.components**2 > MOST_PAIRS or law.dim > MOST_NUMBERS or len(x) < 2:
            return None
        width = WIDTH * float(law.cov().diagonal().mean().sqrt())
        points = torch.from_numpy(x[: self.most])
        return Estimate(mmd_to_mixture(points, law, width), 0.0, 0.0, null_sd(law, torch.from_numpy(exact[0]), len(points), width))

    def between(self, space: Space, points: Tensor, first: Tensor, second: Tensor) -> Tensor:
        flat = points.flatten(1).double()
        return mmd_of_masks(flat, first, second, width_of(flat[second[0]], WIDTH))

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from playground.core.measure import Estimate, Measure, Measured
from playground.core.rng import Rng
from playground.core.spec import Info
from playground.spaces.table import sampling_floor

AGAIN = 200  # multinomial draws from which spreads are read


@dataclass(frozen=True)
class ClassShares(Measure):
    """½ (Σ_c |n_c/n − π_c| + n_none/n): total variation between the classes of the last n points and those of the law. A point's class is drawn from the
    exact p(c | x), so that those of a perfect run are n independent draws from π; ``floor`` is the exact mean for them (``sampling_floor``). Points that
    have none (NaN, masks that are left) count as lost."""

    info: ClassVar[Info] = Info(
        key="ClassShares",
        title="class shares",
        tip="share of the points that would have to change their class for the law's own shares: modes that are lost or favoured",
        rank=48,
        needs=frozenset({"marginals", "points", "all kinds", "data at the end"}),
    )
    unit: ClassVar[str] = ""

    def of(self, run: Measured) -> Estimate:
        law, x = run.exp.law.closed, run.process.project(run.frames[-1].z).cpu()
        n, classes = len(x), len(run.exp.law.labels)
        wanted = shares(law.weights, law.labels, run.exp.law.labels)
        told = shares(torch.softmax(law.component_log_prob(x), -1), law.labels, run.exp.law.labels).cumsum(-1)
        which = (Rng(run.exp.seed).stream("classes").uniform((n,)).double()[:, None] >= told[:, :-1]).sum(1)
        which[~torch.isfinite(told).all(1)] = classes
        counts = np.bincount(which.numpy(), minlength=classes + 1) / n
        there, rng = np.append(wanted.numpy(), 0.0), np.random.default_rng(run.exp.seed)
        again, floors = (0.5 * np.abs(rng.multinomial(n, p / p.sum(), size=AGAIN) / n - there).sum(1) for p in (counts, there))
        value = 0.5 * float(np.abs(counts - there).sum())
        return Estimate(value, float(again.std()), sampling_floor(wanted, n), float(floors.std()))


def shares(components: Tensor, labels: Tensor, classes: Tensor) -> Tensor:
    """Σ over the components of each class of their shares (…, K): (…, classes), float64."""
    return torch.stack([components[..., labels == c].double().sum(-1) for c in classes], -1)

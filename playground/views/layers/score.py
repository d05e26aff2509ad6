from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from playground.core.fields import promised
from playground.core.kernel import small_inverse
from playground.core.panels import Panel
from playground.core.problem import Problem
from playground.exact.wrapped import WrappedOracle
from playground.views.fields import MANY, FieldsOf, add_arrows, lattice, seen, view_moments
from playground.views.layer import Layer
from playground.views.packet import Packet


class Score(Layer):
    key = "score"
    word = "score"
    name = "score"
    text = "Arrows up the logarithm of the exact density, in units of p_t's width, long ones shortened; in phase space the part in v alone, which drives the sampler."
    formula = r"\nabla_x\log p_t(x)"
    ref = "Song & Ermon 2019"
    arxiv = "1907.05600"
    role = "exact"
    needs = frozenset({"plane"})
    mark = '<path d="M1 5h11M9 2.4 12.4 5 9 7.6" fill="none" stroke="currentColor" stroke-width="1.3"/>'
    rank = 50
    shown = True
    arrays = "score"

    def add_fields(self, fields: FieldsOf, panel: Panel) -> None:
        if not panel.flat:
            return
        process = fields.process
        if "score" in fields.oracle.gives:
            return _told_arrows(fields, panel)
        mean, cov = seen(panel, *view_moments(fields.oracle, fields.t_arrows))
        guided = _guided_score(Problem(process, fields.model), fields.t_arrows) if self.key in fields.guided else None
        phase = len(process.parts) > 1 and fields.oracle.dim == 1
        _score_arrows(fields.packet, panel, fields.oracle.weights, mean, cov, phase, guided)


def _told_arrows(fields: FieldsOf, panel: Panel) -> None:
    """The score that the model tells, times √ of p_t's smallest variance (of angles at most 1, the width of a circle)."""
    oracle = promised(fields.oracle, WrappedOracle, "data", "angles")
    points = lattice(panel)
    arrows = []
    for t in fields.t_arrows.tolist():
        law = oracle.marginal(t)
        spread = float(law.weights @ law.stds.square().amin(1).clamp_max(1)) ** 0.5
        arrows.append((law.score(points) * spread).mT)
    add_arrows(fields.packet, f"score:{panel.id}", torch.stack(arrows))


def _guided_score(problem: Problem, t: Tensor) -> Callable[[int, Tensor], Tensor]:
    """(frame, points in view coordinates (n, 2)) ↦ the guided model's score in view coordinates (n, 2)."""
    problem.prepare(t.tolist())
    scales = problem.process.view_scale(t).tolist()

    def score(frame: int, points: Tensor) -> Tensor:
        z = problem.process.join((points / scales[frame]).reshape(len(points), len(problem.process.parts), -1))
        return problem.score(z, float(t[frame])).reshape(points.shape) / scales[frame]

    return score


def _score_arrows(
    packet: Packet, panel: Panel, w: Tensor, mean: Tensor, cov: Tensor, phase: bool, guided: Callable[[int, Tensor], Tensor] | None
) -> None:
    """σ_t-scaled score of the shown marginal, ∇ log p_t · √(smallest marginal variance), or the ``guided`` one so scaled; phase plane: its
    velocity part only."""
    points = lattice(panel)
    if len(w) > MANY and guided is None:
        points = points.float()
    dtype = points.dtype
    w, mean, cov = w.to(dtype), mean.to(dtype), cov.to(dtype)
    precision = small_inverse(cov)
    logdet = torch.linalg.slogdet(cov).logabsdet
    arrows = []
    for f in range(mean.shape[0]):
        p, m = precision[f], mean[f]
        da, db = (points[:, i, None] - m[:, i] for i in range(2))
        pa, pb = p[:, 0, 0] * da + p[:, 0, 1] * db, p[:, 1, 0] * da + p[:, 1, 1] * db
        r = torch.softmax(w.log() - 0.5 * (logdet[f] + pa * da + pb * db), -1)
        score = -torch.stack([(r * pa).sum(-1), (r * pb).sum(-1)], -1) if guided is None else guided(f, points)
        if phase:
            score[:, 0] = 0
        spread = (w[:, None] * cov[f].diagonal(dim1=-2, dim2=-1)).sum(0).min().sqrt()
        arrows.append((score * spread).mT)
    add_arrows(packet, f"score:{panel.id}", torch.stack(arrows))

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from playground.core.fields import promised
from playground.core.kernel import small_inverse
from playground.core.panels import Panel
from playground.core.problem import Predictor, Problem
from playground.exact.wrapped import WrappedOracle
from playground.views.fields import MANY, FieldsOf, add_arrows, lattice, seen, view_moments
from playground.views.layer import Layer


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
        if "score" in fields.oracle.gives:
            return _told_arrows(fields, panel)
        guided = score_of(fields, fields.model) if self.key in fields.guided else None
        score_arrows(fields, panel, self.key, guided or exact_score(fields, panel))


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


Score2 = Callable[[int, Tensor], Tensor]
"""(frame, points in view coordinates (n, 2)) ↦ a score in view coordinates (n, 2)."""


def score_of(fields: FieldsOf, model: Predictor) -> Score2:
    """The score of a model, of a state that is one plane."""
    problem, t = Problem(fields.process, model), fields.t_arrows
    problem.prepare(t.tolist())
    scales = problem.process.view_scale(t).tolist()

    def score(frame: int, points: Tensor) -> Tensor:
        z = problem.process.join((points / scales[frame]).reshape(len(points), len(problem.process.parts), -1))
        return problem.score(z, float(t[frame])).reshape(points.shape) / scales[frame]

    return score


def shown_marginal(fields: FieldsOf, panel: Panel) -> Callable[[int, Tensor], tuple[Tensor, Tensor]]:
    """(frame, points in view coordinates (n, 2)) ↦ log p_t of the shown marginal but for a constant (n,), and its score (n, 2), in closed form."""
    mean, cov = seen(panel, *view_moments(fields.oracle, fields.t_arrows))
    dtype = torch.float32 if len(fields.oracle.weights) > MANY else torch.float64
    w, mean, cov = fields.oracle.weights.to(dtype), mean.to(dtype), cov.to(dtype)
    precision = small_inverse(cov)
    logdet = torch.linalg.slogdet(cov).logabsdet

    def told(f: int, points: Tensor) -> tuple[Tensor, Tensor]:
        p, m, points = precision[f], mean[f], points.to(dtype)
        da, db = (points[:, i, None] - m[:, i] for i in range(2))
        pa, pb = p[:, 0, 0] * da + p[:, 0, 1] * db, p[:, 1, 0] * da + p[:, 1, 1] * db
        logits = w.log() - 0.5 * (logdet[f] + pa * da + pb * db)
        r = torch.softmax(logits, -1)
        return torch.logsumexp(logits, -1), -torch.stack([(r * pa).sum(-1), (r * pb).sum(-1)], -1)

    return told


def exact_score(fields: FieldsOf, panel: Panel) -> Score2:
    """∇ log p_t of the shown marginal."""
    told = shown_marginal(fields, panel)
    return lambda f, points: told(f, points)[1]


def score_arrows(fields: FieldsOf, panel: Panel, layer: str, score: Score2) -> None:
    """A score in units of p_t's width, the square root of the shown marginal's smallest variance; in the phase plane its velocity part only."""
    points = lattice(panel)
    cov = seen(panel, *view_moments(fields.oracle, fields.t_arrows))[1]
    spread = (fields.oracle.weights[:, None] * cov.diagonal(dim1=-2, dim2=-1)).sum(1).amin(-1).sqrt()
    phase = len(fields.process.parts) > 1 and fields.oracle.dim == 1
    arrows = []
    for f in range(len(fields.t_arrows)):
        told = score(f, points)
        if phase:
            told[:, 0] = 0
        arrows.append((told * spread[f]).mT)
    add_arrows(fields.packet, f"{layer}:{panel.id}", torch.stack(arrows))

from __future__ import annotations

import math

from torch import Tensor

from playground.core.panels import Panel
from playground.views.fields import FieldsOf
from playground.views.layer import Layer
from playground.views.layers.learned import OfNetwork, learned_score
from playground.views.layers.score import score_arrows, score_of, shown_marginal

LEAST = 1e-3  # of p_t's peak, below which no error is shown


class Difference(OfNetwork, Layer):
    key = "difference"
    word = "score error"
    name = "score error"
    text = "The learned score less the exact one, in the units of both: where the network is wrong, and which way it pulls. Shown where p_t is at least a thousandth of its peak: beyond, nothing was trained and nothing comes."
    formula = r"s_\theta(x_t,t)-\nabla\log p_t(x_t)"
    ref = "Hyvärinen 2005"
    mark = '<path d="M1 8 6 3l5 5M8.4 8H11V5.4" fill="none" stroke="currentColor" stroke-width="1.3"/>'
    rank = 52
    arrays = "difference"

    def add_fields(self, fields: FieldsOf, panel: Panel) -> None:
        if not panel.flat or self.why(fields.exp):
            return
        learned, marginal = learned_score(fields), shown_marginal(fields, panel)
        guided = score_of(fields, fields.model) if "score" in fields.guided else None

        def error(f: int, points: Tensor) -> Tensor:
            log_p, exact = marginal(f, points)
            common = (log_p > log_p.max() - math.log(1 / LEAST))[:, None]
            return (learned(f, points) - (guided(f, points) if guided else exact)) * common

        score_arrows(fields, panel, self.key, error)

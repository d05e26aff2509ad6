from __future__ import annotations

from typing import ClassVar

from playground.core.experiment import Experiment
from playground.core.legal import offers
from playground.core.panels import Panel
from playground.views.fields import FieldsOf
from playground.views.layer import Layer, Role
from playground.views.layers.score import Score2, score_arrows, score_of


class OfNetwork:
    """What layers of a trained network have in common."""

    role: ClassVar[Role] = "learned"
    needs: ClassVar[frozenset[str]] = frozenset({"plane", "few", "network"})

    def pointless(self, exp: Experiment) -> bool:
        return "network" not in offers(exp)


def learned_score(fields: FieldsOf) -> Score2:
    """The score that the network tells, guided where the exact one beside it is."""
    exp = fields.exp
    return score_of(fields, exp.guidance.model(exp.who, exp.process) if "score" in fields.guided else exp.who.predictor(exp.process))


class LearnedScore(OfNetwork, Layer):
    key = "learned"
    word = "learned score"
    name = "learned score"
    text = "Arrows of the score that the network tells, in the units of the exact one: the sampler follows these."
    formula = r"s_\theta(x_t,t)=\frac{\alpha_t\,\hat x_0-x_t}{\sigma_t^2}"
    ref = "Song & Ermon 2019"
    arxiv = "1907.05600"
    mark = '<path d="M1 5h11M9 2.4 12.4 5 9 7.6" fill="none" stroke="currentColor" stroke-width="1.3" stroke-dasharray="3 1.6"/>'
    rank = 51
    arrays = "learned"

    def add_fields(self, fields: FieldsOf, panel: Panel) -> None:
        if panel.flat and not self.why(fields.exp):
            score_arrows(fields, panel, self.key, learned_score(fields))

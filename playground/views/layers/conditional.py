from __future__ import annotations

from playground.core.experiment import Experiment
from playground.core.panels import Panel
from playground.views.fields import FieldsOf, view_moments
from playground.views.guided import unguided
from playground.views.layer import Layer


class Conditional(Layer):
    key = "conditional"
    word = "p(x | c)"
    name = "p(x | c)"
    text = "Lines of equal height of the exact law of the class that was asked for, noised to this time: what guidance at weight 1 samples."
    formula = r"p_t(x\mid c)"
    ref = "Ho & Salimans 2022"
    arxiv = "2207.12598"
    role = "data"
    needs = frozenset({"reverse", "guided"})
    mark = '<ellipse cx="7" cy="5" rx="6" ry="4.2" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    rank = 100
    arrays = "conditional"
    stays = True

    def pointless(self, exp: Experiment) -> bool:
        return unguided(exp)

    def add_fields(self, fields: FieldsOf, panel: Panel) -> None:
        if not self.why(fields.exp):
            asked = fields.pair[0]
            fields.shade(self.key, panel, asked.weights, view_moments(asked, fields.t))

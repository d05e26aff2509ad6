from __future__ import annotations

from playground.core.panels import Panel
from playground.views.fields import FieldsOf, flow_arrows
from playground.views.layer import Layer


class Velocity(Layer):
    key = "velocity"
    word = "velocity"
    name = "velocity"
    text = "The exact flow: where a particle without noise goes next, towards the dot."
    formula = r"\frac{\mathrm dx}{\mathrm dt} = f(t)\,x - \tfrac12 g(t)^2\,\nabla\log p_t(x)"
    ref = "Song et al. 2021"
    arxiv = "2011.13456"
    role = "exact"
    needs = frozenset({"plane", "few"})
    mark = '<path d="M1 5h9" fill="none" stroke="currentColor" stroke-width="1.3"/><circle cx="10.6" cy="5" r="2.4" fill="currentColor"/>'
    rank = 60
    arrays = "velocity"

    def add_fields(self, fields: FieldsOf, panel: Panel) -> None:
        if panel.flat and len(fields.geometry.components) == 2:
            flow_arrows(fields, panel, self.key, lambda problem, z, t: problem.velocity(z, t))

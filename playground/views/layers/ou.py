from __future__ import annotations

from playground.core.experiment import Experiment
from playground.core.panels import Panel
from playground.views.fields import FieldsOf, flow_arrows
from playground.views.layer import Layer, no_velocity


class OrnsteinUhlenbeck(Layer):
    key = "ou"
    word = "OU"
    name = "OU"
    also = "Ornstein–Uhlenbeck"
    text = "The part of the flow that is friction and noise, on the velocity only; together with the Hamiltonian part it is the whole flow."
    formula = r"\mp\beta\,\Gamma\,\big(v/M + \nabla_v\log p_t\big)"
    ref = "Dockhorn et al. 2022"
    arxiv = "2112.07068"
    role = "noise"
    needs = frozenset({"phase", "phase plane"})
    mark = '<path d="M7 1v7" stroke="currentColor" stroke-width="1.5"/><circle cx="7" cy="8" r="2" fill="currentColor"/>'
    rank = 130
    arrays = "ou"

    def pointless(self, exp: Experiment) -> bool:
        return no_velocity(exp)

    def add_fields(self, fields: FieldsOf, panel: Panel) -> None:
        if panel.flat and "phase" in fields.process.caps and len(fields.geometry.components) == 2:
            flow_arrows(fields, panel, self.key, lambda problem, z, t: problem.velocity(z, t) - fields.process.hamiltonian(z, t))

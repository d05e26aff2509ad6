from __future__ import annotations

from playground.core.experiment import Experiment
from playground.core.panels import Panel
from playground.views.fields import FieldsOf, flow_arrows
from playground.views.layer import Layer, no_velocity


class Hamiltonian(Layer):
    key = "hamiltonian"
    word = "Hamiltonian"
    name = "Hamiltonian"
    text = "The part of the flow that turns data into velocity and back and keeps the energy x²/2 + v²/2M."
    formula = r"\pm\beta\,(v/M,\,-x)"
    ref = "Dockhorn et al. 2022"
    arxiv = "2112.07068"
    role = "exact"
    needs = frozenset({"phase", "phase plane"})
    mark = '<path d="M12 6.5A5 4 0 1 1 9 1.4" fill="none" stroke="currentColor" stroke-width="1.3"/><circle cx="9.4" cy="1.6" r="1.6" fill="currentColor"/>'
    rank = 120
    arrays = "hamiltonian"

    def pointless(self, exp: Experiment) -> bool:
        return no_velocity(exp)

    def add_fields(self, fields: FieldsOf, panel: Panel) -> None:
        if panel.flat and "phase" in fields.process.caps and len(fields.geometry.components) == 2:
            flow_arrows(fields, panel, self.key, lambda problem, z, t: fields.process.hamiltonian(z, t))

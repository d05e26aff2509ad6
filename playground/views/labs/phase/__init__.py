"""CLD beside VP. Numbers: playground/views/phase.py."""

from __future__ import annotations

from playground.core.experiment import Experiment
from playground.views.lab import Lab
from playground.views.phase import phase_packet


class Phase(Lab):
    key = "phase"
    title = "phase space"
    text = "Critically damped Langevin diffusion beside VP: paths, damping, roughness, score, solvers."
    order = 30
    page = "toys"
    view = ("phase",)
    packets = {"phase": phase_packet}

    def why(self, exp: Experiment) -> str:
        ours = "phase" in exp.process.caps and not exp.law.space.pictures
        return "" if ours else "needs a velocity and a toy: choose the process CLD"

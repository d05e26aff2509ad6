"""CLD beside VP. Numbers: playground/views/phase.py."""

from __future__ import annotations

from playground.views.lab import Lab
from playground.views.phase import phase_packet


class Phase(Lab):
    key = "phase"
    title = "phase space"
    text = "Critically damped Langevin diffusion beside VP: paths, damping, roughness, score, solvers."
    order = 30
    needs = frozenset({"vector", "points", "phase"})
    page = "toys"
    view = ("phase",)
    packets = {"phase": phase_packet}

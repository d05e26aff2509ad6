"""Curves over time. Their drawing: curves.js; what is measured: the packet of metrics."""

from __future__ import annotations

from playground.views.lab import Lab


class Curves(Lab):
    key = "curves"
    title = "curves"
    text = "Log-SNR with the grid's steps, the distance to the truth, and the process's coefficients."
    order = 0
    view = ("measure", "hide")

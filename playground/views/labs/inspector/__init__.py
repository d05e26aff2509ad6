"""Denoising at the pinned point. Numbers: playground/views/inspect.py."""

from __future__ import annotations

from playground.views.inspect import inspect_packet, paths_packet, worst_packet
from playground.views.lab import Lab


class Inspector(Lab):
    key = "inspector"
    title = "denoising"
    text = "What is exactly known at a pinned point: the true step against its best Gaussian and the sampler's, every form of the score, paths through it."
    order = 10
    needs = frozenset({"vector", "points"})
    page = "toys"
    view = ("gap", "side")
    packets = {"inspect": inspect_packet, "paths": paths_packet, "worst": worst_packet}

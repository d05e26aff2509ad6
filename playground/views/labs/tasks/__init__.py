"""Inpainting, editing, interpolation, reconstruction, sweeps. Packets: playground/views/tasks.py; the tasks themselves come by POST /live/task."""

from __future__ import annotations

from playground.views.lab import Lab
from playground.views.tasks import ASKS, numbers_packet, repaint_packet


class Tasks(Lab):
    key = "tasks"
    title = "tasks"
    text = "Inpaint, edit, interpolate, reconstruct and sweep: what an image model is good for."
    order = 3
    needs = frozenset({"pictures"})
    parts = {"encode": frozenset({"position", "deterministic"})}
    page = "images"
    view = ("task", "image", "image2", "mask", "r", "leap", "variants", "strength", "seeds", "sweep")
    asks = ASKS
    packets = {"numbers": numbers_packet, "repaint": repaint_packet}

"""Training-free denoisers beside the network. Numbers: playground/views/free.py."""

from __future__ import annotations

from playground.views.free import free_packet
from playground.views.lab import Lab


class Free(Lab):
    key = "free"
    title = "training-free"
    text = "The network's x̂₀ beside denoisers that nobody trained, and the nearest training image."
    order = 2
    needs = frozenset({"pictures", "examples"})
    page = "images"
    of_images = {"free": free_packet}

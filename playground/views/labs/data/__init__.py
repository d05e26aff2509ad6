"""The mixture p_0 held by hand. Numbers: playground/views/mixture.py; points become a mixture by POST /live/fit."""

from __future__ import annotations

from playground.views.lab import Lab
from playground.views.mixture import mixture_packet


class OwnData(Lab):
    key = "data"
    title = "your data"
    text = "Hold the mixture on the stage, paint a distribution, or upload points."
    order = 6
    needs = frozenset({"vector", "points"})
    page = "toys"
    view = ("fit",)
    packets = {"mixture": mixture_packet}

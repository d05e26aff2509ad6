"""The film strip: one image through all its steps."""

from __future__ import annotations

from playground.views.lab import Lab


class Film(Lab):
    key = "film"
    title = "film strip"
    text = "One image through all its steps: the states, and what the model expects behind each."
    order = 1
    needs = frozenset({"pictures"})
    page = "images"

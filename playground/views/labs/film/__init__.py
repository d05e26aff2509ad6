"""The film strip: one image through all its steps."""

from __future__ import annotations

from playground.core.experiment import Experiment
from playground.views.lab import Lab, only_images


class Film(Lab):
    key = "film"
    title = "film strip"
    text = "One image through all its steps: the states, and what the model expects behind each."
    order = 1
    page = "images"

    def why(self, exp: Experiment) -> str:
        return only_images(exp)

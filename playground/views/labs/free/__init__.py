"""Training-free denoisers beside the network. Numbers: playground/views/free.py."""

from __future__ import annotations

from playground.core.experiment import Experiment
from playground.views.free import free_packet
from playground.views.lab import Lab, only_images


class Free(Lab):
    key = "free"
    title = "training-free"
    text = "The network's x̂₀ beside denoisers that nobody trained, and the nearest training image."
    order = 2
    page = "images"
    of_images = {"free": free_packet}

    def why(self, exp: Experiment) -> str:
        if no := only_images(exp):
            return no
        return "" if "examples" in exp.law.gives else "needs a model whose training images are here: the 8×8 digits, or images of your own"

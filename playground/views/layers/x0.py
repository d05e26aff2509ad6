from __future__ import annotations

import numpy as np
import torch

from playground.views.layer import Layer
from playground.views.packet import Packet
from playground.views.sights.axes import Axes


class ExpectedData(Layer):
    key = "x0"
    word = "x̂<sub>0</sub>"
    name = "x̂₀"
    text = "The data point that the model expects behind each particle, with threads for 60 of them."
    formula = r"\hat x_0 = E[x_0\mid x_t]"
    role = "exact"
    mark = '<path d="M1 9 6 5.6" stroke="currentColor"/><circle cx="8.4" cy="4.4" r="3.2" fill="none" stroke="currentColor" stroke-width="1.3"/>'
    rank = 70
    needs = frozenset({"mean"})
    arrays = "x0"
    packet = "run"
    of_images = "the images show it: choose x̂₀ above them"

    def add_run(self, sight: Axes, packet: Packet) -> None:
        d = sight.oracle.dim
        packet.add(self.key, _frames(sight), "u2", list(sight.geometry.lo[:d]), list(sight.geometry.hi[:d]), axis=1)


def _frames(sight: Axes) -> np.ndarray:
    """x̂_0 of every particle at every frame (frames, D, particles), in data coordinates; not counted as model calls."""
    out = []
    model = sight.run.problem.predictor
    with torch.no_grad():
        for frame in sight.frames:
            x = model(frame.z, frame.t).mean if frame.t > 0 else sight.process.project(frame.z)
            out.append(x.float().cpu().numpy().T)
    return np.stack(out)

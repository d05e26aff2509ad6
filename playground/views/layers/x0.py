from __future__ import annotations

import numpy as np
import torch

from playground.views.layer import Layer
from playground.views.packet import Packet
from playground.views.stage import Run


class ExpectedData(Layer):
    key = "x0"
    word = "x̂<sub>0</sub>"
    name = "x̂₀"
    text = "The data point that the model expects behind each particle, with threads for 60 of them."
    formula = r"\hat x_0 = E[x_0\mid x_t]"
    role = "exact"
    mark = '<path d="M1 9 6 5.6" stroke="currentColor"/><circle cx="8.4" cy="4.4" r="3.2" fill="none" stroke="currentColor" stroke-width="1.3"/>'
    rank = 70
    arrays = "x0"
    packet = "run"
    of_images = "the images show it: choose x̂₀ above them"

    def add_run(self, run: Run, packet: Packet) -> None:
        lo, hi = list(run.geometry.lo[: run.oracle.dim]), list(run.geometry.hi[: run.oracle.dim])
        packet.add(self.key, _frames(run), "u2", lo, hi, axis=1)


def _frames(run: Run) -> np.ndarray:
    """x̂_0 of every particle at every frame (frames, D, particles), in data coordinates; not counted as model calls."""
    out = []
    model = run.trace.model or run.oracle
    with torch.no_grad():
        for frame in run.trace.frames:
            x = model(frame.z, frame.t).x0_hat if frame.t > 0 else run.process.project(frame.z)
            out.append(x.float().cpu().numpy().T)
    return np.stack(out)

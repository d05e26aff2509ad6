"""How far two samples are apart."""

from __future__ import annotations

import numpy as np


def distance(x: np.ndarray, y: np.ndarray, directions: int = 32) -> float:
    """Between two samples (n, d) of equal size: W1 in 1D; in 2D the sliced W2, the root mean over
    evenly spaced directions of the squared W2 of the projections. Data units."""
    if x.shape[1] == 1:
        return float(np.abs(np.sort(x[:, 0]) - np.sort(y[:, 0])).mean())
    a = np.pi * (np.arange(directions) + 0.5) / directions
    axes = np.stack([np.cos(a), np.sin(a)])
    return float(np.sqrt(((np.sort(x @ axes, axis=0) - np.sort(y @ axes, axis=0)) ** 2).mean()))

"""Images side by side in one picture."""

from __future__ import annotations

import numpy as np
from PIL import Image

EDGE = 3  # pixels between two images
LARGE = 420  # about as wide as a picture gets
MS = 110


def sheet(images: np.ndarray, columns: int | None = None) -> Image.Image:
    """Images (n, channels, h, w) of bytes as one picture, in rows that make it about square, enlarged by a whole factor."""
    n, channels, h, w = images.shape
    columns = columns or max(1, round(np.sqrt(n * h / w)))
    rows = -(-n // columns)
    factor = max(1, LARGE // (columns * w))
    out = np.full((rows * (h * factor + EDGE) - EDGE, columns * (w * factor + EDGE) - EDGE, channels), 255, np.uint8)
    for i, image in enumerate(images):
        y, x = (i // columns) * (h * factor + EDGE), (i % columns) * (w * factor + EDGE)
        out[y : y + h * factor, x : x + w * factor] = np.kron(image.transpose(1, 2, 0), np.ones((factor, factor, 1), np.uint8))
    return Image.fromarray(out[..., 0] if channels == 1 else out)

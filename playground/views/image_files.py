"""An image run as files: a GIF of the batch as it forms, and the states as .npz."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from playground.views.images import ImageRun, image_packet

EDGE = 3  # pixels between two images
LARGE = 420  # about as wide as a picture gets
MS, REST = 110, 14  # of a frame, and how many of them the last one stays


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


def image_gif(run: ImageRun) -> Iterator[tuple[int, int, bytes | None]]:
    """(done, of, None) while drawing, at last (of, of, the GIF's bytes)."""
    frames = image_packet(run)["image/x"]
    pictures = []
    for i, frame in enumerate(frames):
        pictures.append(sheet(frame))
        yield i + 1, len(frames), None
    out = io.BytesIO()
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:], duration=[MS] * (len(frames) - 1) + [MS * REST], loop=0)
    yield len(frames), len(frames), out.getvalue()


def npz(run: ImageRun) -> bytes:
    """times (frames,), states (frames, n, *state) and x0 (frames, n, *event), as computed, compressed."""
    out = io.BytesIO()
    states = np.stack([f.z.float().cpu().numpy() for f in run.frames])
    np.savez_compressed(out, times=run.times.numpy(), states=states, x0=np.stack([x.float().cpu().numpy() for x in run.x0]))
    return out.getvalue()

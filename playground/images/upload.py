"""Pictures that a person brings: checked before they are decoded, cropped and scaled to what a model makes."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from playground.core.fields import BadValue

MOST_BYTES = 4_000_000
MOST_PIXELS = 20_000_000
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
ALLOWED = f"a PNG, JPEG, GIF, WebP or BMP of at most {MOST_BYTES // 1_000_000} MB and {MOST_PIXELS // 1_000_000} megapixels"


class Picture(NamedTuple):
    """``image`` (*event) in [−1, 1] and ``note``: what was done to it that is worth saying, or ''."""

    image: Tensor
    note: str


def picture(raw: bytes, event: tuple[int, ...], name: str = "image", invert: bool = False) -> Picture:
    """A file as an image of shape ``event`` (1 or 3 channels): centre-cropped to its proportions, averaged over areas, black ↦ −1.

    Transparent places show white paper. Of an animation the first frame is taken. ``invert``: 255 − value, for dark ink on white.
    Raises: BadValue for what is too large, damaged or no image. The size is read from the file's head: nothing large is decoded.
    """
    from PIL import Image, ImageOps

    channels, height, width = event
    if len(raw) > MOST_BYTES:
        raise BadValue(name, f"{len(raw):,} bytes", ALLOWED)
    if not raw:
        raise BadValue(name, "an empty file (0 bytes)", ALLOWED)
    if raw.startswith((b"PK", b"\x93NUMPY")):
        raise BadValue(name, "an archive or a NumPy file (.npz, .zip, .npy)", f"one picture: {ALLOWED}")
    try:
        with Image.open(io.BytesIO(raw), formats=FORMATS) as file:
            if file.width * file.height > MOST_PIXELS:
                raise BadValue(name, f"{file.width} × {file.height} pixels", ALLOWED)
            note = "an animation: its first frame is used" if getattr(file, "n_frames", 1) > 1 else ""
            file.seek(0)
            file.draft("L" if channels == 1 else "RGB", (2 * width, 2 * height))  # a JPEG is decoded no larger than needed
            upright = ImageOps.exif_transpose(file).convert("RGBA")
    except BadValue:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadValue(name, "more than 89 megapixels", ALLOWED) from None
    except (OSError, ValueError, SyntaxError, EOFError, OverflowError, MemoryError):  # Pillow's ways to say: this is no image
        raise BadValue(name, f"{len(raw):,} bytes that are no readable image", ALLOWED) from None
    paper = Image.new("RGBA", upright.size, "white")
    paper.alpha_composite(upright)
    fitted = ImageOps.fit(paper.convert("L" if channels == 1 else "RGB"), (width, height), Image.Resampling.BOX)
    values = torch.from_numpy(np.array(fitted, np.float32)).view(height, width, channels).permute(2, 0, 1) / 127.5 - 1
    return Picture((-values if invert else values).contiguous(), note)


def parts(body: bytes) -> list[bytes]:
    """The files of a request's body, each after its length (4 bytes, little endian); at most two. Raises BadValue when it ends too early."""
    files, at = [], 0
    while at < len(body):
        size = int.from_bytes(body[at : at + 4], "little")
        if len(files) == 2 or at + 4 + size > len(body):
            raise BadValue("image", f"{len(body):,} bytes", "at most two files, each after its length in 4 bytes")
        files.append(body[at + 4 : at + 4 + size])
        at += 4 + size
    return files


def mask(raw: bytes, event: tuple[int, ...]) -> Tensor:
    """A painted mask (height, width) as a picture: true where it is at least half white."""
    return picture(raw, (1, *event[1:]), "mask").image[0] >= 0

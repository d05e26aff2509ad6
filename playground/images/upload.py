"""Pictures that a person brings: checked before they are decoded, cropped and scaled to what a model makes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from playground.core.fields import BadValue
from playground.core.limits import limits, megabytes
from playground.core.pixels import DEPTHS
from playground.images.read import MEGAPIXELS, NAMES, Refused, read_image

MOST_BYTES = limits().upload_bytes
ALLOWED = f"a {NAMES} of at most {megabytes(MOST_BYTES)} and {MEGAPIXELS}"


class Picture(NamedTuple):
    """``image`` (*event) in [−1, 1] and ``note``: what was done to it that is worth saying, or ''."""

    image: Tensor
    note: str


def picture(raw: bytes, event: tuple[int, ...], name: str = "image", invert: bool = False) -> Picture:
    """A file as an image of shape ``event`` (1 or 3 channels): centre-cropped to its proportions, averaged over areas, black ↦ −1.

    Read as ``read_image`` says: upright, of an animation the first frame, transparent places as white paper. ``invert``: 255 − value, for dark ink on white.
    Raises: BadValue for what is too large, damaged or no image. The size is read from the file's head: nothing large is decoded.
    """
    channels, height, width = event
    if len(raw) > MOST_BYTES:
        raise BadValue(name, f"{len(raw):,} bytes", ALLOWED)
    if not raw:
        raise BadValue(name, "an empty file (0 bytes)", ALLOWED)
    if raw.startswith((b"PK", b"\x93NUMPY")):
        raise BadValue(name, "an archive or a NumPy file (.npz, .zip, .npy)", f"one picture: {ALLOWED}")
    try:
        upright, notes = read_image(raw, (2 * width, 2 * height))
    except Refused as error:
        raise BadValue(name, error.why, f"{ALLOWED}; pixels of {DEPTHS}") from None
    fitted = ImageOps.fit(upright.convert("L" if channels == 1 else "RGB"), (width, height), Image.Resampling.BOX)
    values = torch.from_numpy(np.array(fitted, np.float32)).view(height, width, channels).permute(2, 0, 1) / 127.5 - 1
    return Picture((-values if invert else values).contiguous(), "; ".join(notes))


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

"""The one reader of image files: sets of one's own, pictures for a task, masks. Checked by the header before anything is decoded."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from playground.core.fields import BadValue
from playground.core.limits import limits
from playground.core.pixels import as_bytes

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")
NAMES = "PNG, JPEG, GIF, BMP, WebP or TIFF"
MOST_PIXELS = limits().pixels  # of one image, by its header
MEGAPIXELS = f"{MOST_PIXELS / 1e6:,.12g} megapixels"
WHITE_IS_ZERO, BITS, PHOTOMETRIC = 0, 258, 262  # of TIFF


class Refused(Exception):
    """A file that is no image that can be used: it is ``why``; of several alike, "3 ``kind`` (first: ``detail``)"."""

    def __init__(self, why: str, kind: str, detail: str = ""):
        super().__init__(why)
        self.why, self.kind, self.detail = why, kind, detail


class Opened(NamedTuple):
    """The first frame, upright, 8 bits, mode "L" (grey, also where it was stored as RGB) or "RGB", on white paper; what was done to it."""

    image: Image.Image
    notes: tuple[str, ...]


def read_image(raw: bytes, draft: tuple[int, int] | None = None) -> Opened:
    """Raises Refused. ``draft``: a JPEG is decoded no larger than needed for this size.

    Orientation (EXIF, TIFF) is honoured; 16 bits become 8 by v/257 and floats from 0 to 1 by 255 v, transparent places show white.
    """
    try:
        with Image.open(io.BytesIO(raw), formats=FORMATS) as file:
            if file.width * file.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            several = getattr(file, "n_frames", 1) > 1 and file.format != "MPO"  # a telephone's JPEG with a preview beside it
            notes = ["animated, of which the first frame is taken"] if several else []
            file.seek(0)
            if draft is not None:
                file.draft("RGB", (max(draft), max(draft)))  # the file may lie on its side
            file.load()
            flat, note = _flat(_upright(file))
            return Opened(flat, (*notes, *([note] if note else [])))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(f"one of more than {MEGAPIXELS}", f"of more than {MEGAPIXELS}") from None
    except BadValue as error:
        kind, _, values = error.value.strip("'").partition(" ")
        raise Refused(f"pixels of {kind} {values}", f"of {kind}", values) from None
    except (OSError, ValueError, SyntaxError, EOFError, OverflowError, MemoryError, KeyError, TypeError, IndexError):
        # Pillow's ways to say: this is no image
        raise Refused(f"{len(raw):,} bytes that are no readable image", "that could not be read") from None


def _upright(image: Image.Image) -> Image.Image:
    """Turned as EXIF says; as it is where that cannot be read."""
    if image.format == "TIFF":  # Pillow turns these when it loads them
        return image
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF, in any of the ways in which its bytes can be wrong: the picture is still one
        return image


def _flat(image: Image.Image) -> tuple[Image.Image, str]:
    """Mode "L" or "RGB", and a note. Raises BadValue for values whose white is not known."""
    note = ""
    if image.mode.startswith("I") or image.mode == "F":
        clear = image.info.get("transparency")
        tags = getattr(image, "tag_v2", {})
        bits = tags.get(BITS, (16,))[0]
        values = np.asarray(image)
        told, note = as_bytes(values, "image", (1 << bits) - 1 if bits < 16 else 65_535)
        if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO:  # of bytes Pillow has turned it round
            told = 255 - told
        if isinstance(clear, int):
            told = np.where(values == clear, np.uint8(255), told)
        return Image.fromarray(told), note
    if image.mode.lower().endswith("a") or "transparency" in image.info:
        seen = image.convert("LA").convert("RGBA") if image.mode == "La" else image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen)
    made = image.convert("L" if image.mode in ("1", "L") else "RGB")
    if made.mode == "RGB":
        red, green, blue = (np.asarray(c) for c in made.split())
        if np.array_equal(red, green) and np.array_equal(red, blue):
            made = made.getchannel(0)
    return made, note

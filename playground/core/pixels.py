"""Pixels of any depth as bytes: one rule for image files and for arrays."""

from __future__ import annotations

import numpy as np

from playground.core.fields import BadValue

DEPTHS = "8 or 16 bits a channel without sign, or floats from 0 (black) to 1 (white)"  # of files
TYPES = "uint8 images (0 to 255), uint16 (0 to 65,535), floats from 0 (black) to 1 (white), or true and false"  # of arrays
FROM_16_BITS = "of 16 bits, 65,535 taken as white"
FROM_FLOATS = "of floats, 0 taken as black and 1 as white"
FROM_FLAGS = "of flags, true taken as white"


def as_bytes(values: np.ndarray, field: str, white: int = 65_535) -> tuple[np.ndarray, str]:
    """Values as uint8, and what was done to them in words ('' for bytes): 255 v/``white`` of 16 bits (v/257), 255 v of floats in [0, 1].

    No image is stretched to its own range: what is dark stays dark. Raises BadValue, with the type and the range found, for anything else.
    """
    size = values.dtype.itemsize
    if values.dtype.kind == "u" and size == 1:
        return values, ""
    if values.dtype.kind == "b":
        return values.astype(np.uint8) * 255, FROM_FLAGS
    if values.dtype.kind == "u" and size == 2:
        note = FROM_16_BITS if white == 65_535 else f"of {white.bit_length()} bits, {white:,} taken as white"
        return np.rint(values.astype(np.float32) * (255 / white)).clip(0, 255).astype(np.uint8), note
    if values.dtype.kind == "f" and values.size and values.min() >= 0 and values.max() <= 1:  # false for NaN
        return np.rint(values.astype(np.float64) * 255).astype(np.uint8), FROM_FLOATS
    raise BadValue(field, range_of(values), TYPES)


def range_of(values: np.ndarray) -> str:
    """Type and range of values, in words."""
    if values.dtype.kind not in "iuf" or not values.size:
        return f"{values.dtype} {values.shape}"
    lo, hi = values.min(), values.max()
    return f"{values.dtype} with NaN" if lo != lo else f"{values.dtype} from {lo:g} to {hi:g}"


def image_bytes(values: np.ndarray, field: str) -> tuple[np.ndarray, str]:
    """The same for a whole set: 16 bits of which all values are bytes were stored in too wide a type, and would all be black."""
    if values.dtype.kind == "u" and values.dtype.itemsize == 2 and values.size and 0 < values.max() <= 255:
        raise BadValue(field, range_of(values), f"{TYPES}; these look like bytes: store them as uint8")
    return as_bytes(values, field)

"""Small pictures of cells: where some of a run's last particles are, in 16 bits a number, or its first images."""

from __future__ import annotations

import base64
import binascii
import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from playground.core.fields import BadValue, Json, Record, Whole, is_list, is_record
from playground.core.law import Law
from playground.core.panels import Looks, Panel

POINTS = 200
AWAY = 65_535  # of a number outside its axis, or none
IMAGES = 4
MOST = 40_000  # bytes of a picture


class Picture(NamedTuple):
    """shape (n, 1) or (n, 2): points, each number from 0 (an axis' lower end) to AWAY − 1 (its upper end), two bytes, little-endian; AWAY: outside.
    shape (n, height, width, channels): images, a byte a number."""

    shape: tuple[int, ...]
    data: bytes

    def to_dict(self) -> dict[str, Json]:
        return {"shape": list(self.shape), "data": base64.b64encode(self.data).decode()}

    @classmethod
    def from_dict(cls, name: str, record: object) -> Picture:
        """Raises BadValue naming ``name``."""
        if not is_record(record) or not {"shape", "data"} >= set(record):
            raise BadValue(name, record, "a record of shape and data")
        shape = _shape(f"{name}.shape", record)
        size = math.prod(shape) * (2 if len(shape) == 2 else 1)
        data = record.get("data")
        try:
            raw = base64.b64decode(data, validate=True) if isinstance(data, str) and len(data) <= 2 * MOST else b""
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != size or size > MOST:
            raise BadValue(f"{name}.data", f"{len(raw):,} bytes", f"{min(size, MOST):,} bytes in base64, as its shape has")
        return cls(shape, raw)


def _shape(name: str, record: Record) -> tuple[int, ...]:
    shape = record.get("shape")
    if not is_list(shape) or len(shape) not in (2, 4):
        raise BadValue(name, shape, "two whole numbers (points), or four (images)")
    return tuple(Whole(1, 1, MOST).clean(name, n) for n in shape)


def panel_of(law: Law) -> Panel:
    """The axes on which points of a law's pictures stand. Raises BadValue where its points have none."""
    return law.space.panels(Looks(top=law.top)).panels[0]


def picture_of(law: Law, x: Tensor) -> Picture | None:
    """Of data ``x`` (batch, *event); None where they cannot be seen."""
    if law.space.pictures:
        return _images(x[:IMAGES])
    try:
        panel = panel_of(law)
    except BadValue:  # too many numbers
        return None
    components = [0, 1] if panel.flat else [0]  # a line, or symbols
    ranges = panel.ranges[: len(components)]
    points = x[:POINTS].flatten(1)[:, components].double().cpu().numpy()
    lo, hi = np.array(ranges).T
    share = (points - lo) / (hi - lo)
    inside = (share >= 0) & (share <= 1)  # false of NaN
    told = np.where(inside, np.round(np.where(inside, share, 0) * (AWAY - 1)), AWAY)
    return Picture(told.shape, told.astype("<u2").tobytes())


def _images(x: Tensor) -> Picture | None:
    """About [−1, 1], the channels last."""
    if x.numel() > MOST or x.shape[1] not in (1, 3):  # latents are no pictures
        return None
    told = ((torch.nan_to_num(x).clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return Picture(told.shape, told.tobytes())

"""The binary packet of docs/packet.md: a JSON header and little-endian arrays."""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from playground.core.fields import Json

MAGIC = b"PGP1"
SEQ = re.compile(rb'"seq":[0-9]+')


class Entry(TypedDict, total=False):
    """What the header says of an array."""

    dtype: str
    shape: list[int]
    offset: int
    lo: list[float]
    hi: list[float]
    axis: int


KINDS = {"u1": np.dtype("<u1"), "u2": np.dtype("<u2"), "f4": np.dtype("<f4")}


@dataclass
class Packet:
    """A header and named arrays; ``to_bytes`` and ``from_bytes`` are inverse up to quantisation."""

    header: dict[str, Json]
    arrays: dict[str, tuple[np.ndarray, Entry]] = field(default_factory=dict)

    def add(
        self,
        name: str,
        values: ArrayLike | Tensor,
        kind: str = "f4",
        lo: list[float] | None = None,
        hi: list[float] | None = None,
        axis: int = 0,
    ) -> None:
        """Adds an array. With ``lo`` and ``hi``, one pair an index of ``axis``, values are quantised to 16 bits ("u2") between them; outside and NaN are
        clamped."""
        a = np.asarray(values)
        extra: Entry = {}
        if lo is not None and hi is not None:
            shape = [1] * a.ndim
            shape[axis] = len(lo)
            low, high = (np.asarray(v, np.float32).reshape(shape) for v in (lo, hi))
            code = np.nan_to_num((a.astype(np.float32) - low) * (65535 / (high - low)), nan=0.0, posinf=65535.0, neginf=0.0)
            a = np.clip(code + 0.5, 0, 65535)
            extra = {"lo": [float(v) for v in lo], "hi": [float(v) for v in hi], "axis": axis}
        self.arrays[name] = (np.ascontiguousarray(a, KINDS[kind]), {"dtype": kind, **extra})

    def to_bytes(self) -> bytes:
        index: dict[str, Entry] = {}
        blocks, offset = [], 0
        for name, (a, extra) in self.arrays.items():
            index[name] = {**extra, "shape": list(a.shape), "offset": offset}
            raw = a.tobytes()
            pad = -len(raw) % 8
            blocks += [raw, b"\0" * pad]
            offset += len(raw) + pad
        head = json.dumps({**self.header, "arrays": index}, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        head += b" " * (-(8 + len(head)) % 8)
        return b"".join([MAGIC, struct.pack("<I", len(head)), head, *blocks])

    @classmethod
    def from_bytes(cls, raw: bytes) -> Packet:
        """Reads a packet; quantised arrays come back as float32."""
        if raw[:4] != MAGIC:
            raise ValueError(f"packet starts with {raw[:4]!r}; allowed: {MAGIC!r}")
        (length,) = struct.unpack("<I", raw[4:8])
        header = json.loads(raw[8 : 8 + length])
        out = cls({k: v for k, v in header.items() if k != "arrays"})
        for name, entry in header["arrays"].items():
            kind = KINDS[entry["dtype"]]
            count = int(np.prod(entry["shape"], dtype=np.int64))
            a = np.frombuffer(raw, kind, count, 8 + length + entry["offset"]).reshape(entry["shape"])
            if entry["dtype"] == "u2":
                shape = [1] * a.ndim
                shape[entry["axis"]] = len(entry["lo"])
                low, high = (np.asarray(entry[k], np.float32).reshape(shape) for k in ("lo", "hi"))
                a = low + (high - low) * a.astype(np.float32) / 65535
            out.arrays[name] = (a, entry)
        return out

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name][0]


def numbered(raw: bytes, seq: int) -> bytes:
    """The bytes of a packet with another ``seq`` in its header: many who ask for one run are each answered with their own number."""
    (length,) = struct.unpack("<I", raw[4:8])
    head = SEQ.sub(b'"seq":%d' % seq, raw[8 : 8 + length].rstrip(b" "), count=1)  # in a text of the header the quotes would be escaped
    head += b" " * (-(8 + len(head)) % 8)
    return b"".join([MAGIC, struct.pack("<I", len(head)), head, memoryview(raw)[8 + length :]])

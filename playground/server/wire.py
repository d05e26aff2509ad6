"""Messages between the server and a worker's process: the lengths of both parts (4 and 8 bytes, little endian), a JSON object, bytes."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import IO

from playground.core.fields import Record

LENGTHS = struct.Struct("<IQ")


def write(pipe: IO[bytes], head: Mapping[str, object], body: bytes = b"") -> None:
    """Raises OSError where nobody reads any more."""
    words = json.dumps(head).encode()
    pipe.write(LENGTHS.pack(len(words), len(body)) + words)
    pipe.write(body)
    pipe.flush()


def read(pipe: IO[bytes]) -> tuple[Record, bytes] | None:
    """The next message; None where it ends."""
    lengths = pipe.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    words, size = LENGTHS.unpack(lengths)
    head, body = pipe.read(words), pipe.read(size)
    return (json.loads(head), body) if len(head) == words and len(body) == size else None

"""Sets of images of the user's own that were stored (own.py), as laws: 'set:' and eight letters of their digest."""

from __future__ import annotations

import functools
import json
import os
import re
import zipfile
import zlib
from pathlib import Path
from typing import NotRequired, TypedDict

import numpy as np
import torch

from playground.core.examples import Examples, ExamplesLaw, digest_of
from playground.core.fields import BadValue

OWN = "set:"  # what names of stored sets begin with; eight letters of the digest follow


def set_folder() -> Path:
    """Where sets of the user's own are kept: $PLAYGROUND_CACHE, or ~/.cache/diffusion-playground, and there 'sets'."""
    return Path(os.environ.get("PLAYGROUND_CACHE") or Path.home() / ".cache" / "diffusion-playground") / "sets"


def set_file(name: str) -> Path:
    """The file of a stored set 'set:1a2b3c4d'. Raises BadValue if this machine does not have it, or has two that begin so."""
    digest = name.removeprefix(OWN)
    if not name.startswith(OWN) or not re.fullmatch(r"[0-9a-f]{8}", digest):
        raise BadValue("data", name[:60], f"a set's name: {OWN} and eight of 0 … 9, a … f")
    found = sorted(set_folder().glob(f"{digest}*.npz"))
    if len(found) != 1:
        allowed = (
            "images that were given on this machine: this link's are not stored here; give the same images again"
            if not found
            else "one set"
        )
        raise BadValue("data", name, allowed)
    return found[0]


class Facts(TypedDict):
    """What a stored file says of its images, as JSON."""

    event: list[int]
    classes: int
    count: int
    title: str
    names: NotRequired[list[str]]


class SetLaw(ExamplesLaw):
    """A stored set."""

    listed = False

    def __init__(self, key: str, told: Facts, file: Path):
        (channels, height, width), classes, count = map(int, told["event"]), int(told["classes"]), int(told["count"])
        names = tuple(str(n) for n in told.get("names", ()))
        super().__init__(key, str(told["title"]), (channels, height, width), classes, count, names=names if len(names) == classes else ())
        self.group, self.file = key, file

    @property
    def examples(self) -> Examples:
        return _examples(self.key)


def law(data: str) -> SetLaw | None:
    """The law of a stored set by name; None if it is no set's name. Raises BadValue if there is none, or its file cannot be read."""
    if not data.startswith(OWN):
        return None
    file = set_file(data)
    return _law(data, file, file.stat().st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _law(name: str, file: Path, stamp: int) -> SetLaw:
    told: Facts = json.loads(str(_read(name, file, "facts")[0]))
    try:
        return SetLaw(name, told, file)
    except (KeyError, TypeError, ValueError):
        raise BadValue("data", name, f"a whole file {file.name}: its facts cannot be read") from None


def _read(name: str, file: Path, *arrays: str) -> list[np.ndarray]:
    try:
        with np.load(file, allow_pickle=False) as told:
            found = [told[a] for a in arrays]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        raise BadValue("data", name, f"a whole file {file.name}: this one is damaged; give the images again") from None
    return found


@functools.lru_cache(maxsize=4)
def _examples(name: str) -> Examples:
    """A set's images. Raises BadValue if there is none or it is damaged."""
    facts, file = law(name), set_file(name)
    assert facts is not None
    pixels, labels = _read(name, file, "images", "labels")
    known = labels if len(labels) else None
    if pixels.dtype != np.uint8 or pixels.shape != (facts.count, *facts.event) or digest_of(pixels, known) != file.stem:
        raise BadValue("data", name, f"a whole file {file.name}: its pixels are not those that were stored; give the images again")
    x = torch.from_numpy(pixels).float() / 127.5 - 1
    return Examples(x, None if known is None else torch.from_numpy(known.astype(np.int64)), facts.title, file.stem)

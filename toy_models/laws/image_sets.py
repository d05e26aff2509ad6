"""Finite sets of images: scikit-learn's digits, and sets of the user's own that were stored (toy_models/own_images.py).

A set's facts (title, shape, classes, count) are known without its pixels, so that lists and checks cost nothing.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import os
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from playground.core.fields import BadValue

OWN = "set:"  # what names of stored sets begin with; eight letters of the digest follow
HELD_OUT = 297  # of the digits, the last: no model sees them, so that memorising can be told from generalising


@dataclass(frozen=True)
class Facts:
    """What is known of a set without its pixels: ``event`` is an image's (channels, height, width), ``classes`` 0 without labels, ``grey`` its grey
    values per unit of [−1, 1], ``names`` those of the classes, () where they are their numbers."""

    name: str
    title: str
    event: tuple[int, int, int]
    classes: int
    count: int
    grey: float = 127.5
    names: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ImageSet:
    """x in [−1, 1], (count, channels, height, width) float32; labels (count,) int64 or None; digest: sha256 of pixels and labels."""

    x: Tensor
    labels: Tensor | None
    title: str
    digest: str

    def only(self, label: int) -> ImageSet:
        """The images of one class. Raises BadValue if there is none."""
        if self.labels is None or not bool((self.labels == label).any()):
            known = (
                "a set with labels"
                if self.labels is None
                else "a class of these images: " + ", ".join(map(str, self.labels.unique().tolist()))
            )
            raise BadValue("label", label, known)
        chosen = self.labels == label
        return ImageSet(self.x[chosen], self.labels[chosen], self.title, f"{self.digest}/{label}")


DIGITS = Facts("digits", "8×8 digits", (1, 8, 8), 10, 1797 - HELD_OUT, 8.0)


def told_classes(names: Sequence[str]) -> str:
    """Which number each class has, as words that go on after their count: ": 0 cat, 1 dog"; "" where the names are the numbers."""
    if list(names) == [str(k) for k in range(len(names))]:
        return ""
    return ": " + ", ".join(f"{k} {name or '(no folder)'}" for k, name in enumerate(names))


def digest_of(pixels: np.ndarray, labels: np.ndarray | None) -> str:
    """sha256 of shape, bytes and labels."""
    told = hashlib.sha256(str(pixels.shape).encode() + np.ascontiguousarray(pixels).tobytes())
    told.update(b"" if labels is None else labels.astype("<i8").tobytes())
    return told.hexdigest()


@functools.lru_cache(maxsize=1)
def _all_digits() -> tuple[Tensor, Tensor, str]:
    """The 1,797 digits of scikit-learn (Alpaydin & Kaynak 1998, UCI; values 0 … 16), in [−1, 1], with labels and digest.

    Read from the package's file: to import scikit-learn for sklearn.datasets.load_digits takes seconds. Raises BadValue if it is not installed.
    """
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise BadValue("data", DIGITS.name, "a machine with scikit-learn: pip install scikit-learn")
    table = np.loadtxt(Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz", delimiter=",", dtype=np.uint8)
    pixels, labels = table[:, :-1].reshape(-1, 8, 8), table[:, -1]
    return torch.from_numpy(pixels).float()[:, None] / 8 - 1, torch.from_numpy(labels.astype(np.int64)), digest_of(pixels, labels)


def held_out() -> tuple[Tensor, Tensor]:
    """The digits that no model has seen: x (297, 1, 8, 8) and labels."""
    x, labels, _ = _all_digits()
    return x[-HELD_OUT:], labels[-HELD_OUT:]


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


def facts_of(name: str) -> Facts:
    """The facts of a set by name. Raises BadValue if there is none, or its file cannot be read."""
    if name == DIGITS.name:
        return DIGITS
    file = set_file(name)
    return _stored_facts(name, file, file.stat().st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _stored_facts(name: str, file: Path, stamp: int) -> Facts:
    told = json.loads(str(_read(name, file, "facts")))
    try:
        (channels, height, width), classes, count = map(int, told["event"]), int(told["classes"]), int(told["count"])
        names = tuple(str(n) for n in told.get("names", ()))
        return Facts(name, str(told["title"]), (channels, height, width), classes, count, names=names if len(names) == classes else ())
    except (KeyError, TypeError, ValueError):
        raise BadValue("data", name, f"a whole file {file.name}: its facts cannot be read") from None


def _read(name: str, file: Path, *arrays: str) -> Any:
    try:
        with np.load(file, allow_pickle=False) as told:
            found = [told[a] for a in arrays]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        raise BadValue("data", name, f"a whole file {file.name}: this one is damaged; give the images again") from None
    return found[0] if len(found) == 1 else found


@functools.lru_cache(maxsize=4)
def image_set(name: str) -> ImageSet:
    """A set by name; of the digits those that models may see, all but the last 297. Raises BadValue if there is none or it is damaged."""
    if name == DIGITS.name:
        x, labels, digest = _all_digits()
        return ImageSet(x[:-HELD_OUT], labels[:-HELD_OUT], DIGITS.title, digest)
    facts, file = facts_of(name), set_file(name)
    pixels, labels = _read(name, file, "images", "labels")
    known = labels if len(labels) else None
    if pixels.dtype != np.uint8 or pixels.shape != (facts.count, *facts.event) or digest_of(pixels, known) != file.stem:
        raise BadValue("data", name, f"a whole file {file.name}: its pixels are not those that were stored; give the images again")
    x = torch.from_numpy(pixels).float() / 127.5 - 1
    return ImageSet(x, None if known is None else torch.from_numpy(known.astype(np.int64)), facts.title, file.stem)

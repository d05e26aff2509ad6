"""Cells on disk: what was computed once is read again, by experiment, code and machine word; the least recently used go first. Nothing is unpickled."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import shutil
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from playground.core.experiment import Experiment
from playground.core.files import ASSETS, PACKAGE
from playground.core.limits import limits
from playground.core.spec import registered
from playground.images.sets import set_folder
from playground.sweeps.results import Result

UNSEEN = ("ui", "views", "server")
"""Rooms of ``playground`` on which no number depends."""
BLOCK = 512  # bytes that a file takes beside its own


def folder() -> Path:
    """Where cells are kept: $PLAYGROUND_CACHE or ~/.cache/diffusion-playground, and there 'cells'."""
    return set_folder().parent / "cells"


@functools.cache
def code_version() -> str:
    """A digest of all code that makes numbers, of the cards of trained models, and of what it runs on."""
    found = hashlib.blake2b(digest_size=8)
    found.update(f"{torch.__version__} {np.__version__} {platform.machine()} {torch.cuda.is_available()}".encode())
    toys = PACKAGE.parent / "toy_models"
    sources = [p for p in sorted(PACKAGE.rglob("*.py")) if p.relative_to(PACKAGE).parts[0] not in UNSEEN]
    for path in [*sources, *sorted(toys.rglob("*.py")), *sorted((ASSETS / "models").rglob("*.json"))]:
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


class Kept:
    """The cells of a folder. One process writes; others may at the same time, each file is whole. What cannot be read or written is told once, as a warning, and done without."""

    def __init__(self, where: Path | None = None, most: int | None = None):
        self.where, self.most = where or folder(), limits().cell_bytes if most is None else most
        self.size: int | None = None
        self.off = not self.most
        self.why = ""
        """What of the disk went wrong, in a sentence."""

    def path(self, exp: Experiment) -> Path:
        name = hashlib.blake2b(f"{exp.to_json()} {exp.dtype} {exp.who.stamp} {code_version()}".encode(), digest_size=16).hexdigest()
        return self.where / name[:2] / f"{name}.json"

    def keeps(self, exp: Experiment) -> bool:
        """May its numbers be kept? Not where names mean what was registered in this process, or a pipeline of the hub, whose weights no name tells."""
        return not self.off and not registered() and bool(exp.law.gives)

    def get(self, at: tuple[int, ...], exp: Experiment, measures: Sequence[str]) -> Result | None:
        """The cell of an experiment, with what is known of these measures; None: not all of it is."""
        told = self._read(exp) if self.keeps(exp) else None
        if told is None or not all(key in told.values or key in told.refused for key in measures):
            return None
        values = {key: told.values[key] for key in measures if key in told.values}
        refused = {key: told.refused[key] for key in measures if key in told.refused}
        return replace(told, at=at, values=values, refused=refused)

    def _read(self, exp: Experiment) -> Result | None:
        path = self.path(exp)
        try:
            told = Result.from_dict(json.loads(path.read_bytes()))
            os.utime(path)
        except (OSError, ValueError, RecursionError):  # not there, cut off, of somebody else
            return None
        return told if told.seed == exp.seed else None

    def put(self, exp: Experiment, result: Result) -> None:
        """Keeps a cell, with the measures that were known of it before; one that failed is tried again."""
        if result.failed or not self.keeps(exp):
            return
        if (before := self._read(exp)) is not None:
            result = replace(result, values={**before.values, **result.values}, refused={**before.refused, **result.refused})
        path, body = self.path(exp), json.dumps(result.to_dict(), allow_nan=False).encode()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{os.getpid()}.part")
            try:
                part.write_bytes(body)
                os.replace(part, path)
            finally:
                part.unlink(missing_ok=True)
            self.size = self._measured() if self.size is None else self.size + len(body) + BLOCK
            if self.size > self.most:
                self._thin()
        except OSError as error:
            self.off = True
            self.why = f"cells are not kept on disk any more ({error.strerror or error}: {self.where}); the sweep goes on, what is computed now is computed again another time"
            warnings.warn(self.why, stacklevel=2)

    def _files(self) -> Iterator[os.DirEntry[str]]:
        for bucket in os.scandir(self.where):
            if bucket.is_dir():
                yield from os.scandir(bucket)

    def _measured(self) -> int:
        return sum(entry.stat().st_size + BLOCK for entry in self._files())

    def _thin(self) -> None:
        """Down to nine tenths of the limit."""
        found: list[tuple[float, int, str]] = []
        for entry in self._files():
            told = entry.stat()
            found.append((told.st_mtime, told.st_size + BLOCK, entry.path))
        self.size = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if self.size <= 0.9 * self.most:
                break
            Path(path).unlink(missing_ok=True)
            self.size -= size


def clean(where: Path | None = None) -> None:
    """Throws all kept cells away: ``make clean-cache``."""
    shutil.rmtree(where or folder(), ignore_errors=True)

"""MNIST from its public mirrors to the user's own machine, checked: ``python -m toy_models.training.fetch mnist.npz``."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import http.client
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from playground.core.fields import BadValue

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
TIMEOUT = 30.0  # seconds without a byte
PIECE = 1 << 16
LARGEST = 100_000_000  # bytes of one file, packed or not


class Part(NamedTuple):
    """A file of the data set: what the .npz calls it, its name on a mirror and its MD5 (a check against damage, not against an attacker: what
    comes is parsed as numbers and nothing else)."""

    array: str
    file: str
    md5: str


MNIST = (
    Part("train_images", "train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
    Part("train_labels", "train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
    Part("test_images", "t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
    Part("test_labels", "t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
)


def fetch_mnist(
    target: str | Path, mirrors: Sequence[str] = MIRRORS, parts: Sequence[Part] = MNIST, tell: Callable[[str], None] = lambda line: None
) -> Path:
    """Writes the .npz that ``load_npz`` takes and returns its path; a file that is there already is left as it is.

    What was downloaded before an interruption lies in ``<target>.parts`` and is gone on from. Raises BadValue if no mirror gave a file whose
    checksum is right.
    """
    target = Path(target)
    if target.is_file():
        return target
    folder = target.with_name(target.name + ".parts")
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {part.array: read_idx(download(part, folder, mirrors, tell)) for part in parts}
    unfinished = folder / "all.npz"
    np.savez_compressed(unfinished, allow_pickle=False, **arrays)
    os.replace(unfinished, target)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    tell(f"wrote {target}")
    return target


def download(part: Part, folder: Path, mirrors: Sequence[str] = MIRRORS, tell: Callable[[str], None] = lambda line: None) -> Path:
    """One file into ``folder``, from the first mirror that gives it with the right checksum; a wrong one is removed. Raises BadValue."""
    whole, half = folder / part.file, folder / (part.file + ".part")
    if whole.is_file() and _md5(whole) == part.md5:
        return whole
    troubles: dict[str, str] = {}  # the latest of each mirror
    reached = False
    for turn, mirror in enumerate((*mirrors, *mirrors)):  # a second round: what came of a damaged or cut-off file is gone, or gone on from
        if turn == len(mirrors) and not reached:
            break
        try:
            _get(mirror + part.file, half, tell)
        except (OSError, http.client.HTTPException) as error:  # no such host, refused, 404, cut off: what has come is kept
            away = isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError)
            reached |= not away
            troubles[mirror] = str(error.reason if away else error) or type(error).__name__  # type: ignore[union-attr]
        else:
            reached, found = True, _md5(half)
            if found == part.md5:
                os.replace(half, whole)
                return whole
            half.unlink()
            troubles[mirror] = f"checksum {found} instead of {part.md5}, removed"
        tell(f"{mirror}{part.file}: {troubles[mirror]}")
    if not reached:
        hosts = ", ".join(dict.fromkeys(str(urllib.parse.urlsplit(mirror).netloc) for mirror in mirrors))
        raise BadValue("data", "fetch", f"--data file.npz, while no mirror can be reached ({hosts}): is there a network?")
    raise BadValue("data", part.file, "a mirror that gives it whole; " + "; ".join(f"{mirror}: {why}" for mirror, why in troubles.items()))


def _get(url: str, half: Path, tell: Callable[[str], None]) -> None:
    """Appends to ``half`` what it lacks of ``url``. Raises OSError or HTTPException; ConnectionError if fewer bytes come than were announced."""
    there = half.stat().st_size if half.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={there}-"} if there else {})
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and there:  # nothing is lacking: the checksum tells whether it is the file
            return
        raise
    with answer:
        if answer.status != 206:  # a server that does not continue sends everything
            there = 0
        total = there + int(answer.headers.get("Content-Length") or 0)
        if total > LARGEST:
            raise ConnectionError(f"{total:,} bytes announced, more than {LARGEST:,}")
        shown = 0
        with half.open("ab" if there else "wb") as file:
            while piece := answer.read(PIECE):
                file.write(piece)
                there += len(piece)
                if there > LARGEST:
                    raise ConnectionError(f"more than {LARGEST:,} bytes")
                if total and there * 10 // total > shown:
                    shown = there * 10 // total
                    tell(f"{url} {there:,} of {total:,} bytes")
    if there < total:
        raise ConnectionError(f"cut off after {there:,} of {total:,} bytes")


def _md5(file: Path) -> str:
    return hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()


def read_idx(file: Path) -> np.ndarray:
    """The uint8 array of a gzipped IDX file: 0, 0, type 8, number of axes, their lengths as big-endian 32 bits, bytes. Raises BadValue."""
    try:
        with gzip.open(file) as packed:
            raw = packed.read(LARGEST + 1)
    except (OSError, EOFError) as error:
        raise BadValue("data", file.name, f"a whole gzip file ({error})") from None
    axes = raw[3] if len(raw) > 3 else 0
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4", axes, 4)) if axes and len(raw) >= 4 + 4 * axes else ()
    if raw[:3] != b"\0\0\x08" or not shape or len(raw) != 4 + 4 * axes + int(np.prod(shape, dtype=object)):
        raise BadValue("data", file.name, "an IDX file of bytes")
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m toy_models.training.fetch", description=__doc__)
    parser.add_argument("target", nargs="?", default="mnist.npz", help="the .npz to write")
    told = parser.parse_args(argv)
    try:
        fetch_mnist(told.target, tell=lambda line: print(line, file=sys.stderr))  # noqa: T201
    except ValueError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

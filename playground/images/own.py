"""Image sets of one's own: a folder of images, files that a browser sent, or an .npz, as square bytes in a file of the user's cache.

All limits are checked before what they limit is done; what a server may change of them stands in playground/core/limits.py. Nothing is unpickled; a name never becomes a path.
"""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from playground.core.catalog import law_of, model_named
from playground.core.examples import digest_of, told_classes
from playground.core.fields import BadValue, Record
from playground.core.limits import limits, megabytes
from playground.core.pixels import DEPTHS, TYPES, image_bytes
from playground.images.read import MEGAPIXELS, NAMES, Refused, read_image
from playground.images.sets import OWN, set_folder

MOST_IMAGES = limits().set_images
LARGEST_SIDE, SMALLEST_SIDE = 32, 4
MOST_BYTES = limits().set_bytes  # of all files together
MOST_UNPACKED = limits().unpacked_bytes  # of an .npz
MOST_CLASSES = 25
MOST_LETTERS = 30  # of a class's name
KEPT_SETS = limits().sets  # the oldest is thrown out
SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
LIMITS = (
    f"2 to {MOST_IMAGES:,} images ({NAMES}), each at most {MEGAPIXELS}, or one .npz with uint8 images; {megabytes(MOST_BYTES)} together"
)


@dataclass(frozen=True)
class Stored:
    """A set that was stored: its name ('set:1a2b3c4d'), and what was done to the images, in words."""

    name: str
    notes: tuple[str, ...]


def load_images(path: str | Path, model: str = "ideal") -> str:
    """A folder of images (classes are its subfolders, in the natural order of their names) or an .npz or .npy of images, stored; the name that an
    Experiment's ``data`` takes.

    Images are turned upright (EXIF), cut to the middle square and averaged over areas to one side for all, at most 32 pixels. 16 bits a pixel are
    divided by 257, floats must lie between 0 (black) and 1 (white). model: "ideal", "wiener", "local" or
    "equivariant". Raises BadValue for what is not within the limits.
    """
    path = Path(path)
    if path.is_dir():
        stored = store_files(path.name, _files_of(path))
    elif path.is_file() and path.suffix.lower() in (".npz", ".npy"):
        _check_size(path.stat().st_size)
        stored = store_npz(path.stem, path.read_bytes())
    else:
        raise BadValue("path", str(path), "a folder of images, or a file .npz or .npy")
    model_named(law_of(stored.name), model)
    return f"{stored.name}-{model}"


def _files_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    _check_count(len(files))
    _check_size(sum(p.stat().st_size for p in files))
    for p in files:
        yield p.relative_to(folder).as_posix(), p.read_bytes()


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise BadValue("images", f"{size / 1e6:.0f} MB", f"at most {megabytes(MOST_BYTES)} together")


def _check_count(count: int) -> None:
    if count > MOST_IMAGES:
        raise BadValue("images", f"{count:,} images", f"at most {MOST_IMAGES:,}")


def _check_least(count: int, side: int, notes: Iterable[str] = ()) -> None:
    if count < 2 or side < SMALLEST_SIDE:
        raise BadValue(
            "images", "; ".join([f"{count} of side {side}", *notes]), f"at least 2 images with sides of at least {SMALLEST_SIDE} pixels"
        )


def store_files(title: str, files: Iterable[tuple[str, bytes]]) -> Stored:
    """Images as (path within the folder, bytes). Raises BadValue for what is not within the limits, or if there are no images."""
    opened: list[tuple[str, Image.Image]] = []
    notes: dict[str, list[str]] = {}
    total = seen = 0
    for path, raw in files:
        total += len(raw)
        _check_size(total)
        seen += 1
        if not path.lower().endswith(SUFFIXES):
            notes.setdefault("other files left out", []).append(path)
            continue
        image = _open(path, raw, notes)
        if image is not None:
            opened.append((path, image))
            _check_count(len(opened))
    if not opened:
        why = "; ".join([f"{seen} files, none of them an image that can be read", *_words(notes)]) if seen else "no files"
        raise BadValue("images", why, f"a folder with images: {LIMITS}; pixels of {DEPTHS}")
    side = min(im.size[0] for _, im in opened)
    _check_least(len(opened), side, _words(notes))
    grey = all(im.mode == "L" for _, im in opened)
    pixels = _stack((im if grey else im.convert("RGB") for _, im in opened), side)
    parents = [PurePosixPath(path).parent.name for path, _ in opened]
    names, labels = _classes(parents, notes) if len(set(parents)) > 1 else ([], None)
    return _store(title, pixels, labels, names, _words(notes))


def _words(notes: dict[str, list[str]]) -> list[str]:
    """What was done to how many files, and the first of them."""
    return [f"{len(what)} {word} ({what[0][-100:]}{', …' if len(what) > 1 else ''})" for word, what in notes.items()]


def _open(path: str, raw: bytes, notes: dict[str, list[str]]) -> Image.Image | None:
    """An image, grey or RGB, square and no larger than it needs to be; None, and a note, if it is too large, damaged or of unknown range."""
    try:
        image, told = read_image(raw)
    except Refused as error:
        notes.setdefault(f"{error.kind} left out", []).append(path[-60:] + (error.detail and f": {error.detail}"))
        return None
    for note in told:
        notes.setdefault(note, []).append(path)
    return Image.fromarray(_square(image, min(LARGEST_SIDE, *image.size)))


def _square(image: Image.Image, side: int) -> np.ndarray:
    """The middle square, averaged over areas to side × side: uint8 (side, side) or (side, side, 3)."""
    width, height = image.size
    square = min(width, height)
    left, top = (width - square) // 2, (height - square) // 2
    return np.asarray(image.resize((side, side), Image.Resampling.BOX, (left, top, left + square, top + square)))


def _stack(images: Iterable[Image.Image], side: int) -> np.ndarray:
    """Images of one mode as (count, channels, side, side) uint8."""
    told = np.stack([_square(im, side) for im in images])
    return told[:, None] if told.ndim == 3 else told.transpose(0, 3, 1, 2)


def store_npz(title: str, raw: bytes) -> Stored:
    """An .npz (or an .npy: images alone) with images (count, height, width[, channels]) of a known depth (playground/core/pixels.py) and, if there are,
    labels: whole numbers. Raises BadValue for anything else."""
    arrays = _arrays(title, raw)
    found = next((n for n in ("images", "x", "train_images", "x_train") if n in arrays), None)
    found = found or next((n for n, a in arrays.items() if a.dtype == np.uint8 and a.ndim in (3, 4)), None)
    images = arrays.get(found or "")
    if (
        images is None
        or images.dtype.kind not in "buif"
        or images.ndim not in (3, 4)
        or (images.ndim == 4 and images.shape[3] not in (1, 3))
    ):
        told = ", ".join(f"{n} {a.dtype} {a.shape}" for n, a in arrays.items()) or "no arrays"
        raise BadValue("images", told[:120], f"uint8 images (count, height, width) or (count, height, width, 1 or 3): {TYPES}")
    _check_count(len(images))
    _check_least(len(images), min(images.shape[1:3]))
    pixels, note = image_bytes(images, f"images of {title[:40]}")
    side = min(LARGEST_SIDE, *pixels.shape[1:3])
    flat = pixels[..., 0] if pixels.ndim == 4 and pixels.shape[3] == 1 else pixels
    stacked = _stack(map(Image.fromarray, flat), side)
    notes: dict[str, list[str]] = {}
    known = next((arrays[n] for n in ("labels", "y", "train_labels", "y_train") if n in arrays), None)
    if known is not None and (known.shape != (len(images),) or not np.issubdtype(known.dtype, np.integer)):
        raise BadValue("labels", f"{known.dtype} {known.shape}", f"one whole number an image: ({len(images)},)")
    names, labels = ([], None) if known is None else _classes([str(k) for k in known.astype(np.int64).tolist()], notes)
    return _store(title, stacked, labels, names, [*([f"values {note}"] if note else []), *notes])


def _arrays(title: str, raw: bytes) -> dict[str, np.ndarray]:
    """The arrays of an .npz; of an .npy its one, as "images". Raises BadValue."""
    _check_size(len(raw))
    try:
        if raw.startswith(b"\x93NUMPY"):
            return {"images": np.load(io.BytesIO(raw), allow_pickle=False)}
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
        if size > MOST_UNPACKED:
            raise BadValue("images", f"{size / 1e6:.0f} MB unpacked", f"at most {megabytes(MOST_UNPACKED)}")
        with np.load(io.BytesIO(raw), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except BadValue:
        raise
    except (
        OSError,
        ValueError,
        KeyError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        MemoryError,
        OverflowError,
        RuntimeError,
    ):
        raise BadValue("images", f"{title[:40]}.npz", "a whole .npz with arrays of numbers (objects are not read)") from None


def _classes(told: list[str], notes: dict[str, list[str]]) -> tuple[list[str], np.ndarray | None]:
    """Names of the classes, at most 25, in their natural order ("2" before "10", "−1" before "0"), and for each image its class's number, counted
    from 0. More are left out with a note."""
    names = sorted(set(told), key=_natural)
    if len(names) > MOST_CLASSES:
        notes.setdefault(f"classes are more than {MOST_CLASSES} and are left out", []).extend(names)
        return [], None
    number = {name: k for k, name in enumerate(names)}
    return names, np.array([number[name] for name in told], np.int64)


def _natural(name: str) -> tuple[int, int | list[tuple[int, int | str]], str]:
    """Numbers in a name by their size, words beside them by their letters; a whole number first of all, with its sign."""
    if re.fullmatch(r"-?[0-9]{1,18}", name):
        return (0, int(name), name)
    parts = re.split(r"([0-9]{1,18})", name.casefold())
    return (1, [(int(p), "") if i % 2 else (0, p) for i, p in enumerate(parts)], name)


def _store(title: str, pixels: np.ndarray, labels: np.ndarray | None, names: list[str], notes: list[str]) -> Stored:
    count, channels, side, _ = pixels.shape
    _check_least(count, side)
    digest = digest_of(pixels, labels)
    title = re.sub(r"[^\w .,+()×-]", " ", title).strip(" .")[:24] or "your images"
    classes, names = 0 if labels is None else int(labels.max()) + 1, [name[:MOST_LETTERS] for name in names]
    facts: Record = {"title": title, "event": [channels, side, side], "classes": classes, "count": count, "names": names}
    folder = set_folder()
    folder.mkdir(parents=True, exist_ok=True)
    file, new = folder / f"{digest}.npz", folder / f"{digest}.{os.getpid()}.new"
    with new.open("wb") as out:
        np.savez_compressed(
            out, images=pixels, labels=np.zeros(0, np.int64) if labels is None else labels, facts=np.array(json.dumps(facts))
        )
    new.replace(file)  # in one move: another reader never sees half of it
    for old in sorted(folder.glob("*.npz"), key=lambda p: p.stat().st_mtime)[:-KEPT_SETS]:
        old.unlink(missing_ok=True)
    of = "no classes" if labels is None else f"{classes} classes{told_classes(names)}"
    return Stored(f"{OWN}{digest[:8]}", (f"{count:,} images, {side} × {side}, {'grey' if channels == 1 else 'colour'}, {of}", *notes))


def unframe(body: bytes) -> list[tuple[str, bytes]]:
    """Files as the page sends them: length of the name, name, length, bytes, each length four bytes, little endian. Raises BadValue."""
    files, at = [], 0
    while at < len(body):
        parts = []
        for _ in range(2):
            size = int.from_bytes(body[at : at + 4], "little")
            parts.append(body[at + 4 : at + 4 + size])
            if len(body) < at + 4 or len(parts[-1]) != size:
                raise BadValue("images", "an upload that ends too early", LIMITS)
            at += 4 + size
        files.append((parts[0].decode("utf-8", "replace"), parts[1]))
    return files


def store_upload(title: str, body: bytes) -> Stored:
    """What the page sent: one .npz or .npy, or images of a folder. Raises BadValue."""
    _check_size(len(body))
    files = unframe(body)
    tables = [raw for name, raw in files if name.lower().endswith((".npz", ".npy"))]
    if len(files) == 1 and tables:
        return store_npz(title, tables[0])
    return store_files(title, files)

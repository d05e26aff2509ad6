"""Images to train on, from a file of the user's own: nothing is shipped; and what a card says of them."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from playground.core.examples import digest_of
from playground.core.fields import BadValue
from playground.core.pixels import image_bytes
from toy_models.laws.digits import DIGITS
from toy_models.laws.mnist import MNIST
from toy_models.networks.attributes import Attributes


class Images(NamedTuple):
    """x in [−1, 1], (count, channels, height, width) float32; labels (count,) int64; attributes: their sizes, where a label tells several."""

    x: Tensor
    labels: Tensor
    attributes: tuple[int, ...] = ()


class Known(NamedTuple):
    """A data set that is told by its pixels: its name, what ``toy_models.train`` is told to have it, its key if it is a built-in set, the law that
    an Experiment calls it by if it is none."""

    name: str
    option: str
    set: str
    law: str = ""


KNOWN = {  # digest_of pixels and labels of the training images
    "71d3be42f93ad20da73bb4a9744d0bebdaa6832be56dc010e21940e72c4c8b1e": Known(
        "MNIST (LeCun, Cortes, Burges)", " --data fetch", "", MNIST.key
    ),
    "a91f45e5d0598fd9d06f6f5b9b3218e800d97a2a28cca6d578079955cbca3dd4": Known("pixel-art faces (DiceBear, CC0)", " --data <file>.npz", ""),
    "17de5066fa7d9ed333878aed38f48fe599e819ebf833a0768d1d8edb5eac2c50": Known("scikit-learn's digits (Alpaydin, Kaynak)", "", DIGITS.key),
}


def digest(images: Images) -> str:
    """sha256 of pixels as bytes and labels: what a state says it was trained on."""
    pixels = ((images.x + 1) * 127.5).round().to(torch.uint8).numpy()
    return digest_of(pixels, images.labels.numpy())


def known(images: Images) -> Known | None:
    """The data set that these are the training images of, by their pixels: a name is never told of another file."""
    return KNOWN.get(digest(images))


def told_of(images: Images) -> str:
    """What a card says of its data."""
    found, shape = known(images), " × ".join(map(str, images.x.shape[1:]))
    name = f"{found.name}, {len(images.x):,} training images" if found else f"{len(images.x):,} images"
    return f"{name}, {shape}, scaled to [−1, 1]"


def check_shape(images: Images, channels: int, part: int, square: bool = False) -> None:
    """Raises BadValue if images are none that a network of so many channels takes, whose sides must be multiples of ``part``."""
    count, *event = images.x.shape
    height, width = event[-2:]
    if event[0] != channels or height % part or width % part or (square and height != width) or count < 2:
        kind = ("grey images" if channels == 1 else f"images of {channels} channels") + (" that are square" if square else "")
        sides = f" with sides that are multiples of {part}" if part > 1 else ""
        raise BadValue("data", f"{count:,} images {' × '.join(map(str, event))} (channels × height × width)", f"at least 2 {kind}{sides}")


def check_labels(images: Images, classes: int, attributes: tuple[int, ...] = (), *, each: bool = True) -> None:
    """Raises BadValue if labels are not 0 … classes − 1, or (``each``) a class has no image: what stands for "no label" comes after them, and a
    class that is not there is not learned. Of attributes: if the images have others."""
    if images.attributes != attributes:
        here, there = (
            f"attributes with {told} values" if told else "labels of one number"
            for told in (_few(list(images.attributes)), _few(list(attributes)))
        )
        raise BadValue("data", here, there)
    if attributes:
        return
    found = images.labels.unique().tolist()
    missing = sorted(set(range(classes)) - set(found))
    if found and found[0] >= 0 and found[-1] < classes and not (each and missing):
        return
    least = ", each of them at least once" if each else ""
    lack = f"; there is no image of {_few(missing)}" if missing and each else ""
    raise BadValue("data", f"labels {_few(found)}", f"labels from 0 to {classes - 1}{least}{lack}")


def _few(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:12]))
    return shown if len(numbers) <= 12 else f"{shown}, … {numbers[-1]}"


def load_npz(path: str | Path, split: str = "train") -> Images:
    """An .npz with ``{split}_images`` or ``x_{split}`` (count × height × width [× 1 or 3], of a depth that playground/core/pixels.py knows) and
    ``{split}_labels`` or ``y_{split}`` (whole numbers), or several attributes in their place: ``{split}_attributes`` (count, A), and one more in
    ``{split}_background`` if that is there, whole numbers from 0.

    Raises: BadValue if the file or an array is missing or damaged, or has another type; nothing is unpickled.
    """
    path = Path(path)
    if not path.is_file():
        raise BadValue("data", str(path), "a file .npz with uint8 images")
    names = {"images": (f"{split}_images", f"x_{split}"), "labels": (f"{split}_labels", f"y_{split}")}
    try:
        if not zipfile.is_zipfile(path):  # np.load would take it for a pickle, and recommend to read it as one
            raise zipfile.BadZipFile
        with np.load(path, allow_pickle=False) as file:
            known = list(file.files)
            found = {k: next((n for n in options if n in known), None) for k, options in names.items()}
            arrays = {k: file[n] for k, n in found.items() if n is not None}
            told = [] if "labels" in arrays else [file[n] for n in (f"{split}_attributes", f"{split}_background") if n in known]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, MemoryError):
        raise BadValue("data", str(path), "a whole .npz with arrays of numbers (objects are not read)") from None
    attributes: tuple[int, ...] = ()
    if told and "images" in arrays:
        arrays["labels"], attributes = _one_label(told, len(arrays["images"]))
    if len(arrays) < len(names):
        raise BadValue("data", ", ".join(known), " and ".join(" or ".join(v) for v in names.values()))
    images, labels = arrays["images"], arrays["labels"]
    whole = labels.shape == images.shape[:1] and np.issubdtype(labels.dtype, np.integer)
    if images.ndim not in (3, 4) or images.shape[3:] not in ((), (1,), (3,)) or not len(images) or not whole:
        told = f"images {images.dtype} {images.shape}, labels {labels.dtype} {labels.shape}"
        raise BadValue(
            "data", told, "uint8 images (count, height, width) or (count, height, width, 1 or 3), each with a whole number as its label"
        )
    x = torch.from_numpy(np.ascontiguousarray(image_bytes(images, f"data {path.name}, {found['images']}")[0])).float() / 127.5 - 1
    x = x[:, None] if x.dim() == 3 else x.permute(0, 3, 1, 2).contiguous()
    return Images(x, torch.from_numpy(labels.astype(np.int64)), attributes)


def _one_label(told: list[np.ndarray], count: int) -> tuple[np.ndarray, tuple[int, ...]]:
    """The attributes of ``count`` images as one label each, and their sizes. Raises BadValue if they are no whole numbers from 0 below 100 for each image."""
    columns = [part[:, None] if part.ndim == 1 else part for part in told]
    for part in columns:
        if (
            part.ndim != 2
            or len(part) != count
            or not np.issubdtype(part.dtype, np.integer)
            or not len(part)
            or part.min() < 0
            or part.max() >= 100
        ):
            raise BadValue("data", f"attributes {part.dtype} {part.shape}", f"whole numbers from 0 to 99 of shape ({count}, A)")
    values = torch.from_numpy(np.concatenate(columns, 1).astype(np.int64))
    sizes = tuple(int(v) + 1 for v in values.amax(0))
    return Attributes(sizes).label(values).numpy(), sizes

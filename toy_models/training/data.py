"""Images to train on, from a file of the user's own: nothing is shipped; and what a card says of them."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from playground.core.fields import BadValue
from toy_models.image_sets import DIGITS, digest_of


class Images(NamedTuple):
    """x in [−1, 1], (count, channels, height, width) float32; labels (count,) int64."""

    x: Tensor
    labels: Tensor


class Known(NamedTuple):
    """A data set that is told by its pixels: its name, what ``toy_models.train`` is told to have it, and its key if it is a built-in set."""

    name: str
    option: str
    set: str


KNOWN = {  # digest_of pixels and labels of the training images
    "71d3be42f93ad20da73bb4a9744d0bebdaa6832be56dc010e21940e72c4c8b1e": Known("MNIST (LeCun, Cortes, Burges)", " --data fetch", ""),
    "17de5066fa7d9ed333878aed38f48fe599e819ebf833a0768d1d8edb5eac2c50": Known("scikit-learn's digits (Alpaydin, Kaynak)", "", DIGITS.name),
}


def known(images: Images) -> Known | None:
    """The data set that these are the training images of, by their pixels: a name is never told of another file."""
    pixels = ((images.x + 1) * 127.5).round().to(torch.uint8).numpy()
    return KNOWN.get(digest_of(pixels, images.labels.numpy()))


def told_of(images: Images) -> str:
    """What a card says of its data."""
    found, shape = known(images), " × ".join(map(str, images.x.shape[1:]))
    name = f"{found.name}, {len(images.x):,} training images" if found else f"{len(images.x):,} images"
    return f"{name}, {shape}, scaled to [−1, 1]"


def load_npz(path: str | Path, split: str = "train") -> Images:
    """An .npz with ``{split}_images`` or ``x_{split}`` (uint8, count × height × width [× channels]) and ``{split}_labels`` or ``y_{split}``.

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
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, MemoryError):
        raise BadValue("data", str(path), "a whole .npz with arrays of numbers (objects are not read)") from None
    if len(arrays) < len(names):
        raise BadValue("data", ", ".join(known), " and ".join(" or ".join(v) for v in names.values()))
    images, labels = arrays["images"], arrays["labels"]
    whole = np.issubdtype(labels.dtype, np.integer) and labels.shape == images.shape[:1]
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or not len(images) or not whole:
        told = f"images {images.dtype} {images.shape}, labels {labels.dtype} {labels.shape}"
        raise BadValue("data", told, "uint8 images (count, height, width[, channels]), each with a whole number as its label")
    x = torch.from_numpy(images).float() / 127.5 - 1
    x = x[:, None] if x.dim() == 3 else x.permute(0, 3, 1, 2).contiguous()
    return Images(x, torch.from_numpy(labels.astype(np.int64)))

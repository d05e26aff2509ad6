"""Images to train on, from a file of the user's own: nothing is shipped."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from playground.core.fields import BadValue


class Images(NamedTuple):
    """x in [−1, 1], (count, channels, height, width) float32; labels (count,) int64."""

    x: Tensor
    labels: Tensor


def load_npz(path: str | Path, split: str = "train") -> Images:
    """An .npz with ``{split}_images`` or ``x_{split}`` (uint8, count × height × width [× channels]) and ``{split}_labels`` or ``y_{split}``.

    Raises: BadValue if the file or an array is missing or has another type; nothing is unpickled.
    """
    path = Path(path)
    if not path.is_file():
        raise BadValue("data", str(path), "a file .npz with uint8 images")
    with np.load(path, allow_pickle=False) as file:
        names = {"images": (f"{split}_images", f"x_{split}"), "labels": (f"{split}_labels", f"y_{split}")}
        found = {k: next((n for n in options if n in file), None) for k, options in names.items()}
        if None in found.values():
            raise BadValue("data", ", ".join(file.files), " and ".join(" or ".join(v) for v in names.values()))
        images, labels = file[found["images"]], file[found["labels"]]  # type: ignore[index]
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or len(images) != len(labels):
        raise BadValue("data", f"{images.dtype} {images.shape}", "uint8 images (count, height, width[, channels]), one label each")
    x = torch.from_numpy(images).float() / 127.5 - 1
    x = x[:, None] if x.dim() == 3 else x.permute(0, 3, 1, 2).contiguous()
    return Images(x, torch.from_numpy(labels.astype(np.int64)))

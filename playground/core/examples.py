"""Laws of which a finite set of points is known: images, with classes or without."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from .algebra import wholes
from .fields import BadValue
from .law import Law, numbered
from .rng import Rng
from .space import Pixels

CLOSE = 1 / 3  # of the median distance between nearest images


@dataclass(frozen=True, eq=False)
class Examples:
    """x in [−1, 1], (count, channels, height, width) float32; labels (count,) int64 or None; digest: sha256 of pixels and labels."""

    x: Tensor
    labels: Tensor | None
    title: str
    digest: str

    def only(self, label: int) -> Examples:
        """The images of one class. Raises BadValue if there is none."""
        if self.labels is None or not bool((self.labels == label).any()):
            known = (
                "a set with labels"
                if self.labels is None
                else "a class of these images: " + ", ".join(map(str, sorted(set(wholes(self.labels)))))
            )
            raise BadValue("label", label, known)
        chosen = self.labels == label
        return Examples(self.x[chosen], self.labels[chosen], self.title, f"{self.digest}/{label}")

    def nearest(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The image nearest to each of x (n, *event), and its distance, a root mean square over pixels (n,)."""
        known, asked = self.x.flatten(1).double(), torch.nan_to_num(x.flatten(1).double().cpu())
        which = torch.cat([torch.cdist(part, known).argmin(1) for part in torch.split(asked, 256)])
        return self.x[which], (known[which] - asked).square().mean(1).sqrt()

    def nearest_label(self, x: Tensor) -> Tensor:
        """The label of the image that is nearest to each of x (n, *event): (n,)."""
        if self.labels is None:
            raise BadValue("data", self.title, "images with labels")
        asked = torch.nan_to_num(x.flatten(1).float().cpu())
        far, which = torch.full((len(asked),), math.inf), torch.zeros(len(asked), dtype=torch.long)
        for start, part in enumerate(torch.split(self.x.flatten(1), 2048)):
            least, at = torch.cdist(asked, part).min(1)
            far, which = torch.minimum(far, least), torch.where(least < far, start * 2048 + at, which)
        return self.labels[which]

    @functools.cached_property
    def neighbours(self) -> Tensor:
        """The distance to the nearest other image, a root mean square over pixels, of up to 1,000 evenly spaced images; inf where there is no other."""
        known = self.x.flatten(1)
        asked = (torch.arange(min(1000, len(known))) * len(known)) // min(1000, len(known))
        far: list[Tensor] = []
        for part in torch.split(asked, 250):
            square = torch.cdist(known[part], known)
            square[torch.arange(len(part)), part] = math.inf
            far.append(square.amin(1))
        return torch.cat(far) / math.sqrt(known.shape[1])

    @property
    def spacing(self) -> float:
        """The median of ``neighbours``; 0 for one image, which has none."""
        median = float(self.neighbours.median())
        return median if math.isfinite(median) else 0.0

    @property
    def close(self) -> float:
        """Closer than this to one of them, a root mean square over pixels, a new image counts as memorised."""
        return CLOSE * self.spacing


class ExamplesLaw(Law):
    """A set of images: its facts are known without its pixels, so that lists and checks cost nothing.

    ``event``: an image's (channels, height, width); ``classes``: 0 without labels; ``grey``: its grey values per unit of [−1, 1]; ``class_names``: () where
    they are their numbers.
    """

    gives: ClassVar[frozenset[str]] = frozenset({"examples", "sample"})

    def __init__(
        self,
        key: str,
        title: str,
        event: tuple[int, int, int],
        classes: int,
        count: int,
        grey: float = 127.5,
        names: tuple[str, ...] = (),
    ):
        self.key, self.title, self.event, self.classes, self.count, self.grey, self.names = key, title, event, classes, count, grey, names
        self.labels = numbered(classes)
        self.class_names = tuple(map(str, range(classes))) or ("all",)
        self.hint = f"{event[1]} × {event[2]}"
        of = told_classes(names)
        self.tip = f"{count:,} images, {event[1]} × {event[2]}." + (f" Classes{of}." if of else "")

    @property
    def space(self) -> Pixels:
        return Pixels(*self.event)

    @property
    def examples(self) -> Examples:
        """The images themselves. Raises BadValue where they cannot be read."""
        raise NotImplementedError

    def draw(self, n: int, rng: Rng) -> tuple[Tensor, Tensor]:
        """Images of the set, each as likely as any other; class 0 for all where there are no labels."""
        known = self.examples
        which = (rng.uniform((n,)) * len(known.x)).long().clamp_max(len(known.x) - 1).cpu()
        labels = torch.zeros(n, dtype=torch.long) if known.labels is None else known.labels[which]
        return known.x[which].to(rng.device, rng.dtype), labels.to(rng.device)

    def of_examples(self) -> ExamplesLaw:
        return self

    def only(self, label: int) -> ExamplesLaw:
        return OneClass(self, label)


class OneClass(ExamplesLaw):
    """The images of one class of a set. Raises BadValue if there is none."""

    def __init__(self, whole: ExamplesLaw, label: int):
        known = whole.examples.only(label)
        super().__init__(whole.key, whole.title, whole.event, whole.classes, len(known.x), whole.grey, whole.names)
        self.labels, self._known = torch.tensor([label]), known

    @property
    def examples(self) -> Examples:
        return self._known


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

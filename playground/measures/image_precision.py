from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playground.core.spec import Info
from playground.measures.near_images import NearImages
from playground.metrics.fidelity import Coverage


@dataclass(frozen=True)
class ImagePrecision(NearImages):
    """The share of the last images that lie within the balls of as many images of the set to their third neighbour, in the features of the model's classifier."""

    info: ClassVar[Info] = Info(
        key="ImagePrecision",
        title="precision of images",
        tip="share of the images whose features are no farther from an image of the set than its third neighbour’s are; k = 3",
        paper="Kynkäänniemi et al. 2019",
        arxiv="1904.06991",
        rank=211,
        needs=frozenset({"features", "data at the end"}),
    )

    def picked(self, both: Coverage) -> float:
        return both.precision

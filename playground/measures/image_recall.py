from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playground.core.spec import Info
from playground.measures.near_images import NearImages
from playground.metrics.fidelity import Coverage


@dataclass(frozen=True)
class ImageRecall(NearImages):
    """The share of as many images of the set that lie within the balls of the last images to their third neighbour, in the features of the model's classifier."""

    info: ClassVar[Info] = Info(
        key="ImageRecall",
        title="recall of images",
        tip="share of the set’s images whose features are no farther from a new image than its third neighbour’s among the new ones are; k = 3",
        paper="Kynkäänniemi et al. 2019",
        arxiv="1904.06991",
        rank=212,
        needs=frozenset({"features", "data at the end"}),
    )

    def picked(self, both: Coverage) -> float:
        return both.recall

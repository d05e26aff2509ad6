from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playground.core.spec import Info
from playground.measures.near import Near


@dataclass(frozen=True)
class Precision(Near):
    """The share of the particles that lie within the exact sample's balls to the third neighbour: 1 also where they are all copies of a few good points."""

    info: ClassVar[Info] = Info(
        key="Precision",
        title="precision",
        tip="share of the particles that are no farther from an exact point than its third neighbour is; k = 3, 2,000 points",
        paper="Kynkäänniemi et al. 2019",
        arxiv="1904.06991",
        rank=50,
        needs=frozenset({"marginals", "vector"}),
    )
    of_first: ClassVar[bool] = True

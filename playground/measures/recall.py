from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from playground.core.spec import Info
from playground.measures.near import Near


@dataclass(frozen=True)
class Recall(Near):
    """The share of exact points that lie within the particles' balls to the third neighbour: what is lost where a mode is missing or all is too narrow."""

    info: ClassVar[Info] = Info(
        key="Recall",
        title="recall",
        tip="share of exact points that are no farther from a particle than its third neighbour among the particles is; k = 3, 2,000 points",
        paper="Kynkäänniemi et al. 2019",
        arxiv="1904.06991",
        rank=51,
        needs=frozenset({"marginals", "vector"}),
    )
    of_first: ClassVar[bool] = False

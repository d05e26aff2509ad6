"""Laws of one token: a table of probabilities over named symbols."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.core.fields import BadValue
from playground.spaces.tokens import Tokens, draw


@dataclass(frozen=True, eq=False)  # compared and hashed by identity, as laws are built once
class TokenTable:
    """p(x_0 = k), (K,) float64, of one token; ``labels`` (K,): the class of each symbol."""

    symbols: tuple[str, ...]
    table: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        k = len(self.symbols)
        if k < 2 or len(set(self.symbols)) < k:
            raise BadValue("symbols", self.symbols, "at least two different names")
        told = torch.as_tensor(self.table, dtype=torch.float64)
        if told.shape != (k,) or not bool(torch.isfinite(told).all()) or bool((told < 0).any()) or not float(told.sum()) > 0:
            raise BadValue("table", told.tolist(), f"{k} numbers from 0 that do not all vanish, one a symbol")
        object.__setattr__(self, "table", told / told.sum())
        object.__setattr__(self, "labels", torch.as_tensor(self.labels, dtype=torch.int64).expand(k))

    @property
    def space(self) -> Tokens:
        return Tokens(self.symbols)

    def draw(self, uniform: Tensor) -> Tensor:
        """One datum for each uniform (batch,): (batch, 1) int64."""
        return draw(self.table.expand(len(uniform), -1), uniform)[:, None]

    def only(self, label: int) -> TokenTable:
        """p(x_0 | class), over all symbols. Raises BadValue where no symbol of the class has a share."""
        mine = self.table * (self.labels == label)
        if not float(mine.sum()) > 0:
            raise BadValue("label", label, "one of " + ", ".join(str(c) for c in sorted(set(self.labels.tolist()))))
        return TokenTable(self.symbols, mine, self.labels)

    def entropy(self) -> float:
        """−Σ p ln p, nats."""
        return float(-torch.special.xlogy(self.table, self.table).sum())


def sampling_floor(table: Tensor, count: int) -> float:
    """E TV(p̂, p) of ``count`` independent draws from p (K,), exactly: Σ_k ½ E|B_k/n − p_k|, B_k binomial (de Moivre's mean deviation).

    E|B − np| = 2 m C(n, m) p^m (1 − p)^{n − m + 1}, m = ⌊np⌋ + 1.
    """
    n, total = count, 0.0
    for p in table.tolist():
        if 0 < p < 1:
            m = math.floor(n * p) + 1
            choose = math.lgamma(n + 1) - math.lgamma(m + 1) - math.lgamma(n - m + 1)
            total += math.exp(math.log(2 * m) + choose + m * math.log(p) + (n - m + 1) * math.log1p(-p)) / n
    return total / 2

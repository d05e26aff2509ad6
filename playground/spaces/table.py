"""Laws of one token: a table of probabilities over named symbols."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.fields import BadValue
from playground.core.law import Law
from playground.core.rng import Rng
from playground.spaces.tokens import Tokens, draw


@dataclass(frozen=True, eq=False)  # compared and hashed by identity, as laws are built once
class TokenTable:
    """p(x_0 = k), (K,) float64, of one token; ``labels`` (K,): the class of each symbol."""

    gives: ClassVar[frozenset[str]] = frozenset({"table"})

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

    @property
    def components(self) -> int:
        return len(self.symbols)

    @property
    def weights(self) -> Tensor:
        """The table, as those of a mixture."""
        return self.table

    @property
    def dim(self) -> int:
        return 1

    def sample(self, uniform: Tensor, normal: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """One token for each uniform (batch,), and which symbol it is: (batch, 1) and (batch,), both int64. Needs no normals."""
        symbol = draw(self.table.expand(len(uniform), -1).to(uniform.device), uniform)
        return symbol[:, None], symbol

    def draw(self, n: int, rng: Rng) -> tuple[Tensor, Tensor]:
        """n tokens and which symbols they are, from a stream of random numbers."""
        return self.sample(rng.uniform((n,)))

    def component_log_prob(self, x: Tensor) -> Tensor:
        """ln p(x_0 = x and of symbol k), (batch, K), of x (batch, 1): −∞ but where k is x."""
        same = x == torch.arange(self.components, device=x.device)
        return torch.where(same, self.table.to(x.device).log(), -torch.inf)

    def log_prob(self, x: Tensor) -> Tensor:
        """ln p(x_0 = x), (batch,), of x (batch, 1): −∞ for a symbol that no datum has."""
        return torch.logsumexp(self.component_log_prob(x), 1)

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


class TableLaw(Law):
    """A law of one token, by name."""

    gives: ClassVar[frozenset[str]] = frozenset({"table", "sample"})
    group = "symbols"
    usual: ClassVar[str] = "Absorbing"

    def __init__(self, table: TokenTable, key: str, title: str, tip: str, class_names: tuple[str, ...], rank: int = 100):
        self.table, self.key, self.title, self.tip, self.class_names, self.rank = table, key, title, tip, class_names, rank
        self.labels, self.components = table.labels.unique(), table.components
        self.top = float(table.table.max())

    @property
    def space(self) -> Tokens:
        return self.table.space

    unclosed = "a Gaussian mixture, such as moons: {title} is a table of symbols"

    @property
    def closed(self) -> TokenTable:
        return self.table

    def draw(self, n: int, rng: Rng) -> tuple[Tensor, Tensor]:
        x, symbol = self.table.sample(rng.uniform((n,)))
        return x, self.table.labels.to(symbol.device)[symbol]

    def only(self, label: int) -> TableLaw:
        return TableLaw(self.table.only(label), self.key, self.title, self.tip, self.class_names, self.rank)

"""The exact model of one token under a categorical kernel, by Bayes' rule on tables."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from playground.core.placed import HOST, Placed
from playground.core.predictor import Prediction
from playground.exact.classes import ExactModel
from playground.spaces.categorical import Forgetting
from playground.spaces.table import TokenTable
from playground.spaces.tokens import Tokens


class TokenOracle(ExactModel):
    """p(x_0 = c | x_t) ∝ p_0(c) q_t(x_t | c), float64, of a token x_t (batch, 1)."""

    kernel: ClassVar[str] = "categorical"
    needs: ClassVar[frozenset[str]] = frozenset({"table"})
    gives = frozenset({"probabilities", "table", "marginals"})
    knows_density = True
    dim = state_dim = 1

    def __init__(self, data: TokenTable, process: Forgetting):
        self.data, self.process = data, process
        self.tables = process.kernel.on(len(data.symbols))
        self._prior = Placed(data.table)
        self._posterior: dict[tuple[float, torch.device], Tensor] = {}

    @property
    def space(self) -> Tokens:
        return self.process.states(self.data.space)

    def shares(self, t: Tensor) -> Tensor:
        """p_t of every symbol of states, (T, S), float64."""
        return torch.stack([self.data.table @ self.tables.shares(float(u)) for u in t])

    def marginal(self, t: float) -> TokenTable:
        """p_t. A symbol's class is its own where it is one of the data's; the mask's is one more."""
        labels = self.data.labels
        more = torch.full((self.space.count - len(labels),), int(labels.max()) + 1)
        return TokenTable(self.space.names, self.data.table @ self.tables.shares(t), torch.cat([labels, more]))

    @property
    def weights(self) -> Tensor:
        return self.data.table

    def rms(self, t: Tensor) -> Tensor:
        """1: symbols are nowhere far out."""
        return torch.ones(len(t), dtype=torch.float64)

    def lifted(self) -> TokenTable:
        return self.data

    def posterior(self, t: float, device: torch.device = HOST) -> Tensor:
        """p(x_0 = c | x_t = y), (S, K), made on the device where it is asked for, and kept; where p_t(y) = 0 it is p_0."""
        if (t, device) not in self._posterior:
            (table,) = self._prior.on(device)
            joint = (table[:, None] * self.tables.on(device).shares(t)).T
            total = joint.sum(1, keepdim=True)
            self._posterior[t, device] = torch.where(total > 0, joint / total, table)
        return self._posterior[t, device]

    def mismatch(self) -> float:
        """Total variation between p_T and the law that sampling starts from."""
        return 0.5 * float((self.marginal(self.process.t_max).table - self.tables.noise).abs().sum())

    def prepare(self, times: list[float]) -> None:
        """Tables are made when they are asked for: they are small."""

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        """probabilities (batch, 1, K) of x_0 given z_t (batch, 1)."""
        return Prediction(probabilities=self.posterior(t, z_t.device)[z_t])

    def log_prob(self, z_t: Tensor, t: float) -> Tensor:
        """ln p_t(z_t), (batch,)."""
        return self.marginal(t).table.log().to(z_t.device)[z_t[:, 0]]

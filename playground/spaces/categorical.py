"""The kernel of symbols: p(x_t | x_0) is a table."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from playground.core.kernel import Kernel, t64
from playground.core.rng import Rng
from playground.core.schedule import Schedule
from playground.core.space import Space
from playground.spaces.tokens import Tokens, draw


class Forgetting(Protocol):
    """A process that forgets symbols at the schedule's rate β(t) and puts draws from a law m in their place."""

    @property
    def kernel(self) -> Categorical: ...
    @property
    def schedule(self) -> Schedule: ...
    @property
    def t_max(self) -> float: ...
    def noise(self, symbols: int) -> Tensor: ...
    def states(self, space: Space) -> Tokens: ...


class Tables:
    """p(x_t | x_s) as matrices whose rows sum to 1: from s to t a symbol is kept with probability α_t/α_s, α = e^{−∫β}, and else is a draw from m.

    Q̄ = α I + (1 − α) 1 mᵀ, the exponential of ∫β times the rate matrix 1 mᵀ − I. All float64; K symbols of data, S of states.
    Austin et al. 2021, 2107.03006.
    """

    def __init__(self, symbols: int, noise: Tensor, schedule: Schedule):
        self.symbols, self.noise, self.schedule = symbols, noise, schedule
        self.eye = torch.eye(len(noise), dtype=torch.float64, device=noise.device)
        self._there: dict[torch.device, Tables] = {noise.device: self}

    def on(self, device: torch.device) -> Tables:
        """The same tables on a device, where they are made: only m is brought there, once."""
        if device not in self._there:
            self._there[device] = Tables(self.symbols, self.noise.to(device), self.schedule)
        return self._there[device]

    def between(self, s: float, t: float) -> Tensor:
        """p(x_t = y | x_s = x), (S, S), s ≤ t."""
        kept = torch.exp(self.schedule.integral(t64(s)) - self.schedule.integral(t64(t)))
        return kept * self.eye + (1 - kept) * self.noise

    def shares(self, t: float) -> Tensor:
        """p(x_t = y | x_0 = c), (K, S)."""
        return self.between(0.0, t)[: self.symbols]

    def rates(self, t: float) -> Tensor:
        """The rate matrix β(t) (1 mᵀ − I), (S, S): the derivative of ``between`` at s = t, per unit of t."""
        return self.schedule.beta(t64(t)) * (self.noise - self.eye)

    def step(self, x: Tensor, s: float, t: float, rng: Rng) -> Tensor:
        """A draw from p(x_t | x_s), s ≤ t, int64 of x's shape."""
        return draw(self.on(x.device).between(s, t)[x], rng.uniform(tuple(x.shape)))

    def prior(self, shape: tuple[int, ...], rng: Rng) -> Tensor:
        """Draws from the noise's law, int64."""
        return draw(self.on(rng.device).noise.expand(*shape, -1), rng.uniform(shape))


class Categorical(Kernel):
    """p(x_t | x_0) of symbols: tables, which depend on how many symbols there are."""

    key = "categorical"

    def __init__(self, process: Forgetting):
        self.process = process
        self._tables: dict[int, Tables] = {}

    def on(self, symbols: int) -> Tables:
        """The tables for data of so many symbols (kept)."""
        if symbols not in self._tables:
            self._tables[symbols] = Tables(symbols, self.process.noise(symbols), self.process.schedule)
        return self._tables[symbols]

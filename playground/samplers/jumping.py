"""What samplers of symbols share: they need a process that jumps and a model that tells p(x_0 | x_t), from which they draw at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.fields import promised
from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.sampler import Ending, Sampler
from playground.processes.categorical import CategoricalProcess
from playground.spaces.categorical import Tables
from playground.spaces.tokens import draw


def jumping(problem: Problem) -> CategoricalProcess:
    """The process of a sampler that needs "jumps"."""
    return promised(problem.process, CategoricalProcess, "process", "a process on symbols")


def tables_of(problem: Problem, told: Tensor) -> Tables:
    """The tables of a sampler that needs "jumps", for the model's p(x_0 | x_t) (…, K), and where that is."""
    return jumping(problem).kernel.on(told.shape[-1]).on(told.device)


def over_kernel(told: Tensor, tables: Tables, x: Tensor, t: float) -> Tensor:
    """p(x_0 = c | x_t)/q_t(x_t | c), (batch, length, K), 0 where c cannot have led to x_t: what the model's answer says of every earlier time."""
    reached = tables.shares(t).mT[x]
    return torch.where(reached > 0, told.double() / reached, 0.0)


@dataclass(frozen=True)
class Jumping(Sampler[None]):
    """A sampler of symbols whose last step draws each from p(x_0 | x_t)."""

    moves: ClassVar[frozenset[str]] = frozenset({"discrete"})
    unpathed: ClassVar[str] = "draws symbols"

    @property
    def ending(self) -> Ending:
        return Ending(1, False, "every symbol of {x}₀ is a draw from the model’s p({x}₀ | {x}_t)")

    def last(self, problem: Problem, z: Tensor, t: float, carry: None, rng: Rng) -> Tensor:
        return draw(problem.probabilities(z, t), rng.uniform(tuple(z.shape)))

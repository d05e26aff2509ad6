"""What processes on symbols share: p(x_t | x_0) is a table, and paths jump."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.fields import promised
from playground.core.kernel import t64
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.schedule import Schedule
from playground.core.space import Space
from playground.core.spec import nested
from playground.schedules.cosine import Cosine
from playground.spaces.categorical import Categorical
from playground.spaces.tokens import Tokens


@functools.lru_cache(maxsize=64)
def _kernel(process: CategoricalProcess) -> Categorical:
    return Categorical(process)


@dataclass(frozen=True)
class CategoricalProcess(Process):
    """Symbols that are forgotten at the rate β(t): a subclass says what is put in their place (``noise``)."""

    caps: ClassVar[frozenset[str]] = frozenset({"jumps"})
    lives: ClassVar[frozenset[str]] = frozenset({"discrete"})
    elsewhere: ClassVar[str] = "needs symbols, which these data are not"
    suits: ClassVar[str] = "UniformTime"
    noised: ClassVar[str] = "true paths: every step an exact draw from p(x_t | x_s)"
    level: ClassVar[str] = "ln(α/(1 − α)), α of the symbols kept"
    mask: ClassVar[str] = ""
    schedule: Schedule = nested(Cosine(), "schedules", help="rate β(t) at which symbols are forgotten: α = e^{−∫β} of them are kept")

    @property
    def t_max(self) -> float:
        return self.schedule.t_max

    @property
    def kernel(self) -> Categorical:
        return _kernel(self)

    def states(self, space: Space) -> Tokens:
        """The data's symbols, and the mask where there is one."""
        data = promised(space, Tokens, "data", f"symbols: {self.info.title} replaces them")
        return Tokens(data.symbols, data.length, self.mask)

    def noise(self, symbols: int) -> Tensor:
        """m, (S,) float64: the law of a symbol that has been forgotten, for data of so many symbols."""
        raise NotImplementedError

    def prior(self, space: Space, batch: int, rng: Rng) -> Tensor:
        """Every symbol a draw from the noise."""
        return self.kernel.on(len(self.states(space).symbols)).prior((batch, *space.shape), rng)

    def noising(self, space: Space, x0: Tensor, times: list[float], rng: Rng) -> Iterator[Tensor]:
        """Paths of the jump process, exact at every one of the times."""
        tables, z = self.kernel.on(len(self.states(space).symbols)), x0
        yield z
        for s, t in itertools.pairwise(times):
            z = tables.step(z, s, t, rng)
            yield z

    def kept(self, t: float) -> float:
        """α_t = e^{−∫β}: the chance that a symbol is still the data's own."""
        return math.exp(-float(self.schedule.integral(t64(t))))

    def rate(self, t: float) -> float:
        """β(t)."""
        return float(self.schedule.beta(t64(t)))

    def log_snr(self, t: Tensor) -> Tensor:
        """ln(α/(1 − α)): kept against forgotten (Shi et al. 2024, 2406.04329, call it so)."""
        gone = self.schedule.integral(t64(t))
        return -gone - torch.log(-torch.expm1(-gone))

    def curves(self, t: Tensor) -> list[tuple[str, str, str, Tensor]]:
        kept = torch.exp(-self.schedule.integral(t64(t)))
        return [("alpha", "α kept", "data", kept), ("gone", "1 − α", "noise", 1 - kept)]

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.fields import BadValue
from playground.core.panels import Geometry, Looks, Panel
from playground.core.space import Space

MASK = "▨"


@dataclass(frozen=True)
class Tokens(Space):
    """Texts of ``length`` symbols, (batch, length) whole numbers: symbol k is ``names[k]``.

    ``mask``: one more symbol, the last, that no datum has: absorbing noise turns symbols into it ("": there is none). Symbols jump: there is no way
    from one to another, and distances count the places that differ (Hamming).
    """

    symbols: tuple[str, ...]
    length: int = 1
    mask: str = ""

    caps: ClassVar[frozenset[str]] = frozenset({"discrete"})
    integral: ClassVar[bool] = True
    unit: ClassVar[str] = "places that differ"

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.length,)

    @property
    def axes(self) -> tuple[str, ...]:
        return ("symbol",) if self.length == 1 else ()

    @property
    def names(self) -> tuple[str, ...]:
        """All symbols that a state can have: those of data, and the mask."""
        return (*self.symbols, self.mask) if self.mask else self.symbols

    @property
    def count(self) -> int:
        """How many symbols a state can have, S; K of data are ``len(symbols)``."""
        return len(self.names)

    def panels(self, looks: Looks) -> Geometry:
        """A bar chart at the cursor's time, beside the paths of one token over the clock."""
        last = self.count - 0.5
        most = max(looks.top, 1 / self.count)
        panels = (
            Panel("shares", "shares", 0, 1, "at this moment", 0.46, ((-0.5, last), (0.0, 1.3 * most)), False, self.names, False),
            Panel("symbols", "symbols", None, 0, "", 0.54, ((-0.5, last),), False, self.names, False),
        )
        return Geometry(("symbol",), ("symbol", "probability"), (0.0,), (self.count - 1.0,), panels)

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """How many places differ, (batch,)."""
        return (a != b).sum(-1).double()

    def size(self, z: Tensor) -> Tensor:
        """0; NaN where a number is no symbol's."""
        there = ((z >= 0) & (z < self.count)).all(-1)
        return torch.zeros(len(z), dtype=torch.float64, device=z.device).masked_fill(~there, torch.nan)

    def states(self, field: str, z: Tensor) -> Tensor:
        """Whole numbers of any type as symbols."""
        whole = z.long()
        if not bool((whole == z).all()):
            raise BadValue(field, "numbers between whole ones", f"whole numbers from 0 to {self.count - 1}: {', '.join(self.names)}")
        return self.check(field, whole)

    def check(self, field: str, z: object) -> Tensor:
        """z if it is int64 (batch, length) of known symbols. Raises BadValue naming ``field``."""
        z = super().check(field, z)
        if z.dtype != torch.int64 or (len(z) and not bool(((z >= 0) & (z < self.count)).all())):
            shown = z.dtype if z.dtype != torch.int64 else sorted(set(z.flatten().tolist()) - set(range(self.count)))[:3]
            raise BadValue(field, shown, f"whole numbers (int64) from 0 to {self.count - 1}: {', '.join(self.names)}")
        return z


def draw(share: Tensor, uniform: Tensor) -> Tensor:
    """One symbol of every law: ``share`` (…, S), non-negative, of any positive sum; ``uniform`` (…) from [0, 1). int64 (…).

    By inverting the distribution in float64 (float32 loses rare symbols), so that a symbol of share 0 is never drawn.
    """
    edges = share.double().cumsum(-1)
    total = edges[..., -1:]
    symbol = torch.searchsorted(edges, uniform.double()[..., None] * total, right=True)
    last = (share > 0).double().cumsum(-1).argmax(-1, keepdim=True)  # the last symbol of any share: uniform · total may round up to the sum
    return torch.minimum(symbol, last)[..., 0]

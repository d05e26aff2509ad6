from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

from playground.core.curve import Curve, curve
from playground.core.fields import BadValue, all_numbers, choice, free, increasing, number_list
from playground.core.process import t64
from playground.core.schedule import Schedule
from playground.core.spec import Info

MOST_KNOTS = 64
T_FIRST = 1e-3  # below this time a drawn log-SNR is continued by a constant β down to B(0) = 0
SHAPE = "2 to 64 pairs [t, value] with t rising from 0 to 1"


def _check(name: str, value: object) -> tuple[tuple[float, float], ...]:
    told = number_list(value)
    known = [p for p in told if all_numbers(p) and len(p) == 2] if isinstance(told, tuple) and 2 <= len(told) <= MOST_KNOTS else []
    if not isinstance(told, tuple) or not known or len(known) < len(told):
        raise BadValue(name, value, SHAPE)
    pairs = tuple((float(t), float(v)) for t, v in known)
    times = [t for t, _ in pairs]
    if not increasing(times) or times[0] != 0 or times[-1] != 1:
        raise BadValue(name, times, SHAPE)
    return pairs


@dataclass(frozen=True)
class Drawn(Schedule):
    """A schedule drawn by hand: a monotone curve (PCHIP) through knots (t, log-SNR) or (t, β).

    log-SNR knots ℓ = ln(α²/σ²) of VP must fall strictly: ᾱ = sigmoid(ℓ), B = softplus(−ℓ); since ℓ(0) is finite, β is constant below
    t = 0.001 and B(0) = 0. β knots must not be negative, nor zero twice in a row (the SNR would stand still); B is their integral.
    Fritsch & Carlson 1980 for the curve.
    """

    info = Info("Drawn", "drawn", "your own: a smooth monotone curve through knots", "Fritsch & Carlson 1980", rank=70)
    axis: str = choice("log-SNR", ("log-SNR", "β"), label="knots of", help="what the knots' second numbers are")
    knots: tuple[tuple[float, float], ...] = free(
        ((0.0, 8.0), (0.05, 5.0), (0.2, 2.0), (0.5, -1.0), (0.8, -5.0), (1.0, -9.0)),
        _check,
        help="[t, value] pairs, t from 0 to 1; log-SNR = ln(α²/σ²) must fall",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        values = [v for _, v in self.knots]
        if self.axis == "log-SNR":
            if not increasing([-v for v in values]) or max(map(abs, values)) > 40:
                raise BadValue("knots", values, "log-SNR values that fall strictly, between 40 and −40 (a rising SNR would remove noise)")
        elif min(values) < 0 or max(values) > 1000 or any(a == b == 0 for a, b in itertools.pairwise(values)):
            raise BadValue("knots", values, "β values from 0 to 1000, no two neighbours both 0 (the SNR must fall strictly)")

    @property
    def _curve(self) -> Curve:
        return curve(tuple(t for t, _ in self.knots), tuple(v for _, v in self.knots))

    def beta(self, t: Tensor) -> Tensor:
        t = t64(t)
        if self.axis == "β":
            return self._curve(t.clamp(0.0, 1.0))
        late = t.clamp_min(T_FIRST)
        beta = -self._curve.slope(late) * torch.sigmoid(-self._curve(late))
        return torch.where(t < T_FIRST, self._early() / T_FIRST, beta)

    def integral(self, t: Tensor) -> Tensor:
        t = t64(t)
        if self.axis == "β":
            return self._curve.integral(t)
        return torch.where(t < T_FIRST, self._early() * t / T_FIRST, softplus(-self._curve(t.clamp_min(T_FIRST)), threshold=1e3))

    def _early(self) -> Tensor:
        """B at the time below which β is constant."""
        return softplus(-self._curve(t64(T_FIRST)), threshold=1e3)

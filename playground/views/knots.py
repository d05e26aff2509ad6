"""The schedule of an experiment as knots of a Drawn one: where "draw it yourself" begins."""

from __future__ import annotations

import torch

from playground.core.curve import curve
from playground.core.experiment import Experiment
from playground.core.fields import promised
from playground.core.legal import require
from playground.core.process import t64
from playground.core.schedule import Schedule
from playground.schedules.drawn import T_FIRST
from playground.views.packet import Packet

MOST = 14  # more cannot be held well
GOOD = 0.03  # |Δ log-SNR| at which no knot is added any more
LEVEL = 20.0  # log-SNR beyond ± this is not told apart: e^−20 of the variance
TILT = 1e-3  # a fall over the whole range, too small to see, where the clamped log-SNR would stand still


def _levels(schedule: Schedule, u: torch.Tensor) -> torch.Tensor:
    """ℓ = −ln(e^B − 1) of VP at t = u t_max, within ±LEVEL and strictly falling."""
    integral = schedule.integral(u * schedule.t_max)
    # ln(e^B − 1) = B + ln(1 − e^−B) does not overflow
    return -(integral + torch.log(-torch.expm1(-integral))).clamp(-LEVEL, LEVEL) - TILT * u


def fit_knots(schedule: Schedule) -> tuple[list[list[float]], float]:
    """Knots [u, log-SNR] whose PCHIP curve follows VP's log-SNR of this schedule, and the fit's error.

    u = t/t_max in [0, 1]; ℓ(u) = ln(α²/σ²), clamped to ±20. Knots are added where the curve is farthest off, up to 14 or until it is within
    0.03. Returns (knots, max |Δℓ| over u from 0.001 to 1, measured on 4,000 points): below 0.001 a drawn log-SNR is continued by a
    constant β, see schedules/drawn.py.
    """
    u = torch.cat([torch.logspace(-3, -1, 2000, dtype=torch.float64), torch.linspace(0.1, 1, 2001, dtype=torch.float64)[1:]])
    u[0], u[-1] = T_FIRST, 1.0
    wanted = _levels(schedule, u)
    # ℓ(0) is infinite: the first piece, which nobody sees, goes on as steeply as at T_FIRST
    slope = float((wanted[1] - wanted[0]) / (u[1] - u[0]))
    first = min(float(wanted[0]) - slope * T_FIRST, 2 * LEVEL)
    chosen = {0, len(u) - 1}
    while True:
        picks = sorted(chosen)
        knots = [[0.0, round(first, 4)]] + [[float(f"{float(u[i]):.6g}"), round(float(wanted[i]), 4)] for i in picks]
        off = (curve(tuple(k[0] for k in knots), tuple(k[1] for k in knots))(u) - wanted).abs()
        error = float(off.max())
        if error <= GOOD or len(knots) >= MOST:
            return knots, error
        chosen.add(int(off.argmax()))


def knots_packet(exp: Experiment, params: dict[str, str]) -> Packet:
    """``layer=knots``: header ``knots`` [[t, log-SNR], …], ``error`` (max |Δ log-SNR|) and ``note``, the sentence that states it."""
    require(frozenset({"knots"}), exp)
    schedule = promised(exp.process.drawn, Schedule, "process", "VP")
    knots, error = fit_knots(schedule)
    note = f"{schedule.info.title} as {len(knots)} knots: log-SNR within {error:.2g} of it for t ≥ {T_FIRST:g}"
    if float(t64(schedule.t_max)) != 1.0:
        note += f"; its time 0 to {schedule.t_max:g} is now 0 to 1"
    ends = -_unclamped(schedule)
    if float(ends) < -LEVEL:
        note += f"; its log-SNR ends below −{LEVEL:g} and is cut there"
    packet = Packet({"kind": "knots", "knots": knots, "error": error, "note": note + ". Drag them."})
    return packet


def _unclamped(schedule: Schedule) -> torch.Tensor:
    """−ℓ at t_max."""
    integral = schedule.integral(t64(schedule.t_max))
    return integral + torch.log(-torch.expm1(-integral))

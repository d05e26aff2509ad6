"""``layer=metrics``: how far a run's particles are from exact draws of p_t, at every time by one estimator (docs/packet.md)."""

from __future__ import annotations

import math

from playground.core.fields import Json
from playground.core.measure import Estimate, Measure
from playground.engine import Run
from playground.measures.panel import Gone, curves, measures, on_panel
from playground.measures.sampled import Truth
from playground.measures.tilted import TiltedLaw
from playground.views.guided import tilted_words
from playground.views.packet import Packet


def metrics_packet(run: Run) -> Packet:
    """All measures that exist for the process, over the clock and at the last frame."""
    truth, (shown, missing) = Truth.of(run), on_panel(run)
    over_time = curves(run, shown, truth)
    tilted = TiltedLaw().beside(run)
    packet = Packet(
        {
            "kind": "metrics",
            "key": run.exp.key,
            "points": shown[0].particles(run),
            "draws": truth.draws,
            **target(run),
            "metrics": [_told(m, missing, run, c.estimates[-1]) for m, c in zip(shown, over_time, strict=True)],
            "missing": [_gone(m, run.oracle.dim) for m in missing],
            "tilted": tilted and {"label": tilted_words(run.exp, run.frames[-1].t), **_numbers(tilted)},
        }
    )
    packet.add("clock", run.process.clock(run.times[over_time[0].frames]).clamp(0, 1))
    for measure, curve in zip(shown, over_time, strict=True):
        for mark, name in (("", "value"), ("/se", "error"), ("/floor", "floor"), ("/floor_sd", "floor_sd")):
            packet.add(measure.column + mark, [getattr(e, name) for e in curve.estimates])
    return packet


def config() -> dict[str, dict[str, str]]:
    """For the page: how each measure is taken, and what its floor is of, in words."""
    return {m.column: {"how": m.how, "floor": m.floor_of} for m in measures() if m.column}


def target(run: Run) -> dict[str, str]:
    """What the particles are compared with, in words: ``law`` at every time, ``end`` at the last one, ``about`` the rest of it."""
    guided = "mixture" not in run.exp.guidance.gives and run.exp.mode == "reverse"
    of = "(x | c)" if guided else "(x)" if len(run.process.parts) > 1 else ""
    t = run.frames[-1].t
    end = f"p_t{of} at t = {t:.3g}" if t > 0 else "p(x | c)" if guided else "the data"
    about = ["the exact law of the asked class"] * guided + ["of positions alone, whatever the velocities"] * (len(run.process.parts) > 1)
    return {"law": f"p_t{of}", "end": end, "about": ", ".join(about)}


def _numbers(e: Estimate) -> dict[str, Json]:
    return {"final": e.value, "final_se": e.error, "floor": e.floor, "floor_sd": e.floor_sd}


def _gone(gone: Gone, dim: int) -> dict[str, Json]:
    return {"name": gone.column, "label": gone.measure.name(dim), "short": gone.measure.short(dim), "reason": gone.reason}


def _told(measure: Measure, missing: list[Gone], run: Run, last: Estimate) -> dict[str, Json]:
    dim, scale = run.oracle.dim, run.process.view_scale_label
    why = [f"{m.measure.name(dim)}: {m.reason}" for m in missing if m.column == measure.instead_of]
    return {
        "name": measure.column,
        "label": measure.name(dim) + (f", of x {scale}" if scale else ""),
        "short": measure.short(dim),
        "unit": measure.unit_in(run.space),
        **_numbers(last),
        "why": why[0] if why else "",
        "beyond": math.sqrt(max(0.0, last.value**2 - last.floor**2)) if measure.in_squares else None,
    }

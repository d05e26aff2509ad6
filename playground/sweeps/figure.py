"""The board's plot as a figure for a paper: quality against cost on logarithmic axes, the mean over seeds with its interval, the floor, the Pareto front."""

from __future__ import annotations

import html
import importlib
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playground.measures.panel import named as measure_named
from playground.origin import FIELD
from playground.sweeps.results import COSTS, Results, Row, envelope

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (6.75, 3.6)  # inches: the width of a page's two columns
COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#8a6d00",
    "#1b1d21",
)  # Okabe and Ito, with a yellow dark enough for white paper
DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.5, 1.2, 1.5)))
MARKERS = "osD^v<>P"
GREY = "#8a8f98"
AXES = {"calls": ("model calls", "model calls"), "ms": ("milliseconds", "milliseconds of computing, one seed")}
"""By cost: its word, and what stands beside its axis."""
STYLE = {
    "font.size": 8,
    "svg.fonttype": "none",
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.1,
    "font.family": "DejaVu Sans",
    "pdf.fonttype": 42,
}


def lines(results: Results, rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows of each method, by what it is called."""
    along = results.sweep.along
    found: dict[str, list[Row]] = {}
    for row in rows:
        name = ", ".join(label for i, label in enumerate(row.labels) if i != along and label) or results.sweep.title or "all"
        found.setdefault(name, []).append(row)
    return found


def drawn(results: Results, measure: str | None, cost: str, kind: Kind, says: str = "") -> bytes:
    """The figure as a file, of 300 dots an inch, that ``says`` where it comes from. Raises BadValue."""
    matplotlib, figures = importlib.import_module("matplotlib"), importlib.import_module("matplotlib.figure")
    ticker = importlib.import_module("matplotlib.ticker")
    key = results.sweep.measures[0] if measure is None else measure
    rows = results.rows(key, cost)
    told, unit = measure_named(key), measure_named(key).unit_in(results.sweep.base.law.space)
    of = COSTS[cost]
    with matplotlib.rc_context(STYLE):
        fig = figures.Figure(figsize=SIZE, layout="constrained")
        ax = fig.add_subplot()
        low, high = results.floor(key)
        if math.isfinite(high):
            ax.axhspan(max(low, high / 1e3), high, color=GREY, alpha=0.18, lw=0)
            ax.axhline(high, color=GREY, lw=0.7, ls=":", label="floor: two exact samples")
        for n, (name, some) in enumerate(lines(results, rows).items()):
            there = sorted((row for row in some if math.isfinite(row.value.mean) and row.value.mean > 0 and of(row) > 0), key=of)
            if not there:
                continue
            means = [row.value.mean for row in there]
            ends = [(row.value.mean - max(row.value.low, 1e-3 * row.value.mean), row.value.high - row.value.mean) for row in there]
            bars = [[a if math.isfinite(b) else 0 for a, b in ends], [b if math.isfinite(b) else 0 for _, b in ends]]
            look = {"color": COLOURS[n % 8], "ls": DASHES[n // 8 % 4], "marker": MARKERS[n // 8 % 8], "ms": 2.6}
            ax.errorbar([of(row) for row in there], means, bars, elinewidth=0.7, label=name, **look)
        best = [row for row in envelope(rows, cost, told.better) if row.value.mean > 0 and of(row) > 0]
        if best:
            look = {"color": "#1b1d21", "lw": 0.8, "ls": (0, (4, 3)), "label": "front"}
            ax.plot([of(row) for row in best], [row.value.mean for row in best], **look)
        ax.set(xscale="log", yscale="log", xlabel=AXES[cost][1], ylabel=f"{told.info.title} ({unit})" if unit else told.info.title)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(ticker.FuncFormatter(lambda x, _: f"{x:g}"))
            axis.set_minor_formatter(ticker.NullFormatter())
        if cost == "calls":
            ax.set_xticks(sorted({round(of(row)) for row in rows if of(row) > 0})[:14])
        ax.tick_params(width=0.6, which="both")
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        if ax.get_legend_handles_labels()[0]:
            fig.legend(loc="outside right upper", frameon=False, fontsize=6 if len(ax.lines) > 24 else 7, handlelength=2.6)
        return kind.saved(fig, says)


@dataclass(frozen=True)
class Kind:
    """A kind of file: its name, and what of it says where it comes from: in savefig's ``metadata``, or put into the file."""

    name: str
    media_type: str
    about: Callable[[str], dict[str, str | None]]
    says: Callable[[bytes, str], bytes] = lambda raw, words: raw

    def saved(self, fig: Figure, words: str) -> bytes:
        out = io.BytesIO()
        fig.savefig(out, format=self.name, dpi=300, metadata=self.about(words))
        return self.says(out.getvalue(), words)


def _in_svg(raw: bytes, words: str) -> bytes:
    told = f'<metadata id="{FIELD}">{html.escape(words, quote=False)}</metadata>\n<defs>'
    return raw.replace(b"<defs>", told.encode(), 1)


KINDS = (
    Kind("svg", "image/svg+xml", lambda words: {"Creator": None, "Date": None}, _in_svg),
    Kind("png", "image/png", lambda words: {FIELD: words}),
    Kind("pdf", "application/pdf", lambda words: {"Keywords": words}),
)

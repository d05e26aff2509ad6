"""The board's plot as a figure for a paper: quality against a cost, or in the plane of two measures: the mean over seeds with its interval, the floor, the Pareto front."""

from __future__ import annotations

import html
import importlib
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast

from playground.core.fields import BadValue, one_of
from playground.measures.panel import named as measure_named
from playground.origin import FIELD
from playground.sweeps.record import Sweep
from playground.sweeps.results import COSTS, Results, Row, envelope
from playground.sweeps.statistics import SENSES, Mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (6.75, 3.6)  # inches: the width of a page's two columns
ROW = 0.14  # inches of a method in the legend
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


CLOSE = 1.2  # times a number that is told beside an axis, up to which there is no room for the next
SMALL, LARGE = 5.0, 42.0  # points²: marks in the plane of two measures, of few model calls and of many


class Axis(NamedTuple):
    """One of the figure's two: means by places, from where to where exact samples show it and how that is called, a logarithmic scale or a linear one."""

    title: str
    scale: str
    means: Mapping[tuple[int, ...], Mean]
    low: float = math.nan
    high: float = math.nan
    floor: str = ""

    def there(self, at: tuple[int, ...]) -> bool:
        """Can a place be drawn?"""
        mean = self.means[at].mean
        return math.isfinite(mean) and (mean > 0 or self.scale == "linear")

    def bars(self, at: Sequence[tuple[int, ...]]) -> list[list[float]]:
        """From the means down and up to the ends of their intervals; 0 where there is none."""
        some = [self.means[one] for one in at]
        lowest = [m.low if self.scale == "linear" else max(m.low, 1e-3 * m.mean) for m in some]
        down = [m.mean - low if math.isfinite(m.high) else 0.0 for m, low in zip(some, lowest, strict=True)]
        return [down, [m.high - m.mean if math.isfinite(m.high) else 0.0 for m in some]]


def axis_of(results: Results, key: str) -> Axis:
    """Of a measure. Raises BadValue."""
    told, rows = measure_named(key), results.rows(key)
    unit, sense, (low, high) = told.unit_in(results.sweep.base.law.space), SENSES[told.better], results.floor(key)
    title = f"{told.info.title} ({unit})" if unit else told.info.title
    return Axis(title, sense.scale, {row.at: row.value for row in rows}, low, high, sense.floor)


def axis_across(results: Results, key: str, rows: Sequence[Row]) -> Axis:
    """Of a cost, which is known exactly, or of another measure. Raises BadValue."""
    if key not in COSTS:
        if key not in results.sweep.measures:
            raise BadValue("cost", key, one_of(key, [*COSTS, *results.sweep.measures]))
        return axis_of(results, key)
    return Axis(AXES[key][1], "log", {row.at: Mean(COSTS[key](row), COSTS[key](row), COSTS[key](row), row.seeds) for row in rows})


def lines(results: Results, rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows of each method, by what it is called."""
    along, axes = results.sweep.along, results.sweep.axes
    found: dict[str, list[Row]] = {}
    for row in rows:
        words = [axis.words[i] for n, (axis, i) in enumerate(zip(axes, row.at, strict=True)) if n != along and len(axis.points) > 1]
        found.setdefault(", ".join(words) or results.sweep.title or "all", []).append(row)
    return found


def drawn(results: Results, measure: str | None, cost: str, kind: Kind, says: str = "") -> bytes:
    """The figure as a file, of 300 dots an inch, that ``says`` where it comes from. cost: what stands across, "calls", "ms" or another measure. Raises BadValue."""
    matplotlib, figures = importlib.import_module("matplotlib"), importlib.import_module("matplotlib.figure")
    ticker = importlib.import_module("matplotlib.ticker")
    key = results.sweep.measures[0] if measure is None else measure
    rows = results.rows(key)
    up, across = axis_of(results, key), axis_across(results, cost, rows)
    certain, methods = cost in COSTS, lines(results, rows)
    width, height = SIZE
    with matplotlib.rc_context(STYLE):
        fig = figures.Figure(figsize=(width, max(height, ROW * (len(methods) + 3))), layout="constrained")
        ax = fig.add_subplot()
        if math.isfinite(up.high):
            ax.axhspan(up.low if up.scale == "linear" else max(up.low, up.high / 1e3), up.high, color=GREY, alpha=0.18, lw=0)
            ax.axhline(up.high, color=GREY, lw=0.7, ls=":", label=up.floor)
        if math.isfinite(across.high):
            ax.axvspan(across.low, across.high, color=GREY, alpha=0.18, lw=0, label=across.floor)
        for n, (name, some) in enumerate(methods.items()):
            there = sorted((row for row in some if up.there(row.at) and across.there(row.at)), key=COSTS[cost if certain else "calls"])
            if there:
                at = [row.at for row in there]
                x, y = [across.means[one].mean for one in at], [up.means[one].mean for one in at]
                colour, marker = COLOURS[n % 8], MARKERS[n // 8 % 8]
                look = {"color": colour, "ls": DASHES[n // 8 % 4], "marker": marker, "ms": 2.6}
                ax.errorbar(x, y, up.bars(at), across.bars(at), elinewidth=0.7, label=name, **look)
                if not certain:
                    ax.scatter(x, y, _sizes(rows, there), color=colour, marker=marker, lw=0)
        best = envelope(rows, cost, measure_named(key).better) if certain else []
        best = [row for row in best if up.there(row.at) and across.there(row.at)]
        if best:
            look = {"color": "#1b1d21", "lw": 0.8, "ls": (0, (4, 3)), "label": "front"}
            ax.plot([across.means[row.at].mean for row in best], [row.value.mean for row in best], **look)
        ax.set(xscale=across.scale, yscale=up.scale, xlabel=across.title, ylabel=up.title)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(ticker.FuncFormatter(lambda x, _: f"{x:g}"))
            axis.set_minor_formatter(ticker.NullFormatter())
        if certain and (counts := _counts(results.sweep, cost)):
            ax.set_xticks(counts)
        ax.tick_params(width=0.6, which="both")
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        if ax.get_legend_handles_labels()[0]:
            fig.legend(loc="outside right upper", frameon=False, fontsize=6 if len(ax.lines) > 24 else 7, handlelength=2.6)
        return kind.saved(fig, says)


def _counts(sweep: Sweep, cost: str) -> list[int]:
    """The numbers of model calls that were asked for, of which each has room on the axis; none where they are not an axis of the sweep."""
    found = sorted(cast("int", point[axis.names.index(cost)]) for axis in sweep.axes if cost in axis.names for point in axis.points)
    out: list[int] = []
    for n in found:
        out += [n] if not out or n > CLOSE * out[-1] else []
    return out


def _sizes(rows: Sequence[Row], some: Sequence[Row]) -> list[float]:
    """Of marks, by model calls on a logarithmic scale."""
    logs = [math.log(row.calls) for row in rows if row.calls > 0]
    lo, more = min(logs, default=0.0), max(logs, default=1.0) - min(logs, default=0.0)
    return [SMALL + (LARGE - SMALL) * (math.log(row.calls) - lo) / (more or 1.0) if row.calls > 0 else SMALL for row in some]


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

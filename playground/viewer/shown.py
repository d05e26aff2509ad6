"""What a notebook shows: pages without a server (document.py) in a frame that runs their scripts and may do nothing else."""

from __future__ import annotations

import functools
import html
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Number, one_of
from playground.engine import Run
from playground.sweeps import run
from playground.sweeps.export import write
from playground.sweeps.record import Sweep
from playground.sweeps.results import Results
from playground.viewer.board import page as board_page
from playground.viewer.document import page
from playground.views.compare import MOST
from playground.views.layer import layers as known
from playground.views.sights import begin

HEIGHT = 640  # pixels of a frame
CLOCK = Number(1.0, 0.0, 1.0)
RUNS = "an Experiment, or a Run: pg.Experiment(…), pg.Run(exp)"

Made = TypeVar("Made")


@dataclass(frozen=True)
class Showing:
    """A page as text. A notebook (Jupyter, marimo) shows it as the value of a cell; ``save`` writes it as a file that any browser opens."""

    html: str
    height: int = HEIGHT

    def _repr_html_(self) -> str:
        """Scripts run in the frame, and nothing else: it has no origin, opens no windows, asks for nothing."""
        style = f"width: 100%; height: {self.height}px; border: 0"
        return f'<iframe srcdoc="{html.escape(self.html, quote=True)}" sandbox="allow-scripts" title="Diffusion Playground" style="{style}"></iframe>'

    def __repr__(self) -> str:
        return f'<a page of {len(self.html):,} letters; .save("page.html") writes it>'

    def save(self, path: str | Path) -> Path:
        """Writes the page. Raises BadValue where it cannot be written."""
        write(Path(path), self.html.encode())
        return Path(path)


@functools.singledispatch
def run_of(what: object) -> Run:
    """A run of what a notebook gives. Raises BadValue."""
    raise BadValue("what", type(what).__name__, RUNS)


@run_of.register
def _(what: Experiment) -> Run:
    return begin(what)


@run_of.register
def _(what: Run) -> Run:
    return what


def done(steps: Generator[None, None, Made]) -> Made:
    """What a computation returns, when all of it is done."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def show(what: Experiment | Run, *, layers: Iterable[str] = (), color: str = "", at: float | None = None, height: int = HEIGHT) -> Showing:
    """The page's own stage with this run, to be played, scrubbed and looked at layer by layer, in a notebook or, saved, in any browser: ``pg.show(exp).save("page.html")``.

    layers: keys of those that are on ("particles", "density", "score", …); none: as on the page. color: "class" for particles in the colours of their classes. at: the clock, from 1
    (noise) to 0 (data), at which it stands still; None: it plays. Raises BadValue.
    """
    return _page([what], layers, color, at, height)


def compare(*what: Experiment | Run, layers: Iterable[str] = (), color: str = "", at: float | None = None, height: int = HEIGHT) -> Showing:
    """Two to six runs beside each other with one clock; the arguments are those of ``show``. Raises BadValue."""
    if not 2 <= len(what) <= MOST:
        raise BadValue("what", f"{len(what)} runs", f"two to {MOST} of them")
    return _page(what, layers, color, at, height)


@functools.singledispatch
def results_of(what: object) -> Results:
    """What came of a sweep that a notebook gives: computed, or as it is. Raises BadValue."""
    raise BadValue("what", type(what).__name__, "a Sweep, or results: pg.sweep(…)")


results_of.register(Results, lambda what: what)
results_of.register(Sweep, run)


def board(what: Sweep | Results, measure: str | None = None, *, cost: str = "calls", height: int = HEIGHT) -> Showing:
    """A sweep's figure (a measure against "calls" or "ms", with intervals, floor and front) and its table, which sorts by a click on a head: ``pg.board(pg.sweep(…))``. A Sweep is
    computed. Raises BadValue."""
    return Showing(board_page(results_of(what), measure, cost), height)


def _page(what: Iterable[Experiment | Run], layers: Iterable[str], color: str, at: float | None, height: int) -> Showing:
    runs = [run_of(one) for one in what]
    on = list(layers)
    for key in on:
        if key not in known():
            raise BadValue("layers", key, one_of(key, known()))
    if color not in ("", "class"):
        raise BadValue("color", color, '"class", or ""')
    view = {"layers": ",".join(on), "color": color, "at": "" if at is None else f"{CLOCK.clean('at', at):g}"}
    for one in runs:
        one.finish()
    return Showing(done(page(runs, {name: value for name, value in view.items() if value})), height)

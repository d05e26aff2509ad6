"""The board as the page is told of it: lines of JSON, from a sweep that runs or from a results file, by the same functions. What is in a line says its one name:

    {"head": …}     the sweep, its axes and measures in words, which measures there are besides, how pictures are to be read
    {"plan": …}     how many cells there are, how many are known already, and which places cannot be, with the reason
    {"cells": […]}  results as a results file has them (playground/sweeps/results.py); "done", "left_s": about how many seconds it takes on, "by": who computes, "" nobody
    {"rows": […]}   places over their seeds: mean and interval of every measure, model calls, milliseconds, the place's experiment as a link's names
    {"front": …}    by cost and measure the places on the Pareto front, with "by" for some of the others who beats them, and by two measures those on that of both and of model calls; "orders", by measure those fitted along the lines, and "floors", from where to where exact samples show it
    {"notice": …}   a sentence: what went wrong on the way
    {"end": …}      all of it is there

A number that is not finite is a text. The statistics are those of ``Results``: no script computes them a second time.
"""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Json, Record
from playground.core.law import Law
from playground.core.limits import limits, variable
from playground.measures.panel import named as measure_named
from playground.sweeps.compute import measurable
from playground.sweeps.figure import AXES
from playground.sweeps.kept import Kept
from playground.sweeps.picture import AWAY, POINTS, panel_of, picture_of
from playground.sweeps.presets import presets
from playground.sweeps.record import Sweep
from playground.sweeps.results import COSTS, FORMAT, Result, Results, Row, beats, envelope, fronted
from playground.sweeps.running import Running
from playground.sweeps.statistics import SENSES, front_of_both
from playground.sweeps.workers import Workers

FRESH = 0.25  # seconds between two tellings of cells
RULE = "A place stays on the front unless another one costs no more and is better with significance: its whole 95 % interval over the seeds lies below."
RULE_OF_BOTH = "In the plane of two measures a place stays on the front unless another one costs no more model calls and is better with significance in both."
PAIRED = 6  # measures of a sweep, up to which fronts of two of them are told, and who beats whom
MANY = 60  # cells that are told at once
STEADY = 1.0  # and of fronts and orders, which all places have a part in


def line(name: str, value: object, **more: Json) -> bytes:
    """One line."""
    return (json.dumps({name: value, **more}, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n").encode()


def config() -> Record:
    """What the page knows from the start."""
    return {
        "presets": [{"key": one.key, "word": one.word, "title": one.title, "across": list(one.across)} for one in presets().values()],
        "costs": [{"key": key, "word": word, "title": title} for key, (word, title) in AXES.items()],
        "particles": limits().board_particles,
        "bytes": limits().board_bytes,
        "rule": RULE,
        "rule_of_both": RULE_OF_BOTH,
        "format": FORMAT,
    }


def told(number: float) -> Json:
    """A number as JSON has it, seven digits of it: what is not finite as a text."""
    return float(f"{number:.7g}") if math.isfinite(number) else str(number)


def complaint(error: Mapping[str, Json]) -> bytes:
    return line("error", error)


def head(sweep: Sweep) -> Record:
    """What the page shows before there is a number."""
    base = sweep.base
    try:
        why = measurable(base)
    except BadValue:  # the base alone is no run; some of its places may be
        why = {}
    frame = Results(sweep).to_dict()
    return {
        "sweep": frame["sweep"],
        "key": sweep.key,
        "title": sweep.title,
        "format": frame["format"],
        "version": frame["version"],
        "axes": [{"title": axis.title, "labels": axis.labels, "words": axis.words, "names": axis.names} for axis in sweep.axes],
        "measures": [_measure(key, base) for key in sweep.measures],
        "more": [_measure(key, base) for key, reason in why.items() if not reason and key not in sweep.measures],
        "along": sweep.along,
        "seeds": list(sweep.seeds),
        "cells": sweep.count,
        "base": {"query": base.to_query(), "data": base.who.title, "process": base.process.info.title, "particles": base.particles},
        "pictures": _axes_of(base.law),
    }


def _measure(key: str, base: Experiment) -> Record:
    """What it is called, which numbers of it are better, and on which scale it is drawn."""
    m = measure_named(key)
    sense, info = SENSES[m.better], m.info
    words: Record = {"key": key, "title": info.title, "tip": info.tip, "unit": m.unit_in(base.law.space)}
    return {**words, "better": sense.words, "scale": sense.scale, "floor": sense.floor}


def _axes_of(law: Law) -> Record:
    """How pictures of cells are to be read, and one of as many exact draws."""
    try:
        truth = picture_of(law, law.sample(POINTS)[0])
    except BadValue:
        truth = None
    out: Record = {"away": AWAY, "truth": None if truth is None else truth.to_dict(), "ranges": [], "names": []}
    if not law.space.pictures and truth is not None:
        panel = panel_of(law)
        out |= {"ranges": [list(r) for r in panel.ranges[: truth.shape[1]]], "names": list(panel.names)}
    return out


class Board:
    """What is told of results that grow: only places that have changed are read anew."""

    def __init__(self, results: Results):
        self.results = results
        self.rows: dict[str, dict[tuple[int, ...], Row]] = {key: {} for key in results.sweep.measures}

    def plan(self, known: int, of: int) -> bytes:
        left_out = [{"at": list(at), "why": why} for at, why in self.results.left_out.items()]
        return line("plan", {"of": of, "known": known, "left_out": left_out, "code": self.results.code, "machine": self.results.machine})

    def cells(self, some: Iterable[Result], left_s: float = math.nan, by: str = "") -> bytes:
        """Results, and the rows of their places."""
        cells = list(some)
        out = []
        for at in dict.fromkeys(cell.at for cell in cells):
            rows = {key: self.results.row(at, key) for key in self.rows}
            for key, row in rows.items():
                self.rows[key][at] = row
            out.append(self._row(at, rows))
        done = len(self.results.cells)
        return line("cells", [cell.to_dict() for cell in cells], done=done, left_s=told(left_s), by=by) + line("rows", out)

    def _row(self, at: tuple[int, ...], rows: Mapping[str, Row]) -> Record:
        one, exp = next(iter(rows.values())), self.results.sweep.place(at).exp
        return {
            "at": list(at),
            "query": {} if exp is None else exp.to_query(),
            "calls": told(one.calls),
            "ms": told(one.ms),
            "steps": told(one.steps),
            "seeds": one.seeds,
            "diverged": one.diverged,
            "values": {key: [*map(told, row.value), told(row.floor)] for key, row in rows.items()},
            "why": {key: row.why for key, row in rows.items() if row.why},
        }

    def front(self) -> bytes:
        """Who is on the fronts, and the orders of the lines."""
        few = len(self.rows) <= PAIRED
        fronts = {
            cost: {key: _front(list(rows.values()), cost, measure_named(key).better, few) for key, rows in self.rows.items()}
            for cost in COSTS
        }
        for one, other in itertools.combinations(self.rows, 2) if few else ():
            fronts.setdefault(one, {})[other] = {"on": [list(at) for at in self._both(one, other)], "line": [], "by": []}
        floors = {key: [told(x) for x in self.results.floor(key)] for key in self.rows}
        return line("front", fronts, orders={key: self._orders(key) for key in self.rows}, floors=floors)

    def _both(self, one: str, other: str) -> list[tuple[int, ...]]:
        """The places on the front of two measures and of model calls."""
        losses = [[SENSES[measure_named(key).better].loss(row.value, row.floor) for row in self.rows[key].values()] for key in (one, other)]
        there = front_of_both([row.calls for row in self.rows[one].values()], *losses)
        return [at for at, on in zip(self.rows[one], there, strict=True) if on]

    def _orders(self, key: str) -> list[Json]:
        try:
            found = self.results.orders(key, self.rows[key].values())
        except BadValue:  # no axis of steps or calls
            return []
        return [{"at": list(one.at), "fit": None if one.fit is None else [told(x) for x in one.fit], "why": one.why} for one in found]


def _front(rows: list[Row], cost: str, better: str, few: bool) -> Record:
    """``on``: the places on the front, ``line``: those that its line goes through, ``by``: of few measures the others, each with a place that beats it."""
    return {
        "on": [list(row.at) for row in fronted(rows, cost, better) if row.front],
        "line": [list(row.at) for row in envelope(rows, cost, better)],
        "by": [[list(at), list(other)] for at, other in (beats(rows, cost, better) if few else {}).items()],
    }


def running(
    sweep: Sweep, admit: Callable[[Experiment], object] | None = None, plan: bool = False, by: Workers | None = None
) -> Iterator[bytes | None]:
    """The lines of a sweep that is computed, and None where something more urgent may go first. admit, by: of ``Running``; by None: here. plan: without computing. Stopped and asked
    again, it goes on from the cells that are kept. Raises BadValue after ``board_seconds``."""
    yield line("head", head(sweep))
    run = Running(sweep, by=by, kept=Kept(), admit=admit, slow=True)
    for _ in run.plan:
        yield None
    board, of = Board(run.results), sweep.count - len(run.results.left_out) * len(sweep.seeds)
    yield board.plan(run.hits, of)
    if plan:
        return
    some: list[Result] = []
    fresh = steady = time.monotonic()
    warned: set[str] = set()
    for cell in run.steps():
        some += [] if cell is None else [cell]
        now = time.monotonic()
        for notice in run.notices:
            if notice not in warned:
                warned.add(notice)
                yield line("notice", notice)
        if not some or (now - fresh < FRESH and len(some) < MANY):
            yield None
            continue
        yield board.cells(some, run.left_s, run.by.said)
        some, fresh = [], now
        if now - steady > STEADY:
            yield board.front()
            steady = time.monotonic()
        if run.spent > limits().board_seconds:
            raise BadValue(
                "sweep",
                f"{run.spent:,.0f} seconds of computing",
                f"at most {limits().board_seconds:,} at a time; start it again to go on from here, {variable('board_seconds')} changes that",
            )
    if some:
        yield board.cells(some, 0.0, run.by.said)
    yield board.front()
    yield line("end", {"code": run.results.code, "machine": run.results.machine})


def shown(results: Results) -> Iterator[bytes | None]:
    """The lines of results that are there: a file's."""
    yield line("head", head(results.sweep))
    board = Board(results)
    yield board.plan(len(results.cells), results.sweep.count - len(results.left_out) * len(results.sweep.seeds))
    cells = list(results.cells.values())
    for start in range(0, len(cells), MANY):
        yield board.cells(cells[start : start + MANY])
    yield board.front()
    yield line("end", {"code": results.code, "machine": results.machine})

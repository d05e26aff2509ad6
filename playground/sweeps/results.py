"""What came of a sweep: a record a cell, with errors, floors and reasons, and all of them in one file from which a board can be drawn without computing."""

from __future__ import annotations

import dataclasses
import json
import math
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import torch

from playground.core.fields import BadValue, Json, Record, Whole, is_list, is_record, one_of
from playground.core.limits import limits
from playground.core.measure import Estimate
from playground.core.written import Unreadable, kind_of
from playground.measures.panel import named as measure_named
from playground.sweeps.picture import Picture
from playground.sweeps.record import Sweep, read_json
from playground.sweeps.statistics import SENSES, Fit, Mean, beaten, beyond, fitted_order, front, over_seeds

FORMAT, VERSION = "playground sweep", 1
LETTERS_A_CELL = 20_000  # of a results file, at most
FEW, NO_ERROR = "fewer than four numbers of steps with an error well above the floor", "no error that falls to a floor"
"""Why there is no order."""
NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


@dataclass(frozen=True)
class Result:
    """One cell: ``at`` which place and with which ``seed``.

    values: by measure its Estimate (value, error, floor, floor_sd). refused: by measure why the run does not have it, in words. steps, calls: of the run. ms: computing, of
    ``together`` seeds that were run in one pass the share of one. diverged: the first step that is lost. failed: why there is no run, in words; then there are no numbers.
    picture: a small one of its end.
    """

    at: tuple[int, ...]
    seed: int
    values: Mapping[str, Estimate] = field(default_factory=dict[str, Estimate])
    refused: Mapping[str, str] = field(default_factory=dict[str, str])
    steps: int = 0
    calls: int = 0
    ms: float = 0.0
    together: int = 1
    diverged: int | None = None
    failed: str = ""
    picture: Picture | None = None

    def to_dict(self) -> dict[str, Json]:
        out: dict[str, Json] = {"at": list(self.at), "seed": self.seed, "steps": self.steps, "calls": self.calls, "ms": self.ms}
        out["values"] = {key: [_told(number) for number in estimate] for key, estimate in self.values.items()}
        more: dict[str, Json] = {"refused": dict(self.refused), "diverged": self.diverged, "failed": self.failed}
        more["picture"] = None if self.picture is None else self.picture.to_dict()
        out |= {name: value for name, value in more.items() if value not in ({}, None, "")}
        return out if self.together == 1 else {**out, "together": self.together}

    @classmethod
    def from_dict(cls, record: object, where: str = "cell") -> Result:
        """Raises BadValue naming ``where`` and what in it is wrong."""
        if not is_record(record):
            raise BadValue(where, record, "the record of a cell")
        known = [f.name for f in dataclasses.fields(cls)]
        for name, value in record.items():
            if name not in known:
                raise BadValue(f"{where}.{name}", value, one_of(name, known))

        def whole(name: str, default: int, lo: int = 0) -> int:
            return Whole(default, lo, 2**53).clean(f"{where}.{name}", record.get(name, default))

        at = record.get("at")
        if not is_list(at):
            raise BadValue(f"{where}.at", at, "a list of whole numbers")
        estimates = {
            key: _estimate(f"{where}.values.{key}", value) for key, value in _mapping(f"{where}.values", record.get("values", {})).items()
        }
        return cls(
            at=tuple(Whole(0, 0, 10**9).clean(f"{where}.at", i) for i in at),
            seed=whole("seed", 0),
            values=estimates,
            refused={k: _words(f"{where}.refused", v) for k, v in _mapping(f"{where}.refused", record.get("refused", {})).items()},
            steps=whole("steps", 0),
            calls=whole("calls", 0),
            ms=_milliseconds(f"{where}.ms", record.get("ms", 0.0)),
            together=whole("together", 1, 1),
            diverged=None if record.get("diverged") is None else whole("diverged", 0),
            failed=_words(f"{where}.failed", record.get("failed", "")),
            picture=None if record.get("picture") is None else Picture.from_dict(f"{where}.picture", record["picture"]),
        )


def _told(number: float) -> Json:
    """A number as JSON has it: what is not finite as a text."""
    return number if math.isfinite(number) else str(number)


def _number(name: str, value: object) -> float:
    if isinstance(value, str) and value in NOT_FINITE:
        return NOT_FINITE[value]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= 1e300:
        raise BadValue(name, value, 'a number, or "nan", "inf" or "-inf"')
    return float(value)


def _milliseconds(name: str, value: object) -> float:
    found = _number(name, value)
    if not 0 <= found < math.inf:
        raise BadValue(name, value, "a number from 0 up")
    return found


def _estimate(name: str, value: object) -> Estimate:
    if not is_list(value) or len(value) != 4:
        raise BadValue(name, value, "four numbers: value, error, floor and its standard deviation")
    return Estimate(*(_number(name, number) for number in value))


def _told_in(record: Record, name: str) -> object:
    """What a results file says under this name. Raises Unreadable where it says nothing."""
    if name not in record:
        raise Unreadable(name, "is not in the results", f"the whole file, with its {name}")
    return record[name]


def _mapping(name: str, value: object) -> Record:
    if not is_record(value) or len(value) > 100:
        raise BadValue(name, value, "a record of measures")
    return value


def _words(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > 2000:
        raise BadValue(name, value, "at most 2,000 letters")
    return value


class Row(NamedTuple):
    """A place of the board under one measure: over its seeds the mean with its interval, the mean floor, model calls, milliseconds and steps (means), how many
    seeds there are and how many of them diverged; ``front``: is it on the Pareto front of value against calls? ``why``: the reasons of what is not there."""

    at: tuple[int, ...]
    labels: tuple[str, ...]
    value: Mean
    floor: float
    calls: float
    ms: float
    steps: float
    seeds: int
    diverged: int
    front: bool
    why: str


COSTS: dict[str, Callable[[Row], float]] = {"calls": lambda row: row.calls, "ms": lambda row: row.ms}
"""What a front can be drawn against."""


class OrderRow(NamedTuple):
    """The order that one line of the board shows: ``at`` its place, with −1 along the axis of steps or calls. ``fit`` None: why not."""

    at: tuple[int, ...]
    labels: tuple[str, ...]
    fit: Fit | None
    why: str


@dataclass
class Results:
    """A sweep, the cells that are there so far (by place and seed), and the places that cannot be, with the judge's reason.

    ``code``, ``machine``: what computed them, and on what.
    """

    sweep: Sweep
    cells: dict[tuple[tuple[int, ...], int], Result] = field(default_factory=dict[tuple[tuple[int, ...], int], Result])
    left_out: dict[tuple[int, ...], str] = field(default_factory=dict[tuple[int, ...], str])
    code: str = ""
    machine: str = field(default_factory=lambda: f"{platform.system()} {platform.machine()}, torch {torch.__version__}")

    def add(self, result: Result) -> None:
        self.cells[result.at, result.seed] = result

    @property
    def complete(self) -> bool:
        """Is every cell there?"""
        return len(self.cells) == self.sweep.count - len(self.left_out) * len(self.sweep.seeds)

    def labels(self, at: Sequence[int]) -> tuple[str, ...]:
        return tuple("" if i < 0 else axis.labels[i] for axis, i in zip(self.sweep.axes, at, strict=True))

    def seeds_of(self, at: tuple[int, ...]) -> list[Result]:
        """The cells of a place, in the order of the seeds."""
        return [self.cells[at, seed] for seed in self.sweep.seeds if (at, seed) in self.cells]

    # what the board shows -----------------------------------------------------------------------------------------------------------

    def rows(self, measure: str | None = None, cost: str = "calls") -> list[Row]:
        """Every place under one measure (by its key; None: the sweep's first one), in the axes' order. ``cost``: "calls" or "ms", of the front. Raises BadValue."""
        key = self._measure(measure)
        return fronted(
            (self.row(at, key) for at in dict.fromkeys([*(at for at, _ in self.cells), *self.left_out])), cost, measure_named(key).better
        )

    def row(self, at: tuple[int, ...], measure: str | None = None) -> Row:
        """One place under one measure. Whether it is on the front is not known of it alone (``fronted``). Raises BadValue."""
        key = self._measure(measure)
        there = self.seeds_of(at)
        ran = [cell for cell in there if not cell.failed]
        told = [cell.values[key] for cell in ran if key in cell.values]
        reasons = [self.left_out.get(at, ""), *(cell.failed or cell.refused.get(key, "") for cell in there)]
        calls, ms, steps = (_mean(x) for x in ([c.calls for c in ran], [c.ms for c in ran], [c.steps for c in ran]))
        floor = _mean([e.floor for e in told])
        lost = sum(cell.diverged is not None for cell in ran)
        why = "; ".join(dict.fromkeys(filter(None, reasons)))
        return Row(at, self.labels(at), over_seeds([e.value for e in told]), floor, calls, ms, steps, len(ran), lost, False, why)

    def orders(self, measure: str | None = None, rows: Iterable[Row] | None = None) -> list[OrderRow]:
        """The order that each line along the axis of steps or calls shows: minus the slope of ln(what is beyond the floor) over ln(steps), over seeds' means; half of it for a
        measure that is a square, none for one that is no error (``Measure.degree``).
        ``rows``: where they are known already. Raises BadValue."""
        key = self._measure(measure)
        along = self.sweep.along
        if along is None:
            raise BadValue(
                "axes", [axis.names for axis in self.sweep.axes], "an axis of grid.steps or calls, along which an order is fitted"
            )
        told = measure_named(key)
        lines: dict[tuple[int, ...], dict[float, tuple[float, float]]] = {}
        for row in self.rows(key) if rows is None else rows:
            line = lines.setdefault((*row.at[:along], -1, *row.at[along + 1 :]), {})
            if row.value.n:
                line[row.steps] = beyond(row.value.mean, row.floor, told.in_squares), row.floor
        out: list[OrderRow] = []
        for at, line in lines.items():
            errors, floors = [e for e, _ in line.values()], [floor for _, floor in line.values()]
            fit = fitted_order(list(line), errors, floors, told.degree) if told.degree else None
            why = FEW if told.degree else NO_ERROR
            out.append(OrderRow(at, self.labels(at), fit, "" if fit else why))
        return out

    def floor(self, measure: str | None = None) -> tuple[float, float]:
        """From where to where exact samples show a measure: the least and the largest mean floor of the cells, less and more its standard deviation; NaN where there is none.
        Raises BadValue."""
        key = self._measure(measure)
        told = [cell.values[key] for cell in self.cells.values() if key in cell.values]
        found = [(e.floor, e.floor_sd) for e in told if e.floor > 0 and math.isfinite(e.floor) and math.isfinite(e.floor_sd)]
        return (min(f - sd for f, sd in found), max(f + sd for f, sd in found)) if found else (math.nan, math.nan)

    def _measure(self, key: str | None) -> str:
        chosen = self.sweep.measures[0] if key is None else measure_named(key).info.key
        if chosen not in self.sweep.measures:
            raise BadValue("measure", key, one_of(key, self.sweep.measures))
        return chosen

    # the file -----------------------------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, object]:
        """All that a board needs: with the axes' and the measures' words."""
        told = [measure_named(key) for key in self.sweep.measures]
        return {
            "format": FORMAT,
            "version": VERSION,
            "code": self.code,
            "machine": self.machine,
            "sweep": self.sweep.to_dict(),
            "axes": [{"title": axis.title, "labels": axis.labels} for axis in self.sweep.axes],
            "measures": [
                {
                    "key": m.info.key,
                    "title": m.info.title,
                    "tip": m.info.tip,
                    "unit": m.unit_in(self.sweep.base.law.space),
                    "in_squares": m.in_squares,
                    "better": SENSES[m.better].words,
                }
                for m in told
            ],
            "cells": [cell.to_dict() for cell in self.cells.values()],
            "left_out": [{"at": list(at), "why": why} for at, why in self.left_out.items()],
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, source: str | bytes) -> Results:
        """A results file. Raises BadValue naming what in it is wrong."""
        return cls.from_dict(read_json("results", source, 1_000_000 + LETTERS_A_CELL * limits().cells))

    @classmethod
    def from_dict(cls, record: object) -> Results:
        """What a results file holds. Raises BadValue naming what in it is wrong."""
        if not is_record(record):
            raise Unreadable("format", f"of the results cannot be read: they are {kind_of(record)}", f"a results file: {FORMAT!r}")
        if _told_in(record, "format") != FORMAT:
            raise BadValue("format", record["format"], f"a results file: {FORMAT!r}")
        if _told_in(record, "version") != VERSION:
            raise BadValue("version", record["version"], f"{VERSION}, which this version of the playground reads")
        _told_in(record, "sweep")
        sweep = Sweep.from_dict(record.get("sweep"))
        made = cls(sweep, code=_words("code", record.get("code", "")), machine=_words("machine", record.get("machine", "")))
        for name in ("cells", "left_out"):
            if not is_list(_told_in(record, name)):
                raise BadValue(name, record[name], "a list")
        for i, cell in enumerate(_listed(record, "cells")):
            result = Result.from_dict(cell, f"cells[{i}]")
            made._check(f"cells[{i}].at", result.at)
            if result.seed not in sweep.seeds:
                raise BadValue(f"cells[{i}].seed", result.seed, "one of the sweep's seeds")
            made.add(result)
        for i, place in enumerate(_listed(record, "left_out")):
            told = Result.from_dict(
                {"at": place.get("at"), "failed": place.get("why", "")} if is_record(place) else place, f"left_out[{i}]"
            )
            made._check(f"left_out[{i}].at", told.at)
            made.left_out[told.at] = told.failed
        return made

    def _check(self, name: str, at: tuple[int, ...]) -> None:
        if len(at) != len(self.sweep.shape) or any(i >= n for i, n in zip(at, self.sweep.shape, strict=True)):
            raise BadValue(name, at, f"a place within the axes {self.sweep.shape}")

    @classmethod
    def read(cls, path: str | Path) -> Results:
        """From a file. Raises BadValue."""
        try:
            return cls.from_json(Path(path).read_bytes())
        except OSError as error:
            raise BadValue("results", str(path), f"a file that can be read ({error.strerror})") from None

    def flat(self) -> Iterator[dict[str, object]]:
        """A table: one record a cell and measure, with the axes' labels, for CSV, Parquet or a data frame."""
        titles = [axis.title for axis in self.sweep.axes]
        for (at, seed), cell in sorted(self.cells.items()):
            where = dict(zip(titles, self.labels(at), strict=True))
            about = {"seed": seed, "steps": cell.steps, "calls": cell.calls, "ms": cell.ms, "diverged": cell.diverged}
            for key in self.sweep.measures:
                e = cell.values.get(key, Estimate(math.nan, math.nan, math.nan, math.nan))
                yield {**where, **about, "measure": key, **e._asdict(), "why": cell.failed or cell.refused.get(key, "")}


def _cost(key: str) -> Callable[[Row], float]:
    if key not in COSTS:
        raise BadValue("cost", key, " or ".join(COSTS))
    return COSTS[key]


def fronted(rows: Iterable[Row], cost: str = "calls", better: str = "lower") -> list[Row]:
    """Rows in the axes' order, with who of them is on the Pareto front of value against ``cost``: "calls" or "ms". ``better``: of the measure. Raises BadValue."""
    found = list(rows)
    there = front([_cost(cost)(row) for row in found], [SENSES[better].loss(row.value, row.floor) for row in found])
    return sorted(row._replace(front=on) for row, on in zip(found, there, strict=True))


def beats(rows: Iterable[Row], cost: str = "calls", better: str = "lower") -> dict[tuple[int, ...], tuple[int, ...]]:
    """Of the places that are not on the front the one that costs no more and is better with significance: of several the one that is so most surely. Raises BadValue."""
    found = list(rows)
    by = beaten([_cost(cost)(row) for row in found], [SENSES[better].loss(row.value, row.floor) for row in found])
    return {row.at: found[i].at for row, i in zip(found, by, strict=True) if i is not None}


def envelope(rows: Iterable[Row], cost: str = "calls", better: str = "lower") -> list[Row]:
    """Of those on the front the line that is drawn through: in the order of their cost the ones whose mean is better than that of all before. Raises BadValue."""
    told = [(COSTS[cost](row), SENSES[better].loss(row.value, row.floor).mean, row) for row in fronted(rows, cost, better) if row.front]
    out: list[Row] = []
    least = math.inf
    for _, loss, row in sorted(told, key=lambda one: one[:2]):
        if loss < least:
            out.append(row)
            least = loss
    return out


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _listed(record: Record, name: str) -> Sequence[object]:
    value = record[name]
    return value if is_list(value) else ()

"""Writes assets/ui/python.d.ts, the types of what Python tells the page's scripts: ``python -m docs.types`` in the repository's root.

The types are read off what is really told: the page's configuration, headers of packets and answers of routes, of examples that between them have every field. A field that
not all of them have is optional; of which records the names are data (samplers, layers, reasons) stands in ``MAPS``. ``tests/ui/test_types.py`` holds that the file is current.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import json
import math
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from playground.core.experiment import Experiment
from playground.core.measure import Estimate
from playground.core.spec import registry
from playground.laws.table import Table
from playground.presets import PRESETS
from playground.samplers.ddim import DDIM
from playground.samplers.ddpm import DDPM
from playground.server import jobs
from playground.sweeps.record import Sweep
from playground.sweeps.running import Running
from playground.ui.page import build
from playground.ui.page import told as told_at_start
from playground.views import board
from playground.views.distances import metrics_packet
from playground.views.fields import fields_packet
from playground.views.flow import flow_packet
from playground.views.judged import beyond
from playground.views.layer import layers
from playground.views.mixture import fit_record
from playground.views.packet import Packet
from playground.views.sights import begin, whole
from playground.views.stage import run_packet, step_packet
from playground.views.tasks import task_packets

TARGET = Path(__file__).resolve().parents[1] / "assets" / "ui" / "python.d.ts"
HEAD = """// Written by `python -m docs.types` from what Python tells the page. Do not edit.

/** An experiment as the flat names and texts of a link. */
export type Query = Record<string, string>;

/** The arrays of a packet, by name (docs/packet.md). */
export type Arrays = Record<string, { dtype: string; shape: number[]; offset: number; lo?: number[]; hi?: number[]; axis?: number }>;
"""

# what is declared once for every header that has it
NAMED = {"arrays": "Arrays", "panels": "Panel[]"}

# records whose names are data: dotted paths from a type's name, "*" for a name of a record
MAPS = re.compile(
    r"""Config\.(families(\.\*){0,2}|families(\.\*){3}\.default|top\.\*\.default|help|titles(\.\*)?|legal\.data(\.\*)?|legal\.(tables|leaves)\[\]|laws|old|nested|suits|calls|fallback
        |models|models\.\*\.(own|under|under\.\*)|glossary|measures|examples\[\]\.(told|whole|view)|limits)
    |RunHeader\.(labs|unavailable|here|legal|legal\.\*)
    |Lab\.exact
    |BoardHead\.head\.(base\.query|sweep)
    |BoardCell\.(values|refused)
    |BoardRow\.(values|why|query)
    |BoardFront\.(front\.\*|front|orders|floors)""",
    re.VERBOSE,
)


@dataclass
class Shape:
    """What was seen at a place: plain kinds, items of lists, fields of records."""

    kinds: set[str] = field(default_factory=set)
    items: Shape | None = None
    fields: dict[str, Shape] = field(default_factory=dict)
    records: int = 0  # seen
    seen: dict[str, int] = field(default_factory=dict)  # of which so many have the field

    def see(self, value: object, path: str) -> None:
        match value:
            case None:
                self.kinds.add("null")
            case bool():
                self.kinds.add("boolean")
            case int() | float():
                self.kinds.add("number")
            case str():
                self.kinds.add("string")
            case list() | tuple():
                self.items = self.items or Shape()
                for one in value:
                    self.items.see(one, path + "[]")
            case dict():
                self.records += (
                    path != "Lab" or "key" in value or len(value) > 3
                )  # one that says only why there is nothing is no example of the rest
                free = MAPS.fullmatch(path)
                for name, one in value.items():
                    key = "*" if free else str(name)
                    self.fields.setdefault(key, Shape()).see(one, f"{path}.{key}")
                    self.seen[key] = self.seen.get(key, 0) + 1
                if free:
                    self.fields.setdefault("*", Shape())

    def __str__(self) -> str:
        return self.text(0)

    def text(self, depth: int) -> str:
        found = sorted(self.kinds - {"null"})
        if self.items:
            inner = self.items.text(depth)
            found.append(f"({inner})[]" if " | " in inner and not inner.startswith("{") else f"{inner}[]")
        if "*" in self.fields:
            found.append(f"Record<string, {self.fields['*'].text(depth)}>")
        elif self.records:
            found.append(self._record(depth))
        if "null" in self.kinds:  # of a number that these examples do not have
            found = [*(found or ["number"]), "null"]
        return " | ".join(found) or "string"

    def _record(self, depth: int) -> str:
        pad = "  " * (depth + 1)
        lines = [
            f"{pad}{name if re.fullmatch('[A-Za-z_][A-Za-z_0-9]*', name) else json.dumps(name)}{'' if self.seen[name] >= self.records else '?'}: "
            f"{NAMED.get(name, shape.text(depth + 1)) if shape.records or shape.items else shape.text(depth + 1)};"
            for name, shape in self.fields.items()
        ]
        return "\n".join(["{", *lines, "  " * depth + "}"]) if lines else "{}"


def shape_of(name: str, values: Iterable[object]) -> Shape:
    """The shape that all of these have."""
    shape = Shape()
    for value in values:
        shape.see(json.loads(json.dumps(value)), name)
    return shape


def headers(packets: Iterable[Packet]) -> Iterator[object]:
    for packet in packets:
        raw = packet.to_bytes()
        yield json.loads(raw[8 : 8 + int.from_bytes(raw[4:8], "little")])


@functools.cache
def experiments() -> tuple[Experiment, ...]:
    """Every process on the plane and on the line, both modes, guidance, what noise spoils, the other worlds, images, and every example of the page."""
    small = {"particles": 40, "grid.steps": 4}
    asked: list[dict[str, object]] = [
        dict(p.split("=", 1) for p in preset.experiment.split("&") if p) for preset in PRESETS if isinstance(preset.experiment, str)
    ]
    for key in registry("processes"):
        for data in ("moons", "two_modes"):
            asked += [{"process": key, "data": data}, {"process": key, "data": data, "mode": "forward"}]
    for key in registry("samplers"):
        asked += [{"sampler": key}]
    for key in registry("guidance"):
        asked += [{"guidance": key}]
    asked += [
        {"data": "letters"},
        {"data": "five_peaks"},
        {"data": "digits", "particles": 4},
        {"data": "digits", "process": "CLD", "particles": 4},
    ]
    asked += [
        {"data": "digits", "guidance": "EachClass", "particles": 4},
        {"data": "torus_backbone"},
        {"process": "PFGMPP", "process.D": "1"},
    ]
    asked += [
        {"sampler": "EulerMaruyama", "grid.steps": 1, "process": "CLD"},
        {"start": "gaussian"},
        {"start": "exact"},
        {"dtype": "float64"},
    ]
    found: list[Experiment] = []
    for query in asked:
        try:
            found.append(Experiment.from_query({name: str(value) for name, value in {**small, **query}.items()}))
        except ValueError:
            continue  # not legal together
    return tuple(dict.fromkeys(found))


def runs() -> Iterator[object]:
    want = frozenset(layer.arrays for layer in layers().values() if layer.packet == "run" and layer.arrays)
    for exp in experiments():
        run = whole(exp)
        for wants in (frozenset[str](), want):
            try:
                made = run_packet(run, wants)
            except ValueError:
                continue  # a layer that this run has nothing for
            made.header["legal"] = beyond(exp)
            yield from headers([made])
    part = begin(Experiment.from_query({"data": "digits", "particles": "2", "grid.steps": "4"}))
    next(iter(part.told()))
    made = run_packet(part)
    made.header["legal"] = {}
    yield from headers([made])


def steps() -> Iterator[object]:
    for exp in experiments():
        if exp.law.space.pictures:
            run = begin(exp)
            yield from headers(step_packet(run, frame, told) for frame, told in run.told())


def fields() -> Iterator[object]:
    want = frozenset(layer.arrays for layer in layers().values() if layer.packet == "fields" and layer.arrays)
    for exp in experiments():
        for wants in () if exp.law.space.pictures else (want, frozenset({"density"})):
            try:
                made = fields_packet(exp, wants)
            except ValueError:
                continue  # nothing exact is known, or not these
            made.header["key"] = exp.key
            yield from headers([made])


def flows() -> Iterator[object]:
    return headers(flow_packet(whole(Experiment(sampler=sampler))) for sampler in (DDIM(), DDPM()))


def distances() -> Iterator[object]:
    return headers(metrics_packet(whole(exp)) for exp in experiments() if not exp.law.space.pictures)


CLD = {"process": "CLD", "sampler": "SSCS"}
PLANE, LINE = {"components": "0,1", "at": "0.3,0.2"}, {"components": "0", "at": "0.3"}
# what labs and the form ask for: layer → [(experiment, parameters)]
BOARD = {
    "head": "Of the board: the sweep.",
    "plan": "Of the board: how much there is to do.",
    "cell": "Of the board: a cell.",
    "row": "Of the board: a place over its seeds.",
    "front": "Of the board: fronts, orders and floors.",
}
ASKED: dict[str, list[tuple[dict[str, str], dict[str, str]]]] = {
    "knots": [({}, {})],
    "mixture": [({}, {}), ({"data": "two_modes"}, {})],
    "inspect": [
        ({}, {"clock": "0.5", **PLANE}),
        ({"data": "two_modes"}, {"clock": "0.5", **LINE}),
        (CLD, {"clock": "0.5", **PLANE}),
        ({"process": "PFGMPP"}, {"clock": "0.5", **PLANE}),
        ({"mode": "forward"}, {"clock": "0.5", **PLANE}),
        ({"sampler": "DDPM"}, {"clock": "0.3", **PLANE, "gap": "2"}),
        ({}, {"suggest": "1"}),
        ({"data": "letters"}, {"suggest": "1"}),
    ],
    "paths": [
        ({}, {"clock": "0.5", **PLANE}),
        (CLD, {"clock": "0.5", **PLANE}),
        ({"data": "two_modes"}, {"clock": "0.5", **LINE}),
        ({"data": "letters"}, {}),
    ],
    "worst": [({"data": "two_modes"}, {"steps": "4"}), ({}, {"steps": "4"}), ({"data": "letters"}, {"steps": "4"})],
    "phase": [
        ({**CLD, "data": data}, {"part": part}) for data in ("two_modes", "moons") for part in ("paths", "damping", "numbers", "solvers")
    ],
    "errors": [({}, {}), ({"data": "two_modes"}, {}), ({"sampler": "EulerMaruyama"}, {}), (CLD, {})],
    "errors-map": [
        ({}, {"step": "3"}),
        ({"data": "two_modes"}, {"step": "3"}),
        ({"sampler": "EulerMaruyama"}, {"step": "3"}),
        (CLD, {"step": "3"}),
    ],
    "free": [
        ({"data": "digits", "model": model, "particles": "2"}, {"of": of})
        for model in ("digits-unet", "ideal")
        for of in ("nearest", "ideal", "wiener", "local", "equivariant")
    ],
    "numbers": [({"data": "digits", "particles": "2"}, {})],
    "repaint": [({"data": "digits", "particles": "2"}, {"r": "1,2", "jump": "1"})],
}


def besides(layer: str) -> Iterator[object]:
    """Headers of a lab's packets; one that says only why there is nothing to be shown adds ``why``."""
    for query, params in ASKED[layer]:
        try:
            asked = {
                "grid.steps": "6",
                "particles": "60",
                **query,
                "layer": layer,
                **{f"lab.{name}": value for name, value in params.items()},
            }
            yield from headers([Packet.from_bytes(jobs.packet(asked))])
        except ValueError:
            continue


def png(size: int = 8) -> bytes:
    out = io.BytesIO()
    Image.fromarray((np.indices((size, size)).sum(0) * 12 % 255).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def tasks() -> Iterator[object]:
    for data in ("digits-unet", "digits-gaussian"):
        query = {"data": data, "particles": "2", "grid.steps": "3"}
        for told, files in (
            ({"task": "inpaint", "variants": "2", "r": "1"}, 2),
            ({"task": "edit", "variants": "2"}, 1),
            ({"task": "interpolate"}, 2),
            ({"task": "interpolate", "seeds": "1,2"}, 0),
            ({"task": "reconstruct", "steps": "3"}, 1),
            ({"task": "sweep", "field": "grid.steps", "values": "2,3"}, 0),
            ({"task": "picture"}, 1),
        ):
            try:
                yield from headers(task_packets(Experiment.from_query(query), told, [png()] * files))
            except ValueError:
                continue


def fits() -> Iterator[object]:
    table = Table()
    table.feed("\n".join(f"{x} {x * x / 9}" for x in range(30)).encode())
    yield fit_record(table.points(), 0, True)


def board_lines() -> Iterator[tuple[str, object]]:
    """What the board is told, by the names of its lines; "row" and "cell" are those of its lists."""
    axes = [{"sampler": ["DDIM", "Heun", "SSCS"]}, {"calls": [4, 6, 8, 10, 12]}]
    sweeps = [
        Sweep(base={"particles": "1500"}, axes=axes, seeds=2, measures=["W2"]),
        Sweep(
            base={"particles": "40", "data": "letters"},
            axes=[{"sampler": ["DDIM", None]}],
            seeds=2,
            measures=["TotalVariation"],
            title="symbols",
        ),
        Sweep(base={"particles": "2", "data": "digits"}, axes=[{"grid.steps": [2]}], seeds=2, measures=["Frechet"]),
    ]
    for sweep in sweeps:
        results = Running(sweep).finish()
        first, *_, last = results.cells.values()
        strange = dict.fromkeys(sweep.measures, Estimate(math.inf, 0.0, math.nan, math.nan))
        results.add(dataclasses.replace(first, values=strange, failed="no", refused={"W2": "no"}, diverged=1, together=2, picture=None))
        results.add(dataclasses.replace(last, together=1))
        for part in board.shown(results):
            for line in (part or b"").decode().splitlines():
                told = json.loads(line)
                yield next(iter(told)), told
                yield from (("row", row) for row in told.get("rows", []))
                yield from (("cell", cell) for cell in told.get("cells", []))


def by_kind(values: Iterable[object]) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for value in values:
        assert isinstance(value, dict)
        found.setdefault(value["kind"], []).append(value)
    return found


def written() -> str:
    """The file."""
    parts = [HEAD]

    def one(name: str, values: Iterable[object], words: str) -> None:
        parts.append(f"/** {words} */\nexport interface {name} {shape_of(name, values)}\n")

    one("Config", [told_at_start(build().form)], "What the scripts know from the start.")
    for name, place in (("Control", "controls"), ("LayerInfo", "layers"), ("LabInfo", "labs"), ("Example", "examples")):
        parts.append(f'export type {name} = Config["{place}"][number];\n')
    of_runs, of_fields = list(runs()), list(fields())
    panels = [panel for header in (*of_runs, *of_fields) if isinstance(header, dict) for panel in header["panels"]]
    one("Panel", panels, "A panel of the stage: what stands across it and upwards.")
    one("RunHeader", of_runs, 'Of the packet "run", and of "part".')
    one("StepHeader", steps(), "Of a step of an image run.")
    one("FieldsHeader", of_fields, 'Of the packet "fields".')
    one("MetricsHeader", distances(), 'Of the packet "metrics".')
    one("FlowHeader", flows(), 'Of the packet "flow".')
    made = {layer: shape_of("Lab", besides(layer)) for layer in ASKED}
    lines = "\n".join(f"  {json.dumps(layer)}: {shape.text(1)};" for layer, shape in made.items())
    parts.append(f"/** Of the packets that labs and the form ask for. */\nexport interface LabHeaders {{\n{lines}\n}}\n")
    kinds = {f"Task{kind.removeprefix('task-').title()}": (kind, shape_of("Task", values)) for kind, values in by_kind(tasks()).items()}
    for name, (kind, shape) in kinds.items():
        del shape.fields["kind"]
        parts.append(f'/** Of a task: its packet "{kind}". */\nexport interface {name} {{\n  kind: "{kind}";{str(shape)[1:]}\n')
    parts.append(f"export type TaskHeader = {' | '.join(kinds)};\n")
    lines_of: dict[str, list[object]] = {}
    for kind, told in board_lines():
        lines_of.setdefault(kind, []).append(told)
    for kind, words in BOARD.items():
        one(f"Board{kind.title()}", lines_of[kind], words)
    one("Fit", fits(), "Points as a mixture: the answer of live/fit.")
    return "\n".join(parts)


def main() -> None:
    TARGET.write_text(written(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

"""A sweep as a record: a base Experiment, axes along which it is changed, seeds and measures; JSON and a link in and out, and the list of Experiments that it is."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import urlencode

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Record, Whole, check_keywords, free, idle, is_list, is_record, made, one_of, params, text
from playground.core.grid import Grid
from playground.core.legal import fitting
from playground.core.limits import limits, variable
from playground.core.spec import FAMILIES, dotted_names, registry, unflatten
from playground.core.written import Unreadable, kind_of, parsed
from playground.measures.panel import named as measure_named
from playground.measures.panel import quick

CALLS, SEED, STEPS = "calls", "seed", "grid.steps"
COUNT = Whole(0, 1, 100_000)  # of model calls
MOST_AXES, MOST_SEEDS, MOST_NAMES, MOST_LETTERS = 6, 1000, 8, 200_000
MANY_STEPS = 1000
MEASURES = ("W2", "Energy")
QUICK = "quick"
"""In place of measures: all that the base's runs have and that take no time (``Measure.cheap``)."""
NEW = 5  # seeds, where nobody says how many
GIVE_WAY = ("guidance", "sampler", "grid")  # to the process
KEPT = {"grid": tuple(params(Grid))}
"""What another choice in a slot keeps of the one before it: a grid its number of steps."""
AXIS = 'a record of lists that are as long as each other, such as {"sampler": ["DDIM", "Heun"]} or {"sampler": ["EDMHeun"], "grid": ["Karras"]}'


@dataclass(frozen=True)
class Axis:
    """One direction of a sweep: ``names``, dotted as in a link, or "calls" (model calls: the steps are solved from them); ``points``: one value for each of the
    names, changed together; None leaves a name as it fits. A value is a number, a text, true or false, or the record of a choice.
    """

    names: tuple[str, ...]
    points: tuple[tuple[object, ...], ...]

    @classmethod
    def of(cls, field: str, given: object) -> Axis:
        """An axis of its record: names and their lists. Raises BadValue naming ``field``."""
        if not is_record(given) or not 1 <= len(given) <= MOST_NAMES:
            raise BadValue(field, given, AXIS)
        columns: list[Sequence[object]] = []
        for name, values in given.items():
            if name == SEED:
                raise BadValue(f"{field}.{name}", values, "no axis: seeds are a field of their own")
            if name != CALLS and name not in dotted_names():
                raise BadValue(f"{field}.{name}", values, one_of(name, [CALLS], dotted_names()) + ", or a parameter's dotted name")
            if not is_list(values) or not values:
                raise BadValue(f"{field}.{name}", values, "a list of values, at least one")
            columns.append([COUNT.clean(f"{field}.{name}", v) for v in values] if name == CALLS else values)
        if len({len(column) for column in columns}) > 1:
            raise BadValue(field, {name: len(column) for name, column in zip(given, columns, strict=True)}, AXIS)
        return cls(tuple(given), tuple(zip(*columns, strict=True)))

    def to_dict(self) -> Record:
        return {name: [point[i] for point in self.points] for i, name in enumerate(self.names)}

    @property
    def title(self) -> str:
        """What it is called: its names in words."""
        return " and ".join(
            {CALLS: "model calls", STEPS: "steps"}.get(name, name.rpartition(".")[2].replace("_", " ")) for name in self.names
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """What its points are called."""
        return tuple(", ".join(told for value in point if (told := _label(value))) or "as it fits" for point in self.points)

    @property
    def words(self) -> tuple[str, ...]:
        """What its points are called where its title does not stand beside them: numbers with their name ("eta 0.5"), and of names that are changed together the first ones that
        tell the points apart."""
        named = zip(self.names, zip(*self.points, strict=True), strict=True)
        told = [tuple(_named(name, value) for value in column) for name, column in named]
        told = [column for column in told if len(set(column)) > 1] or told[:1]
        for most in range(1, len(told) + 1):
            found = tuple(", ".join(filter(None, point)) or "as it fits" for point in zip(*told[:most], strict=True))
            if len(set(found)) == len(found):
                return found
        return self.labels


def _named(name: str, value: object) -> str:
    return f"{name.rpartition('.')[2].replace('_', ' ')} {_label(value)}" if isinstance(value, (bool, int, float)) else _label(value)


def _written(field: str, value: object) -> object:
    """What a notebook gives, with choices in it, as JSON has it. Raises BadValue."""
    try:
        told = json.dumps(value, default=lambda choice: choice.to_dict(), allow_nan=False)
    except (AttributeError, TypeError, ValueError, RecursionError):
        raise BadValue(field, value, "finite numbers, texts, true or false, choices and their records") from None
    if len(told) > MOST_LETTERS:
        raise BadValue(field, f"{len(told):,} letters", f"at most {MOST_LETTERS:,}")
    return json.loads(told)


def _label(value: object) -> str:
    if is_record(value):
        rest = dict(value)
        kind = rest.pop("kind", None)
        inner = [f"{name.replace('_', ' ')} {_label(v)}" for name, v in rest.items()]
        return ", ".join(filter(None, [_label(kind), *inner])) if len(inner) < 4 else _label(kind) or "a mixture"
    if is_list(value):
        return f"{len(value)} numbers"
    return "" if value is None else titles().get(value, value) if isinstance(value, str) else text(value)


def titles() -> dict[str, str]:
    """Every choice's title by its key."""
    return {key: cls.info.title for family in FAMILIES for key, cls in registry(family).items()}


class Place(NamedTuple):
    """A point of the board: ``at``, an index along each axis. ``exp``: its experiment, with the first of the seeds; None: there is none, and ``why``."""

    at: tuple[int, ...]
    exp: Experiment | None
    why: str = ""


def _base(name: str, value: object) -> Experiment:
    """An Experiment, its record, or the names of a link; None: the default. Raises BadValue."""
    told = {} if value is None else _written(name, value)
    try:
        return Experiment.from_dict(_tree(told) if is_record(told) else told)
    except BadValue as error:
        raise error.under(name) from None


def _tree(record: Record) -> Record:
    """Dotted names as records within records, data's text as its record. Raises BadValue."""
    tree = unflatten(cast("Mapping[str, str]", record))  # values of any kind stay what they are
    data = tree.get("data")
    if isinstance(data, str) and data.startswith("{"):
        tree["data"] = read_json("data", data, MOST_LETTERS)
    return tree


def _axes(name: str, value: object) -> tuple[Axis, ...]:
    if not is_list(value) or not len(value) <= MOST_AXES:
        raise BadValue(name, value, f"a list of at most {MOST_AXES} axes, each {AXIS}")
    found = tuple(Axis.of(f"{name}[{i}]", _written(f"{name}[{i}]", axis)) for i, axis in enumerate(value))
    names = [n for axis in found for n in axis.names]
    if twice := next((n for n in names if names.count(n) > 1), None):
        raise BadValue(name, twice, "a name on one axis only")
    if CALLS in names and STEPS in names:
        raise BadValue(name, CALLS, f"either {CALLS}, from which the steps are solved, or {STEPS}")
    return found


def _seeds(name: str, value: object) -> tuple[int, ...]:
    one = params(Experiment)["seed"]
    given = value if is_list(value) else range(Whole(0, 1, MOST_SEEDS).clean(name, value))
    if not 1 <= len(given) <= MOST_SEEDS:
        raise BadValue(name, f"{len(given)} seeds", f"1 to {MOST_SEEDS} seeds, or their number")
    found = tuple(cast("int", one.clean(f"{name}[{i}]", seed)) for i, seed in enumerate(given))
    if len(set(found)) < len(found):
        raise BadValue(name, found, "seeds that differ")
    return found


def _measures(name: str, value: object) -> tuple[str, ...]:
    if value == QUICK:
        return (QUICK,)
    if not is_list(value) or not 1 <= len(value) <= 100:
        raise BadValue(name, value, "a list of measures, such as " + ", ".join(MEASURES))
    return tuple(dict.fromkeys(measure_named(key).info.key for key in value))


def _title(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise BadValue(name, value, "at most 200 letters")
    return value


@dataclass(frozen=True)
class Sweep:
    """Many experiments: ``base``, changed along ``axes`` to every combination of their points, each with all ``seeds``, and the ``measures`` taken of them.

    axes: records of names and lists, {"sampler": ["DDIM", "Heun"]}; several names in one are changed together. A name is that of a link ("grid.steps",
    "process.schedule.beta_max", "sampler") or "calls", model calls: as many steps as they pay for. seeds: a list, or how many. measures: keys, or "quick": all that the base has and that take no time. base: an Experiment, its record, or a link's names.
    Combinations that cannot be are left out with the judge's reason. ``Sweep.from_json(s.to_json()) == s``. Raises BadValue naming the field, the value and what is allowed.
    """

    base: Experiment = free(cast("Experiment", None), _base, help="an Experiment that is changed along the axes")
    axes: tuple[Axis, ...] = free((), _axes, help="what is changed")
    seeds: tuple[int, ...] = free(tuple(range(NEW)), _seeds, help="seeds of each place, a list or how many")
    measures: tuple[str, ...] = free(MEASURES, _measures, help="what is measured, by keys")
    title: str = free("", _title, help="what it is called")

    if not TYPE_CHECKING:

        def __new__(cls, *args: object, **choices: object) -> Sweep:
            check_keywords(cls, args, choices)
            return super().__new__(cls)

    else:  # what may be given for the fields, which hold it checked

        def __init__(
            self,
            base: Experiment | Mapping[str, object] | None = None,
            axes: Sequence[Axis | Mapping[str, Sequence[object]]] = (),
            seeds: int | Sequence[int] = NEW,
            measures: Sequence[str] | str = MEASURES,
            title: str = "",
        ) -> None: ...

    def __post_init__(self) -> None:
        for name, param in params(self).items():
            object.__setattr__(self, name, param.clean(name, getattr(self, name)))
        if self.measures == (QUICK,):
            object.__setattr__(self, "measures", quick(self.base))
        most = limits().cells
        if self.count > most:
            words = f"at most {most:,} cells (combinations of all axes × seeds); {variable('cells')} changes that"
            raise BadValue("axes", f"{self.count:,} cells", words)

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each axis."""
        return tuple(len(axis.points) for axis in self.axes)

    @property
    def count(self) -> int:
        """Cells: places × seeds, those that are left out among them."""
        return math.prod(self.shape) * len(self.seeds)

    def to_dict(self) -> Record:
        """As JSON has it: the base as a link tells it, and what differs from the defaults."""
        plain = self.seeds == tuple(range(len(self.seeds)))
        out: Record = {
            "base": self.base.to_query(),
            "axes": [axis.to_dict() for axis in self.axes],
            "seeds": len(self.seeds) if plain else list(self.seeds),
            "measures": list(self.measures),
            "title": self.title,
        }
        defaults: Record = {"base": {}, "seeds": NEW, "measures": list(MEASURES), "title": ""}
        return {name: value for name, value in out.items() if name not in defaults or value != defaults[name]}

    @classmethod
    def from_dict(cls, record: object) -> Sweep:
        """Raises BadValue."""
        if not is_record(record):
            raise Unreadable("sweep", f"is not a record, but {kind_of(record)}", "a record of " + ", ".join(params(cls)))
        return made(cls, record)

    @classmethod
    def of(
        cls,
        given: object,
        *,
        base: Experiment | Mapping[str, object] | None = None,
        seeds: int | Sequence[int] = NEW,
        measures: Sequence[str] | str = MEASURES,
    ) -> Sweep:
        """A sweep, its record, or a list of axes with the other arguments. Raises BadValue."""
        told = _written("axes", given)
        return cls.from_dict(told) if is_record(told) else made(cls, {"base": base, "axes": told, "seeds": seeds, "measures": measures})

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, source: str | bytes) -> Sweep:
        """Raises BadValue, whatever the text holds."""
        return cls.from_dict(read_json("sweep", source, 1_000_000))

    def to_link(self) -> str:
        """The query of a link: "sweep=…"."""
        return urlencode({"sweep": self.to_json()})

    @functools.cached_property
    def key(self) -> str:
        """Equal sweeps have equal keys."""
        return hashlib.blake2b(self.to_json().encode(), digest_size=8).hexdigest()

    @property
    def along(self) -> int | None:
        """The axis of steps or model calls, along which a line of a plot goes and an order is fitted; None: there is none."""
        return next((i for i, axis in enumerate(self.axes) if {CALLS, STEPS} & set(axis.names)), None)

    # the experiments ----------------------------------------------------------------------------------------------------------------

    def places(self) -> list[Place]:
        """Every combination of the axes' points, in their order, judged."""
        return list(self.each())

    def each(self) -> Iterator[Place]:
        """The same, one by one."""
        return (self.place(at) for at in itertools.product(*(range(n) for n in self.shape)))

    def place(self, at: tuple[int, ...]) -> Place:
        """One of them."""
        try:
            return Place(at, self._experiment(at))
        except BadValue as error:
            return Place(at, None, str(error))

    def _experiment(self, at: tuple[int, ...]) -> Experiment:
        pairs = zip(self.axes, at, strict=True)
        changes = [(name, value) for axis, i in pairs for name, value in zip(axis.names, axis.points[i], strict=True)]
        record: Record = json.loads(self._start)
        calls = None
        for name, value in sorted(changes, key=lambda change: change[0].count(".")):  # whole choices before their parameters
            if name == CALLS:
                calls = COUNT.clean(name, value)
            elif value is not None:
                _put(record, name, value)
        exp = Experiment.from_dict({**record, SEED: self.seeds[0]})
        return exp if calls is None else exp.replace(grid=dataclasses.replace(exp.grid, steps=steps_for(exp, calls)))

    @functools.cached_property
    def _start(self) -> str:
        """The base's record as JSON. What the process would get anyway is not named, so that it may change with the process."""
        tree = _tree(dict(self.base.to_query()))
        for slot in GIVE_WAY:
            inner = tree.get(slot)
            if is_record(inner) and inner.get("kind") == fitting(slot, self.base.process):
                del inner["kind"]
        return json.dumps(tree)


def _put(record: Record, path: str, value: object) -> None:
    """Sets a dotted name."""
    *way, last = path.split(".")
    for part in way:
        inner = record.get(part)
        record[part] = inner = dict(inner) if is_record(inner) else {} if inner is None else {"kind": inner}
        record = inner
    before = record.get(last)
    if path in KEPT and is_record(before):
        value = {**{name: before[name] for name in KEPT[path] if name in before}, **(value if is_record(value) else {"kind": value})}
    record[last] = value


def steps_for(exp: Experiment, calls: int) -> int:
    """The most steps that a run of ``exp`` may have with no more than ``calls`` model calls. Raises BadValue where there is no such number."""
    sampler, grid = exp.sampler, exp.grid
    line = sampler.calls_line()
    if line is None:
        raise BadValue(CALLS, calls, f"steps: {sampler.info.title} chooses its own number of model calls")
    if why := idle(grid).get("steps"):
        raise BadValue(CALLS, calls, f"a grid whose number of steps can be chosen, not {grid.info.title} (steps: {why})")
    each = 1
    if not exp.guidance.is_none:
        asked = exp.guidance.model(exp.who, exp.process)
        each = max(asked.cost(float(t)) for t in grid.times(exp.process, None, sampler)[:-1])
    budget, more = calls / each, 0 if grid.denoise else 1

    def cost(steps: int) -> float:
        return (sampler.calls(steps + more) or math.inf) - more

    slope, offset = line
    steps = max(0, min(MANY_STEPS, int((budget - offset) // slope)))
    while steps < MANY_STEPS and cost(steps + 1) <= budget:
        steps += 1
    while steps and cost(steps) > budget:
        steps -= 1
    if steps == 0:
        raise BadValue(CALLS, calls, f"at least {each * cost(1):g} for {sampler.info.title}")
    return steps


def read_json(field: str, source: object, most: int) -> object:
    """What a text of JSON holds. Raises BadValue for what is none, too long or nested too deep."""
    if not isinstance(source, (str, bytes)):
        raise BadValue(field, source, "a text of JSON")
    if len(source) > most:
        raise BadValue(field, f"{len(source):,} characters", f"JSON of at most {most:,} characters")
    return parsed(field, source)

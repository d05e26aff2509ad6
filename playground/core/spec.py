"""Specs: frozen, hashable choices that round-trip through JSON and through a link, and the registry that finds them.

A file in a family's package (``playground/samplers/ddim.py``) holds one frozen dataclass; dropping the file in is all that it
takes to appear in the pickers, the docs, the sweeps and the tests.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, Self, TypeVar, cast, overload

from .fields import (
    BadValue,
    Conditions,
    Declared,
    Param,
    Record,
    check_keywords,
    declare,
    declared_in,
    is_record,
    one_of,
    params,
    text,
    told,
)

if TYPE_CHECKING:
    from .grid import Grid
    from .guidance import Guidance
    from .measure import Measure
    from .process import Process
    from .sampler import AnySampler
    from .schedule import Schedule

__all__ = [
    "FAMILIES", "Info", "Misfit", "Nested", "Spec", "SpecClass", "by_name", "dotted_names", "edition", "from_dict", "lookup", "nested", "params", "register", "registry",
    "specs_in", "text", "unflatten", "until_registered",
]  # fmt: skip

FAMILIES = {
    "processes": "playground.processes",
    "schedules": "playground.schedules",
    "grids": "playground.grids",
    "samplers": "playground.samplers",
    "guidance": "playground.guidance",
    "measures": "playground.measures",
}


@dataclass(frozen=True)
class Info:
    """What pickers, docs and tests need to know of a spec.

    ``needs`` are capabilities that process and predictor must have together; ``gives`` those that this one brings.
    ``order`` is the declared global order of convergence (None: not a deterministic solver), ``nfe`` the model calls a step.
    """

    key: str
    title: str
    tip: str = ""
    paper: str = ""
    arxiv: str = ""
    group: str = ""
    rank: int = 100
    order: float | None = None
    nfe: float | None = None
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Misfit:
    """Why a choice cannot be made beside the others.

    words: to go on after the choice's title. whom: what it does not fit. field, value, allowed: where one parameter of it is to blame ("data":
    the data themselves); then the words may be left out.
    """

    words: str = ""
    whom: str = ""
    field: str = ""
    value: object = None
    allowed: str = ""

    @property
    def reason(self) -> str:
        return self.words or f"needs {self.allowed}"

    def error(self, slot: str, choice: Spec | str) -> BadValue:
        """The complaint about a choice in a slot."""
        if self.field:
            return BadValue("data" if self.field == "data" else f"{slot}.{self.field}", self.value, self.allowed)
        key, title = (choice, choice) if isinstance(choice, str) else (choice.info.key, choice.info.title)
        return BadValue(slot, key, self.allowed or f"one that fits {self.whom}: {title} {self.words}")


@dataclass(frozen=True)
class Spec:
    """Base of everything that can be chosen. Values are validated when the spec is made."""

    info: ClassVar[Info]
    family: ClassVar[str] = ""
    formula: ClassVar[str] = ""
    """What it is, in LaTeX."""
    of_data: ClassVar[frozenset[str]] = frozenset()
    """Its fields that hold the name of a toy distribution, or 'gaussian'."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        """``help(cls)`` tells each parameter's default, bounds and what it does, below the docstring that stands in the file."""
        super().__init_subclass__(**kwargs)
        if words := told(declared_in(cls)):
            cls.__doc__ = "\n\n".join(filter(None, (inspect.cleandoc(vars(cls).get("__doc__") or ""), words)))

    def __new__(cls, *args: object, **choices: object) -> Self:
        check_keywords(cls, args, choices)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for name, param in params(self).items():
            object.__setattr__(self, name, param.clean(name, getattr(self, name)))

    @property
    def kind(self) -> str:
        """The choice's key: what a condition of a parameter may ask for (``When``), and ``to_dict``'s first entry."""
        return self.info.key

    @property
    def needs(self) -> frozenset[str]:
        """What this choice needs; with nested specs also what they need."""
        return self.info.needs

    def to_dict(self) -> Record:
        """``{"kind": "DDIM", "eta": 0.0}``, nested specs in the same form."""
        return {"kind": self.info.key, **{name: param.write(getattr(self, name)) for name, param in params(self).items()}}

    def flat(self, prefix: str) -> dict[str, str]:
        """``{"sampler": "DDIM", "sampler.eta": "0.5"}``: only what differs from the default, as a link shows it."""
        out = {prefix: self.info.key}
        for name, param in params(self).items():
            out.update(param.link(f"{prefix}.{name}", getattr(self, name)))
        return out


@dataclass(frozen=True)
class Nested(Param):
    """Another spec, of the ``family``."""

    kind = "spec"
    default: Spec | None

    def bounds(self) -> str:
        return f", one of the {self.family}"

    def choices(self, now: object) -> Iterable[tuple[str, Spec]]:
        chosen = self.spec(now)
        return ((key, chosen if key == chosen.info.key else plain(cls)) for key, cls in self.below().items())

    def below(self) -> Mapping[str, type[Spec]]:
        return registry(self.family)

    def spec(self, value: object) -> Spec:
        return self.clean(self.family, value)

    def clean(self, name: str, value: object) -> Spec:
        if not isinstance(value, Spec) or value.family != self.family:
            raise BadValue(name, *_no_spec(self.family, value))
        return value

    def read(self, name: str, value: object) -> Spec:
        """A record without a kind is one of the default's."""
        if is_record(value) and "kind" not in value and self.default is not None:
            value = {"kind": self.default.info.key, **value}
        return from_dict(self.family, name, value)

    def write(self, value: object) -> Record:
        return self.spec(value).to_dict()

    def shows(self, value: object) -> str:
        return self.spec(value).info.key

    def described(self, name: str, value: object) -> Record:
        return {"family": self.family, "default": self.clean(name, value).flat(name)}

    def link(self, name: str, value: object) -> dict[str, str]:
        return {} if value == self.default else self.spec(value).flat(name)


def specs_in(outer: Declared) -> dict[str, Spec]:
    """The choices that a choice, or an Experiment, is made of, by field."""
    return {name: spec for name, param in params(outer).items() if (spec := param.spec(getattr(outer, name))) is not None}


Chosen = TypeVar("Chosen", bound="Spec")


def plain(cls: type[Chosen]) -> Chosen:
    """A choice with all its defaults (kept)."""
    return cast("Chosen", _plain(cls))


@functools.cache
def _plain(cls: type[Spec]) -> Spec:
    return cls()


@overload
def nested(default: Chosen, family: str, *, label: str = "", help: str = "", when: Conditions = ()) -> Chosen: ...
@overload
def nested(default: None, family: Literal["processes"], *, label: str = "", help: str = "", when: Conditions = ()) -> Process: ...
@overload
def nested(default: None, family: Literal["samplers"], *, label: str = "", help: str = "", when: Conditions = ()) -> AnySampler: ...
@overload
def nested(default: None, family: Literal["grids"], *, label: str = "", help: str = "", when: Conditions = ()) -> Grid: ...
@overload
def nested(default: None, family: Literal["guidance"], *, label: str = "", help: str = "", when: Conditions = ()) -> Guidance: ...
def nested(default: Spec | None, family: str, *, label: str = "", help: str = "", when: Conditions = ()) -> Spec | None:
    """Another spec of the named family (``schedules``, ``samplers``, …). Without a default the class that has the field fills it in."""
    return declare(Nested(default, family=family, label=label, help=help, when=tuple(when)), default)


def _class_name(value: object) -> str:
    """The name of a class of choices, '' of anything else."""
    return value.__name__ if isinstance(value, type) and issubclass(value, Spec) else ""


def _no_spec(family: str, value: object) -> tuple[object, str]:
    """What to show and what is allowed for something that is no choice of a family."""
    known = registry(family)
    named = _class_name(value) or value
    if isinstance(named, str) and named in known:
        return named, f"the choice itself, not its name or class: {known[named].__name__}()"
    return named, f"one of {family}: {one_of(named, known).removeprefix('one of ')}"


@overload
def registry(family: Literal["processes"]) -> dict[str, type[Process]]: ...
@overload
def registry(family: Literal["schedules"]) -> dict[str, type[Schedule]]: ...
@overload
def registry(family: Literal["grids"]) -> dict[str, type[Grid]]: ...
@overload
def registry(family: Literal["samplers"]) -> dict[str, type[AnySampler]]: ...
@overload
def registry(family: Literal["guidance"]) -> dict[str, type[Guidance]]: ...
@overload
def registry(family: Literal["measures"]) -> dict[str, type[Measure]]: ...
@overload
def registry(family: str) -> Mapping[str, type[Spec]]: ...
def registry(family: object) -> Mapping[str, type[Spec]]:
    """Every spec class of a family ("processes", "schedules", "grids", "samplers", "guidance") by key, in the pickers' order: found by scanning
    its package. Raises BadValue for another family, or if two classes have one key."""
    if not isinstance(family, str) or family not in FAMILIES:
        raise BadValue("family", family, one_of(family, FAMILIES))
    return _registry(family)


SpecClass = TypeVar("SpecClass", bound=type[Spec])
_REGISTERED: dict[str, type[Spec]] = {}  # by key; made in a notebook, or by somebody's own package


_edition = 0
_READ: list[Callable[[], None]] = []


class Clearable(Protocol):
    """What ``functools.cache`` and ``functools.lru_cache`` make."""

    def cache_clear(self) -> None: ...


Read = TypeVar("Read", bound=Clearable)


def until_registered(kept: Read) -> Read:
    """Over ``functools.cache``: what is read off the registries is read again when a choice has been registered."""
    _READ.append(kept.cache_clear)
    return kept


def registered() -> bool:
    """Was a choice registered in this process, of which other processes know nothing?"""
    return bool(_REGISTERED)


def edition() -> int:
    """Which choices names mean in this process: 0 those of files alone, another number whenever one was registered. What is kept by names (an Experiment's key) is
    kept by this number too: a cell that is run again means another class by the same name."""
    return _edition if _REGISTERED else 0


def changed() -> None:
    """Names mean other choices now."""
    global _edition
    _edition += 1
    for forget in _READ:
        forget()


def register(cls: SpecClass, taken: Collection[str] = ()) -> SpecClass:
    """Makes a choice that no file of a family's package holds known to names, JSON, links, menus and ``pg.<its name>``, as long as this process
    runs; returns it, so that it can stand above the class: ``@pg.register`` over ``@dataclass(frozen=True)``. ``taken``: names that are not free.

    A cell that is run again replaces its own class. Raises: BadValue for what is no choice, or where its name is another one's.
    """
    given = cast("object", cls)
    if not isinstance(given, type) or not issubclass(given, Spec) or given.family not in FAMILIES:
        raise BadValue("cls", cls, "a class of a Sampler, Process, Schedule, Grid, Guidance or Measure")
    info = vars(cls).get("info")
    if not isinstance(info, Info):
        raise BadValue("info", info, f'an Info("{cls.__name__}", a title, a tip) in the class {cls.__name__}')
    if "__dataclass_fields__" not in vars(cls) or not cls.__dict__["__dataclass_params__"].frozen:
        raise BadValue("cls", cls.__name__, f"a frozen dataclass: @dataclass(frozen=True) over {cls.__name__}")
    if info.key != cls.__name__:
        raise BadValue("key", info.key, f"the class's own name, {cls.__name__}")
    if info.key in taken:
        raise BadValue("key", info.key, "a name that nothing else in playground has")
    for family in FAMILIES:
        other = registry(family).get(info.key)
        if other is not None and other is not _REGISTERED.get(info.key):
            raise BadValue("key", info.key, f"a name that no other choice has: {other.__module__} uses it")
    before = _REGISTERED.get(info.key)
    if before is not None and (before.__module__, before.__qualname__) != (cls.__module__, cls.__qualname__):
        raise BadValue("key", info.key, f"a name that no other choice has: {before.__module__}.{before.__qualname__} uses it")
    try:
        cls()
    except TypeError as error:  # an abstract method, a field without a default
        raise BadValue(
            "cls", cls.__name__, f"a class that can be made without arguments, each parameter with a default ({error})"
        ) from None
    _REGISTERED[info.key] = cls
    changed()
    return cls


def by_name(classes: Iterable[type[Spec]], known: dict[str, type[Spec]] | None = None) -> dict[str, type[Spec]]:
    """Classes by key. Raises BadValue where two have the same one: a link, a menu or ``pg.name`` could not tell them apart."""
    found = dict(known or {})
    for cls in classes:
        other = found.setdefault(cls.info.key, cls)
        if other is not cls:
            places = f"{other.__module__} and {cls.__module__}"
            raise BadValue("key", cls.info.key, f"a name that no other choice has: {places} both use it")
    return found


@until_registered
@functools.cache
def _registry(family: str) -> dict[str, type[Spec]]:
    package = importlib.import_module(FAMILIES[family])
    found: list[type[Spec]] = []
    for module in pkgutil.iter_modules(package.__path__):
        contents = importlib.import_module(f"{package.__name__}.{module.name}")
        for _, cls in inspect.getmembers(contents, inspect.isclass):
            if issubclass(cls, Spec) and "info" in vars(cls) and cls.__module__ == contents.__name__:
                found.append(cls)
    found += [cls for cls in _REGISTERED.values() if cls.family == family]
    found.sort(key=lambda cls: (cls.info.rank, cls.info.title))
    return by_name(found)


_WHOLE: list[Declared] = []  # the class whose fields links tell: an Experiment


def told_by_links(cls: Declared) -> None:
    """Says which class it is whose fields a link tells, so that messages know every name that there is."""
    _WHOLE.append(cls)
    dotted_names.cache_clear()


@until_registered
@functools.cache
def dotted_names() -> tuple[str, ...]:
    """Every name that a link may have, ``grid.steps`` or ``process.schedule.beta_max``, whatever is chosen."""

    def of(cls: Declared, prefix: str, seen: tuple[str, ...]) -> list[str]:
        names: list[str] = []
        for name, param in params(cls).items():
            names.append(prefix + name)
            for inner in () if param.family in seen else param.below().values():
                names += of(inner, f"{prefix}{name}.", (*seen, param.family))
        return names

    return tuple(dict.fromkeys(name for cls in _WHOLE for name in of(cls, "", ())))


def lookup(family: str, field: str, key: object) -> type[Spec]:
    known = registry(family)
    if not isinstance(key, str) or key not in known:
        raise BadValue(field, key, one_of(key, known))
    return known[key]


@overload
def from_dict(family: Literal["processes"], field: str, record: object) -> Process: ...
@overload
def from_dict(family: Literal["samplers"], field: str, record: object) -> AnySampler: ...
@overload
def from_dict(family: Literal["grids"], field: str, record: object) -> Grid: ...
@overload
def from_dict(family: Literal["guidance"], field: str, record: object) -> Guidance: ...
@overload
def from_dict(family: str, field: str, record: object) -> Spec: ...
def from_dict(family: str, field: str, record: object) -> Spec:
    """A spec from its ``to_dict`` form (or just its key). Unknown names and bad values raise BadValue."""
    if isinstance(record, Spec):
        if record.family != family:
            raise BadValue(field, *_no_spec(family, record))
        return record
    if isinstance(record, str):
        record = {"kind": record}
    if name := _class_name(record):
        raise BadValue(field, name, f"a choice, not its class: {name}()")
    if not is_record(record) or "kind" not in record:
        raise BadValue(field, record, f"a name, or a record with a 'kind': one of {', '.join(registry(family))}")
    cls = lookup(family, field, record["kind"])
    declared = params(cls)
    values: Record = {}
    for name, value in record.items():
        if name == "kind":
            continue
        if name not in declared:
            here = [n for n in dotted_names() if n.startswith(f"{field}.")]  # before the names of other choices
            raise BadValue(f"{field}.{name}", value, one_of(f"{field}.{name}", declared, [*here, *dotted_names()]))
        values[name] = declared[name].read(f"{field}.{name}", value)
    try:
        return cls(**values)
    except BadValue as error:
        raise error.under(field) from None


@dataclass
class _Tree:
    """A name of a link: its own text, and the names below it."""

    text: str | None = None
    below: dict[str, _Tree] = field(default_factory=dict[str, "_Tree"])

    def record(self) -> object:
        if not self.below:
            return self.text
        own: Record = {} if self.text is None else {"kind": self.text}
        return {**own, **{name: tree.record() for name, tree in self.below.items()}}


def unflatten(query: Mapping[str, str]) -> Record:
    """``{"sampler": "DDIM", "sampler.eta": "0"}`` → ``{"sampler": {"kind": "DDIM", "eta": "0"}}``."""
    root = _Tree()
    for path, value in query.items():
        node = root
        parts = path.split(".")
        if len(parts) > 4 or not all(parts) or "kind" in parts:
            raise BadValue(path, value, "names of at most four parts joined by dots, none of them 'kind'")
        for part in parts:
            node = node.below.setdefault(part, _Tree())
        node.text = value
    return {name: tree.record() for name, tree in root.below.items()}

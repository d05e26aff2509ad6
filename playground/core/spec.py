"""Specs: frozen, hashable choices that round-trip through JSON and through a link, and the registry that finds them.

A file in a family's package (``playground/samplers/ddim.py``) holds one frozen dataclass; dropping the file in is all that it
takes to appear in the pickers, the docs, the sweeps and the tests.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import pkgutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar

from .fields import BadValue, check_keywords, declared_in, one_of, params, told

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
    value: Any = None
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
    of_data: ClassVar[frozenset[str]] = frozenset()
    """Its fields that hold the name of a toy distribution, or 'gaussian'."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """``help(cls)`` tells each parameter's default, bounds and what it does, below the docstring that stands in the file."""
        super().__init_subclass__(**kwargs)
        if words := told(declared_in(cls)):
            cls.__doc__ = "\n\n".join(filter(None, (inspect.cleandoc(vars(cls).get("__doc__") or ""), words)))

    def __new__(cls, *args: Any, **choices: Any) -> Self:
        check_keywords(cls, args, choices)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for name, param in params(self).items():
            value = getattr(self, name)
            if param.kind == "spec":
                if not isinstance(value, Spec) or value.family != param.family:
                    raise BadValue(name, *_no_spec(param.family, value))
                continue
            object.__setattr__(self, name, param.clean(name, value))

    @property
    def needs(self) -> frozenset[str]:
        """What this choice needs; with nested specs also what they need."""
        return self.info.needs

    def to_dict(self) -> dict[str, Any]:
        """``{"kind": "DDIM", "eta": 0.0}``, nested specs in the same form."""
        out: dict[str, Any] = {"kind": self.info.key}
        for name in params(self):
            value = getattr(self, name)
            out[name] = value.to_dict() if isinstance(value, Spec) else value
        return out

    def flat(self, prefix: str) -> dict[str, str]:
        """``{"sampler": "DDIM", "sampler.eta": "0.5"}``: only what differs from the default, as a link shows it."""
        out = {prefix: self.info.key}
        for name, param in params(self).items():
            value = getattr(self, name)
            if isinstance(value, Spec):
                inner = value.flat(f"{prefix}.{name}")
                if value != param.default:
                    out.update(inner)
            elif value != param.default:
                out[f"{prefix}.{name}"] = text(value)
        return out


def text(value: Any) -> str:
    """A value as a link writes it; floats keep every digit."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return json.dumps(value, separators=(",", ":"))
    return repr(value) if isinstance(value, float) else str(value)


def _no_spec(family: str, value: Any) -> tuple[Any, str]:
    """What to show and what is allowed for something that is no choice of a family."""
    known = registry(family)
    if isinstance(value, type) and issubclass(value, Spec):
        value = value.__name__
    if isinstance(value, str) and value in known:
        return value, f"the choice itself, not its name or class: {known[value].__name__}()"
    return value, f"one of {family}: {one_of(value, known).removeprefix('one of ')}"


def registry(family: str) -> dict[str, type[Spec]]:
    """Every spec class of a family ("processes", "schedules", "grids", "samplers", "guidance") by key, in the pickers' order: found by scanning
    its package. Raises BadValue for another family, or if two classes have one key."""
    if not isinstance(family, str) or family not in FAMILIES:
        raise BadValue("family", family, one_of(family, FAMILIES))
    return _registry(family)


SpecClass = TypeVar("SpecClass", bound=type[Spec])
_REGISTERED: dict[str, type[Spec]] = {}  # by key; made in a notebook, or by somebody's own package


def register(cls: SpecClass, taken: Collection[str] = ()) -> SpecClass:
    """Makes a choice that no file of a family's package holds known to names, JSON, links, menus and ``pg.<its name>``, as long as this process
    runs; returns it, so that it can stand above the class: ``@pg.register`` over ``@dataclass(frozen=True)``. ``taken``: names that are not free.

    A cell that is run again replaces its own class. Raises: BadValue for what is no choice, or where its name is another one's.
    """
    if not isinstance(cls, type) or not issubclass(cls, Spec) or cls.family not in FAMILIES:
        raise BadValue("cls", cls, "a class of a Sampler, Process, Schedule, Grid or Guidance")
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
    _registry.cache_clear()
    dotted_names.cache_clear()
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


@functools.cache
def dotted_names() -> tuple[str, ...]:
    """Every name that a link may have, ``grid.steps`` or ``process.schedule.beta_max``, whatever is chosen."""
    from .experiment import Experiment

    def of(cls: Any, prefix: str, seen: tuple[str, ...]) -> list[str]:
        names: list[str] = []
        for name, param in params(cls).items():
            names.append(prefix + name)
            if param.kind == "spec" and param.family not in seen:
                for inner in registry(param.family).values():
                    names += of(inner, f"{prefix}{name}.", (*seen, param.family))
        return names

    return tuple(dict.fromkeys(of(Experiment, "", ())))


def lookup(family: str, field: str, key: Any) -> type[Spec]:
    known = registry(family)
    if not isinstance(key, str) or key not in known:
        raise BadValue(field, key, one_of(key, known))
    return known[key]


def from_dict(family: str, field: str, record: Any) -> Spec:
    """A spec from its ``to_dict`` form (or just its key). Unknown names and bad values raise BadValue."""
    if isinstance(record, Spec):
        return record
    if isinstance(record, str):
        record = {"kind": record}
    if isinstance(record, type) and issubclass(record, Spec):
        raise BadValue(field, record.__name__, f"a choice, not its class: {record.__name__}()")
    if not isinstance(record, dict) or "kind" not in record:
        raise BadValue(field, record, f"a name, or a record with a 'kind': one of {', '.join(registry(family))}")
    cls = lookup(family, field, record["kind"])
    declared = params(cls)
    values: dict[str, Any] = {}
    for name, value in record.items():
        if name == "kind":
            continue
        if name not in declared:
            here = [n for n in dotted_names() if n.startswith(f"{field}.")]  # before the names of other choices
            raise BadValue(f"{field}.{name}", value, one_of(f"{field}.{name}", declared, [*here, *dotted_names()]))
        if declared[name].kind == "spec":
            default = declared[name].default
            if isinstance(value, dict) and "kind" not in value:
                value = {"kind": default.info.key, **value}
            value = from_dict(declared[name].family, f"{field}.{name}", value)
        values[name] = value
    try:
        return cls(**values)
    except BadValue as error:
        raise error.under(field) from None


def unflatten(query: dict[str, str]) -> dict[str, Any]:
    """``{"sampler": "DDIM", "sampler.eta": "0"}`` → ``{"sampler": {"kind": "DDIM", "eta": "0"}}``."""
    root: dict[str, Any] = {}
    for path, value in query.items():
        node = root
        parts = path.split(".")
        if len(parts) > 4 or not all(parts) or "kind" in parts:
            raise BadValue(path, value, "names of at most four parts joined by dots, none of them 'kind'")
        for part in parts:
            node = node.setdefault(part, {})
        node["kind"] = value
    return {name: _leaf(node) for name, node in root.items()}


def _leaf(node: dict[str, Any]) -> Any:
    inner = {k: _leaf(v) for k, v in node.items() if k != "kind"}
    if not inner:
        return node.get("kind")
    return {"kind": node["kind"], **inner} if "kind" in node else inner

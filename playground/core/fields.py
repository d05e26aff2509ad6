"""Parameters declared once: default, bounds, validation, widget, docs and JSON all follow from one line in a dataclass.

@dataclass(frozen=True)
class DDIM(Sampler):
    eta: float = slider(0.0, 0.0, 1.0, help="0: deterministic, 1: DDPM")
"""

from __future__ import annotations

import dataclasses
import difflib
import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, SupportsFloat, TypeAlias, TypeGuard, TypeVar, cast, runtime_checkable

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from .spec import Spec

Record: TypeAlias = dict[str, object]
"""A JSON object: what is read from one is looked at before it is used."""
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""What JSON can hold, as it is written: a packet's header, a link's facts."""
Declared: TypeAlias = "DataclassInstance | type[DataclassInstance]"
Shown: TypeAlias = bool | float | str
Value = TypeVar("Value")

LONGEST_FIELD, LONGEST_VALUE = 60, 120  # letters of a name and of a value that a message shows


Made = TypeVar("Made")


def is_record(value: object) -> TypeGuard[Record]:
    """Is this a JSON object?"""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """A list or a tuple?"""
    return isinstance(value, (list, tuple))


def made(make: Callable[..., Made], record: Record) -> Made:
    """What a class makes of a record; its fields' own checks say what each value is."""
    return make(**record)


def short(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 3] + "..."


def promised(value: object, kind: type[Value], field: str, allowed: str) -> Value:
    """``value`` as the ``kind`` that capabilities have promised: decides nothing, tells the types. Raises BadValue naming ``field`` where a caller passed the
    judge by."""
    if isinstance(value, kind):
        return value
    raise BadValue(field, type(value).__name__, allowed)


class BadValue(ValueError):
    """A value that a person gave and that cannot be used: names the field, the value and what is allowed.

    ``field`` is the whole name, ``value`` the value's text; the message cuts what is too long to be read.
    """

    def __init__(self, field: str, value: object, allowed: str):
        self.field, self.value, self.allowed = field, short(repr(value), LONGEST_VALUE), allowed
        super().__init__(self._message())

    def _message(self) -> str:
        return f"{short(self.field, LONGEST_FIELD)} = {self.value} cannot be used; allowed: {self.allowed}"

    def under(self, prefix: str) -> BadValue:
        """The same complaint with the field named from one level further up (``eta`` → ``sampler.eta``)."""
        error = BadValue(f"{prefix}.{self.field}", None, self.allowed)
        error.value = self.value
        error.args = (error._message(),)
        return error


def closest(wrong: object, names: Iterable[str], most: int = 3) -> list[str]:
    """The names that a mistyped or misplaced one may stand for, best first: ``steps`` → ``grid.steps``, ``DDDIM`` → ``DDIM``."""
    names = list(dict.fromkeys(names))
    if not isinstance(wrong, str) or not wrong:
        return []
    asked = wrong[:LONGEST_FIELD].lower()
    leaf = asked.rpartition(".")[2]
    same = [n for n in names if n.lower() == asked] or [n for n in names if n.rpartition(".")[2].lower() == leaf]
    lower = {n.lower(): n for n in reversed(names)}
    last = {n.rpartition(".")[2].lower(): n for n in reversed(names)}
    near = [lower[n] for n in difflib.get_close_matches(asked, lower, most)]
    near = near or [last[n] for n in difflib.get_close_matches(leaf, last, most, 0.75)]
    return list(dict.fromkeys(same or near))[:most]


NEAR = " (closest); "  # ends the names that were meant, in what is allowed


def one_of(wrong: object, names: Iterable[str], others: Iterable[str] = ()) -> str:
    """What is allowed, in words: the closest of ``names`` and ``others`` first ("DDIM (closest); one of …"), then all ``names``."""
    names = list(names)
    near = closest(wrong, [*names, *others])
    return (" or ".join(near) + NEAR) * bool(near) + ("one of " + ", ".join(names) if names else "no parameters")


def check_keywords(cls: type[DataclassInstance], args: tuple[object, ...], choices: Mapping[str, object]) -> None:
    """BadValue for a field that a dataclass does not have, or for more values than it has fields."""
    names = [f.name for f in dataclasses.fields(cls) if f.init]
    for name, value in choices.items():
        if name not in names:
            raise BadValue(name, value, f"{one_of(name, names)} (of {cls.__name__})")
    if len(args) > len(names):
        raise BadValue(cls.__name__, f"{len(args)} values", f"at most {len(names)}: {', '.join(names)}")


@dataclass(frozen=True)
class When:
    """A condition on another parameter of the same choice: without it this one does nothing. Made by ``only``, ``unless`` and ``above``.

    ``name``: the other parameter, or "kind", the choice itself (its key). ``test``: 'one of' | 'none of' | 'above' the ``values``.
    """

    name: str
    test: str
    values: tuple[bool | float | str, ...]

    def __iter__(self) -> Iterator[When]:
        """One condition is a list of one."""
        yield self

    def holds(self, value: object) -> bool:
        if self.test == "above":
            number, least = _number(value), _number(self.values[0])
            return number is not None and least is not None and number > least
        return (value in self.values) == (self.test == "one of")

    def words(self, label: str) -> str:
        """``label``: how the other parameter is called. "only with η above 0"."""
        return f"only with {label} { ({'above': 'above ', 'none of': 'other than '}.get(self.test, '')) }{self.told}"

    def path(self, outer: str) -> str:
        """Where what is asked for stands, for a parameter within ``outer`` ("sampler", or "" of an Experiment): "sampler.eta"."""
        return f"{outer}.{self.name}".strip(".")

    @property
    def told(self) -> str:
        """The values in words."""
        return " or ".join(
            f"{v:g}" if isinstance(v, float) else "on" if v is True else "off" if v is False else str(v) for v in self.values
        )


@dataclass(frozen=True)
class WhenItself(When):
    """A condition on the choice itself, by its key."""

    def words(self, label: str) -> str:
        return f"{'only' if self.test == 'one of' else 'not'} with {self.told}"

    def path(self, outer: str) -> str:
        return outer


CONDITIONS = {"kind": WhenItself}  # by the name that they ask for; others ask for a parameter


def only(name: str, *values: bool | float | str) -> When:
    """The parameter speaks only where ``name`` has one of the values."""
    return CONDITIONS.get(name, When)(name, "one of", values)


def unless(name: str, *values: bool | float | str) -> When:
    """The parameter speaks only where ``name`` has none of the values."""
    return CONDITIONS.get(name, When)(name, "none of", values)


def above(name: str, value: float) -> When:
    """The parameter speaks only where ``name`` is larger than the value."""
    return When(name, "above", (value,))


@dataclass(frozen=True)
class Param:
    """What a declared parameter allows: one class for each ``kind``, the word that pages and tests know it by.

    ``when``: conditions without all of which the parameter does nothing (``idle`` tells which do nothing now, and why).
    """

    kind: ClassVar[str] = ""
    whole: ClassVar[bool] = False
    """Is it a whole number?"""
    default: object
    lo: float = 0.0
    hi: float = 0.0
    step: float | None = None
    log: bool = False
    options: tuple[str, ...] = ()
    family: str = ""
    label: str = ""
    help: str = ""
    check: Callable[[str, object], object] | None = None
    when: tuple[When, ...] = ()

    @property
    def number(self) -> Number | None:
        """This parameter where it is a number."""
        return None

    def choices(self, now: object) -> Iterable[tuple[str, object]]:
        """What can be chosen, by name, where it is a few things; ``now``, the present value, is among them as it is."""
        return ()

    def below(self) -> Mapping[str, Declared]:
        """What can be chosen, by name, where those have parameters of their own."""
        return {}

    def spec(self, value: object) -> Spec | None:
        """The value where it is a choice with parameters of its own."""
        return None

    def allowed(self) -> str:
        """What is allowed, in words."""
        return self.help

    def bounds(self) -> str:
        """The same behind a default, as ``help`` shows it: ", a number from 0 to 1"."""
        return f", {self.allowed()}"

    def clean(self, name: str, value: object) -> object:
        """The value in its own type, or BadValue."""
        raise NotImplementedError

    def read(self, name: str, value: object) -> object:
        """The value from a record of JSON or of a link: what ``clean`` takes. Raises BadValue."""
        return value

    def write(self, value: object) -> object:
        """The value as JSON has it."""
        return value

    def shows(self, value: object) -> Shown:
        """The value as one component of a form has it."""
        return text(value)

    def limits(self) -> Record:
        """What a number box takes: {"lo", "hi", "whole"}; {} of what is no number."""
        return {}

    def described(self, name: str, value: object) -> Record:
        """What a form's script has to know to write links: the default (here ``value``) and of which kind it is."""
        return {"default": self.shows(value), "kind": self.kind}

    def link(self, name: str, value: object) -> dict[str, str]:
        """Names and texts of a link, only of what is not the default."""
        return {} if value == self.default else {name: text(value)}


def text(value: object) -> str:
    """A value as a link writes it; floats keep every digit."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return json.dumps(value, separators=(",", ":"))
    return repr(value) if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Number(Param):
    """A finite number in [lo, hi]."""

    kind = "float"

    @property
    def number(self) -> Number:
        return self

    def allowed(self) -> str:
        return f"a number from {self.lo:.12g} to {self.hi:.12g}"

    def limits(self) -> Record:
        return {"lo": self.lo, "hi": self.hi, "whole": self.whole}

    def shows(self, value: object) -> float:
        return self.clean(self.label, value)

    def clean(self, name: str, value: object) -> float:
        number = _number(value)
        if number is None or not self.lo <= number <= self.hi:
            raise BadValue(name, value, self.allowed())
        return number


@dataclass(frozen=True)
class Whole(Number):
    """A whole number in [lo, hi]."""

    kind = "int"
    whole = True

    def allowed(self) -> str:
        return f"a whole number from {int(self.lo)} to {int(self.hi)}"

    def shows(self, value: object) -> int:
        return self.clean(self.label, value)

    def clean(self, name: str, value: object) -> int:
        number = _number(value)
        if number is None or not self.lo <= number <= self.hi or number != round(number):
            raise BadValue(name, value, self.allowed())
        return int(number)


@dataclass(frozen=True)
class Choice(Param):
    """One of a few words."""

    kind = "choice"

    def choices(self, now: object) -> Iterable[tuple[str, object]]:
        return ((word, word) for word in self.options)

    def allowed(self) -> str:
        return "one of " + ", ".join(self.options)

    def shows(self, value: object) -> str:
        return self.clean(self.label, value)

    def clean(self, name: str, value: object) -> str:
        if not isinstance(value, str) or value not in self.options:
            raise BadValue(name, value, self.allowed())
        return value


@dataclass(frozen=True)
class Flag(Param):
    """True or false."""

    kind = "flag"

    def allowed(self) -> str:
        return "true or false"

    def shows(self, value: object) -> bool:
        return self.clean(self.label, value)

    def clean(self, name: str, value: object) -> bool:
        if isinstance(value, str):
            value = {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
        if not isinstance(value, (bool, int)) or value not in (0, 1):
            raise BadValue(name, value, self.allowed())
        return bool(value)


@dataclass(frozen=True)
class Free(Param):
    """A value with its own check."""

    kind = "free"

    def bounds(self) -> str:
        return ""

    def clean(self, name: str, value: object) -> object:
        return self.check(name, value) if self.check else value


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(cast("SupportsFloat", value))  # a TypeError of anything else
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None
    return number if math.isfinite(number) else None


Conditions = Iterable[When]


def declare(param: Param, default: Value, named: bool = False) -> Value:
    """The dataclass field of a parameter. ``named``: by its name only, in a class of which others have a position."""
    if named:
        return dataclasses.field(default=default, metadata={"param": param}, kw_only=True)
    return dataclasses.field(default=default, metadata={"param": param})


def slider(
    default: float,
    lo: float,
    hi: float,
    step: float | None = None,
    *,
    log: bool = False,
    label: str = "",
    help: str = "",
    when: Conditions = (),
) -> float:
    """A float in [lo, hi]."""
    return declare(Number(default, lo, hi, step or (hi - lo) / 100, log, label=label, help=help, when=tuple(when)), default)


def integer(
    default: int, lo: int, hi: int, step: int = 1, *, log: bool = False, label: str = "", help: str = "", when: Conditions = ()
) -> int:
    """A whole number in [lo, hi]."""
    return declare(Whole(default, lo, hi, step, log, label=label, help=help, when=tuple(when)), default)


def choice(default: str, options: tuple[str, ...], *, label: str = "", help: str = "", when: Conditions = (), named: bool = False) -> str:
    """One of a few words."""
    return declare(Choice(default, options=options, label=label, help=help, when=tuple(when)), default, named)


def flag(default: bool, *, label: str = "", help: str = "", when: Conditions = (), named: bool = False) -> bool:
    """True or false."""
    return declare(Flag(default, label=label, help=help, when=tuple(when)), default, named)


def free(default: Value, check: Callable[[str, object], Value], *, label: str = "", help: str = "", when: Conditions = ()) -> Value:
    """A value with its own check: ``check(name, value) -> value`` raises BadValue."""
    return declare(Free(default, label=label, help=help, check=check, when=tuple(when)), default)


def params(spec: Declared) -> dict[str, Param]:
    """The declared parameters of a spec class or instance, by name: in order, those that have no position last, as in its signature."""
    declared = [f for f in dataclasses.fields(spec) if "param" in f.metadata]
    return {f.name: f.metadata["param"] for f in sorted(declared, key=lambda f: f.kw_only is True)}


def numbers(spec: Declared) -> dict[str, Number]:
    """Those of them that are numbers."""
    return {name: number for name, param in params(spec).items() if (number := param.number) is not None}


def declared_in(cls: type[DataclassInstance]) -> dict[str, Param]:
    """``params`` of a class statement that ``@dataclass`` has not read yet: what is inherited, from all its bases, and what stands in it."""
    found: dict[str, dataclasses.Field[object]] = {}
    for base in cls.__mro__[:0:-1]:
        found |= vars(base).get("__dataclass_fields__", {})
    found |= {k: f for k, f in vars(cls).items() if isinstance(f, dataclasses.Field)}
    declared = [(k, f) for k, f in found.items() if "param" in f.metadata]
    return {k: f.metadata["param"] for k, f in sorted(declared, key=lambda one: one[1].kw_only is True)}


def told(declared: dict[str, Param]) -> str:
    """The parameters in words, one a line, as ``help`` shows them: default, what is allowed, what it does, and when it does nothing."""
    lines: list[str] = []
    for name, param in declared.items():
        words = [f"{name} = {param.default!r}{param.bounds()}"]
        if param.label and param.label != name.replace("_", " "):
            words.append(f"On the page: {param.label}")
        words += [param.help] * bool(param.help)
        for c in param.when:
            words.append("Speaks " + c.words((declared[c.name].label if c.name in declared else "") or c.name.replace("_", " ")))
        lines.append("    " + ". ".join(words) + ".")
    return "\n".join(["Parameters:", *lines]) if lines else ""


def idle(spec: DataclassInstance) -> dict[str, str]:
    """The parameters of a spec (or an Experiment) that do nothing now, with the reason: ``{"weight": "only with variance interpolated"}``."""
    declared = params(spec)
    out: dict[str, str] = {}
    for name, param in declared.items():
        for condition in param.when:
            other = declared.get(condition.name)
            if not condition.holds(getattr(spec, condition.name)):
                out[name] = condition.words((other and other.label) or condition.name.replace("_", " "))
                break
    return out


@runtime_checkable
class Listed(Protocol):
    """An array or a tensor."""

    def tolist(self) -> object: ...


def number_list(value: object) -> object:
    """What a link or a text box holds for a list of numbers (or of pairs), or an array or tensor, as nested tuples; other things are passed on as
    they are."""
    if isinstance(value, Listed):
        value = value.tolist()
    if isinstance(value, str):
        words = value.strip()
        try:
            value = json.loads(words if words.startswith("[") else f"[{words}]")
        except (ValueError, RecursionError):
            return value
    if is_list(value):
        return tuple(number_list(v) if is_list(v) else v for v in value)
    return value


def increasing(values: Sequence[float]) -> bool:
    return all(a < b for a, b in itertools.pairwise(values))


def all_numbers(values: object) -> TypeGuard[tuple[float, ...]]:
    """A tuple of finite numbers (no booleans)?"""
    return is_list(values) and isinstance(values, tuple) and all(not isinstance(v, str) and _number(v) is not None for v in values)

"""Parameters declared once: default, bounds, validation, widget, docs and JSON all follow from one line in a dataclass.

@dataclass(frozen=True)
class DDIM(Sampler):
    eta: float = slider(0.0, 0.0, 1.0, help="0: deterministic, 1: DDPM")
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class BadValue(ValueError):
    """A value that a person gave and that cannot be used: names the field, the value and what is allowed."""

    def __init__(self, field: str, value: Any, allowed: str):
        shown = repr(value)
        self.field, self.value, self.allowed = field, shown if len(shown) <= 120 else shown[:117] + "...", allowed
        super().__init__(f"{field} = {self.value} cannot be used; allowed: {allowed}")

    def under(self, prefix: str) -> BadValue:
        """The same complaint with the field named from one level further up (``eta`` → ``sampler.eta``)."""
        error = BadValue(f"{prefix}.{self.field}", None, self.allowed)
        error.value = self.value
        error.args = (f"{error.field} = {error.value} cannot be used; allowed: {error.allowed}",)
        return error


@dataclass(frozen=True)
class Param:
    """What a declared parameter allows. ``kind``: 'float' | 'int' | 'choice' | 'flag' | 'spec' | 'free'."""

    kind: str
    default: Any
    lo: float = 0.0
    hi: float = 0.0
    step: float | None = None
    log: bool = False
    options: tuple[str, ...] = ()
    family: str = ""
    label: str = ""
    help: str = ""
    check: Any = None

    def allowed(self) -> str:
        if self.kind in ("float", "int"):
            return f"{'a whole number' if self.kind == 'int' else 'a number'} from {self.lo:g} to {self.hi:g}"
        if self.kind == "choice":
            return "one of " + ", ".join(self.options)
        if self.kind == "flag":
            return "true or false"
        return self.help

    def clean(self, name: str, value: Any) -> Any:
        """The value in its own type, or BadValue."""
        if self.kind in ("float", "int"):
            number = _number(value)
            whole = self.kind == "int"
            if number is None or not self.lo <= number <= self.hi or (whole and number != round(number)):
                raise BadValue(name, value, self.allowed())
            return int(number) if whole else float(number)
        if self.kind == "choice" and value not in self.options:
            raise BadValue(name, value, self.allowed())
        if self.kind == "flag":
            if isinstance(value, str):
                value = {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
            if not isinstance(value, (bool, int)) or value not in (0, 1):
                raise BadValue(name, value, self.allowed())
            return bool(value)
        return self.check(name, value) if self.check else value


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _declare(param: Param) -> Any:
    return dataclasses.field(default=param.default, metadata={"param": param})


def slider(default: float, lo: float, hi: float, step: float | None = None, *, log: bool = False, label: str = "", help: str = "") -> Any:
    """A float in [lo, hi]."""
    return _declare(Param("float", default, lo, hi, step or (hi - lo) / 100, log, label=label, help=help))


def integer(default: int, lo: int, hi: int, step: int = 1, *, log: bool = False, label: str = "", help: str = "") -> Any:
    """A whole number in [lo, hi]."""
    return _declare(Param("int", default, lo, hi, step, log, label=label, help=help))


def choice(default: str, options: tuple[str, ...], *, label: str = "", help: str = "") -> Any:
    """One of a few words."""
    return _declare(Param("choice", default, options=options, label=label, help=help))


def flag(default: bool, *, label: str = "", help: str = "") -> Any:
    """True or false."""
    return _declare(Param("flag", default, label=label, help=help))


def nested(default: Any, family: str, *, label: str = "", help: str = "") -> Any:
    """Another spec of the named family (``schedules``, ``samplers``, …)."""
    return _declare(Param("spec", default, family=family, label=label, help=help))


def free(default: Any, check: Any, *, label: str = "", help: str = "") -> Any:
    """A value with its own check: ``check(name, value) -> value`` raises BadValue."""
    return _declare(Param("free", default, label=label, help=help, check=check))


def params(spec: Any) -> dict[str, Param]:
    """The declared parameters of a spec class or instance, by name, in order."""
    return {f.name: f.metadata["param"] for f in dataclasses.fields(spec) if "param" in f.metadata}


def number_list(value: Any) -> Any:
    """What a link or a text box holds for a list of numbers (or of pairs) as nested tuples; other things are passed on as they are."""
    if isinstance(value, str):
        words = value.strip()
        try:
            value = json.loads(words if words.startswith("[") else f"[{words}]")
        except (ValueError, RecursionError):
            return value
    if isinstance(value, (list, tuple)):
        return tuple(number_list(v) if isinstance(v, (list, tuple)) else v for v in value)
    return value


def increasing(values: Sequence[float]) -> bool:
    return all(a < b for a, b in itertools.pairwise(values))


def all_numbers(values: Any) -> bool:
    """A tuple of finite numbers (no booleans)?"""
    return isinstance(values, tuple) and all(not isinstance(v, str) and _number(v) is not None for v in values)

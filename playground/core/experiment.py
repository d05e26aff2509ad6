"""An Experiment: every choice of a run in one frozen record, for Python, JSON, a link and the page alike."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import torch

from . import catalog
from .fields import BadValue, check_keywords, choice, free, integer, one_of, only, slider
from .grid import Grid
from .guidance import Guidance
from .law import Law
from .legal import DEFAULTS, complaint, fitting
from .model import Model
from .process import Process
from .sampler import Sampler
from .spec import Spec, dotted_names, from_dict, nested, params, registry, text, unflatten


def _check_data(name: str, value: object) -> str:
    """A known distribution's key, or a mixture {'weights', 'means', 'covs'}, stored as a compact JSON text."""
    return catalog.check_data(name, value)


def _check_model(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadValue(name, value, "a model's name, such as exact")
    return value


def _own_process(data: object, model: object) -> Process | None:
    """The process of an experiment of these data that names none: the one that its model knows, if it knows only one."""
    key, model = catalog.resolve("data", data, _check_model("model", model))
    return catalog.model_named(catalog.law_of(key), model).process


def dtype_name(value: Any) -> Any:
    """'float32' of torch.float32 (and of its text); other things as they are."""
    return str(value).removeprefix("torch.") if isinstance(value, (str, torch.dtype)) else value


REVERSE = only("mode", "reverse")


@dataclass(frozen=True)
class Experiment:
    """Data, process, sampler, grid and how many particles from which seed.

    ``data`` names what is true (``law``): a distribution's key, or a mixture given as a GaussianMixture or a dict of weights, means, covs. ``model`` names who
    predicts (``who``), left out the law's first one: the exact model of a mixture. Names of former links that say both ("mnist-unet", "digits-ideal")
    become both.
    ``Experiment.from_json(e.to_json()) == e`` and ``Experiment.from_query(e.to_query()) == e``.
    Left out, sampler and grid are the first usual ones that fit the process. Raises BadValue (a ValueError) naming the field, the value and
    what is allowed; also when a sampler or grid that was given does not fit the process.
    """

    data: Any = free("moons", _check_data, help="a distribution's name or a mixture")
    process: Process = nested(None, "processes", help="forward process")  # type: ignore[assignment]
    sampler: Sampler = nested(None, "samplers", help="sampler", when=REVERSE)  # type: ignore[assignment]
    grid: Grid = nested(None, "grids", help="time grid", when=REVERSE)  # type: ignore[assignment]
    guidance: Guidance = nested(None, "guidance", help="guidance towards a class", when=REVERSE)  # type: ignore[assignment]
    mode: str = choice("reverse", ("reverse", "forward"), help="sampling (reverse) or noising (forward)")
    start: str = choice(
        "prior",
        ("prior", "gaussian", "exact"),
        help="start from the prior, from a Gaussian with the true p_t's mean and covariance, or from p_t",
        when=REVERSE,
    )
    start_at: float = slider(
        1.0,
        0.05,
        1.0,
        0.01,
        label="start at",
        help="share of the clock where sampling starts; below 1 the start is truncated",
        when=REVERSE,
    )
    stop_at: float = slider(
        0.0, 0.0, 0.9, 0.01, label="stop at", help="share of the clock where sampling stops early; 0: the grid's own end", when=REVERSE
    )
    particles: int = integer(2000, 1, 200_000, help="number of particles")
    seed: int = integer(0, 0, 2**31 - 1, help="seed of all randomness")
    dtype: str = choice("float32", ("float32", "float64"), help="precision of the states")
    model: str = free(
        "", _check_model, help="who predicts: exact, or a model of these data by its name"
    )  # last: as records before it have no such field

    def __new__(cls, *args: Any, **choices: Any) -> Experiment:
        check_keywords(cls, args, choices)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        object.__setattr__(self, "dtype", dtype_name(self.dtype))
        data, model = catalog.resolve("data", self.data, _check_model("model", self.model or ""))
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "model", model)
        object.__setattr__(self, "model", self.who.key)
        for name, param in params(self).items():
            if name in ("data", "model"):
                continue
            value = getattr(self, name)
            if name == "process" and value is None:
                value = self.who.process
                object.__setattr__(self, name, value)
            if param.kind == "spec":
                if value is None:  # the process comes first: what fits it is known by then
                    value = DEFAULTS[name] if name in DEFAULTS else fitting(name, self.process)
                if not isinstance(value, Spec) or value.family != param.family:
                    object.__setattr__(self, name, from_dict(param.family, name, value))
            else:
                object.__setattr__(self, name, param.clean(name, value))
        if not self.stop_at < self.start_at:
            raise BadValue("stop_at", self.stop_at, f"less than start_at = {self.start_at:g}")
        if error := complaint(self):
            raise error

    @functools.cached_property
    def law(self) -> Law:
        """What is true."""
        return catalog.law_of(self.data)

    @functools.cached_property
    def who(self) -> Model:
        """Who predicts."""
        return catalog.model_named(self.law, self.model)

    @functools.cached_property
    def _first_predicts(self) -> bool:
        """Is the model the one that these data have when none is named?"""
        return self.model == catalog.model_named(self.law, "").key

    def replace(self, **changes: Any) -> Experiment:
        """The experiment with other choices, checked as a new one; other data bring their own first model. Raises BadValue."""
        if "data" in changes:
            changes.setdefault("model", "")
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name in params(self):
            value = getattr(self, name)
            out[name] = value.to_dict() if isinstance(value, Spec) else value
        if isinstance(self.data, str) and self.data.startswith("{"):
            out["data"] = json.loads(self.data)
        if self._first_predicts:  # as records from before models were chosen
            del out["model"]
        return out

    @classmethod
    def from_dict(cls, record: Any) -> Experiment:
        if not isinstance(record, dict):
            raise BadValue("experiment", record, "a record of choices")
        known = params(cls)
        values: dict[str, Any] = {}
        for name, value in sorted(record.items(), key=lambda item: item[0] != "process"):  # first: others are completed to fit it
            if name not in known:
                raise BadValue(name, value, one_of(name, known, dotted_names()))
            if known[name].kind == "spec":
                if isinstance(value, dict) and "kind" not in value:
                    own = _own_process(record.get("data", known["data"].default), record.get("model") or "")
                    process: Any = values.get("process") or own or registry("processes")[DEFAULTS["process"]]
                    value = {"kind": DEFAULTS[name] if name in DEFAULTS else fitting(name, process), **value}
                value = from_dict(known[name].family, name, value)
            elif isinstance(value, dict) and name != "data":
                raise BadValue(name, value, known[name].allowed())
            values[name] = value
        return cls(**values)

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, source: str) -> Experiment:
        if not isinstance(source, (str, bytes)):
            raise BadValue("experiment", source, "a text: what to_json gives")
        if len(source) > 1_000_000:
            raise BadValue("experiment", f"{len(source)} characters", "JSON of at most 1,000,000 characters")
        try:
            record = json.loads(source)
        except (ValueError, RecursionError):
            raise BadValue("experiment", source[:60], "valid JSON") from None
        return cls.from_dict(record)

    def to_query(self) -> dict[str, str]:
        """Flat names and texts for a link: only what differs from the defaults, a sampler or grid only if not what the process would get."""
        out: dict[str, str] = {}
        for name, param in params(self).items():
            value = getattr(self, name)
            if isinstance(value, Spec):
                flat = value.flat(name)
                usual = DEFAULTS[name] if name in DEFAULTS else fitting(name, self.process)
                if value.info.key != usual or len(flat) > 1:
                    out.update(flat)
            elif name == "model":
                out |= {} if self._first_predicts else {name: value}
            elif value != param.default:
                out[name] = text(value)
        return out

    @classmethod
    def from_query(cls, query: dict[str, str]) -> Experiment:
        """The inverse of ``to_query``; parameters left out have their defaults."""
        record = unflatten(query)
        data = record.get("data")
        if isinstance(data, str) and data.startswith("{"):
            try:
                record["data"] = json.loads(data)
            except (ValueError, RecursionError):
                raise BadValue("data", data[:60], "a distribution's name or a mixture as JSON") from None
        return cls.from_dict(record)

    @functools.cached_property
    def key(self) -> str:
        """A short name of this experiment: equal experiments have equal keys."""
        return hashlib.blake2b(self.to_json().encode(), digest_size=8).hexdigest()

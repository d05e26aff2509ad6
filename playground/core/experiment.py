"""An Experiment: every choice of a run in one frozen record, for Python, JSON, a link and the page alike."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

import torch

from . import catalog
from .fields import BadValue, Record, check_keywords, choice, free, integer, is_record, made, one_of, only, slider
from .grid import Grid
from .guidance import Guidance
from .law import Law
from .legal import FAMILIES, SLOTS, Parts, complaint, fitting, model_text, parts_of
from .model import Model
from .process import Process
from .sampler import AnySampler
from .spec import dotted_names, nested, params, text, told_by_links, unflatten
from .written import parsed

if TYPE_CHECKING:
    from .mixture import GaussianMixture


def dtype_name(value: object) -> object:
    """'float32' of torch.float32 (and of its text); other things as they are."""
    return str(value).removeprefix("torch.") if isinstance(value, (str, torch.dtype)) else value


REVERSE = only("mode", "reverse")


PARTS = ("data", *SLOTS)  # completed and checked together, with the model
JUDGED = frozenset({*PARTS, "model"})
RECORDS = frozenset({"data", *FAMILIES})  # what may be given as a record
Named: TypeAlias = str | Mapping[str, object]
"""A choice by its key, or as a record with its key as "kind"."""


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

    data: str = free("moons", catalog.check_data, help="a distribution's name or a mixture")
    process: Process = nested(None, "processes", help="forward process")
    sampler: AnySampler = nested(None, "samplers", help="sampler", when=REVERSE)
    grid: Grid = nested(None, "grids", help="time grid", when=REVERSE)
    guidance: Guidance = nested(None, "guidance", help="guidance towards a class", when=REVERSE)
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
        "", model_text, help="who predicts: exact, or a model of these data by its name"
    )  # here: as records before it have no such field
    noise: str = choice(
        "steps",
        ("steps", "path"),
        help="every draw of a step its own, or all of them increments of one Brownian path of the seed, the same for every grid and sampler",
        when=REVERSE,
    )

    if not TYPE_CHECKING:

        def __new__(cls, *args: object, **choices: object) -> Experiment:
            check_keywords(cls, args, choices)
            return super().__new__(cls)

    else:  # what may be given for the fields, which hold it checked

        def __init__(
            self,
            data: str | GaussianMixture | Mapping[str, object] = "moons",
            process: Process | Named | None = None,
            sampler: AnySampler | Named | None = None,
            grid: Grid | Named | None = None,
            guidance: Guidance | Named | None = None,
            mode: str = "reverse",
            start: str = "prior",
            start_at: float = 1.0,
            stop_at: float = 0.0,
            particles: int = 2000,
            seed: int = 0,
            dtype: str | torch.dtype = "float32",
            model: str = "",
            noise: str = "steps",
        ) -> None: ...

    def __post_init__(self) -> None:
        declared = params(self)
        told = {name: getattr(self, name) for name in declared}
        parts = parts_of(told)  # completed: what fits the process where nothing is said
        told |= {name: getattr(parts, name) for name in PARTS}
        told |= {"model": parts.who.key, "dtype": dtype_name(self.dtype)}
        for name, param in declared.items():
            object.__setattr__(self, name, told[name] if name in JUDGED else param.clean(name, told[name]))
        self.__dict__["_parts"] = parts
        if not self.stop_at < self.start_at:
            raise BadValue("stop_at", self.stop_at, f"less than start_at = {self.start_at:g}")
        if error := complaint(parts):
            raise error

    @functools.cached_property
    def _parts(self) -> Parts:
        return parts_of({name: getattr(self, name) for name in params(self)})

    @property
    def law(self) -> Law:
        """What is true."""
        return self._parts.law

    @property
    def who(self) -> Model:
        """Who predicts."""
        return self._parts.who

    @functools.cached_property
    def _first(self) -> str:
        """The model that these data have when none is named."""
        return catalog.model_named(self.law, "").key

    def replace(self, **changes: object) -> Experiment:
        """The experiment with other choices, checked as a new one; other data bring their own first model. Raises BadValue."""
        if "data" in changes:
            changes.setdefault("model", "")
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> Record:
        """As JSON has it: ``from_dict``'s inverse."""
        out: Record = {name: param.write(getattr(self, name)) for name, param in params(self).items()}
        if self.data.startswith("{"):
            out["data"] = json.loads(self.data)
        if self.model == self._first:  # as records from before models were chosen
            del out["model"]
        return out

    @classmethod
    def from_dict(cls, record: object) -> Experiment:
        """An experiment of a record of its fields; what it leaves out has its default, or what fits the process. Raises BadValue."""
        if not is_record(record):
            raise BadValue("experiment", record, "a record of choices")
        known = params(cls)
        for name, value in record.items():
            if name not in known:
                raise BadValue(name, value, one_of(name, known, dotted_names()))
            if is_record(value) and name not in RECORDS:
                raise BadValue(name, value, known[name].allowed())
        return made(cls, record)

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, source: str) -> Experiment:
        if not isinstance(cast("object", source), (str, bytes)):
            raise BadValue("experiment", source, "a text: what to_json gives")
        if len(source) > 1_000_000:
            raise BadValue("experiment", f"{len(source)} characters", "JSON of at most 1,000,000 characters")
        return cls.from_dict(parsed("experiment", source))

    def to_query(self) -> dict[str, str]:
        """Flat names and texts for a link: only what differs from the defaults, a sampler or grid only if not what the process would get."""
        out: dict[str, str] = {}
        own = {"model": self._first}  # other fields have the same default everywhere
        for name, param in params(self).items():
            value = getattr(self, name)
            spec = param.spec(value)
            if spec is not None:
                flat = spec.flat(name)
                if spec.info.key != fitting(name, self.process) or len(flat) > 1:
                    out.update(flat)
            elif value != own.get(name, param.default):
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


told_by_links(Experiment)

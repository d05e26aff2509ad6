"""The judge's answers (core/legal.py) for the page's scripts, which know no rule of their own.

The page has from the start what the judge says of every listed model under every process and guidance, as they are without their numbers, so that a
change is judged before the server is asked. What numbers change besides (an interpolant's ends, a class, a mixture of one's own) comes with the packet of the
run (``beyond``). Most choices have the same few answers: a ``Pool`` holds each sentence, each table {choice: sentence} and each leaf {slot: table} once.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from dataclasses import dataclass
from typing import TypedDict

from playground.core.catalog import laws, models_of
from playground.core.experiment import Experiment
from playground.core.fields import Record
from playground.core.legal import Parts, Reasons, judged, legal, parts_of
from playground.core.model import Model
from playground.core.spec import plain, registry, until_registered


class Pooled(TypedDict):
    """A ``Pool`` as JSON."""

    words: list[str]
    tables: list[dict[str, int]]
    leaves: list[dict[str, int]]


class Pool:
    """Each sentence, table and leaf once, by its number."""

    def __init__(self) -> None:
        self.words: dict[str, int] = {}
        self.tables: dict[str, int] = {}
        self.leaves: dict[str, int] = {}

    def table(self, reasons: dict[str, str]) -> int:
        told = {choice: self.words.setdefault(why, len(self.words)) for choice, why in reasons.items() if why}
        return self.tables.setdefault(json.dumps(told), len(self.tables))

    def leaf(self, told: Reasons) -> int:
        return self.leaves.setdefault(json.dumps({slot: self.table(reasons) for slot, reasons in told.items()}), len(self.leaves))

    def describe(self) -> Pooled:
        return {"words": [*self.words], "tables": [*map(json.loads, self.tables)], "leaves": [*map(json.loads, self.leaves)]}


@dataclass(frozen=True)
class Judged:
    """What cannot be chosen with a model: process ("process": a table), and under a process and a guidance the rest (a leaf)."""

    process: int
    under: dict[str, dict[str, int]]

    @classmethod
    def of(cls, model: Model, pool: Pool) -> Judged:
        here = parts_of({"data": model.law.key, "model": model.key})
        under: dict[str, dict[str, int]] = {}
        ways = {key: plain(cls) for key, cls in registry("guidance").items()}
        for process, made in registry("processes").items():
            part = dataclasses.replace(here, process=plain(made))
            any_guidance = {slot: judged(slot, part) for slot in ("guidance", "mode", "start")}
            leaves: dict[frozenset[str], int] = {}  # guidances that give the same leave the same choices
            for guidance in ways.values():
                if guidance.gives not in leaves:
                    guided = dataclasses.replace(part, guidance=guidance)
                    leaves[guidance.gives] = pool.leaf({**any_guidance, **{slot: judged(slot, guided) for slot in ("sampler", "grid")}})
            under[process] = {key: leaves[guidance.gives] for key, guidance in ways.items()}
        return cls(pool.table(judged("process", here)), under)

    def describe(self, model: Model) -> Record:
        """``own``: the only process that the model serves, as a link says it."""
        return {"process": self.process, "under": self.under, "own": model.process.flat("process") if model.process else {}}


def alone(model: Model) -> Record:
    """What the page has to know of a model that is not listed, with a pool of its own."""
    pool = Pool()
    return {**Judged.of(model, pool).describe(model), "pool": pool.describe()}


class Tables:
    """What the page has from the start: ``models``, by law and model, ``data``: process → data → why not."""

    def __init__(self) -> None:
        self.pool = Pool()
        self.models: dict[tuple[str, str], tuple[Judged, Model]] = {}
        made: dict[object, Judged] = {}
        for law in laws():
            for model in models_of(law):
                alike = (law.space, tuple(law.labels.tolist()), model.gives, model.noun, model.process)  # all that the judge asks of it
                if alike not in made:
                    made[alike] = Judged.of(model, self.pool)
                self.models[law.key, model.key] = made[alike], model
        self.pooled = self.pool.describe()
        self.data = {key: told(legal({"process": key})["data"]) for key in registry("processes")}

    def describe(self) -> Record:
        models = {f"{law} {key}": found.describe(model) for (law, key), (found, model) in self.models.items()}
        return {"legal": {**self.pooled, "data": self.data}, "models": models}

    def expected(self, data: str, model: str, process: str, guidance: str) -> Reasons:
        """What they say; of a model that is not among them what they say of the first."""
        mine, _ = self.models.get((data, model)) or next(iter(self.models.values()))
        pool = self.pooled
        words = lambda number: {key: pool["words"][word] for key, word in pool["tables"][number].items()}  # noqa: E731
        leaf = pool["leaves"][mine.under[process][guidance]]
        return {"data": self.data[process], "process": words(mine.process), **{slot: words(number) for slot, number in leaf.items()}}


def told(reasons: dict[str, str]) -> dict[str, str]:
    """Those that there are."""
    return {choice: why for choice, why in reasons.items() if why}


@until_registered
@functools.cache
def tables() -> Tables:
    return Tables()


def beyond(exp: Experiment) -> Reasons:
    """What the page cannot know from its tables: the judge's answers for exactly this experiment, of those slots in which they are others. Only
    what has a reason is told."""
    grid = dataclasses.replace(exp.grid, steps=type(exp.grid)().steps)  # how many steps there are decides nothing
    return _beyond(exp.model, dataclasses.replace(parts_of(exp), grid=grid))


@until_registered
@functools.lru_cache(maxsize=512)
def _beyond(model: str, parts: Parts) -> Reasons:
    found = {slot: told(reasons) for slot, reasons in legal(parts).items()}
    known = tables().expected(parts.data, model, parts.process.info.key, parts.guidance.info.key)
    return {slot: reasons for slot, reasons in found.items() if reasons != known.get(slot, {})}

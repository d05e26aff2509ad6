"""What can be chosen with what: the only judge. Menus, errors, fitting defaults and the page's scripts read its answers.

A choice declares what it ``needs``, in words of one vocabulary (``REASONS``: a sentence for each); process, space, law, model and guidance
declare what they give. What needs numbers besides (a class that the data lack, an interpolant's ends, a grid's limits) a choice tells in
``Spec.misfit``, which only the judge calls. A choice in a slot is judged by the choices in slots before it: data, process, guidance, and then
sampler, grid, mode, start and noise, which give way. Data and process judge each other.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar, cast

from .catalog import law_of, laws, model_named, models_of, resolve
from .fields import BadValue, is_record, params
from .grid import Grid
from .guidance import Guidance
from .law import Law
from .model import Model
from .process import Process
from .sampler import AnySampler
from .spec import Misfit, Spec, from_dict, plain, registry

REASONS = {
    # of the space of states
    "vector": "needs data that are points of R^n, which can be added; these cannot",
    "tangent": "needs angles, which these states are not",
    "discrete": "needs symbols, which these states are not",
    # of the process
    "snr": "needs a single noise level σ/α, which this process does not have",
    "phase": "needs a phase-space process with a velocity (CLD)",
    "knots": "needs a noise schedule whose log-SNR can be drawn: VP’s",
    "closed steps": "needs q(x_s | x_t) in closed form: linear Gaussian noising with the same coefficients in every direction, which this process is not",
    "linear": "adds Gaussian noise or uses Gaussian transitions, which this process does not have",
    "velocity": "needs a probability-flow velocity",
    "jumps": "needs a process that jumps from symbol to symbol",
    "brownian": "needs Brownian motion of angles, which this process is not",
    # of the model
    "mean": "needs a model that predicts E[x₀ | x_t]",
    "probabilities": "needs a model that tells p(x₀ | x_t) of every symbol",
    "score": "needs a model that tells ∇ log p_t itself",
    "wrapped mixture": "needs an exact mixture of wrapped normals",
    "mixture": "needs an exact mixture model, which {who} is not",
    "components": "needs an exact mixture model, which {who} is not",  # whose components are of the classes
    "classes": "needs an image model with classes",
    "network": "needs a trained network: {who} is none",
    "text": "needs a model that understands words: a text-to-image model of the hub",
    # of the law: what is exactly known of the noised data
    "marginals": "needs the law of the noised data, which {who} does not give",
    "oracle": "measures its errors against an exact mixture model, which {who} is not",
    "noising": "is shown for the toys; {who} only samples (reverse)",
    # of an experiment as a whole, for what is seen of it (``offers``)
    "pictures": "is for image models",
    "examples": "needs a model whose training images are here",
    "features": "needs a model whose training images are here, or whose classifier brings features of real ones",
    "points": "needs data of one or two numbers; images have too many dimensions for it",
    "reverse": "needs sampling; this run is noising the data",
    "guided": "needs guidance by a class of a mixture",
    "plane": "needs a plane: these data are drawn over time",
    "few": "needs a state of one or two numbers; position and velocity in the plane are four",
    "phase plane": "needs the x–v plane of one-dimensional data",
    "kinds": "needs data of more than one class",
    "position": "needs states that are the data alone: a picture has no velocity that could be encoded",
    "deterministic": "needs a deterministic sampler with the steps of its grid",
    "path": "needs draws that are increments of one Brownian path",
}
"""The vocabulary: why a choice cannot be made, to go on after its title; ``{who}``: the one that lacks it."""

REMEDIES = {
    "vector": "choose data under 2D or 1D",
    "phase": "choose the process CLD",
    "pictures": "choose one under Images",
    "examples": "choose the 8×8 digits or images of your own, whose training images are known",
    "points": "choose one of the toys",
    "reverse": "choose sampling (reverse)",
    "guided": "choose classifier-free guidance, for instance",
    "position": "choose another process",
    "network": "choose one beside “predicted by”",
    "deterministic": "choose DDIM with η = 0, Heun or DPM-Solver++",
    "path": "choose a sampler that draws noise, such as Euler–Maruyama, and “path” as its noise",
}
"""What to choose that has it, where there is such a thing: views say so."""

OF_PROCESS = frozenset(
    {"snr", "phase", "linear", "closed steps", "knots", "velocity", "vector", "jumps", "brownian", "tangent", "discrete"}
)
EXACT = frozenset({"mean", "mixture", "components", "marginals", "oracle", "noising"})  # what an exact model of mixture data gives

PLAIN = frozenset(
    {"mean", "probabilities", "score"}
)  # what models tell, each where its states live: E[x_0 | x_t], p(x_0 | x_t) or ∇ log p_t
ANY = EXACT | PLAIN | {"wrapped mixture"}  # what exact models give, each where its states live

NORMAL = "gaussian"  # N(0, I), where a field holds the name of data

Reasons = dict[str, dict[str, str]]


# -- needs and gives -----------------------------------------------------------------------------------------------------------


def sentence(missing: Iterable[str], who: str = "this one") -> str:
    """What is missing, in words ('' where nothing is)."""
    return "; ".join(REASONS.get(word, f"needs {word}").format(who=who) for word in sorted(missing))


def why_illegal(
    choice: Spec | type[Spec], process: Process | type[Process], gives: frozenset[str] = ANY, guided: str = "a guided one"
) -> str:
    """Why a sampler, grid or guidance cannot be used with a process whose model gives ``gives`` ('' when it can): capabilities alone."""
    needs = (plain(choice) if isinstance(choice, type) else choice).needs  # of a class: those of its defaults
    return sentence(needs - process.caps - process.lives - gives - (EXACT - {"mean", "mixture"}), guided)


# -- an Experiment's choices ---------------------------------------------------------------------------------------------------


class Choices(Protocol):
    """What is judged: an Experiment's choices, and the law and the model that they name."""

    @property
    def data(self) -> str: ...
    @property
    def law(self) -> Law: ...
    @property
    def who(self) -> Model: ...
    @property
    def process(self) -> Process: ...
    @property
    def guidance(self) -> Guidance: ...
    @property
    def sampler(self) -> AnySampler: ...
    @property
    def grid(self) -> Grid: ...
    @property
    def mode(self) -> str: ...
    @property
    def start(self) -> str: ...
    @property
    def noise(self) -> str: ...


@dataclass(frozen=True)
class Parts:
    """A record's choices, completed as an Experiment completes them, not judged yet. ``law``: of ``data``; ``who``: the model that predicts;
    both are known by name, and are not compared."""

    data: str
    law: Law = field(compare=False)
    who: Model = field(compare=False)
    process: Process
    guidance: Guidance
    sampler: AnySampler
    grid: Grid
    mode: str = "reverse"
    start: str = "prior"
    noise: str = "steps"


def told(parts: Choices) -> str:
    """The data in a complaint."""
    return parts.who.named if len(parts.data) <= 60 and not parts.data.startswith("{") else "these data"


class Slot(ABC):
    """A field of an Experiment whose choices are judged by those of the others."""

    name: str

    @abstractmethod
    def reasons(self, parts: Choices) -> dict[str, str]:
        """What can stand in it → why it cannot beside the other parts, '' where it can."""

    @abstractmethod
    def complaint(self, parts: Choices) -> BadValue | None:
        """What is wrong with the present choice."""

    def inside(self, parts: Choices) -> Reasons:
        """By dotted names the choices within the present one."""
        return {}


Chosen = TypeVar("Chosen", bound=Spec)


class SpecSlot(Slot, Generic[Chosen]):
    """A slot of specs of one family. ``kind``: the one that stands there where none is named; '': the first ``usual`` one that fits the process."""

    family: str
    kind: str = ""
    usual: tuple[str, ...] = ()

    @abstractmethod
    def of(self, parts: Choices) -> Chosen:
        """The present choice."""

    @abstractmethod
    def known(self) -> Mapping[str, type[Chosen]]:
        """All that there are, by key."""

    def given(self, parts: Choices) -> frozenset[str]:
        """What the model gives to a choice in this slot: to all but guidance, of a guided model."""
        return parts.who.gives - (frozenset({"mixture"}) - parts.guidance.gives)

    def numbers(self, choice: Chosen, parts: Choices) -> Misfit | None:
        """What its numbers say against it, where all that it needs is there."""
        return None

    def wrong(self, choice: Chosen, parts: Choices) -> Misfit | None:
        """What is wrong with this choice beside the other parts; None: it can be made."""
        process, gives, who = parts.process, parts.who.gives, parts.who.noun
        if lacking := choice.needs - process.caps - process.lives - self.given(parts):
            return Misfit(
                words=sentence(lacking, who if lacking - gives else "a guided one"),
                whom=process.info.title if lacking <= OF_PROCESS or not lacking - gives else told(parts),
            )
        return self.numbers(choice, parts)

    def fitting(self, process: Process | type[Process]) -> str:
        """The one of an experiment that names none. It needs no more of the model than its one answer (PLAIN), so that guidance does not change it."""
        known = self.known()
        return self.kind or next(key for key in (*self.usual, *known) if not why_illegal(known[key], process, PLAIN))

    def read(self, value: object, process: Process | type[Process]) -> Chosen:
        """The choice that a key, a record or a caller says: None and a record without a kind say the fitting one's. Raises BadValue."""
        if value is None:
            value = self.fitting(process)
        elif is_record(value) and "kind" not in value:
            value = {"kind": self.fitting(process), **value}
        return cast("Chosen", from_dict(self.family, self.name, value))

    def reasons(self, parts: Choices) -> dict[str, str]:
        now = self.of(parts)  # with its numbers; others with their defaults
        tried = ((key, now if key == now.info.key else plain(cls)) for key, cls in self.known().items())
        return {key: _words(self.wrong(choice, parts)) for key, choice in tried}

    def complaint(self, parts: Choices) -> BadValue | None:
        choice = self.of(parts)
        no = self.wrong(choice, parts)
        return None if no is None else (dataclasses.replace(no, value=parts.data) if no.field == "data" else no).error(self.name, choice)

    def inside(self, parts: Choices) -> Reasons:
        """Of each field of the choice that is a choice, a spec or data, as far as the choice could hold them by itself."""
        out: Reasons = {}
        chosen = self.of(parts)
        whole = self.wrong(chosen, parts)
        for name, param in params(chosen).items():
            now = getattr(chosen, name)
            tried = [*param.choices(now), *(((key, key) for key in origins(now)) if name in chosen.of_data else ())]
            if not tried:
                continue
            reasons = out[f"{self.name}.{name}"] = {}
            for key, value in tried:
                try:
                    no = self.wrong(dataclasses.replace(chosen, **{name: value}), parts)
                except BadValue:  # a corrector around itself; levels in another unit, which are then to be typed anew
                    continue
                blamed = no is not None and (no != whole or no.field in ("", name))  # else it is the fault of another field
                reasons[key] = _words(no) if blamed else ""
        return out


class ProcessSlot(SpecSlot[Process]):
    name, family, kind = "process", "processes", "VP"

    def of(self, parts: Choices) -> Process:
        return parts.process

    def known(self) -> Mapping[str, type[Process]]:
        return registry("processes")

    def wrong(self, choice: Process, parts: Choices) -> Misfit | None:
        return misfit_of_model(choice, parts.who) or choice.misfit(parts.law)


class GuidanceSlot(SpecSlot[Guidance]):
    name, family, kind = "guidance", "guidance", "NoGuidance"

    def of(self, parts: Choices) -> Guidance:
        return parts.guidance

    def known(self) -> Mapping[str, type[Guidance]]:
        return registry("guidance")

    def given(self, parts: Choices) -> frozenset[str]:
        return parts.who.gives

    def numbers(self, choice: Guidance, parts: Choices) -> Misfit | None:
        return choice.misfit(parts.who) or choice.unserved(parts.process)


class SamplerSlot(SpecSlot[AnySampler]):
    name, family, usual = "sampler", "samplers", ("DPMSolverPP2M", "SSCS", "Heun")

    def of(self, parts: Choices) -> AnySampler:
        return parts.sampler

    def known(self) -> Mapping[str, type[AnySampler]]:
        return registry("samplers")

    def numbers(self, choice: AnySampler, parts: Choices) -> Misfit | None:
        return choice.misfit(parts.process)


class GridSlot(SpecSlot[Grid]):
    name, family, usual = "grid", "grids", ("UniformLogSNR", "Quadratic", "UniformTime")

    def of(self, parts: Choices) -> Grid:
        return parts.grid

    def known(self) -> Mapping[str, type[Grid]]:
        return registry("grids")

    def numbers(self, choice: Grid, parts: Choices) -> Misfit | None:
        return choice.misfit(parts.process)


@dataclass(frozen=True)
class WordSlot(Slot):
    """A slot of a few words, of which the first stands there where none is named. ``needs``: what each needs; ``instead``: what happens where that is
    not there; ``with_covariance``: those that need a covariance of p_t in a run that samples."""

    name: str
    needs: Mapping[str, frozenset[str]]
    instead: str = ""
    with_covariance: frozenset[str] = frozenset()

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(self.needs)

    def read(self, value: object) -> str:
        """A word of these. Raises BadValue."""
        if not isinstance(value, str) or value not in self.needs:
            raise BadValue(self.name, value, "one of " + ", ".join(self.needs))
        return value

    def wrong(self, word: str, parts: Choices) -> Misfit | None:
        """What is wrong with this word beside the other parts; None: it can be chosen."""
        process, gives = parts.process, parts.who.gives
        sampled = parts.mode == "reverse" and "marginals" in gives
        if word in self.with_covariance and sampled and process.moments <= 2:
            return Misfit(
                words="needs a covariance of p_t, which there is none of (PFGM++ with D ≤ 2)",
                allowed="prior or exact: p_t has no covariance here (PFGM++ with D ≤ 2)",
            )
        missing = self.needs[word] - gives - process.lives
        return Misfit(words=sentence(missing, parts.who.noun) + self.instead, whom=told(parts)) if missing else None

    def reasons(self, parts: Choices) -> dict[str, str]:
        return {word: _words(self.wrong(word, parts)) for word in self.needs}

    def complaint(self, parts: Choices) -> BadValue | None:
        word: str = getattr(parts, self.name)
        no = self.wrong(word, parts)
        return None if no is None else no.error(self.name, word)


class NoiseSlot(WordSlot):
    """Where the draws of a run's steps come from; "path" only where the sampler's are increments of one."""

    def wrong(self, word: str, parts: Choices) -> Misfit | None:
        why = "" if word == self.words[0] or parts.mode != "reverse" else parts.sampler.off_path(parts.process)
        title = parts.sampler.info.title
        return (
            Misfit(f"needs a sampler whose draws are increments of one path: {title} {why}", allowed=f"steps: {title} {why}")
            if why
            else None
        )


PROCESS, GUIDANCE, SAMPLER, GRID = SPECS = ProcessSlot(), GuidanceSlot(), SamplerSlot(), GridSlot()
MODE = WordSlot("mode", {"reverse": frozenset(), "forward": frozenset({"noising"})})
START = WordSlot(
    "start",
    {"prior": frozenset(), "gaussian": frozenset({"marginals", "vector"}), "exact": frozenset({"marginals"})},
    instead="; it starts from the prior",
    with_covariance=frozenset({"gaussian"}),
)
NOISE = NoiseSlot("noise", {"steps": frozenset(), "path": frozenset()})
SLOTS: dict[str, Slot] = {slot.name: slot for slot in (*SPECS, MODE, START, NOISE)}
"""By name, in the order in which they are judged."""
OF_SPECS = {slot.name: slot for slot in SPECS}
FAMILIES = {slot.name: slot.family for slot in SPECS}
DEFAULTS = {slot.name: slot.kind for slot in SPECS if slot.kind}
WORDS = {slot.name: slot.words for slot in (MODE, START, NOISE)}


def fitting(slot: str, process: Process | type[Process]) -> str:
    """What stands in a slot of specs of an experiment that names none."""
    return OF_SPECS[slot].fitting(process)


def parts_of(record: Choices | Mapping[str, object]) -> Parts:
    """The parts of an Experiment, or of a dict with some of its fields: keys, choices or records of them. Raises BadValue for what is no choice at all."""
    if not isinstance(record, Mapping):
        e = record
        return Parts(e.data, e.law, e.who, e.process, e.guidance, e.sampler, e.grid, e.mode, e.start, e.noise)
    data, key = resolve("data", record.get("data", "moons"), model_text("model", record.get("model") or ""))
    law = law_of(data)
    who = model_named(law, key)
    own = record.get("process")
    process = PROCESS.read(who.process if own is None else own, Process)
    return Parts(
        data,
        law,
        who,
        process,
        GUIDANCE.read(record.get("guidance"), process),
        SAMPLER.read(record.get("sampler"), process),
        GRID.read(record.get("grid"), process),
        MODE.read(record.get("mode", MODE.words[0])),
        START.read(record.get("start", START.words[0])),
        NOISE.read(record.get("noise", NOISE.words[0])),
    )


def model_text(name: str, value: object) -> str:
    """A model's name, as far as it is a text. Raises BadValue."""
    if not isinstance(value, str):
        raise BadValue(name, value, "a model's name, such as exact")
    return value


def misfit_of_model(process: Process, model: Model) -> Misfit | None:
    """Why a model does not serve a process."""
    words = model.unserved(process)
    return Misfit(words=words, whom=model.named) if words else None


def misfit_of_data(data: str, process: Process) -> Misfit | None:
    """Why data cannot stand beside a process. One that their model does not serve gives way to it."""
    law = law_of(data)
    no = process.misfit(law)
    if no is None or misfit_of_model(process, model_named(law, "")):
        return None
    return dataclasses.replace(no, words=f"{process.info.title} {no.reason}")


def offers(exp: Choices) -> frozenset[str]:
    """What an Experiment has, in the vocabulary's words: what its process, model and law give, and what of its states can be seen."""
    law, process = exp.law, exp.process
    axes = process.states(law.space).axes
    reverse = exp.mode == "reverse"
    seen = {
        "pictures": law.space.pictures,
        "examples": "examples" in law.gives,
        "features": "examples" in law.gives,
        "points": bool(law.space.axes),
        "reverse": reverse,
        "guided": reverse and "mixture" in law.gives and exp.guidance.pair(law.mixture) is not None,
        "plane": len(axes) > 1,
        "few": 0 < len(axes) <= 2,
        "phase plane": "phase" in process.caps and len(axes) == 2,
        "network": exp.who.trained,
        "kinds": len(law.labels) > 1,
        "position": len(process.parts) == 1,
        "closed steps": "linear" in process.caps,
        "knots": process.drawn is not None,
        "deterministic": exp.sampler.declared_order is not None and exp.sampler.calls(5) is not None,
        "path": reverse and exp.noise == "path" and exp.sampler.noise_clock(process) is not None,
    }
    return process.caps | process.states(law.space).caps | exp.who.gives | {word for word, has in seen.items() if has}


def lacking(needs: frozenset[str], exp: Choices) -> str:
    """The first word of the vocabulary that is needed and not there, ''."""
    missing = needs - offers(exp) if needs else needs
    return next((word for word in REASONS if word in missing), "")


def why_not(needs: frozenset[str], exp: Choices) -> str:
    """Why a view that needs this has nothing to say of an Experiment, and what to choose, '' if it has: the first thing that is missing."""
    word = lacking(needs, exp)
    return reason(word, exp) if word else ""


def reason(word: str, exp: Choices) -> str:
    """What an Experiment without this has nothing to say for, and what to choose."""
    return sentence([word], exp.who.noun) + (f": {REMEDIES[word]}" if word in REMEDIES else "")


BLAMED = {"reverse": "mode", "guided": "guidance", "deterministic": "sampler", "path": "noise"}
"""Whose fault it is where a view lacks something, if neither the process's nor the data's."""


def require(needs: frozenset[str], exp: Choices) -> None:
    """For what is called directly: raises BadValue with the reason that a menu tells, where an Experiment lacks something that is needed."""
    if word := lacking(needs, exp):
        why = reason(word, exp)
        blamed = {
            "mode": exp.mode,
            "guidance": exp.guidance.info.key,
            "sampler": exp.sampler.info.key,
            "noise": exp.noise,
            "process": exp.process.info.key,
            "data": exp.data,
        }
        field = BLAMED.get(word, "process" if word in OF_PROCESS else "data")
        raise BadValue(field, blamed[field], why)


def complaint(record: Choices | Mapping[str, object]) -> BadValue | None:
    """What makes an Experiment of these choices impossible, None if nothing does: the field, its value, and what is allowed."""
    parts = parts_of(record) if isinstance(record, Mapping) else record
    return next((no for slot in SLOTS.values() if (no := slot.complaint(parts)) is not None), None)


def legal(record: Choices | Mapping[str, object]) -> Reasons:
    """slot → choice → why it cannot be made beside the others of ``record`` ('' where it can).

    ``record``: an Experiment, or a dict of some of its fields; what it leaves out is completed as an Experiment completes it. Slots: "data",
    "model", "process", "guidance", "sampler", "grid", "mode", "start", "noise", and by their dotted names the choices within the present ones ("grid.unit",
    "process.schedule", "process.origin"). An Experiment can be made of a record exactly where none of its own choices has a reason.
    Raises BadValue for what is no choice at all.
    """
    parts = parts_of(record)
    out: Reasons = {"data": {key: _words(misfit_of_data(key, parts.process)) for key in known_data(parts.data)}}
    out["model"] = {model.key: "" for model in models_of(parts.law)}  # what a model does not serve gives way to it
    for name, slot in SLOTS.items():
        out[name] = slot.reasons(parts)
        out |= slot.inside(parts)
    return out


def judged(slot: str, parts: Choices) -> dict[str, str]:
    """One slot of ``legal``: choice → why not."""
    return SLOTS[slot].reasons(parts)


def _words(no: Misfit | None) -> str:
    return "" if no is None else no.reason


def known_data(*more: str) -> list[str]:
    """Names of data that can be chosen, and ``more`` where they are not among them."""
    return list(dict.fromkeys([*(law.key for law in laws()), *more]))


def origins(now: str) -> list[str]:
    """What a field that holds data may name: 'gaussian', data with a closed form, and what it names ``now``."""
    return [NORMAL, *(data for data in known_data(*({now} - {NORMAL})) if "mixture" in law_of(data).gives)]

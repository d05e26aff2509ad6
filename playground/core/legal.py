"""What can be chosen with what: the only judge. Menus, errors, fitting defaults and the page's scripts read its answers.

A choice declares what it ``needs``, in words of one vocabulary (``REASONS``: a sentence for each); process, space, law, model and guidance
declare what they give. What needs numbers besides (a class that the data lack, an interpolant's ends, a grid's limits) a choice tells in
``Spec.misfit``, which only the judge calls. A choice in a slot is judged by the choices in slots before it: data, process, guidance, and then
sampler, grid, mode and start, which give way. Data and process judge each other.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .catalog import law_of, laws, model_named, models_of, resolve
from .fields import BadValue, params
from .grid import Grid
from .guidance import Guidance
from .law import Law
from .model import Model
from .process import Process
from .sampler import Sampler
from .spec import Misfit, Spec, from_dict, registry

REASONS = {
    # of the space of states
    "vector": "needs states that can be added (z + h u), which these are not",
    "tangent": "needs angles, which these states are not",
    "discrete": "needs symbols, which these states are not",
    # of the process
    "snr": "needs a single noise level σ/α, which this process does not have",
    "phase": "needs a phase-space process with a velocity (CLD)",
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
    "text": "needs a model that understands words: a text-to-image model of the hub",
    # of the law: what is exactly known of the noised data
    "marginals": "needs the law of the noised data, which {who} does not give",
    "oracle": "measures its errors against an exact mixture model, which {who} is not",
    "noising": "is shown for the toys; {who} only samples (reverse)",
    # of an experiment as a whole, for what is seen of it (``offers``)
    "pictures": "is for image models",
    "examples": "needs a model whose training images are here: the 8×8 digits, or images of your own",
    "points": "needs data of one or two numbers; images have too many dimensions for it",
    "reverse": "needs sampling; this run is noising the data",
    "guided": "needs guidance by a class of a mixture",
    "plane": "needs a plane; one-dimensional data are drawn over time",
    "few": "needs a state of one or two numbers; position and velocity in the plane are four",
    "phase plane": "needs the x–v plane of one-dimensional data",
    "kinds": "needs data of more than one class",
    "position": "needs states that are the data alone: a picture has no velocity that could be encoded",
    "deterministic": "needs a deterministic sampler with the steps of its grid",
}
"""The vocabulary: why a choice cannot be made, to go on after its title; ``{who}``: the one that lacks it."""

REMEDIES = {
    "vector": "choose data under 2D or 1D",
    "phase": "choose the process CLD",
    "pictures": "choose one under Images",
    "points": "choose one of the toys",
    "reverse": "choose sampling (reverse)",
    "guided": "choose classifier-free guidance, for instance",
    "position": "choose another process",
    "deterministic": "choose DDIM with η = 0, Heun or DPM-Solver++",
}
"""What to choose that has it, where there is such a thing: views say so."""

OF_PROCESS = frozenset({"snr", "phase", "linear", "velocity", "vector", "jumps", "brownian", "tangent", "discrete"})
EXACT = frozenset({"mean", "mixture", "components", "marginals", "oracle", "noising"})  # what an exact model of mixture data gives

PLAIN = frozenset(
    {"mean", "probabilities", "score"}
)  # what models tell, each where its states live: E[x_0 | x_t], p(x_0 | x_t) or ∇ log p_t
ANY = EXACT | PLAIN | {"wrapped mixture"}  # what exact models give, each where its states live

DEFAULTS = {"process": "VP", "guidance": "NoGuidance"}
USUAL = {"sampler": ("DPMSolverPP2M", "SSCS", "Heun"), "grid": ("UniformLogSNR", "Quadratic", "UniformTime")}
FAMILIES = {"process": "processes", "guidance": "guidance", "sampler": "samplers", "grid": "grids"}
SLOTS = (*FAMILIES, "mode", "start")  # in the order in which they are judged
WORDS = {"mode": ("reverse", "forward"), "start": ("prior", "gaussian", "exact")}
START_NEEDS = {"prior": frozenset(), "gaussian": frozenset({"marginals", "vector"}), "exact": frozenset({"marginals"})}
MODE_NEEDS = {"reverse": frozenset(), "forward": frozenset({"noising"})}

Reasons = dict[str, dict[str, str]]


# -- needs and gives -----------------------------------------------------------------------------------------------------------


def sentence(missing: Iterable[str], who: str = "this one") -> str:
    """What is missing, in words ('' where nothing is)."""
    return "; ".join(REASONS.get(word, f"needs {word}").format(who=who) for word in sorted(missing))


def why_illegal(
    choice: Spec | type[Spec], process: Process | type[Process], gives: frozenset[str] = ANY, guided: str = "a guided one"
) -> str:
    """Why a sampler, grid or guidance cannot be used with a process whose model gives ``gives`` ('' when it can): capabilities alone."""
    needs = (choice if isinstance(choice, Spec) else _plain(choice)).needs  # of a class: those of its defaults
    return sentence(needs - process.caps - process.lives - gives - (EXACT - {"mean", "mixture"}), guided)


@functools.cache
def _plain(cls: type[Spec]) -> Any:
    """A choice with all its defaults."""
    return cls()


def fitting(slot: str, process: Process | type[Process]) -> str:
    """The sampler or grid (``slot``) of an experiment that names none: the first usual one, else the first of all, that fits the process.

    It needs no more of the model than its one answer (PLAIN), so that guidance does not change it.
    """
    known = registry(FAMILIES[slot])
    order = [*USUAL[slot], *known]
    return next(key for key in order if not why_illegal(known[key], process, PLAIN))


# -- a record, and its choices judged ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parts:
    """A record's choices, completed as an Experiment completes them, not judged yet. ``law``: of ``data``; ``who``: the model that predicts."""

    data: str
    law: Law
    who: Model
    process: Process
    guidance: Guidance
    sampler: Sampler
    grid: Grid
    mode: str = "reverse"
    start: str = "prior"

    @property
    def told(self) -> str:
        """The data in a complaint."""
        return self.who.named if len(self.data) <= 60 and not self.data.startswith("{") else "these data"


def parts_of(record: Any) -> Parts:
    """The parts of an Experiment, or of a dict with some of its fields: keys, choices or records of them. Raises BadValue for what is no choice at all."""
    if not isinstance(record, Mapping):
        return Parts(record.data, record.law, record.who, *(getattr(record, slot) for slot in SLOTS))
    data, key = resolve("data", record.get("data", "moons"), record.get("model") or "")
    law = law_of(data)
    who = model_named(law, key)
    made: dict[str, Any] = {}
    for slot, family in FAMILIES.items():
        value = record.get(slot)
        if slot == "process" and value is None:
            value = who.process
        if value is None:
            value = DEFAULTS[slot] if slot in DEFAULTS else fitting(slot, made["process"])
        made[slot] = from_dict(family, slot, value)
    for slot, words in WORDS.items():
        made[slot] = record.get(slot, words[0])
        if made[slot] not in words:
            raise BadValue(slot, made[slot], "one of " + ", ".join(words))
    return Parts(data, law, who, **made)


def misfit(slot: str, choice: Any, parts: Parts) -> Misfit | None:
    """What is wrong with this choice in this slot beside the other parts; None: it can be made."""
    process, gives, who = parts.process, parts.who.gives, parts.who.noun
    if slot == "data":
        law = law_of(choice)
        no = process.misfit(law)
        if no is None or misfit_of_model(process, model_named(law, "")):  # a process that a model does not serve gives way
            return None
        return dataclasses.replace(no, words=f"{process.info.title} {no.reason}")
    if slot == "process":
        return misfit_of_model(choice, parts.who) or choice.misfit(parts.law)
    if slot in WORDS:
        if choice == "gaussian" and parts.mode == "reverse" and process.moments <= 2 and "marginals" in gives:
            return Misfit(words="needs a covariance of p_t, which there is none of (PFGM++ with D ≤ 2)", allowed="prior or exact: p_t has no covariance "
                          "here (PFGM++ with D ≤ 2)")  # fmt: skip
        missing = {**MODE_NEEDS, **START_NEEDS}[choice] - gives - process.lives
        tail = "; it starts from the prior" if slot == "start" else ""
        return Misfit(words=sentence(missing, who) + tail, whom=parts.told) if missing else None
    missing = choice.needs - process.caps - process.lives
    guided = gives if slot == "guidance" else gives - (frozenset({"mixture"}) - parts.guidance.gives)
    if lacking := missing - guided:
        return Misfit(
            words=sentence(lacking, who if lacking - gives else "a guided one"),
            whom=process.info.title if lacking <= OF_PROCESS or not lacking - gives else parts.told,
        )
    return None if slot == "sampler" else choice.misfit(parts.who if slot == "guidance" else process)


def misfit_of_model(process: Process, model: Model) -> Misfit | None:
    """Why a model does not serve a process."""
    words = model.unserved(process)
    return Misfit(words=words, whom=model.named) if words else None


def offers(exp: Any) -> frozenset[str]:
    """What an Experiment has, in the vocabulary's words: what its process, model and law give, and what of its states can be seen."""
    law, process = exp.law, exp.process
    axes = process.states(law.space).axes
    reverse = exp.mode == "reverse"
    seen = {
        "pictures": law.space.pictures,
        "examples": "examples" in law.gives,
        "points": bool(law.space.axes),
        "reverse": reverse,
        "guided": reverse and "mixture" in law.gives and exp.guidance.pair(law.mixture) is not None,
        "plane": len(axes) > 1,
        "few": 0 < len(axes) <= 2,
        "phase plane": "phase" in process.caps and len(axes) == 2,
        "kinds": len(law.labels) > 1,
        "position": len(process.parts) == 1,
        "deterministic": exp.sampler.declared_order is not None and exp.sampler.calls(5) is not None,
    }
    return process.caps | process.states(law.space).caps | exp.who.gives | {word for word, has in seen.items() if has}


def why_not(needs: frozenset[str], exp: Any) -> str:
    """Why a view that needs this has nothing to say of an Experiment, and what to choose, '' if it has: the first thing that is missing."""
    missing = needs - offers(exp) if needs else needs
    word = next((word for word in REASONS if word in missing), "")
    return sentence([word], exp.who.noun) + (f": {REMEDIES[word]}" if word in REMEDIES else "") if word else ""


def complaint(record: Any) -> BadValue | None:
    """What makes an Experiment of these choices impossible, None if nothing does: the field, its value, and what is allowed."""
    parts = parts_of(record)
    for slot in SLOTS:
        choice = getattr(parts, slot)
        if no := misfit(slot, choice, parts):
            return (dataclasses.replace(no, value=parts.data) if no.field == "data" else no).error(slot, choice)
    return None


def options(slot: str, parts: Parts) -> Iterator[tuple[str, Any]]:
    """What can stand in a slot, by key: of the present choice's key itself, with its numbers; of others with their defaults."""
    if slot in WORDS:
        yield from ((word, word) for word in WORDS[slot])
        return
    now = getattr(parts, slot)
    for key, cls in registry(FAMILIES[slot]).items():
        yield key, now if now.info.key == key else _plain(cls)


def legal(record: Any) -> Reasons:
    """slot → choice → why it cannot be made beside the others of ``record`` ('' where it can).

    ``record``: an Experiment, or a dict of some of its fields; what it leaves out is completed as an Experiment completes it. Slots: "data",
    "model", "process", "guidance", "sampler", "grid", "mode", "start", and by their dotted names the choices within the present ones ("grid.unit",
    "process.schedule", "process.origin"). An Experiment can be made of a record exactly where none of its own choices has a reason.
    Raises BadValue for what is no choice at all.
    """
    parts = parts_of(record)
    out: Reasons = {"data": {key: _words(misfit("data", key, parts)) for key in known_data(parts.data)}}
    out["model"] = {model.key: "" for model in models_of(parts.law)}  # what a model does not serve gives way to it
    for slot in SLOTS:
        out[slot] = judged(slot, parts)
        if slot in FAMILIES:
            out |= _inside(slot, getattr(parts, slot), parts)
    return out


def judged(slot: str, parts: Parts) -> dict[str, str]:
    """One slot of ``legal``: choice → why not."""
    return {key: _words(misfit(slot, choice, parts)) for key, choice in options(slot, parts)}


def _words(no: Misfit | None) -> str:
    return "" if no is None else no.reason


def known_data(*more: str) -> list[str]:
    """Names of data that can be chosen, and ``more`` where they are not among them."""
    return list(dict.fromkeys([*(law.key for law in laws()), *more]))


def _inside(slot: str, chosen: Spec, parts: Parts) -> Reasons:
    """The choices within one: of each of its fields that is a choice, a spec or data, as far as the choice could hold them by itself."""
    out: Reasons = {}
    whole = misfit(slot, chosen, parts)
    for name, param in params(chosen).items():
        if param.kind == "choice":
            tried: list[tuple[str, Any]] = [(word, word) for word in param.options]
        elif param.kind == "spec":
            now = getattr(chosen, name)
            tried = [(key, now if key == now.info.key else _plain(cls)) for key, cls in registry(param.family).items()]
        elif name in chosen.of_data:
            tried = [
                (key, key)
                for key in ("gaussian", *known_data(getattr(chosen, name)))
                if key == "gaussian" or "mixture" in law_of(key).gives
            ]
        else:
            continue
        out[f"{slot}.{name}"] = {}
        for key, value in tried:
            try:
                no = misfit(slot, dataclasses.replace(chosen, **{name: value}), parts)
            except BadValue:  # a corrector around itself; levels in another unit, which are then to be typed anew
                continue
            blamed = no is not None and (no != whole or no.field in ("", name))  # else it is the fault of another field
            out[f"{slot}.{name}"][key] = _words(no) if blamed else ""
    return out

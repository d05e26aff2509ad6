"""Laws and models by name: what packages offer. ``playground`` imports no toy; it finds them here, as it would find anybody's.

A package is named by an entry point of the group ``playground.packages`` (its name is the package's), or it is ``toy_models``, the first one, which is there
without being installed. In it the modules of ``<package>.laws`` and ``<package>.models`` are looked through; each may have any of

    laws() -> Iterable[Law]               the laws that a picker lists
    law(data: str) -> Law | None          the law of a name that it knows; None: not its own. BadValue: its own, but not usable. Where it is left
                                          out, the names are those of laws()
    models(law: Law) -> Iterable[Model]   who predicts for a law
    old(data: str) -> (data, model) | None   what a name of former links means now

Dropping a file there is all that it takes. What playground itself offers (exact models, mixtures of one's own, images, the hub) comes the same way.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from .fields import NEAR, BadValue, made, one_of
from .law import Law
from .mixture import GaussianMixture
from .model import Model

if TYPE_CHECKING:
    from types import ModuleType

    from .experiment import Experiment

FIRST = "toy_models"
OWN = ("playground.laws.own", "playground.exact.models", "playground.images.sets", "playground.images")
ROOMS = ("laws", "models")
NEARLY = 0.65  # of difflib's ratio: what a wrong name may be meant as


def packages() -> tuple[str, ...]:
    """The packages that offer laws and models, the toys first."""
    return tuple(dict.fromkeys([FIRST, *(point.value for point in entry_points(group="playground.packages"))]))


@dataclass(frozen=True)
class Offer:
    """What a module offers: the functions of these names, nothing where it has none."""

    laws: Callable[[], Iterable[Law]] = tuple
    law: Callable[[str], Law | None] | None = None
    models: Callable[[Law], Iterable[Model]] = lambda law: ()
    old: Callable[[str], tuple[str, str] | None] = lambda data: None
    text_of: Callable[[str, object], str | None] = lambda field, value: None

    def named(self, data: str) -> Law | None:
        """Its law of that name."""
        return next((law for law in self.laws() if law.key == data), None) if self.law is None else self.law(data)


@functools.cache
def offers() -> tuple[Offer, ...]:
    """Of the modules that are looked through, in order."""
    hooks = [f.name for f in fields(Offer)]
    return tuple(made(Offer, {hook: vars(module)[hook] for hook in hooks if hook in vars(module)}) for module in _modules())


def _modules() -> list[ModuleType]:
    found = [importlib.import_module(name) for name in OWN]
    for package in packages():
        for room in ROOMS:
            name = f"{package}.{room}"
            if importlib.util.find_spec(name) is None:
                continue
            home = importlib.import_module(name)
            found += [home, *(importlib.import_module(f"{name}.{m.name}") for m in pkgutil.iter_modules(home.__path__))]
    return found


def laws() -> list[Law]:
    """The laws that a picker lists, in its order."""
    return sorted((law for offer in offers() for law in offer.laws()), key=lambda law: law.rank)


def law_of(data: str) -> Law:
    """The law of an Experiment's ``data``. Raises BadValue where there is none of this name, or it cannot be used here."""
    for offer in offers():
        if (law := offer.named(data)) is not None:
            return law
    first = data.rpartition("-")[0]
    known = [model.named for law in laws() if law.key == first for model in models_of(law)]
    raise BadValue("data", data, ", ".join(known) if len(known) > 1 else names(data))


def models_of(law: Law) -> list[Model]:
    """Who predicts for a law; the first is the one that an Experiment has which names none."""
    return sorted((model for offer in offers() for model in offer.models(law)), key=lambda model: model.rank)


def model_named(law: Law, key: str) -> Model:
    """The model of a law by its key, the first one for ''. Raises BadValue naming ``model``."""
    known = models_of(law)
    for model in known:
        if key in ("", model.key):
            return model
    raise BadValue("model", key, one_of(key, [m.key for m in known]) if known else f"none: nobody predicts for {law.title}")


def model_of(exp: Experiment) -> Model:
    """Who predicts in an experiment."""
    return exp.who


def resolve(field: str, data: object, model: str = "") -> tuple[str, str]:
    """(data, model) of what a link, a record or a caller says, checked: names of former links, which were law and model in one, become both.

    Raises BadValue naming ``field``, or ``model`` where the name says one model and ``model`` another.
    """
    try:
        meant = _meant(data) if isinstance(data, str) else None
    except BadValue as error:
        raise BadValue(field, data, error.allowed) from None
    if meant is None:
        return check_data(field, data), model
    if model not in ("", meant[1]):
        raise BadValue("model", model, f"{meant[1]}, which is what {field} = {data!r} says; or {field} = {meant[0]!r} beside it")
    return meant


def _meant(data: str) -> tuple[str, str] | None:
    """(data, model) of a name of former links; None of any other."""
    return next((meant for offer in offers() if (meant := offer.old(data)) is not None), None)


def dashed(data: str, kinds: Iterable[str]) -> tuple[str, str] | None:
    """What '<law>-<kind>' means for a law of examples: (law, kind); None where it is no such name. Raises BadValue if the law cannot be used here."""
    name, _, kind = data.rpartition("-")
    return (name, kind) if name and kind in kinds and "examples" in law_of(name).gives else None


def names(wrong: str) -> str:
    """The names of laws by their group; those closest to a wrong one first, and then only a few of each."""
    kinds: dict[str, list[str]] = {}
    for law in sorted(laws(), key=lambda law: law.group):
        kinds.setdefault(law.group, []).append(law.key)
    close = difflib.get_close_matches(wrong[:60].lower(), [name for known in kinds.values() for name in known], cutoff=NEARLY)
    few = 3 if close else sys.maxsize
    words = [f"{kind}: {', '.join(known[:few])}{f' and {len(known) - few} more' * (len(known) > few)}" for kind, known in kinds.items()]
    return (" or ".join(close) + NEAR) * bool(close) + "; ".join(words)


def check_data(field: str, value: object) -> str:
    """What an Experiment's ``data`` may be, as the text that names it: a law's key, a mixture (GaussianMixture or a record), its text.

    Raises BadValue naming ``field``.
    """
    if isinstance(value, GaussianMixture):
        value = value.to_dict()
    for offer in offers():
        if (text := offer.text_of(field, value)) is not None:
            return text
    if not isinstance(value, str):
        raise BadValue(field, value, "a distribution's name, or a mixture with weights, means and covs")
    try:
        law_of(value)
    except BadValue as error:
        raise BadValue(field, value, error.allowed) if error.field in ("data", "model") else error from None
    return value

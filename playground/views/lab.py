"""A lab below the stage: one folder ``playground/views/labs/<key>/`` with its declaration (``__init__.py``), its script (``lab.js``) and its look (``lab.css``)."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Number, Record
from playground.core.legal import why_not
from playground.views.packet import Packet

if TYPE_CHECKING:
    from playground.engine import Run

PACKAGE = "playground.views.labs"
FOLDER = Path(__file__).resolve().with_name("labs")
Params = dict[str, str]
"""The query's ``lab.*`` names, without the prefix."""


class Lab:
    """What can be opened below the stage. A subclass declares it; its script's default is ``{mount(root, host)}`` (``assets/ui/beside/labs.js`` tells of it)."""

    key: ClassVar[str]
    """In links (``view.lab``); the name of its folder."""
    title: ClassVar[str]
    """The word on its tab."""
    text: ClassVar[str]
    """Its entry in the glossary, one sentence."""
    order: ClassVar[float] = 100
    """Its place in the strip; the first is what opens anyway."""
    page: ClassVar[Literal["", "toys", "images"]] = ""
    """The page that it belongs to: on the other one its tab is not shown where it says ``why``."""
    view: ClassVar[tuple[str, ...]] = ()
    """Names of its own in links (``view.<name>``)."""
    packets: ClassVar[Mapping[str, Callable[[Experiment, Params], Packet]]] = {}
    """Its numbers: what ``host.fetch(name, params)`` is answered with, beside the stage's own computing."""
    of_images: ClassVar[Mapping[str, Callable[[Run, Params], Packet]]] = {}
    """The same from the stage's run of images."""

    asks: ClassVar[Mapping[str, Number]] = {}
    """The numbers that its script asks with (``lab.<name>``): bounds and default of its boxes and of what the server takes."""

    needs: ClassVar[frozenset[str]] = frozenset()
    """What an experiment must have so that there is something to say of it, in the judge's words (core/legal.py, ``offers``)."""

    parts: ClassVar[Mapping[str, frozenset[str]]] = {}
    """What parts of it need besides, by names of its own."""

    def why(self, exp: Experiment) -> str:
        """Why the lab has nothing to say of this experiment, or ""."""
        return why_not(self.needs, exp)


@functools.cache
def labs() -> dict[str, Lab]:
    """Every lab by key, in the strip's order: found by scanning the folder. Raises BadValue where two have one key, or two packets one name."""
    package = importlib.import_module(PACKAGE)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{PACKAGE}.{module.name}")
    found = sorted((cls() for cls in Lab.__subclasses__()), key=lambda lab: (lab.order, lab.key))
    names = [lab.key for lab in found]
    packets = [name for lab in found for name in (*lab.packets, *lab.of_images)]
    for what, given in (("key", names), ("packets", packets)):
        for name in given:
            if given.count(name) > 1:
                raise BadValue(what, name, "a name that no other lab uses")
    return {lab.key: lab for lab in found}


def files(name: str) -> list[str]:
    """The addresses of the labs' files of one name, ``labs/<key>/<name>``, where there are such."""
    return [f"labs/{key}/{name}" for key in labs() if (FOLDER / key / name).is_file()]


def unavailable(exp: Experiment) -> dict[str, str]:
    """The labs, and parts of labs ("<key>.<part>"), that have nothing to say of an experiment, with the reason."""
    found = {key: lab.why(exp) for key, lab in labs().items()}
    found |= {f"{key}.{part}": why_not(needs, exp) for key, lab in labs().items() if not found[key] for part, needs in lab.parts.items()}
    return {key: why for key, why in found.items() if why}


def config() -> list[Record]:
    """For the page (assets/ui/beside/labs.js)."""
    return [
        {
            "key": lab.key,
            "word": lab.title,
            "page": lab.page,
            "view": lab.view,
            "asks": {name: {"default": number.shows(number.default), **number.limits()} for name, number in lab.asks.items()},
        }
        for lab in labs().values()
    ]


def entries() -> dict[str, dict[str, str]]:
    """For the glossary: each lab's entry."""
    return {key: {"name": lab.title, "text": lab.text} for key, lab in labs().items()}

"""A layer of the stage: declared once in ``playground/views/layers/<key>.py``, drawn by ``assets/ui/stage/layers/<key>.js``; both are found by scanning."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import TYPE_CHECKING, ClassVar, Literal

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Json
from playground.core.legal import why_not

if TYPE_CHECKING:
    from playground.core.panels import Panel
    from playground.views.fields import FieldsOf
    from playground.views.packet import Packet
    from playground.views.sights.axes import Axes

Role = Literal["data", "noise", "exact", "sampler", "learned"]
PACKAGE = "playground.views.layers"


class Layer:
    """Something that the stage can show over or under its particles. A subclass declares what it is and, if it has numbers of its own, computes them.

    ``arrays`` is the key of the layer whose arrays it draws (usually its own; contours draw the density's), "" for what every run's packet has. The
    page asks for them, as ``want``, while the layer is on: of a run with the run (``add_run``), of the fields for each panel (``add_fields``).
    """

    key: ClassVar[str]
    """In links (``view.layers``), in ``want``, and the name of its script."""
    word: ClassVar[str]
    """Its word in the legend (HTML)."""
    name: ClassVar[str]
    text: ClassVar[str]
    formula: ClassVar[str] = ""
    ref: ClassVar[str] = ""
    arxiv: ClassVar[str] = ""
    also: ClassVar[str] = ""
    """Its entry in the glossary: name, one sentence, formula (LaTeX), reference, another name."""
    role: ClassVar[Role]
    """Whose colour it has: data, noise, exact, sampler or learned."""
    mark: ClassVar[str]
    """Its sign before the word: what stands inside an SVG of 14 × 10, drawn in ``currentColor``."""
    rank: ClassVar[float] = 100
    """Its place in the legend; the first nine have the keys 1 to 9."""
    shown: ClassVar[bool] = False
    """Is it on where a link says nothing?"""
    arrays: ClassVar[str] = ""
    packet: ClassVar[Literal["run", "fields"]] = "fields"
    """The packet that brings its arrays."""
    stays: ClassVar[bool] = False
    """Does its word stay in the legend, with the reason, where it is on and has become pointless (``pointless``)?"""
    of_images: ClassVar[str] = "fields of an image live in its own space, not on a plane of two components"
    """Why a run of images cannot show it, or ""."""

    needs: ClassVar[frozenset[str]] = frozenset()
    """What a run of toys must have, in the judge's words (core/legal.py, ``offers``)."""

    def why(self, exp: Experiment) -> str:
        """Why a run cannot show it, or ""."""
        return self.of_images if exp.law.space.pictures else why_not(self.needs, exp)

    def pointless(self, exp: Experiment) -> bool:
        """Is this a run of another kind, in which even its word is not worth a place in the legend?"""
        return False

    def here(self, exp: Experiment) -> str:
        """A sentence on this run that its entry in the glossary cannot know, or ""."""
        return ""

    def add_run(self, sight: Axes, packet: Packet) -> None:
        """Adds its arrays to the packet of a run; called where ``packet`` is "run" and it is asked for."""

    def add_fields(self, fields: FieldsOf, panel: Panel) -> None:
        """Adds its arrays for one panel to ``fields.packet``, each named ``<key>:<panel id>``; called where ``packet`` is "fields" and it is asked for."""


def no_velocity(exp: Experiment) -> bool:
    """Has the process no velocity beside its position?"""
    return "phase" not in exp.process.caps


@functools.cache
def layers() -> dict[str, Layer]:
    """Every layer by key, in the legend's order: found by scanning the package. Raises BadValue where two have one key."""
    package = importlib.import_module(PACKAGE)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{PACKAGE}.{module.name}")
    found = [cls() for cls in Layer.__subclasses__()]
    found.sort(key=lambda layer: (layer.rank, layer.key))
    out: dict[str, Layer] = {}
    for layer in found:
        other = out.setdefault(layer.key, layer)
        if other is not layer:
            raise BadValue(
                "key", layer.key, f"a name that no other layer has: {type(other).__module__} and {type(layer).__module__} both use it"
            )
    return out


def wanted(packet: Literal["run", "fields"], want: frozenset[str]) -> list[Layer]:
    """The layers whose arrays a packet is asked for."""
    return [layer for layer in layers().values() if layer.packet == packet and layer.arrays == layer.key and layer.key in want]


def unavailable(exp: Experiment) -> dict[str, str]:
    """The layers that a run cannot show, with the reason."""
    found = {key: layer.why(exp) for key, layer in layers().items()}
    if not exp.law.space.pictures:
        found["classes"] = why_not(frozenset({"kinds"}), exp)  # no layer, but colours
    return {key: why for key, why in found.items() if why}


def told(exp: Experiment) -> dict[str, Json]:
    """What a run's header says of layers: ``unavailable`` {key: reason}, ``pointless`` [key], ``here`` {key: sentence}."""
    known = layers().items()
    return {
        "unavailable": unavailable(exp),
        "pointless": [key for key, layer in known if layer.pointless(exp)],
        "here": {key: words for key, layer in known if (words := layer.here(exp))},
    }


def config() -> list[dict[str, str | bool]]:
    """For the page (assets/ui/stage/layers.js): everything of a layer that does not depend on a run."""
    names = ("key", "word", "role", "mark", "shown", "arrays", "packet", "stays")
    return [{name: getattr(layer, name) for name in names} for layer in layers().values()]


def entries() -> dict[str, dict[str, str]]:
    """For the glossary: each layer's entry."""
    names = ("name", "also", "text", "formula", "ref", "arxiv")
    return {key: {name: value for name in names if (value := getattr(layer, name))} for key, layer in layers().items()}

"""Images: tasks, sets of one's own, and pipelines of the hub as laws of which only the name is known, each with its one model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.core.law import Law
from playground.core.modules import finder

if TYPE_CHECKING:
    from playground.core.model import Model

HUB = "hub:"  # what names of pipelines begin with


__getattr__ = finder(__name__)


def law(data: str) -> Law | None:
    """The law of 'hub:…'. Raises BadValue where it cannot be used here."""
    if not data.startswith(HUB):
        return None
    from playground.images.hub import law_of_hub  # the libraries that it needs are an optional extra

    return law_of_hub(data)


def models(law: Law) -> list[Model]:
    """The one model of a pipeline."""
    if not law.key.startswith(HUB):
        return []
    from playground.images.hub import models_of_hub

    return models_of_hub(law)

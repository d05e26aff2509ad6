"""Image models that are not made here: pipelines of the hub, through ``diffusers`` (an optional extra)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.core.modules import finder
from toy_models.models.images import SOURCES

if TYPE_CHECKING:
    from playground.images.hub import HubModel

__getattr__ = finder(__name__)


def _hub(data: str) -> HubModel:
    from playground.images.hub import law

    return law(data)


SOURCES["hub:"] = _hub

"""Image models that are not made here: pipelines of the hub, through ``diffusers`` (an optional extra)."""

from __future__ import annotations

from typing import Any

from toy_models.images import SOURCES


def _hub(data: str) -> Any:
    from playground.images.hub import law

    return law(data)


SOURCES["hub:"] = _hub

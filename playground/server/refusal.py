"""What cannot be done, in words: for the page, and one line of the log."""

from __future__ import annotations

import json
import logging
import re

from starlette.responses import JSONResponse

from playground.core.fields import BadValue, Json, Record
from playground.images.messages import out_of_memory

log = logging.getLogger("playground")
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # that a link could write into the log


def complaint(error: Exception) -> Record:
    """An error as the page shows it: {"error": …}."""
    return {"error": blame(error)}


def blame(error: Exception) -> dict[str, Json]:
    """Field, value, what is allowed and all of it in a sentence; anything unexpected is named only by its kind."""
    if isinstance(error, BadValue):
        return {"field": error.field, "value": error.value, "allowed": error.allowed, "message": str(error)}
    if out_of_memory(error):
        message = "There was too little memory for this. Take fewer images or particles, or fewer steps; the last good picture is kept."
        return {"field": "particles", "value": "", "allowed": "", "message": message}
    kind = type(error).__name__
    message = f"The server could not compute this ({kind}). The last good picture is kept; change a control or try again."
    return {"field": "", "value": "", "allowed": "", "message": message}


def logged(error: Exception) -> int:
    """One line in the log; the status to answer with."""
    words = CONTROLS.sub(" ", str(error))[:600]
    if isinstance(error, BadValue):
        log.warning("refused: %s", words)
        return 400
    log.error("failed: %s: %s", type(error).__name__, words[:300])
    return 500


class Refusal(JSONResponse):
    """The answer to what cannot be done, in ASCII: half of a surrogate pair, which JSON can hold, has no UTF-8."""

    def __init__(self, error: Exception):
        super().__init__(complaint(error), status_code=logged(error))

    def render(self, content: object) -> bytes:
        return json.dumps(content, separators=(",", ":")).encode()

"""What cannot be done, in words: for the page, and one line of the log."""

from __future__ import annotations

import functools
import json
import logging
import re

from starlette.responses import JSONResponse

from playground.core.fields import BadValue, Json, Record
from playground.images.messages import out_of_memory
from playground.server.failure import Failed, Failure

log = logging.getLogger("playground")
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # that a link could write into the log


@functools.singledispatch
def failure_of(error: Exception) -> Failure:
    """An exception as a failure: a job's own, or one of ours in its words; anything unexpected is named only by its kind."""
    kind, field = type(error).__name__, ""
    message = f"The server could not compute this ({kind}). The last good picture is kept; change a control or try again."
    if out_of_memory(error):
        field = "particles"
        message = "There was too little memory for this. Take fewer images or particles, or fewer steps; the last good picture is kept."
    return Failure({"field": field, "value": "", "allowed": "", "message": message}, 500, f"failed: {kind}: {_words(error)[:300]}")


@failure_of.register
def _(error: Failed) -> Failure:
    return error.failure


@failure_of.register
def _(error: BadValue) -> Failure:
    told: dict[str, Json] = {"field": error.field, "value": error.value, "allowed": error.allowed, "message": str(error)}
    return Failure(told, 400, f"refused: {_words(error)}")


def _words(error: Exception) -> str:
    return CONTROLS.sub(" ", str(error))[:600]


def logged(failure: Failure) -> Record:
    """One line in the log; the error as the page shows it, {"error": …}."""
    log.log(logging.ERROR if failure.status == 500 else logging.WARNING, "%s", failure.words)
    return {"error": failure.error}


class Refusal(JSONResponse):
    """The answer to what cannot be done, in ASCII: half of a surrogate pair, which JSON can hold, has no UTF-8."""

    def __init__(self, failure: Failure):
        headers = {"Retry-After": str(failure.again)} if failure.again else None
        super().__init__(logged(failure), status_code=failure.status, headers=headers)

    def render(self, content: object) -> bytes:
        return json.dumps(content, separators=(",", ":")).encode()

"""Loading a hub model from the page.

GET  /live/hub                     what is loaded, and what is missing: {"loaded", "missing", "folders"}
POST /live/hub {"source": "…"}     lines of JSON: {"words", "done", "of"} …, at last {"loaded"} or {"error"}; a reader that goes away cancels it
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from playground.core.fields import BadValue, Record
from playground.images import hub
from playground.images.messages import Cancelled
from playground.images.source import PREFIX, allowed
from playground.server.refusal import failure_of, logged
from playground.server.replies import read_body
from playground.server.routes import refusing
from playground.views.judged import alone

BEAT = 0.5  # seconds after which a reader is told that nothing is new, so that one who has gone is noticed
LONGEST = 2000  # bytes of a request
ALLOWED = "JSON with a source: a repository id or a folder"


def describe(model: hub.HubModel | None) -> Record | None:
    """A loaded model as the page's script takes it: with what cannot be chosen with it."""
    return None if model is None else {**model.describe(), "reasons": alone(model)}


def status() -> Record:
    try:
        hub.needs_extra("")
        missing = ""
    except BadValue as error:
        missing = error.allowed
    return {"loaded": describe(hub.loaded()), "missing": missing, "folders": bool(allowed())}


def steps(data: str) -> Iterator[str]:
    """Loads a model in a thread of its own; lines of JSON as it goes on. Closing the iterator cancels it at its next step."""
    told: queue.SimpleQueue[Record] = queue.SimpleQueue()
    gone = threading.Event()

    def progress(words: str, done: float, of: float) -> None:
        if gone.is_set():
            raise Cancelled
        told.put({"words": words, "done": done, "of": of})

    def work() -> None:
        try:
            told.put({"loaded": describe(hub.load(data, progress=progress))})
        except Cancelled:
            told.put({"cancelled": True})
        except Exception as error:
            told.put(logged(failure_of(error)))

    threading.Thread(target=work, name="hub", daemon=True).start()
    line: Record = {}
    try:
        while not line.keys() & {"loaded", "error", "cancelled"}:
            try:
                line = told.get(timeout=BEAT)
                while "words" in line and not told.empty():  # of many small steps the newest
                    line = told.get()
            except queue.Empty:
                line = {}
            yield json.dumps(line) + "\n"
    finally:
        gone.set()


def routes() -> list[Route]:
    def answer(request: Request) -> Response:
        return JSONResponse(status(), headers={"Cache-Control": "no-store"})

    async def load(request: Request) -> Response:
        body = await read_body(request, LONGEST, "source", ALLOWED)
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict) or not isinstance(told.get("source"), str):
            raise BadValue("source", body[:60], ALLOWED)
        name = told["source"].strip().removeprefix(PREFIX)
        return StreamingResponse(steps(PREFIX + name), media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})

    return [Route("/live/hub", answer), Route("/live/hub", refusing(load), methods=["POST"])]

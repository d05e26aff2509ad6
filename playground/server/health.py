"""Whether the server is ready, for whoever sends requests to it: GET /live/health (and /health), JSON, 200 when it is, 503 before."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from playground import __version__
from playground.core.fields import Json
from playground.server.refusal import failure_of, logged

PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)  # seconds until it is tried again, the last over and over
STATES = ("warming", "ready", "failed")


class Health:
    """``warming`` until the first picture was computed, then ``ready``; ``failed`` where it could not be, until it can: such a server computes nothing right."""

    def __init__(self) -> None:
        self.state, self.started = STATES[0], time.monotonic()

    @property
    def uptime(self) -> float:
        """Seconds since this process has been serving."""
        return time.monotonic() - self.started

    def warm_up(self, warm: Callable[[], None]) -> threading.Event:
        """Runs ``warm`` in a thread of its own, again and again until it succeeds, and knows how it went. The event is for who wants no more of it."""
        over = threading.Event()

        def work() -> None:
            for pause in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
                try:
                    warm()
                except Exception as error:
                    if over.is_set():
                        return
                    logged(failure_of(error))
                    self.state = "failed"
                else:
                    self.state = "ready"
                    return
                if over.wait(pause):
                    return

        threading.Thread(target=work, name="warm-up", daemon=True).start()
        return over

    def describe(self) -> dict[str, Json]:
        """``status``, ``version``, ``uptime`` (seconds)."""
        return {"status": self.state, "version": __version__, "uptime": round(self.uptime, 1)}


health = Health()


async def answer(request: Request) -> Response:
    return JSONResponse(health.describe(), 200 if health.state == "ready" else 503, headers={"Cache-Control": "no-store"})


def routes() -> list[Route]:
    return [Route(path, answer) for path in ("/live/health", "/health")]

"""Whether the server is ready, for whoever sends requests to it: GET /live/health (and /health), JSON, 200 when it is, 503 before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from playground import __version__
from playground.core.fields import Json
from playground.server.refusal import failure_of, logged

STATES = ("warming", "ready", "failed")


class Health:
    """``warming`` until the first picture was computed, then ``ready``; ``failed`` where it could not be: such a server computes nothing right."""

    def __init__(self) -> None:
        self.state, self.started = STATES[0], time.monotonic()

    @property
    def uptime(self) -> float:
        """Seconds since this process has been serving."""
        return time.monotonic() - self.started

    def warm_up(self, warm: Callable[[], None]) -> None:
        """Runs ``warm`` in a thread of its own and knows how it went."""

        def work() -> None:
            try:
                warm()
            except Exception as error:
                logged(failure_of(error))
                self.state = "failed"
                return
            self.state = "ready"

        threading.Thread(target=work, name="warm-up", daemon=True).start()

    def describe(self) -> dict[str, Json]:
        """``status``, ``version``, ``uptime`` (seconds)."""
        return {"status": self.state, "version": __version__, "uptime": round(self.uptime, 1)}


health = Health()


def answer(request: Request) -> Response:
    return JSONResponse(health.describe(), 200 if health.state == "ready" else 503, headers={"Cache-Control": "no-store"})


def routes() -> list[Route]:
    return [Route(path, answer) for path in ("/live/health", "/health")]

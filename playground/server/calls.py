"""Calls that Gradio answers: it reads their bodies whole, whatever their length, so that they are bounded before it."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.core.fields import BadValue
from playground.core.limits import limits, megabytes
from playground.server.refusal import Refusal, failure_of
from playground.server.replies import announced

PLACE = "/gradio_api/"
BOUNDED = ("/upload", "/mcp")  # that have bounds of their own


class Calls:
    """Middleware. A call longer than ``call_bytes`` is refused: at once, if it says so, or else as soon as so much has come."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = scope["path"].partition(PLACE) if scope["type"] == "http" and scope["method"] == "POST" else ("", "", "")
        if not place[1] or f"/{place[2]}".startswith(BOUNDED):
            await self.app(scope, receive, send)
            return
        most, size = limits().call_bytes, 0
        allowed = f"at most {megabytes(most)} in one call on this server"
        if (told := announced(Request(scope))) > most:
            await Refusal(failure_of(BadValue("body", f"{told:,} bytes", allowed)))(scope, receive, send)
            return

        async def bounded() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > most:
                raise HTTPException(413, allowed)
            return message

        await self.app(scope, bounded, send)

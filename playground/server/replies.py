"""How an answer is read from the line and sent: part by part, and only while its reader is there."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from playground.core.fields import BadValue
from playground.server.failure import Failed, Failure
from playground.server.scheduler import Reader

PATIENCE = 60.0  # seconds between two pieces of a body


class Gone(Exception):
    """Who asked does not listen any more."""


class Reply:
    """An answer on its way: its parts, while the client is there. waited: milliseconds until the last part that was read."""

    def __init__(self, request: Request, reader: Reader):
        self.reader, self.started, self.waited = reader, time.perf_counter(), 0.0
        self.gone = asyncio.ensure_future(_gone(request))

    async def next(self) -> bytes | None:
        """The next part, None at the end. Raises Failed, and Gone."""
        part = asyncio.wrap_future(self.reader.next())
        await asyncio.wait({part, self.gone}, return_when=asyncio.FIRST_COMPLETED)
        if not part.done():
            raise Gone
        self.waited = 1000 * (time.perf_counter() - self.started)
        return part.result()

    async def whole(self) -> bytes:
        """All parts; nothing more is read then. Raises Failed, and Gone."""
        parts = []
        try:
            while (part := await self.next()) is not None:
                parts.append(part)
        finally:
            self.close()
        return b"".join(parts)

    def close(self) -> None:
        """Nothing more is read."""
        self.reader.leave()
        self.gone.cancel()


async def answer_of(reader: Reader) -> bytes:
    """All parts, for who is not looked after: nothing tells when they go. Raises Failed."""
    parts = []
    try:
        while (part := await asyncio.wrap_future(reader.next())) is not None:
            parts.append(part)
    finally:
        reader.leave()
    return b"".join(parts)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


class Stream(StreamingResponse):
    """The parts of an answer after the first as they come."""

    def __init__(self, first: bytes | None, reply: Reply, media_type: str, headers: dict[str, str]):
        super().__init__(self._parts(first), media_type=media_type, headers=headers)
        self.reply = reply

    async def _parts(self, part: bytes | None) -> AsyncIterator[bytes]:
        while part is not None:
            yield part
            part = await self.reply.next()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.stream_response(send)
        except Gone:  # without an end: it did not come to one
            return
        finally:
            self.reply.close()


def announced(request: Request) -> int:
    """Bytes of the body by its header, 0 if that is missing or no number: what comes is counted."""
    told = request.headers.get("content-length", "0")
    return int(told) if re.fullmatch("[0-9]{1,18}", told) else 0


async def read_body(request: Request, most: int, field: str, allowed: str) -> bytes:
    """The body, never more of it than is allowed. Raises BadValue, ClientDisconnect, and Failed for one that does not come."""
    if announced(request) > most:
        raise BadValue(field, f"{announced(request):,} bytes", allowed)
    parts, size = [], 0
    stream = request.stream()
    try:
        while (piece := await asyncio.wait_for(anext(stream, None), PATIENCE)) is not None:
            size += len(piece)
            if size > most:
                raise BadValue(field, f"more than {most:,} bytes", allowed)
            parts.append(piece)
    except TimeoutError:
        words = f"Nothing more came of what was sent for {PATIENCE:.0f} seconds. Send it again."
        raise Failed(
            Failure({"field": field, "value": "", "allowed": "", "message": words}, 408, "left: a body that did not go on")
        ) from None
    return b"".join(parts)

"""A small reverse proxy, and what a page behind any must do in a browser."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.ui.conftest import Site

SERVED_BY = "x-served-by"  # the number of the server that answered


def proxy(targets: Sequence[str], prefix: str = "", strip: bool = False, headers: dict[str, str] | None = None) -> Starlette:
    """Answers beneath ``prefix`` only, and passes the path on with it or without, to one of the equal ``targets`` after the other; where one cannot be
    reached the next is asked. Answers are passed on as they come."""
    client = httpx.AsyncClient(timeout=120)
    turns = itertools.count()

    async def through(request: Request) -> Response:
        path = request.url.path
        if prefix and path != prefix and not path.startswith(prefix + "/"):
            return PlainTextResponse(f"outside {prefix}: {path}", 404)
        inner = (path[len(prefix) :] or "/") if strip else path
        sent = {k: v for k, v in request.headers.items() if k not in ("host", "accept-encoding", "connection")} | (headers or {})
        body, first = await request.body(), next(turns)
        for number in range(first, first + len(targets)):
            number %= len(targets)
            url = httpx.URL(targets[number]).copy_with(path=inner, query=request.url.query.encode())
            try:
                answer = await client.send(client.build_request(request.method, url, headers=sent, content=body), stream=True)
            except (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError):
                continue
            back = {k: v for k, v in answer.headers.items() if k.lower() not in ("transfer-encoding", "content-encoding", "content-length")}
            return StreamingResponse(answer.aiter_bytes(), answer.status_code, headers={**back, SERVED_BY: str(number)})
        return PlainTextResponse("no server answers", 502)

    @contextlib.asynccontextmanager
    async def closing(app: Starlette) -> AsyncIterator[None]:
        yield
        await client.aclose()

    return Starlette(routes=[Route("/{path:path}", through, methods=["GET", "POST", "HEAD"])], lifespan=closing)


def works(chromium: Any, address: str, **options: Any) -> None:
    """First picture, a control, a lab, an image run that streams, a link that is restored; nothing outside the page's own address."""
    site = Site(chromium, address, **options)
    site.page.on("response", lambda r: site.problems.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    try:
        site.open()
        first = site.stage()
        site.page.locator("#pg-sampler .pg-combo").click()
        site.page.locator(".pg-option[data-key=Heun]").click()
        site.until({"sampler": "Heun"})
        assert site.stage() != first
        site.open("?view.lab=errors&grid.steps=6&particles=300")
        site.page.wait_for_function("document.querySelector('#pg-lab-errors')?.dataset.shown")
        site.open("?data=digits-unet&particles=4&grid.steps=4")
        assert any("/live/images?" in r for r in site.requests)
        assert site.page.evaluate("__pg.form.value('pg-data')") == "digits"
        assert site.foreign() == []
        assert site.problems == [], site.problems  # pytest explains no assertions here
    finally:
        site.close()

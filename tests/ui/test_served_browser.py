"""The page wherever it is served: behind proxies that keep or strip a prefix, mounted on another app, in a frame of another page."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.ui.conftest import ROOT, Site, free_port

pytestmark = pytest.mark.browser
MOUNTED = """
import sys
import fastapi, gradio as gr, uvicorn
from app import demo
parent = fastapi.FastAPI()
parent.get("/")(lambda: {"message": "another app"})
uvicorn.run(gr.mount_gradio_app(parent, demo, path="/deep/x", **eval(sys.argv[2])), port=int(sys.argv[1]), log_level="warning")
"""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """``started(path, argv, env)``: a process, and its address once ``path`` answers; the same one for the same arguments."""
    running: dict[Any, tuple[subprocess.Popen[bytes], str]] = {}

    def start(path: str, *argv: str, **more: str) -> str:
        key = (path, argv, tuple(more.items()))
        if key not in running:
            port = free_port()
            env = {**os.environ, "GRADIO_SERVER_PORT": str(port), "PLAYGROUND_CACHE": str(tmp_path_factory.mktemp("cache")), **more}
            log = (tmp_path_factory.mktemp("log") / "log").open("w")
            process = subprocess.Popen(
                [sys.executable, *(a.replace("PORT", str(port)) for a in argv)], cwd=ROOT, env=env, stdout=log, stderr=log
            )
            running[key] = (process, f"http://127.0.0.1:{port}")
            deadline = time.monotonic() + 120
            while True:  # a process of its own: there is nothing to wait on but its answer
                try:
                    httpx.get(running[key][1] + path, timeout=30).raise_for_status()
                    break
                except httpx.HTTPError:
                    assert process.poll() is None, Path(log.name).read_text()[-3000:]
                    assert time.monotonic() < deadline, Path(log.name).read_text()[-3000:]
                    time.sleep(0.1)
            log.close()
        return running[key][1]

    yield start
    for process, _ in running.values():
        process.terminate()
        process.wait(20)


@pytest.fixture
def serve() -> Iterator[Callable[[Any], str]]:
    """``serve(app)``: the address of an ASGI app of this process."""
    servers = []

    def start(app: Any, port: int = 0) -> str:
        port = port or free_port()
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        servers.append((server, thread))
        while not server.started:
            time.sleep(0.02)
        return f"http://127.0.0.1:{port}"

    yield start
    for server, thread in servers:
        server.should_exit = True
        thread.join(20)


def proxy(target: str, prefix: str, strip: bool, headers: dict[str, str]) -> Starlette:
    """A reverse proxy that answers beneath ``prefix`` only, and passes the path on with it or without."""
    client = httpx.AsyncClient(base_url=target, timeout=120)

    async def through(request: Request) -> Response:
        path = request.url.path
        if path != prefix and not path.startswith(prefix + "/"):
            return PlainTextResponse(f"outside {prefix}: {path}", 404)
        inner = (path[len(prefix) :] or "/") if strip else path
        sent = {k: v for k, v in request.headers.items() if k not in ("host", "accept-encoding", "connection")} | headers
        url = httpx.URL(path=inner, query=request.url.query.encode())
        answer = await client.send(client.build_request(request.method, url, headers=sent, content=await request.body()), stream=True)
        back = {k: v for k, v in answer.headers.items() if k.lower() not in ("transfer-encoding", "content-encoding", "content-length")}
        return StreamingResponse(answer.aiter_bytes(), answer.status_code, headers=back)

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
        assert site.problems == []
    finally:
        site.close()


SETTINGS = {  # GRADIO_ROOT_PATH, whether the proxy strips, what it tells
    "kept": ("/play", False, {}),
    "kept, told by a header": ("", False, {"x-forwarded-host": "HOST", "x-forwarded-proto": "http", "x-forwarded-prefix": "/play"}),
    "stripped": ("/play", True, {"x-forwarded-host": "HOST"}),
    "stripped, nobody told": ("", True, {}),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_behind_a_proxy(setting: str, chromium: Any, started: Callable[..., str], serve: Callable[[Any], str]) -> None:
    """Mutants killed: the head at "/" only; a root from the server's own address; absolute paths in a script."""
    root, strip, headers = SETTINGS[setting]
    target, port = started("/", "app.py", GRADIO_ROOT_PATH=root), free_port()
    headers = {k: v.replace("HOST", f"127.0.0.1:{port}") for k, v in headers.items()}
    works(chromium, serve(proxy(target, "/play", strip, headers), port) + "/play/")


@pytest.mark.parametrize("strip", [False, True])
def test_without_a_slash_at_the_end(strip: bool, chromium: Any, started: Callable[..., str], serve: Callable[[Any], str]) -> None:
    """Kept: one redirect that knows no host. Stripped: nobody but the page can see it. Mutant killed: relative addresses one folder too high."""
    address = serve(proxy(started("/", "app.py", GRADIO_ROOT_PATH="/play"), "/play", strip, {})) + "/play"
    site = Site(chromium, address)
    try:
        site.open("?seed=3")
        assert site.page.evaluate("location.pathname + location.search") == "/play/?seed=3"
        if not strip:
            assert site.problems == []
    finally:
        site.close()


@pytest.mark.parametrize("options", ["{}", "{'root_path': '/outer/deep/x'}"])
def test_mounted_on_another_app(options: str, chromium: Any, started: Callable[..., str], serve: Callable[[Any], str]) -> None:
    """``gr.mount_gradio_app(app, demo, path=…)``, alone and behind a proxy: routes and head are there. Mutant killed: only launch() adds them."""
    target = started("/deep/x/", "-c", MOUNTED, "PORT", options)
    assert httpx.get(target + "/").json() == {"message": "another app"}
    if options == "{}":
        works(chromium, target + "/deep/x/")
        assert httpx.get(target + "/deep/x", follow_redirects=True).text.count("PG_START") > 0
    works(chromium, serve(proxy(target, "/outer", True, {})) + "/outer/deep/x/")


@pytest.mark.parametrize("storage", [True, False])
def test_in_a_frame_of_another_page(storage: bool, chromium: Any, server: str, serve: Callable[[Any], str]) -> None:
    """Another origin, with storage and without. Mutants killed: X-Frame-Options; localStorage that is taken for granted."""
    page = HTMLResponse(
        f'<!doctype html><title>other</title><link rel="icon" href="data:,"><iframe src="{server}" style="width:1300px;height:800px"></iframe>'
    )
    address = serve(Starlette(routes=[Route("/", lambda request: page)])).replace("127.0.0.1", "localhost")
    site = Site(chromium, address)
    try:
        if not storage:
            for store in ("localStorage", "sessionStorage"):
                site.context.add_init_script(
                    f"if (window !== top) Object.defineProperty(window, '{store}', {{ get() {{ throw new DOMException('denied', 'SecurityError'); }} }})"
                )
        site.page.goto(address)
        frame = next(f for f in site.page.frames if f.url.startswith(server))
        frame.wait_for_function("window.__pg && __pg.ready && __pg.painted > 0 && __pg.settled")
        before = frame.evaluate("__pg.painted")
        frame.locator("#pg-sampler .pg-combo").click()
        frame.locator(".pg-option[data-key=Heun]").click()
        frame.wait_for_function("(n) => __pg.settled && __pg.painted > n", arg=before)
        assert site.problems == []
    finally:
        site.close()

"""The page wherever it is served: behind proxies that keep or strip a prefix, mounted on another app, in a frame of another page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.proxy import proxy, works
from tests.ui.conftest import Site, free_port

pytestmark = pytest.mark.browser
MOUNTED = """
import sys
import fastapi, gradio as gr, uvicorn
from app import demo
parent = fastapi.FastAPI()
parent.get("/")(lambda: {"message": "another app"})
uvicorn.run(gr.mount_gradio_app(parent, demo, path="/deep/x", **eval(sys.argv[2])), port=int(sys.argv[1]), log_level="warning")
"""


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
    works(chromium, serve(proxy([target], "/play", strip, headers), port) + "/play/")


@pytest.mark.parametrize("strip", [False, True])
def test_without_a_slash_at_the_end(strip: bool, chromium: Any, started: Callable[..., str], serve: Callable[[Any], str]) -> None:
    """Kept: one redirect that knows no host. Stripped: nobody but the page can see it. Mutant killed: relative addresses one folder too high."""
    address = serve(proxy([started("/", "app.py", GRADIO_ROOT_PATH="/play")], "/play", strip)) + "/play"
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
    works(chromium, serve(proxy([target], "/outer", True)) + "/outer/deep/x/")


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

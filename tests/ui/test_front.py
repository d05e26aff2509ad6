"""Where the page is: prefixes, mounts and its document, without a browser."""

from __future__ import annotations

import asyncio
import gc
import re

import fastapi
import gradio as gr
import pytest
from starlette.testclient import TestClient

from playground.ui.front import located
from playground.ui.page import Page, build

# Gradio makes event loops that it does not close; they are collected here, and not in another test
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def mounted(page: Page, path: str, **options: object) -> fastapi.FastAPI:
    parent = gr.mount_gradio_app(fastapi.FastAPI(), page, path=path, **options)  # type: ignore[arg-type]
    asyncio.set_event_loop(None)
    gc.collect()
    return parent


@pytest.fixture(scope="module")
def demo() -> Page:
    page = build()
    mounted(page, "/")  # sees to the theme, without which Gradio has no document
    return page


@pytest.fixture(autouse=True)
def collected():
    yield
    asyncio.set_event_loop(None)
    gc.collect()


@pytest.mark.parametrize(
    ("root", "header", "mount", "path", "answer"),
    [
        ("", "", "", "/live/packet", ("", "/live/packet")),
        ("/play", "", "", "/play/live/packet", ("/play", "/play/live/packet")),
        ("/play/", "", "", "/play/", ("/play", "/play/")),
        ("play", "", "", "/play/", ("/play", "/play/")),
        ("/play", "", "", "/live/packet", ("/play", "/live/packet")),
        ("https://example.org/a/b/", "", "", "/a/b/live/packet", ("/a/b", "/a/b/live/packet")),
        ("https://example.org", "", "", "/", ("", "/")),
        ("", "/play", "", "/play/", ("/play", "/play/")),
        ("", "/play/, /other", "", "/", ("/play", "/")),
        ("", "/<script>", "", "/", ("", "/")),
        ("", "//evil.example", "", "/", ("", "/")),
        ("/x", "/play", "/x", "/x/live/packet", ("/x", "/x/live/packet")),
        ("/outer/x", "", "/x", "/x/live/packet", ("/outer/x", "/outer/x/live/packet")),
        ("", "", "", "", ("", "/")),
    ],
)
def test_the_prefix_is_told_from_what_there_is(root, header, mount, path, answer):
    headers = [(b"x-forwarded-prefix", header.encode())] if header else []
    told = located({"root_path": root, "path": path, "headers": headers}, mount)
    assert (told["root_path"], told["path"]) == answer


def whole(answer) -> bool:
    """Whether a document has our head and Gradio's, in their order."""
    text = answer.text
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content)
    return 0 < text.index("history.replaceState") < text.index("<base ") < text.index("PG_START") < text.index("gradio_config.root =")


@pytest.mark.parametrize(
    "query", ["", "?page=x", "?page=&deep_link=y", "?p%61ge=x&seed=3", "?page=x&page=y", "?deep_link=../../x", "?%ff=%00"]
)
def test_the_document_has_its_head_whatever_the_query(demo, query):
    """Gradio answers 500 for a page that there is not. Mutant killed: the query is passed on."""
    with TestClient(demo.app) as client:
        assert whole(client.get("/" + query, headers={"accept-encoding": "identity"}))
        assert client.head("/" + query).status_code == 200
        assert client.get("/live/packet?particles=10").status_code == 200


@pytest.mark.parametrize("root", ["/play", "/play/", "https://example.org/play"])
def test_a_prefix_that_is_kept_or_stripped(root, demo, monkeypatch):
    monkeypatch.setattr(demo.app, "root_path", root)
    with TestClient(demo.app) as client:
        for before in ("", "/play"):
            assert whole(client.get(before + "/", headers={"accept-encoding": "identity"}))
            assert client.get(before + "/live/packet?particles=10").status_code == 200
            style = re.search(r'"(live/assets/[0-9a-f]{12}/ui/page.css)"', client.get(before + "/").text)
            assert style
            assert client.get(f"{before}/{style[1]}").status_code == 200
        moved = client.get("/play?seed=3&data=a%20b", follow_redirects=False)
        assert (moved.status_code, moved.headers["location"]) == (307, "play/?seed=3&data=a%20b")


def test_mounted_with_a_theme_and_routes_of_ones_own():
    """Theme, footer and routes are those of launch(); what the host gives is kept. Mutants killed: Gradio's footer and its page of runs."""
    given = {"routes": [fastapi.routing.APIRoute("/mine", lambda: {"mine": 1})], "title": "host"}
    parent = mounted(build(), "/a/b", app_kwargs=given)
    with TestClient(parent) as client:
        assert whole(client.get("/a/b/", headers={"accept-encoding": "identity"}))
        assert client.get("/a/b").status_code == 200
        assert client.get("/a/b/live/packet?particles=10").status_code == 200
        assert client.get("/a/b/mine").json() == {"mine": 1}
        config = client.get("/a/b/config").json()
        assert config["footer_links"] == []
        assert "runs" not in config["footer_links"]
        assert client.get("/a/b/gradio_api/runs").status_code == 404
        assert "system-ui" in client.get("/a/b/theme.css").text
    with TestClient(fastapi.FastAPI()) as client:
        assert client.get("/live/packet").status_code == 404

"""/live/board over HTTP: a stream that ends with its reader, whole answers to files, refusals in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from playground.core.limits import limits
from playground.server.routes import Live
from playground.server.scheduler import Scheduler
from playground.sweeps.results import Results

QUERY = "preset=eta&seeds=2&particles=60&measures=W2"


@pytest.fixture
def live(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    monkeypatch.setenv("PLAYGROUND_CACHE", str(tmp_path))
    made = Live()
    made.open()
    yield made
    made.close()


@pytest.fixture
def url(live: Live, serve: Callable[[Any], str]) -> str:
    return serve(Starlette(routes=live.routes())) + "/live/board"


def told(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_by_address_and_by_body_and_back_from_its_own_file(url: str) -> None:
    answer = httpx.get(f"{url}?{QUERY}", timeout=120)
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = told(answer.text)
    assert next(iter(lines[-1])) == "end"
    sweep = lines[0]["head"]["sweep"]
    again = told(httpx.post(url, content=json.dumps(sweep), timeout=120).text)
    assert again[0] == lines[0]
    assert again[1]["plan"]["known"] == again[1]["plan"]["of"] == 40
    cells = [cell for line in lines if "cells" in line for cell in line["cells"]]
    head, plan = lines[0]["head"], lines[1]["plan"]
    file = {name: head[name] for name in ("format", "version", "sweep")} | {"cells": cells, "left_out": plan["left_out"]}
    assert Results.from_dict(file).complete
    shown = told(httpx.post(f"{url}/read", json=file, timeout=60).text)
    assert shown[0] == lines[0]
    assert httpx.post(f"{url}/file?kind=csv", json=file, timeout=60).text.startswith("sampler,")
    svg = httpx.post(f"{url}/file?kind=svg", json=file, timeout=60)
    assert svg.headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("?preset=nothing", b"", "preset"),
        ("?seeds=4&particles=30000", b"", "PLAYGROUND_BOARD_PARTICLES"),
        ("", b"{" * 1000, "valid JSON"),
        ("", b"x" * 1_000_001, "1,000,000 bytes"),
        ("/read", b"no file", "valid JSON"),
        ("/read", b'{"format":"playground sweep","version":7}', "version"),
        ("/file?kind=exe", b"{}", "kind"),
        ("/file?kind=csv", b"[]", "results file"),
    ],
)
def test_refusals(url: str, path: str, body: bytes, words: str) -> None:
    answer = httpx.post(url + path, content=body, timeout=60)
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


def test_a_file_that_is_too_large(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYGROUND_BOARD_BYTES", "100000")
    limits.cache_clear()
    try:
        answer = httpx.post(f"{url}/read", content=b"x" * 100_001, timeout=60)
    finally:
        limits.cache_clear()
    assert "PLAYGROUND_BOARD_BYTES" in answer.json()["error"]["message"]


def test_who_goes_away_ends_it(live: Live, url: str) -> None:
    """And the line is empty again; the cells that were told are kept."""
    with httpx.stream("GET", f"{url}?preset=samplers&seeds=3&particles=200", timeout=60) as answer:
        lines = answer.iter_lines()
        while "cells" not in json.loads(next(lines)):
            pass
    scheduler: Scheduler = live.scheduler
    for _ in range(200):
        if not scheduler.entries:
            break
        httpx.get(f"{url}?preset=nothing", timeout=60)  # time for the server to see that nobody listens
    assert not scheduler.entries
    assert scheduler.stats().dropped["sweep"] == 1
    lines = told(httpx.get(f"{url}?preset=samplers&seeds=3&particles=200&plan=true", timeout=60).text)
    assert lines[1]["plan"]["known"] > 0

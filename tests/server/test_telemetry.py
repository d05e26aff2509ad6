"""Health and metrics: what they say, and what they never say."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from playground import __version__
from playground.server import health, telemetry
from playground.server.health import Health
from playground.server.scheduler import Stats
from playground.server.telemetry import Counted, Level, Telemetry
from tests import loop


def counted(told: Telemetry, routes: list[Route]) -> Any:
    return Counted(Starlette(routes=routes), telemetry.kinds(routes), frozenset({"run", "fields"}), told)


def read(told: Telemetry) -> dict[tuple[str, ...], float]:
    """Every sample as (name, labels …) → value, read by the client library's own parser."""
    return {
        (s.name, *s.labels.values()): s.value for family in text_string_to_metric_families(told.text().decode()) for s in family.samples
    }


def packet(request: Request) -> Response:
    return PlainTextResponse("four", int(request.query_params.get("status", "200")))


def stream(request: Request) -> Response:
    return StreamingResponse(iter([b"ab", b"cd", b"e"]))


def breaks(request: Request) -> Response:
    raise RuntimeError("secret words")


ROUTES = [Route("/live/packet", packet), Route("/live/images", stream), Route("/live/task", breaks), Route("/other", packet)]


def test_answers_are_counted_by_kind_and_outcome() -> None:
    """Mutants killed: a stream that counts as many answers; a 400 that counts as well; what is not ours is counted."""
    told = Telemetry(Health())
    with TestClient(counted(told, ROUTES), raise_server_exceptions=False) as client:
        for path in ("packet", "packet?layer=fields", "packet?layer=fields&status=400", "packet?status=503", "images", "task", "nothing"):
            client.get(f"/live/{path}")
        client.get("/other")
    found = read(told)
    name = "playground_requests_total"
    counts = {key[1:]: value for key, value in found.items() if key[0] == name}
    assert counts == {
        ("packet:run", "ok"): 1,
        ("packet:fields", "ok"): 1,
        ("packet:fields", "refused"): 1,
        ("packet:run", "busy"): 1,
        ("images", "ok"): 1,
        ("task", "failed"): 1,
        ("other", "refused"): 1,
    }
    assert found["playground_sent_bytes_total", "images"] == 5
    assert found["playground_request_seconds_count", "packet:run"] == 2
    assert found["playground_first_byte_seconds_count", "images"] == 1
    assert all(found["playground_open_requests", kind] == 0 for kind in ("packet:run", "images", "task"))
    assert "secret" not in told.text().decode()


@pytest.mark.parametrize("path", ["/live/packet?layer=%22evil%0A", "/live/packet?layer=run&data=my%20secret", "/live/<script>", "/live//", "/live/packet?layer=a&layer=b"])  # fmt: skip
def test_nobody_makes_labels(path: str) -> None:
    """However many different ones are asked for, the labels are those that the server knows."""
    told = Telemetry(Health())
    with TestClient(counted(told, ROUTES)) as client:
        client.get(path)
    kinds = {key[1] for key in read(told) if key[0].startswith("playground_requests")}
    assert kinds <= {"packet:run", "packet:other", "other"}
    assert not {"secret", "evil", "script"} & set(told.text().decode().replace(":", " ").split())


def test_a_prefix_is_no_kind() -> None:
    told = Telemetry(Health())
    scope = {"type": "http", "path": "/play/live/packet", "root_path": "/play", "query_string": b"layer=fields"}
    app = counted(told, ROUTES)
    assert app.kind(scope) == "packet:fields"
    assert app.kind({**scope, "path": "/live/images", "query_string": b""}) == "images"
    assert app.kind({**scope, "path": "/play/"}) == ""
    assert app.kind({**scope, "path": "/play/live/health"}) == ""


def test_a_reader_who_goes_away_is_told_apart() -> None:
    told = Telemetry(Health())

    async def gone() -> None:
        async def send(message: Any) -> None:
            if message.get("body") == b"cd":
                raise OSError("the connection is closed")

        async def receive() -> Any:
            await asyncio.sleep(10)

        scope = {"type": "http", "method": "GET", "path": "/live/images", "query_string": b"", "headers": [], "root_path": ""}
        app = counted(told, ROUTES)
        with pytest.raises(Exception):  # noqa: B017, PT011  whatever starlette makes of it
            await app(scope, receive, send)

    loop.run(gone())
    assert read(told)["playground_requests_total", "images", "gone"] == 1


def test_levels_are_read_when_they_are_asked_for() -> None:
    told, now = Telemetry(Health()), {"run": 1.0}
    told.watch("line", lambda: [Level("waiting", "requests in line", "kind", now), Level("people", "who asked", "", {"": 2.0})])
    assert read(told)["playground_waiting", "run"] == 1
    now["run"] = 5.0
    found = read(told)
    assert (found["playground_waiting", "run"], found["playground_people",]) == (5, 2)
    assert found["playground_build", __version__] == 1
    assert found["process_resident_memory_bytes",] > 1e6


def test_the_line_is_told() -> None:
    """Every number of the line's own stats, with their values. Mutant killed: a number of the line that nobody can see."""
    numbers = {
        f.name: {"run": float(i), "lab": 0.5} if f.type.startswith("dict") else [float(i)] if f.type.startswith("list") else i
        for i, f in enumerate(dataclasses.fields(Stats), 1)
    }
    told = Telemetry(Health())
    told.watch("line", lambda: telemetry.line(Stats(**numbers)))  # type: ignore[arg-type]
    told.watch("line", lambda: telemetry.line(Stats(**numbers)))  # type: ignore[arg-type]  # another page's, in place of the first
    found = [value for key, value in read(told).items() if key[0].startswith("playground_") and key[-1] not in ("lab", __version__)]
    assert all(float(i) in found for i in range(1, len(numbers) + 1))
    assert read(told)["playground_jobs_waiting", "lab"] == 0.5
    assert read(told)["playground_jobs_done_total", "run"] == numbers["done"]["run"]  # type: ignore[index]


def test_health_goes_from_warming_to_ready() -> None:
    """503 before, 200 then, as those who send requests on expect. Mutant killed: ready from the start."""
    state, go = Health(), threading.Event()
    state.warm_up(lambda: (go.wait(20), None)[1])
    assert state.describe()["status"] == "warming"
    go.set()
    for _ in range(1000):
        if state.state != "warming":
            break
        threading.Event().wait(0.01)
    assert state.describe()["status"] == "ready"
    assert state.describe()["version"] == __version__


def test_a_server_that_cannot_compute_says_so() -> None:
    state = Health()

    def fails() -> None:
        raise RuntimeError("no core of this machine can do that")

    closed = state.warm_up(fails)
    for _ in range(1000):
        if state.state != "warming":
            break
        threading.Event().wait(0.01)
    closed.set()
    assert state.describe()["status"] == "failed"


def test_a_server_that_can_compute_later_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that died in the first picture is replaced. Mutants killed: one failure is for ever; a page that was closed goes on trying."""
    monkeypatch.setattr(health, "PAUSES", (0.001,))
    before, state, tries = threading.enumerate(), Health(), []

    def warm() -> None:
        tries.append(state.state)
        if len(tries) < 4:
            raise RuntimeError("it has died")

    state.warm_up(warm)
    for _ in range(1000):
        if state.state == "ready":
            break
        threading.Event().wait(0.01)
    assert state.state == "ready"
    assert tries == ["warming", "failed", "failed", "failed"]
    closed, begin = Health(), threading.Event()

    def fails() -> None:
        begin.wait(20)
        raise RuntimeError("it is ending")

    closed.warm_up(fails).set()
    begin.set()
    for thread in threading.enumerate():
        if thread.name == "warm-up" and not any(thread is other for other in before):
            thread.join(20)
    assert closed.state == "warming"


@pytest.mark.parametrize(("state", "status"), [("warming", 503), ("ready", 200), ("failed", 503)])
def test_the_address_of_health(state: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.health, "state", state)
    with TestClient(Starlette(routes=[*health.routes(), *telemetry.routes()])) as client:
        for path in ("/live/health", "/health"):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["status"]) == (status, state)
        for path in ("/live/metrics", "/metrics"):
            answer = client.get(path)
            assert answer.headers["content-type"].startswith("text/plain; version=")
            assert f'playground_state{{state="{state}"}} 1.0' in answer.text

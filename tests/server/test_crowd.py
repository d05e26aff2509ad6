"""Many at one server, and what clients do that mean it ill or are merely cut off: a real server on loopback, whose jobs are computed in threads of this process."""

from __future__ import annotations

import contextlib
import logging
import resource
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import uvicorn
from starlette.applications import Starlette

from playground.core.experiment import Experiment
from playground.server import jobs
from playground.server.jobs import MeasuresPacket, RunFilm, RunPacket, Steps
from playground.server.routes import Live
from playground.views.packet import Packet

SMALL = "particles=20&grid.steps=3"
WAIT = 20


class Served:
    """A server and its line."""

    def __init__(self) -> None:
        self.live = Live()
        self.line = self.live.scheduler
        self.server = uvicorn.Server(uvicorn.Config(Starlette(routes=self.live.routes()), host="127.0.0.1", port=0, log_level="error"))
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.server.run, args=([self.socket],), daemon=True)
        self.thread.start()

    def get(self, path: str, tab: str = "me", **headers: str) -> tuple[int, bytes]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/live/{path}", headers={"X-Playground-Tab": tab, **headers})
        try:
            with urllib.request.urlopen(request, timeout=WAIT) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def wire(self, text: str) -> socket.socket:
        """A connection on which this has been sent."""
        wire = socket.create_connection(("127.0.0.1", self.port), timeout=WAIT)
        wire.sendall(text.encode())
        return wire

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join(WAIT)
        self.line.close()


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    yield made
    made.close()


class Gate:
    """A step of a job waits here until the test opens it."""

    def __init__(self) -> None:
        self.open, self.entered, self.count = threading.Event(), threading.Event(), 0

    def before(self, real: object) -> object:
        """``steps`` of a job, which wait in a first step."""

        def steps(job: RunPacket) -> Steps:
            self.count += 1
            self.entered.set()
            while not self.open.is_set():
                self.open.wait(0.01)
                yield None
            return (yield from real(job))

        return steps


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """All runs wait."""
    made = Gate()
    monkeypatch.setattr(RunPacket, "steps", made.before(RunPacket.steps))
    yield made
    made.open.set()


def until(true: object) -> None:
    for _ in range(WAIT * 200):
        if true():
            return
        time.sleep(0.005)  # another thread's work: there is no event to wait on
    raise AssertionError("it does not come to that")


def test_everybody_gets_their_own(served: Served) -> None:
    """32 people, each with another seed, at once: key and number of each answer are of who asked."""
    with ThreadPoolExecutor(32) as people:
        queries = [(n, f"{SMALL}&seed={n % 16}") for n in range(32)]  # each seed is asked for by two
        told = list(people.map(lambda q: served.get(f"packet?layer=run&seq={q[0]}&{q[1]}", f"tab{q[0]}"), queries))
    for (n, query), (status, body) in zip(queries, told, strict=True):
        assert status == 200
        packet = Packet.from_bytes(body)
        assert packet.header["seq"] == n
        exp = Experiment.from_query(dict(part.split("=") for part in query.split("&")))
        assert packet.header["key"] == exp.key
        assert (packet["z"] == Packet.from_bytes(jobs.packet(exp.to_query() | {"layer": "run"}))["z"]).all()


def test_one_link_is_computed_once(served: Served, gate: Gate) -> None:
    """32 people open one address: one run, and every one of them has it. Mutant killed: a key that the number of the question is part of."""
    with ThreadPoolExecutor(32) as people:
        told = [people.submit(served.get, f"packet?layer=run&seq={n}&{SMALL}&seed=99", f"tab{n}") for n in range(32)]
        until(lambda: served.line.stats().shared == 31)
        gate.open.set()
        bodies = [one.result() for one in told]
    assert gate.count == 1
    assert {status for status, _ in bodies} == {200}
    assert sorted(Packet.from_bytes(body).header["seq"] for _, body in bodies) == list(range(32))
    assert served.get(f"packet?layer=run&{SMALL}&seed=99")[0] == 200
    assert gate.count == 1
    assert served.line.stats().kept == 1


def test_who_goes_away_is_dropped(served: Served, gate: Gate) -> None:
    """In the middle of a run, and while it waits; the run of who stays is computed. Mutant killed: a job that goes on for nobody."""
    wires = [
        served.wire(f"GET /live/packet?layer=run&{SMALL}&seed={n} HTTP/1.1\r\nHost: x\r\nX-Playground-Tab: t{n}\r\n\r\n") for n in range(6)
    ]
    until(lambda: len(served.line.entries) == 6)
    assert gate.entered.wait(WAIT)
    for wire in wires:
        wire.close()
    until(lambda: not served.line.entries)
    assert served.line.stats().dropped["run"] == 6
    gate.open.set()
    assert served.get(f"packet?layer=run&{SMALL}&seed=7")[0] == 200
    assert served.line.stats().done["run"] == 1


def test_half_a_body(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is computed, one line in the log, everybody else unaffected."""
    with caplog.at_level(logging.WARNING, "playground"):
        for path in ("fit", "task", "sets", "film.mp4"):
            wire = served.wire(f"POST /live/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n1,2\n3,")
            assert served.get(f"packet?layer=run&{SMALL}")[0] == 200
            wire.close()
        until(lambda: len(caplog.records) == 4)
    assert {record.getMessage() for record in caplog.records} == {"left: a body that did not end"}
    assert not served.line.entries


def test_a_body_that_does_not_go_on(served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("playground.server.replies.PATIENCE", 0.05)
    wire = served.wire("POST /live/fit HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n1,2\n3,")
    assert wire.recv(100).startswith(b"HTTP/1.1 408")
    assert [record.getMessage() for record in caplog.records] == ["left: a body that did not go on"]
    wire.close()


def test_a_thousand_connections(served: Served, gate: Gate) -> None:
    """500 that say nothing, 500 that ask for something heavy: as many wait as may, the others are told so, and who comes from elsewhere is answered."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    with contextlib.ExitStack() as all_of_them:
        all_of_them.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for n in range(500):
            all_of_them.enter_context(contextlib.closing(served.wire("")))
            ask = f"GET /live/packet?layer=run&{SMALL}&seed={n} HTTP/1.1\r\nHost: x\r\nX-Playground-Tab: flood\r\nConnection: close\r\n\r\n"
            all_of_them.enter_context(contextlib.closing(served.wire(ask)))
        until(lambda: served.line.stats().refused == 500 - 64)
        assert len(served.line.entries) == 64
        status, body = served.get(f"packet?layer=fields&want=density&{SMALL}", "somebody")
        assert status == 200
        assert Packet.from_bytes(body).header["kind"] == "fields"
    until(lambda: not served.line.entries)


def test_the_same_film_fifty_times(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made once, and all fifty have it."""
    made, real, gate = [], RunFilm.steps, threading.Event()

    def steps(job: RunFilm) -> Steps:
        made.append(job)
        while not gate.is_set():
            gate.wait(0.01)
            yield None
        return (yield from real(job))

    monkeypatch.setattr(RunFilm, "steps", steps)
    with ThreadPoolExecutor(50) as people:
        told = [people.submit(served.get, "film.gif?data=digits-gaussian&particles=4&grid.steps=3", f"tab{n}") for n in range(50)]
        until(lambda: served.line.stats().shared == 49)
        gate.set()
        bodies = {one.result() for one in told}
    assert len(made) == 1
    assert len(bodies) == 1
    assert b'"film": "R0lGOD' in bodies.pop()[1]


def test_a_full_line_says_when_to_come_again(served: Served, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.server.scheduler.limits", lambda: jobs.limits().__class__(waiting_each=1))
    wire = served.wire(f"GET /live/packet?layer=run&{SMALL} HTTP/1.1\r\nHost: x\r\nX-Playground-Tab: me\r\n\r\n")
    until(lambda: len(served.line.entries) == 1)
    request = urllib.request.Request(f"http://127.0.0.1:{served.port}/live/packet?layer=run&seed=5", headers={"X-Playground-Tab": "me"})
    with pytest.raises(urllib.error.HTTPError) as told:
        urllib.request.urlopen(request, timeout=WAIT)
    assert (told.value.code, told.value.headers["Retry-After"]) == (503, "2")
    assert b"You have 1 requests waiting already" in told.value.read()
    told.value.close()
    wire.close()


@pytest.mark.parametrize("tab", ["", "x" * 65, "a b", "<script>", "é"])
def test_who_has_no_name_is_known_by_their_address(served: Served, tab: str) -> None:
    """What is no name of a tab is none. Mutant killed: names without an end."""
    wire = served.wire(f"GET /live/packet?layer=run&{SMALL} HTTP/1.1\r\nHost: x\r\nX-Playground-Tab: {tab}\r\nConnection: close\r\n\r\n")
    assert wire.recv(100).startswith(b"HTTP/1.1 200")
    wire.close()
    assert "at 127.0.0.1" in served.line.people


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:99999"},
        {"X-Forwarded-Prefix": "//evil.example"},
        {"X-Forwarded-Prefix": "/../../etc"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "javascript"},
    ],
)
def test_a_forged_host_or_root_path_changes_no_picture(served: Served, headers: dict[str, str]) -> None:
    """Nothing of an answer goes by them, but for the link in a table of states, which is a comment."""
    plain = served.get(f"packet?layer=metrics&{SMALL}")
    assert served.get(f"packet?layer=metrics&{SMALL}", **headers) == plain
    status, table = served.get(f"states.csv?{SMALL}", **headers)
    assert status == 200
    lines = table.decode().splitlines()
    assert [line for line in lines if "evil" in line] == [line for line in lines[1:2] if "evil" in line]
    assert lines[1].startswith("# http")


def test_distances_read_the_run_that_is_there(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """One run for a run and its distances. Mutant killed: each computes its own."""
    begun = []
    real = jobs.begin
    monkeypatch.setattr(jobs, "begin", lambda exp: begun.append(exp.key) or real(exp))
    for layer in ("run", "metrics", "run&want=x0"):
        assert served.get(f"packet?layer={layer}&{SMALL}&seed=321")[0] == 200
    assert len(begun) == 1
    assert MeasuresPacket({"seed": "321"}).run

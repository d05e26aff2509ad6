"""A worker's process: the same answers as here, errors in the same words, and one that is killed is replaced."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from playground.core.fields import BadValue
from playground.server import bench, jobs, wire, worker
from playground.server.bench import Here
from playground.server.failure import Failed
from playground.server.jobs import Arrays, Fit, ImageRun, packet_job, parts_of
from playground.server.scheduler import Scheduler
from playground.server.worker import Apart
from playground.views.packet import Packet, numbered

SMALL = {"particles": "30", "grid.steps": "4", "seed": "11"}


@pytest.fixture(scope="module")
def line() -> Iterator[Scheduler]:
    made = Scheduler([Apart()], Here())
    yield made
    made.close()


def process_of(line: Scheduler) -> subprocess.Popen[bytes]:
    apart = line.desks[0].worker
    assert isinstance(apart, Apart)
    assert apart.process is not None
    return apart.process


def alike(raw: bytes) -> dict[str, bytes]:
    return {name: a.tobytes() for name, (a, _) in Packet.from_bytes(raw).arrays.items()}


@pytest.mark.parametrize("layer", ["run", "fields&want=density,score", "metrics", "errors", "knots"])
def test_a_process_computes_what_this_one_does(line: Scheduler, layer: str) -> None:
    """To the bit: header (but for how long it took) and arrays."""
    query = {**SMALL, "data": "two_modes", **dict(part.split("=") for part in f"layer={layer}".split("&"))}
    there, here = line.ask(packet_job(query), "anna").whole(), jobs.packet(query)
    assert alike(there) == alike(here)
    heads = [{k: v for k, v in Packet.from_bytes(raw).header.items() if not k.endswith("ms")} for raw in (there, here)]
    assert heads[0] == heads[1]


def test_a_thread_of_this_process_keeps_its_memory_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a worker's process does. Mutant killed: models of the hub, which are computed here, a tenth slower."""
    asked: list[bool] = []
    monkeypatch.setattr(bench, "keep_memory", lambda: asked.append(True))
    Here().start()
    assert asked == [True]


def test_streams_and_files_come_through(line: Scheduler) -> None:
    query = {"data": "digits-gaussian", "particles": "2", "grid.steps": "3"}
    parts = list(line.ask(ImageRun(query), "anna"))
    assert [Packet.from_bytes(part[4:]).header["step"] for part in parts] == [0, 1, 2, 3]
    assert line.ask(Arrays(query), "anna").whole() == b"".join(parts_of(Arrays(query)))
    table = "\n".join(f"{i % 7},{i % 5}" for i in range(300)).encode()
    assert line.ask(Fit({"components": "3"}, table), "anna").whole() == b"".join(parts_of(Fit({"components": "3"}, table)))


def test_what_is_wrong_is_told_in_the_same_words(line: Scheduler) -> None:
    with pytest.raises(Failed) as told:
        line.ask(Fit({}, b"1,2\n3,abc\n"), "anna").whole()
    assert told.value.failure.status == 400
    assert told.value.failure.error["field"] == "row 2"
    with pytest.raises(ValueError, match="row 2") as here:
        list(parts_of(Fit({}, b"1,2\n3,abc\n")))
    assert told.value.failure.error["message"] == str(here.value)


@pytest.mark.parametrize(
    ("query", "field"), [({"components": "²"}, "components"), ({"components": "129"}, "components"), ({"scale": "yes"}, "scale")]
)
def test_a_fit_is_refused_before_its_table_is_read(query: dict[str, str], field: str) -> None:
    """Mutant killed: a number that int() does not know, and a table of megabytes read for nothing."""
    with pytest.raises(BadValue) as caught:
        Fit(query, b"1,2\n3,4\n")
    assert caught.value.field == field


def test_a_process_that_is_killed_is_replaced(line: Scheduler) -> None:
    """What it had is told in a sentence; the same request is computed by the next. Mutant killed: everybody waits for a dead process."""
    heavy = {"data": "moons", "particles": "200000", "grid.steps": "300"}
    line.ask(packet_job(SMALL), "anna").whole()  # the process is there
    first = line.ask(packet_job(heavy), "anna").next()
    before = process_of(line)
    os.kill(before.pid, signal.SIGKILL)
    with pytest.raises(Failed) as told:
        first.result(60)
    assert told.value.failure.status == 503
    assert "try again" in str(told.value.failure.error["message"])
    assert Packet.from_bytes(line.ask(packet_job({**SMALL, "seed": "12"}), "anna").whole()).header["seed"] == 12
    assert process_of(line).pid != before.pid
    assert line.stats().replaced == 1


def test_a_process_ends_with_its_server() -> None:
    """Nothing is left behind by a server that was killed; and no worker has loaded Gradio."""
    code = (
        "import sys, playground.server.bench\n"
        "from playground.server.worker import Apart\n"
        "assert not {'gradio', 'plotly', 'fastapi'} & {m.split('.')[0] for m in sys.modules}\n"
        "one = Apart()\n"
        "one.start()\n"
        "print(one.process.pid, flush=True)\n"
        "import os; os._exit(1)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    pid = int(out.stdout)
    assert out.stderr == ""
    for _ in range(1000):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if (state := _state(pid)) == "Z":
            return
        assert state
        _pause()
    raise AssertionError("it lives on")


def _state(pid: int) -> str:
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()[0]


def _pause() -> None:
    signal.sigtimedwait([], 0.01)  # another process's end: there is nothing to wait on


def test_messages() -> None:
    """Whole or not at all. Mutant killed: half a message that is taken for one."""
    pipe = io.BytesIO()
    wire.write(pipe, {"a": [1, "é"]}, b"body")
    wire.write(pipe, {})
    raw = pipe.getvalue()
    pipe.seek(0)
    assert [wire.read(pipe), wire.read(pipe), wire.read(pipe)] == [({"a": [1, "é"]}, b"body"), ({}, b""), None]
    for cut in (3, 12, len(raw) // 2 + 3):
        assert wire.read(io.BytesIO(raw[:cut])) is None


def test_as_many_processes_as_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, count in ((1, 2), (2, 2), (6, 6), (64, 8)):
        monkeypatch.setattr(worker, "cores", lambda cores=cores: cores)
        assert worker.count() == count


def test_a_packet_gets_another_number() -> None:
    """Only its number changes, whatever texts say. Mutant killed: the first "seq" anywhere."""
    packet = Packet({"kind": "run", "title": '"seq":7', "seq": 3, "more": '"seq":4'})
    packet.add("z", [1.0, 2.0, 3.0])
    for seq in (0, 3, 10, 99_999_999):
        told = Packet.from_bytes(numbered(packet.to_bytes(), seq))
        assert told.header == {**packet.header, "seq": seq}
        assert told["z"].tolist() == [1.0, 2.0, 3.0]
    assert numbered(packet.to_bytes(), 3) == packet.to_bytes()

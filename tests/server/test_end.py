"""A server that is told to end: by Ctrl-C, or by what started it (a container, a service)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from playground.server import scheduler
from playground.views.packet import Packet
from tests.ui.conftest import ROOT, free_port

LONG = "data=mnist-unet&particles=256&grid.steps=150"  # each step takes a while


def children(pid: int) -> list[int]:
    told = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(line.split()[0]) for line in told.splitlines() if "playground.server.bench" in line]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(true: Callable[[], object], process: subprocess.Popen[bytes], said: Callable[[], str]) -> None:
    deadline = time.monotonic() + 120
    while not true():  # a process of its own: there is nothing to wait on
        assert process.poll() is None, said()[-3000:]
        assert time.monotonic() < deadline, said()[-3000:]
        time.sleep(0.1)


@pytest.mark.parametrize(("number", "apart"), [(signal.SIGTERM, False), (signal.SIGTERM, True), (signal.SIGINT, True)])
def test_who_waits_is_told_and_no_worker_is_left(number: signal.Signals, apart: bool, tmp_path: Path) -> None:
    """While the server's own process computes, which it does at first, and when a worker's does. Mutants killed: a signal that is left to the system, which cuts readers off, and in a container's first process is not even heard; a close that waits for streams
    before it ends them; Python's own end, in which torch aborts a process that still computes."""
    port = free_port()
    env = {**os.environ, "GRADIO_SERVER_PORT": str(port), "PLAYGROUND_CACHE": str(tmp_path), "PLAYGROUND_WORKERS": "1"}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)
    said = lambda: (tmp_path / "log").read_text()  # noqa: E731
    try:
        until(lambda: "Diffusion Playground: http" in said(), process, said)
        if apart:
            until(lambda: "playground_workers 1.0" in httpx.get(f"http://127.0.0.1:{port}/live/metrics", timeout=30).text, process, said)
        raw = b""
        with httpx.stream("GET", f"http://127.0.0.1:{port}/live/images?{LONG}", timeout=60) as answer:
            pieces = answer.iter_bytes()
            raw += next(pieces)
            workers = children(process.pid)
            assert bool(workers) == apart
            process.send_signal(number)
            raw += b"".join(pieces)
        assert process.wait(60) == 0, said()[-3000:]
    finally:
        process.kill()
        process.wait(20)
    last = b""
    while raw:
        size = int.from_bytes(raw[:4], "little")
        last, raw = raw[4 : 4 + size], raw[4 + size :]
    assert Packet.from_bytes(last).header["error"]["message"] == scheduler.ENDING.error["message"]
    assert not [pid for pid in workers if lives(pid)]
    assert "Traceback" not in said(), said()[-3000:]

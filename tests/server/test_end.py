"""A server that is told to end: by Ctrl-C, or by what started it (a container, a service)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from playground.server import scheduler
from playground.views.packet import Packet
from tests.ui.conftest import ROOT, free_port

LONG = "data=digits-unet&particles=64&grid.steps=500"


def children(pid: int) -> list[int]:
    told = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(line.split()[0]) for line in told.splitlines() if "playground.server.bench" in line]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_waits_is_told_and_no_worker_is_left(number: signal.Signals, tmp_path: Path) -> None:
    """Mutants killed: a signal that is left to the system, which cuts readers off, and in a container's first process is not even heard; a close that waits for streams
    before it ends them."""
    port = free_port()
    env = {**os.environ, "GRADIO_SERVER_PORT": str(port), "PLAYGROUND_CACHE": str(tmp_path), "PLAYGROUND_WORKERS": "1"}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)
    said = lambda: (tmp_path / "log").read_text()  # noqa: E731
    try:
        deadline = time.monotonic() + 120
        while "Diffusion Playground: http" not in said():  # a process of its own: there is nothing to wait on but its log
            assert process.poll() is None, said()[-3000:]
            assert time.monotonic() < deadline, said()[-3000:]
            time.sleep(0.1)
        raw = b""
        with httpx.stream("GET", f"http://127.0.0.1:{port}/live/images?{LONG}", timeout=60) as answer:
            pieces = answer.iter_bytes()
            raw += next(pieces)
            workers = children(process.pid)
            assert workers
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

"""A sweep on Ray: the same numbers as here, workers that die, what a cluster that cannot be used is told. A cluster of two workers on this machine, that listens to it alone."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from playground.core.fields import BadValue
from playground.sweeps import Results, Running, Sweep, cluster, kept, run, workers
from playground.sweeps.__main__ import main
from playground.sweeps.cluster import Actor, Computing, Ray, of_server
from playground.views import board
from tests.sweeps.test_running import ROOT, SWEEP
from tests.ui.conftest import free_port

needs_ray = pytest.mark.skipif(cluster.importlib.util.find_spec("ray") is None, reason="ray is not installed (requirements-ray.txt)")
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "PYTHONUNBUFFERED": "1", "RAY_worker_niceness": "0"}


@pytest.fixture(scope="module")
def whole():
    return Running(SWEEP).finish()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Where Ray keeps the token of a cluster: not the home of whoever runs the tests."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**QUIET, "HOME": str(folder)}.items():
            patch.setenv(name, value)
        yield folder


@pytest.fixture(scope="module")
def head(home):
    """The address of a cluster that somebody else has started, with two processors, and from a folder without our code."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "ray.scripts.scripts",
        "start",
        "--head",
        "--block",
        "--node-ip-address",
        "127.0.0.1",
        f"--port={port}",
    ]
    command += ["--num-cpus=2", "--include-dashboard=false", f"--object-store-memory={cluster.STORE}"]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with subprocess.Popen(command, cwd=home, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert any("Ray runtime started" in line for line in process.stdout)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=30)
            process.kill()


def told(results):
    return {key: cell.values for key, cell in results.cells.items()}


def lines_of(sweep):
    """What a server's board tells."""
    for part in board.running(sweep, by=of_server()):
        yield from map(json.loads, (part or b"").splitlines())


@posix
@needs_ray
@pytest.mark.slow
def test_an_actor_that_is_killed_loses_no_cell(head, monkeypatch, whole):
    """A server's board on a cluster. Of two actors one is killed in the middle: as soon as it has told a cell of a task and owes two. The numbers are those of this process, to
    the bit. (What kills twice: test_running.py.)

    Mutants killed: cells that are lost with an actor; cells that are told twice; a sweep that waits for the dead; a cluster that has not been given the code."""
    killed, seen, owed = [], [], {}
    give = Actor.give

    def noted(self, task, measures):
        owed[self.pid] = task.places[0]
        give(self, task, measures)

    monkeypatch.setattr(Actor, "give", noted)
    monkeypatch.setattr(workers, "HERE", 0)  # all of it there
    monkeypatch.setattr(board, "FRESH", 0.0)
    monkeypatch.setenv("PLAYGROUND_RAY", head)
    notices = []
    for line in lines_of(SWEEP):
        seen += line.get("cells", [])
        notices += [line["notice"]] if "notice" in line else []
        pid = next((pid for pid, at in owed.items() if seen and at == tuple(seen[-1]["at"])), None)
        if not killed and len(seen) > 3 and pid is not None:
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)
    assert (len(killed), notices) == (1, [])
    assert len(set(owed)) >= 2
    cells = {(tuple(cell["at"]), cell["seed"]): cell for cell in seen}
    assert len(seen) == len(cells) == len(whole.cells)
    assert not [cell for cell in seen if "failed" in cell]
    assert {key: cell["values"] for key, cell in cells.items()} == {key: cell.to_dict()["values"] for key, cell in whole.cells.items()}


def test_a_cluster_that_never_answers(monkeypatch, whole):
    """It is asked, and neither comes nor fails: this process computes. Mutants killed: a board that waits for it at the end; one that waits with dear cells for ever."""
    held, ended = threading.Event(), []

    class Late(workers.Here):
        def end(self):
            ended.append(self)

    def never():
        held.wait(60)
        return Late()

    results = run(SWEEP, by=workers.Soon(never), keep=False)
    assert told(results) == told(whole)
    monkeypatch.setattr(workers, "HERE", 0)
    monkeypatch.setattr(workers, "PATIENCE", 0.1)
    by = workers.Soon(never)
    assert told(run(SWEEP, by=by, keep=False)) == told(whole)
    assert "has not answered" in by.why
    assert not ended
    held.set()
    for _ in range(100):
        if len(ended) < 2:
            time.sleep(0.05)
    assert len(ended) == 2  # whoever comes too late is let go


@needs_ray
def test_a_server_whose_cluster_does_not_answer(monkeypatch, home):
    """It says so, and computes itself. Mutants killed: a board that ends; one that says nothing."""
    monkeypatch.setenv("PLAYGROUND_RAY", "127.0.0.1:1")
    monkeypatch.setattr(workers, "HERE", 0)  # cheap cells would be there before it is known
    lines = list(lines_of(Sweep(base={"particles": "50"}, seeds=2, measures=["W1"])))
    assert sum(len(line.get("cells", [])) for line in lines) == 2
    (notice,) = (line["notice"] for line in lines if "notice" in line)
    assert "computed by this server alone" in notice
    assert "127.0.0.1:1" in notice
    monkeypatch.setenv("PLAYGROUND_RAY", "")
    assert of_server() is None


def test_a_node_with_other_code_computes_nothing(monkeypatch):
    """Numbers of other versions would be kept as those of this one."""
    monkeypatch.setattr(cluster, "code_version", lambda: "another")
    told = queue.Queue()
    begin = SimpleNamespace(remote=lambda: Computing().begin())
    ray = SimpleNamespace(
        get=lambda value: (value[0], kept.code_version()), kill=lambda handle: None, exceptions=SimpleNamespace(RayError=OSError)
    )
    actor = Actor(ray, SimpleNamespace(begin=begin), told)
    assert told.get(timeout=60) == (actor, None)
    assert "the same versions of torch and NumPy" in actor.ended
    actor.stop()


@needs_ray
@pytest.mark.slow
def test_a_cluster_of_ones_own(tmp_path, home, whole):
    """The command, from its own folder: cells stream, are kept, and the cluster is gone at the end."""
    (tmp_path / "s.json").write_text(SWEEP.to_json(), encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "playground.sweeps", "run", "s.json", "--ray", "local", "--workers", "2"]
    done = subprocess.run(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert told(Results.read(tmp_path / "s.results.json")) == told(whole)
    assert Running(SWEEP, kept=kept.Kept()).hits == len(whole.cells)


@needs_ray
@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense", "ray://there:1", "127.0.0.1:99999999999"])
def test_no_cluster_there(address, home):
    """Mutant killed: Ray that waits for a minute and ends the program."""
    with pytest.raises(BadValue, match=r"auto \(the cluster that this machine is in\) or local"):
        Ray(address)


def test_without_its_library(tmp_path, capsys, monkeypatch):
    """Mutant killed: Ray imported with the package."""
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda name: None)
    (tmp_path / "s.json").write_text(SWEEP.to_json(), encoding="utf-8")
    assert main(["run", str(tmp_path / "s.json"), "--ray", "auto"]) == 1
    assert "pip install -r requirements-ray.txt" in capsys.readouterr().err
    code = "import sys, playground, playground.sweeps.cluster; print('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout == "False\n"

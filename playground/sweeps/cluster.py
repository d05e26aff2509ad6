"""A sweep on Ray: the cells' workers are actors of a cluster, one a processor. They compute what processes of this machine compute, and say it by the same lines.

Optional (requirements-ray.txt): the library is imported where a cluster is asked for.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import queue
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Protocol

import torch

from playground.core.child import environment
from playground.core.fields import BadValue
from playground.core.files import ASSETS, PACKAGE, ROOT
from playground.sweeps.compute import Computer
from playground.sweeps.kept import code_version
from playground.sweeps.worker import answers
from playground.sweeps.workers import DONE, Apart, Soon, Task, Told, Worker, Workers, order

ENV = "PLAYGROUND_RAY"
INSTALL = "pip install -r requirements-ray.txt"
LOCAL, AUTO = "local", "auto"
ADDRESS = "HOST:PORT of a cluster's head, auto (the cluster that this machine is in) or local (one of this machine alone, for this sweep)"
ANSWERS = 10.0  # seconds in which a cluster does
STORE = 80 * 2**20  # bytes of Ray's store of objects, its least: results are lines of text


def library() -> ModuleType:
    """Ray. Raises BadValue where it is not installed."""
    if importlib.util.find_spec("ray") is None:
        raise BadValue("ray", "not installed", f"a sweep on Ray once the package ray is there: {INSTALL}")
    return importlib.import_module("ray")


class Ray(Apart):
    """Actors of a cluster: at ``address``, by ``auto`` the one that this machine is in, by ``local`` one that is started for this sweep on this machine alone. ``count``: how many,
    0: as many as the cluster has processors. Where the program is connected to a cluster already, that one computes.

    This program's code goes with it; torch, NumPy and Ray must be those of this machine, since cells are kept by them: a node that has others says so in its cells.
    Raises: BadValue, also where no cluster answers.
    """

    def __init__(self, address: str = AUTO, count: int = 0):
        self.connected = True
        self.ray = CONNECTION.join(address, count)
        there = self.ray.cluster_resources()
        processors = int(there.get("CPU", 0))
        if not processors:
            self.end()
            raise BadValue("ray", address, "a cluster with a processor")
        self.count = min(count or processors, processors)
        share = there.get("GPU", 0) / self.count if torch.cuda.is_available() else 0
        self.actor = self.ray.remote(num_cpus=1, num_gpus=share, max_restarts=0)(Computing)

    @property
    def said(self) -> str:
        return f"a cluster of {self.count}"

    def start(self, told: Told) -> Worker:
        return Actor(self.ray, self.actor.remote(), told)

    def end(self) -> None:
        if self.connected:
            self.connected = False
            CONNECTION.leave()


def of_server() -> Workers | None:
    """Who computes the board's sweeps: the cluster that $PLAYGROUND_RAY names, as soon as it answers; None: it names none."""
    address = os.environ.get(ENV, "").strip()
    return Soon(lambda: Ray(address)) if address else None


class Connection:
    """This program's connection to a cluster. There is one at a time, which all sweeps that run share; the last of them ends it, unless somebody else has made it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users, self.ours = 0, False

    def join(self, address: str, count: int) -> ModuleType:
        """Ray, connected. Raises BadValue."""
        with self.lock:
            if address == LOCAL:  # before Ray is loaded, which reads them then
                os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
                os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # here too: it listens to this machine alone
            ray = library()
            if not ray.is_initialized():
                _connect(ray, address, count)
                self.ours = True
            self.users += 1
            return ray

    def leave(self) -> None:
        with self.lock:
            self.users -= 1
            if self.ours and not self.users:
                self.ours = False
                library().shutdown()


CONNECTION = Connection()


def _connect(ray: ModuleType, address: str, count: int) -> None:
    told = os.environ.get("RAY_ADDRESS", AUTO) if address == AUTO else address
    if told not in (LOCAL, AUTO):
        reach(told)
    quiet = {"logging_level": "error", "log_to_driver": False}
    # what this machine cannot see is not computed on: the digits differ
    seen = {} if torch.cuda.is_available() else {"CUDA_VISIBLE_DEVICES": ""}
    try:
        if address == LOCAL:
            env = {"env_vars": {**seen, "PYTHONPATH": environment()["PYTHONPATH"]}}
            ray.init(LOCAL, num_cpus=count or None, include_dashboard=False, object_store_memory=STORE, runtime_env=env, **quiet)
        else:
            with tempfile.TemporaryDirectory() as folder:
                ray.init(address, runtime_env={"working_dir": str(sent(Path(folder))), "env_vars": seen}, **quiet)
    except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
        ray.shutdown()
        raise BadValue("ray", address, f"{ADDRESS}: {_line(error)}") from None


def reach(address: str) -> None:
    """BadValue where no one listens at HOST:PORT: Ray itself would end the program after a minute."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=ANSWERS).close()
    except (OSError, ValueError, OverflowError) as error:
        raise BadValue("ray", address, f"{ADDRESS}: {_line(error)}") from None


def sent(folder: Path) -> Path:
    """What a cluster is given of this program: its packages and the models' files, as they lie here."""
    unwanted = shutil.ignore_patterns("__pycache__", "*.pyc")
    for package in (PACKAGE, PACKAGE.parent / "toy_models"):
        shutil.copytree(package, folder / package.name, ignore=unwanted)
    if PACKAGE.parent == ROOT:  # an installed copy has them in its package
        shutil.copytree(ASSETS / "models", folder / "assets" / "models", ignore=unwanted)
    return folder


def _line(error: BaseException) -> str:
    """The first line of what a library says."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:300]


class Computing:
    """What an actor does: the same as ``worker.main``."""

    def __init__(self) -> None:
        torch.set_num_threads(1)
        self.computer = Computer()

    def begin(self) -> tuple[int, str]:
        """Its process, and its code."""
        return os.getpid(), code_version()

    def lines(self, order: bytes) -> Iterator[bytes]:
        yield from answers(self.computer, order)


class Method(Protocol):
    """One of an actor's, as Ray calls it."""

    def options(self, *, num_returns: str) -> Method: ...
    def remote(self, *given: object) -> Iterable[object]: ...


class Handle(Protocol):
    """An actor of ``Computing``, as Ray gives it."""

    @property
    def begin(self) -> Method: ...
    @property
    def lines(self) -> Method: ...


class Actor(Worker):
    """An actor of a cluster, and a thread here that waits for what it says."""

    def __init__(self, ray: ModuleType, handle: Handle, told: Told):
        self.ray, self.handle, self.pid, self.words = ray, handle, 0, "nothing said"
        self.orders: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._wait, args=(told,), daemon=True)
        self.thread.start()

    def _wait(self, told: Told) -> None:
        try:
            self._begin()
            told.put((self, DONE))
            while (order := self.orders.get()) is not None:
                for line in self.handle.lines.options(num_returns="streaming").remote(order):
                    told.put((self, self.ray.get(line)))
        except (self.ray.exceptions.RayError, BadValue) as error:
            self.words = _line(error)
        told.put((self, None))

    def _begin(self) -> None:
        self.pid, code = self.ray.get(self.handle.begin.remote())
        if code != code_version():
            raise BadValue(
                "ray", "a node with other libraries", "the same versions of torch and NumPy, and the same kind of machine, as here"
            )

    @property
    def ended(self) -> str:
        return self.words

    def give(self, task: Task, measures: Sequence[str]) -> None:
        self.orders.put(order(task, measures))

    def stop(self) -> None:
        self.ray.kill(self.handle)
        self.orders.put(None)
        self.thread.join()

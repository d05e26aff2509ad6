"""Workers: who computes. One of them is a process of its own (``Apart``) or a thread of this one (``Here``); both take a job slice by slice.

Measured on two cores with runs, fields and distances of 2,000 particles, asked for without a rest: one thread makes 9.2 such pictures a second, two
threads of one process 10.9 (most operations are small, and between two of them a thread waits for Python's lock: a run takes 34 ms in place of 21), two
processes 17.8 (20 ms). So the page's workers are processes. Threads are for tests, for a page that was only built, and for models of the hub, whose
weights lie once, in the server's own process.

A process is told of slices through its input and answers through its output (wire.py); nothing is unpickled. One that dies is started anew; what it was
computing is answered with a sentence and may be asked again.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from playground.core.child import environment
from playground.core.fields import is_record, made
from playground.core.limits import limits, variable
from playground.server import wire
from playground.server.failure import Failure

if sys.platform == "linux":
    import fcntl

if TYPE_CHECKING:
    from playground.server.jobs import Job

PIPE = 1_048_576  # bytes, the most that Linux gives without asking
FEWEST, MOST = 2, 8  # processes, where nobody says how many: two, so that a control that moves need not wait for a lab


def cores() -> int:
    """Cores that this process may use: those that the system gives it, and no more than a container's quota."""
    given = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, min(given, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no container, or one without a quota ("max")
        return given


def count() -> int:
    """How many processes compute."""
    return limits().workers or min(MOST, max(FEWEST, cores()))


@dataclass(frozen=True)
class Slice:
    """What came of a slice: a part of the answer or None, whether that was all, the seconds that it took, and why it failed."""

    part: bytes | None
    done: bool = False
    seconds: float = 0.0
    failure: Failure | None = None


def lends() -> bool:
    """Is this a Space to which a GPU is lent for each request (zero.py)?"""
    return bool(os.environ.get("SPACES_ZERO_GPU")) and importlib.util.find_spec("spaces") is not None


def processes() -> list[Apart]:
    """As many as compute."""
    return [Apart() for _ in range(count())]


class Died(Exception):
    """A worker's process has ended. ``asked``: what it was asked for last has reached it, and may be why."""

    def __init__(self, words: str, asked: bool = True):
        super().__init__(words)
        self.asked = asked


class Worker(ABC):
    """Who computes. Only one thread calls it, the same always."""

    @abstractmethod
    def start(self) -> None:
        """Until it can compute. Raises Died."""

    @abstractmethod
    def advance(self, number: int, job: Job | None, threads: int) -> Slice:
        """The next slice, on so many threads, of the job that it knows by this number; a new one is given along. Raises Died: then it must be started
        again, and knows no job any more."""

    @abstractmethod
    def drop(self, number: int) -> None:
        """Nobody reads this job any more. Raises Died."""

    def stop(self) -> None:
        """It is not needed any more."""
        return

    @property
    def memory(self) -> int:
        """Bytes that it holds beside this process, 0 where the system does not say."""
        return 0


class Apart(Worker):
    """A process of its own."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        try:
            self._spawn()
            self._told()
        except OSError as error:
            raise Died(str(error)) from None

    def _spawn(self) -> None:
        share = {"run_bytes": limits().run_bytes, "field_bytes": limits().field_bytes}  # of all workers together
        env = {**environment(), **{variable(name): str(size // count()) for name, size in share.items()}}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "playground.server.bench"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env
        )
        if sys.platform == "linux":  # a whole packet fits in: neither side waits for the other
            with contextlib.suppress(OSError):
                fcntl.fcntl(_open(self.process.stdout), fcntl.F_SETPIPE_SZ, PIPE)

    def advance(self, number: int, job: Job | None, threads: int) -> Slice:
        head: dict[str, object] = {"number": number, "threads": threads}
        if job is not None:
            head |= {"job": type(job).__name__, "query": job.query}
        self._tell(head, job.body if job else b"")
        return self._told()

    def drop(self, number: int) -> None:
        self._tell({"number": number, "drop": True})

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with contextlib.suppress(OSError):  # what was not read yet has nobody to read it
                    pipe.close()
        process.wait()

    @property
    def memory(self) -> int:
        try:
            pages = Path(f"/proc/{self.process.pid if self.process else 0}/statm").read_text(encoding="ascii").split()[1]
            return int(pages) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):  # it has just ended, or this is no Linux
            return 0

    def _tell(self, head: dict[str, object], body: bytes = b"") -> None:
        try:
            wire.write(_open(self.process and self.process.stdin), head, body)
        except (OSError, ValueError) as error:  # broken, or closed
            self.stop()
            raise Died(str(error), asked=False) from None

    def _told(self) -> Slice:
        told = wire.read(_open(self.process and self.process.stdout))
        if told is None:
            self.stop()
            raise Died("its process is gone")
        head, body = told
        failure = head["failure"]
        return Slice(
            body if head["part"] else None,
            bool(head["done"]),
            float(str(head["seconds"])),
            made(Failure, failure) if is_record(failure) else None,
        )


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise Died("it was stopped")
    return pipe

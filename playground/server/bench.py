"""Where jobs are computed, slice by slice. ``python -m playground.server.bench`` is the process of one worker (``Apart``, worker.py): it is told of slices
through its input and answers each through its output."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import BinaryIO

import torch

from playground.core.child import step_back
from playground.core.memory import keep_memory
from playground.images.source import serve
from playground.server import wire
from playground.server.jobs import JOBS, Job, Kind, Steps, warm
from playground.server.refusal import failure_of
from playground.server.worker import Slice, Worker

LONGEST = 0.06  # seconds of a slice, after which whoever is more urgent may go first; a step is never cut


def own(job: Job) -> Steps:
    """A job's own steps."""
    return job.steps()


class Bench:
    """The jobs that are under way in one worker, by their numbers."""

    def __init__(self, begin: Callable[[Job], Steps] = own) -> None:
        """begin: how a job's steps are had."""
        self.begin, self.open = begin, dict[int, Steps]()
        self.threads = 0
        self.calm, self.sweeps = ThreadPoolExecutor(1, "sweeps", quieted), set[int]()  # its thread begins with the first sweep

    def advance(self, number: int, job: Job | None, threads: int) -> Slice:
        """The next slice of a job. Sweeps have a thread of less priority, so that the page and its runs get the cores first."""
        if job is not None and job.kind is Kind.SWEEP:
            self.sweeps.add(number)
        if number not in self.sweeps:
            return self.slice(number, job, threads)
        made = self.calm.submit(self.slice, number, job, threads).result()
        if made.done:
            self.sweeps.discard(number)
        return made

    def slice(self, number: int, job: Job | None, threads: int) -> Slice:
        """Until there is a part, it is done, or its time is over."""
        began = time.perf_counter()
        if threads != self.threads:
            torch.set_num_threads(threads)
            self.threads = threads
        part, done, failure = None, False, None
        try:
            if job is not None:
                self.open[number] = self.begin(job)
            part = next(self.open[number])
            while part is None and time.perf_counter() - began < LONGEST:
                part = next(self.open[number])
        except StopIteration as end:
            part, done = end.value, True
        except Exception as error:
            done, failure = True, failure_of(error)
        if done:
            self.open.pop(number, None)
        return Slice(part, done, time.perf_counter() - began, failure)

    def drop(self, number: int) -> None:
        """Nobody reads this any more: what its steps hold is let go."""
        self.sweeps.discard(number)
        if number in self.open:
            self.open.pop(number).close()


class Here(Worker):
    """A thread of this process."""

    def start(self) -> None:
        prepare()
        self.bench = Bench()

    def advance(self, number: int, job: Job | None, threads: int) -> Slice:
        return self.bench.advance(number, job, threads)

    def drop(self, number: int) -> None:
        self.bench.drop(number)


def prepare() -> None:
    """Prepares a thread that computes, and its process: freed memory stays; and softmax over thousands of components leaves weights below 1e-38, as denormal
    numbers they would make the products after it twice as slow."""
    keep_memory()
    torch.set_flush_denormal(True)


def quieted() -> None:
    """Prepares a thread for what nobody waits for at a page."""
    prepare()
    step_back()


def main() -> None:
    """Computes until the server has gone."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a terminal or systemd tells all processes: it is the server's, which then ends us
        signal.signal(number, signal.SIG_IGN)
    told, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anybody prints is no answer
    logging.getLogger("playground").setLevel(logging.ERROR)  # the server itself warns of what is read from files
    serve()
    torch.set_num_threads(1)
    prepare()
    warm()
    with contextlib.suppress(BrokenPipeError):
        work(told, out)
    os._exit(0)  # at once: nobody is left to be told of anything


def work(told: BinaryIO, out: BinaryIO) -> None:
    """Says that it is ready; then answers one message after another."""
    bench = Bench()
    answer(out, Slice(None, True))
    while (message := wire.read(told)) is not None:
        head, body = message
        number = int(str(head["number"]))
        if "drop" in head:
            bench.drop(number)
        else:
            answer(out, advanced(bench, number, head, body))


def advanced(bench: Bench, number: int, head: dict[str, object], body: bytes) -> Slice:
    """The slice that a message tells of."""
    job, query = None, head.get("query")
    if isinstance(query, dict):
        try:
            job = JOBS[str(head["job"])]({str(k): str(v) for k, v in query.items()}, body)
        except Exception as error:  # what the server read a moment ago: a set that was deleted since
            return Slice(None, True, 0.0, failure_of(error))
    return bench.advance(number, job, int(str(head["threads"])))


def answer(out: BinaryIO, made: Slice) -> None:
    told = {"part": made.part is not None, "done": made.done, "seconds": made.seconds, "failure": made.failure and asdict(made.failure)}
    wire.write(out, told, made.part or b"")


if __name__ == "__main__":
    main()

"""ZeroGPU: a Space without a GPU of its own, to which one is lent for each function that the package ``spaces`` decorates.

Such a function runs in a process that the package forks from ours; what it yields comes back. So a job's steps are one decorated generator (``computed``), and the
workers are threads that read it. What a fork keeps for the next request is lost with it; that costs time only.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterator

from playground.core.limits import limits
from playground.server.bench import Bench, Here, prepare
from playground.server.jobs import JOBS, Job, Steps
from playground.server.worker import Worker, count, lends, processes

Parts = Callable[[str, dict[str, str], bytes], Iterator["bytes | None"]]


def computed(name: str, query: dict[str, str], body: bytes) -> Iterator[bytes | None]:
    """The parts of a job's answer, by the name of its class and what it was asked for."""
    yield (yield from JOBS[name](query, body).steps())


@functools.cache
def on_gpu() -> Parts:
    """``computed`` on a GPU that is lent for it, at most ``gpu_seconds``: the one place where the package is asked."""
    return importlib.import_module("spaces").GPU(duration=limits().gpu_seconds)(computed)


class Zero(Here):
    """A thread that reads what is computed on the GPU."""

    def __init__(self) -> None:
        on_gpu()  # the package wants to know of it before the page is launched

    def start(self) -> None:
        prepare()
        self.bench = Bench(lent)


def lent(job: Job) -> Steps:
    yield from on_gpu()(type(job).__name__, job.query, job.body)
    return None


def workers() -> tuple[list[Worker], Worker]:
    """Who computes for a page, and who what must be computed in this process: processes and a thread, or threads that read what a lent GPU computes."""
    if lends():
        return [Zero() for _ in range(count())], Zero()
    return [*processes()], Here()

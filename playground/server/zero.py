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
from playground.server.failure import Failed
from playground.server.jobs import JOBS, Job, Steps, parts_of
from playground.server.refusal import failure_of
from playground.server.worker import Slice, Worker, count, lends, processes

Slices = Callable[[str, dict[str, str], bytes], Iterator[Slice]]


def computed(name: str, query: dict[str, str], body: bytes) -> Iterator[Slice]:
    """The parts of a job's answer, by the name of its class and what it was asked for; a failure as the last: of exceptions the package lets only its own through."""
    try:
        for part in parts_of(JOBS[name](query, body)):
            yield Slice(part)
    except Exception as error:
        yield Slice(None, failure=failure_of(error))


@functools.cache
def on_gpu() -> Slices:
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
    """A job's steps on the GPU; here, where it asks no model."""
    if not job.models:
        return (yield from job.steps())
    for made in on_gpu()(type(job).__name__, job.query, job.body):
        if made.failure is not None:
            raise Failed(made.failure)
        yield made.part
    return None


def workers() -> tuple[list[Worker], Worker]:
    """Who computes for a page, and who what must be computed in this process: processes and a thread, or threads that read what a lent GPU computes."""
    if lends():
        return [Zero() for _ in range(count())], Zero()
    return [*processes()], Here()

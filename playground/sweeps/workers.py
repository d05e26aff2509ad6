"""Who computes the cells of a sweep: this process (``Here``), processes of this machine (``Processes``), a cluster (``cluster.Ray``)."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import IO, TypeAlias

from playground.core.child import environment
from playground.core.experiment import Experiment
from playground.core.fields import BadValue
from playground.sweeps.compute import Computer
from playground.sweeps.results import Result

MEASURING = 6000  # what measuring a particle costs beside its run, in products
UNKNOWN = 30  # model calls of a step where a sampler does not tell them
TRIES = 2  # of a cell whose worker ended
HERE = 1e9  # products of a task, about two seconds, up to which it is computed by whoever waits for others to start
PATIENCE = 60.0  # seconds for which workers that are to come may take
NAP = 0.02  # seconds between two looks, of whoever waits: somebody may look at a page meanwhile
DONE = b"done"  # what a worker says where it has nothing to do


@dataclass
class Task:
    """Cells of one experiment that are to be computed: its seeds, and all places where it stands."""

    exp: Experiment
    seeds: list[int]
    places: list[tuple[int, ...]]
    tries: int = 0

    @property
    def cost(self) -> float:
        return cost(self.exp) * len(self.seeds)


def cost(exp: Experiment) -> float:
    """About what a cell costs, in products."""
    calls = exp.sampler.calls(exp.grid.steps) or UNKNOWN * exp.grid.steps
    return exp.particles * (calls * exp.who.components + MEASURING)


Cells: TypeAlias = Generator["tuple[Task, Result] | None", None, None]
"""Cells as they are there, each with its task; None where something more urgent may be computed first."""


class Waiting:
    """Tasks that nobody has begun, cheap ones first, and what is measured in them; from any thread they may be held back, and ended."""

    def __init__(self, measures: Sequence[str]):
        self.tasks: list[Task] = []
        self.measures, self.going, self.stopped, self.rested = measures, threading.Event(), False, 0.0
        self.going.set()

    def stop(self) -> None:
        self.stopped = True
        self.going.set()

    @property
    def open(self) -> bool:
        """May a task be begun now?"""
        return bool(self.tasks) and self.going.is_set() and not self.stopped

    @property
    def cheap(self) -> bool:
        """May one be begun by whoever only waits for others to compute?"""
        return self.open and self.tasks[0].cost < HERE

    def ready(self) -> bool:
        """Waits while they are held back; False: there is nothing to be done."""
        since = time.perf_counter()
        while not self.going.wait(NAP):
            pass
        self.rested += time.perf_counter() - since
        return bool(self.tasks) and not self.stopped


class Workers(ABC):
    """Who computes cells."""

    why: str = ""
    """What of them went wrong, in a sentence: the sweep goes on."""

    @property
    @abstractmethod
    def said(self) -> str:
        """Who they are, in words."""

    @abstractmethod
    def cells(self, waiting: Waiting) -> Cells:
        """All of what is waiting. Closing it ends who computes."""

    def end(self) -> None:
        """They are not needed any more; ``cells`` says so itself when it ends."""
        return


class Here(Workers):
    """This process."""

    def __init__(self) -> None:
        self.computer = Computer()

    @property
    def said(self) -> str:
        return "this machine, one process"

    def cells(self, waiting: Waiting) -> Cells:
        while waiting.ready():
            yield from self.next(waiting)

    def next(self, waiting: Waiting) -> Cells:
        """The first task."""
        task = waiting.tasks.pop(0)
        for result in self.computer.steps(task.places[0], task.exp, task.seeds, waiting.measures):
            yield None if result is None else (task, result)
            if waiting.stopped:
                return


class Soon(Workers):
    """Those that ``make`` gives, which may take seconds: until they are there this process computes what is cheap, and all of it where they cannot be had (``why``)."""

    def __init__(self, make: Callable[[], Workers]):
        self.make, self.here = make, Here()
        self.now: Workers = self.here

    @property
    def said(self) -> str:
        return self.now.said

    def cells(self, waiting: Waiting) -> Cells:
        if waiting.cheap:  # somebody looks at an empty board
            yield from self.here.next(waiting)
        coming: Future[Workers] = Future()
        threading.Thread(target=self._make, args=(coming,), daemon=True).start()
        since = time.monotonic()
        try:
            while waiting.tasks and not waiting.stopped and not coming.done():
                late = time.monotonic() - since > PATIENCE
                if late:
                    self.why = f"the cells are computed by this server alone: its cluster has not answered for {PATIENCE:.0f} seconds"
                if waiting.cheap or (late and waiting.open):
                    yield from self.here.next(waiting)
                else:
                    time.sleep(NAP)
                    yield None
            if coming.done():
                self.now = self._there(coming)
                yield from self.now.cells(waiting)
        finally:  # those that come when nobody waits for them any more have nothing to do; those that have worked are not ended twice
            coming.add_done_callback(lambda late: late.exception() or late.result().end())

    def _make(self, coming: Future[Workers]) -> None:
        try:
            coming.set_result(self.make())
        except BadValue as error:
            coming.set_exception(error)

    def _there(self, coming: Future[Workers]) -> Workers:
        try:
            return coming.result()
        except BadValue as error:
            self.why = f"the cells are computed by this server alone: {error}"
            return self.here


Told: TypeAlias = "queue.Queue[tuple[Worker, bytes | None]]"
"""What workers say, a line each: a result as JSON, DONE, or None where one has ended."""


class Worker(ABC):
    """One that computes cells elsewhere. It says DONE as soon as it can be given a task, and after each one."""

    @abstractmethod
    def give(self, task: Task, measures: Sequence[str]) -> None:
        """Has it compute the cells of a task."""

    @abstractmethod
    def stop(self) -> None:
        """Ends it, whatever it does."""

    @property
    @abstractmethod
    def ended(self) -> str:
        """What it ended with, in words."""


def order(task: Task, measures: Sequence[str]) -> bytes:
    """What a worker is told of a task: a line of JSON, which ``worker.answers`` reads."""
    record = {"at": task.places[0], "exp": task.exp.to_dict(), "seeds": task.seeds, "measures": measures}
    return json.dumps(record).encode() + b"\n"


class Apart(Workers):
    """``count`` workers beside this process. One that ends is replaced, and the cells that it had not told are done again. Until the first of them says something, which takes the
    seconds of importing torch, cheap cells are computed here, of at most half of the tasks; those of the first before they are started."""

    count: int

    @abstractmethod
    def start(self, told: Told) -> Worker:
        """One more."""

    def cells(self, waiting: Waiting) -> Cells:
        here, share, crew = Here(), len(waiting.tasks) // 2, Crew(self.start)
        try:
            if share and waiting.cheap and waiting.ready():
                share -= 1
                yield from here.next(waiting)
            crew.more(min(self.count, len(waiting.tasks)))
            while (waiting.tasks or crew.busy) and not (waiting.stopped and not crew.busy):
                crew.give(waiting)
                if share and crew.silent and waiting.cheap:
                    share -= 1
                    yield from here.next(waiting)
                elif (word := crew.hear()) is None:
                    yield None
                else:
                    yield from crew.heard(*word, waiting)
        finally:
            crew.stop()
            self.end()


class Crew:
    """The workers of a sweep: those that are free, and what the others are at. silent: none has said anything yet."""

    def __init__(self, start: Callable[[Told], Worker]):
        self.start = start
        self.told: Told = queue.Queue()
        self.all: list[Worker] = []
        self.free: list[Worker] = []
        self.busy: dict[Worker, Task] = {}
        self.heard_any = False

    @property
    def silent(self) -> bool:
        return not self.heard_any and self.told.empty()

    def more(self, count: int) -> None:
        self.all += [self.start(self.told) for _ in range(count)]

    def give(self, waiting: Waiting) -> None:
        """Tasks to those who are free."""
        while self.free and waiting.open:
            one, task = self.free.pop(), waiting.tasks.pop(0)
            self.busy[one] = task
            one.give(task, waiting.measures)

    def hear(self) -> tuple[Worker, bytes | None] | None:
        """What one of them says; None: nothing now."""
        try:
            word = self.told.get(timeout=NAP)
        except queue.Empty:
            return None
        self.heard_any = True
        return word

    def heard(self, one: Worker, line: bytes | None, waiting: Waiting) -> Iterator[tuple[Task, Result]]:
        """What follows from it."""
        if line is None:
            one.stop()
            self.all.remove(one)
            self.free = [other for other in self.free if other is not one]
            task = self.busy.pop(one, None) or (
                waiting.tasks.pop(0) if waiting.tasks else None
            )  # one that cannot begin fails what comes next
            if task is not None:
                yield from self._lost(task, one, waiting)
            if waiting.tasks:
                self.more(1)
        elif line.strip() == DONE:
            self.busy.pop(one, None)
            self.free.append(one)
        elif (task := self.busy.get(one)) is not None:
            result = Result.from_dict(json.loads(line))
            task.seeds = [seed for seed in task.seeds if seed != result.seed]
            yield task, result

    def _lost(self, task: Task, one: Worker, waiting: Waiting) -> Iterator[tuple[Task, Result]]:
        """What becomes of a task whose worker ended."""
        if not task.seeds:
            return
        task.tries += 1
        if task.tries < TRIES:
            waiting.tasks.insert(0, task)
            return
        for seed in task.seeds:
            yield task, Result(task.places[0], seed, failed=f"its process ended {TRIES} times, last with {one.ended}"[:500])

    def stop(self) -> None:
        for one in self.all:
            one.stop()


class Processes(Apart):
    """Processes of this machine, so many."""

    def __init__(self, count: int):
        self.count = count

    @property
    def said(self) -> str:
        return f"this machine, {self.count} processes" if self.count > 1 else "this machine, a process of its own"

    def start(self, told: Told) -> Worker:
        return Process(told)


class Process(Worker):
    """A process that computes cells: told of them by lines of JSON, it answers with a line each."""

    def __init__(self, told: Told):
        command = [sys.executable, "-m", "playground.sweeps.worker"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
        self.input, output = self.process.stdin, self.process.stdout
        self.reader = threading.Thread(target=self._read, args=(output, told), daemon=True)
        self.reader.start()

    def _read(self, output: IO[bytes] | None, told: Told) -> None:
        if output is not None:
            with output:
                for line in output:
                    told.put((self, line))
        told.put((self, None))

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def ended(self) -> str:
        return f"exit code {self.process.returncode}: out of memory?"

    def give(self, task: Task, measures: Sequence[str]) -> None:
        with contextlib.suppress(OSError):  # it has ended: its reader says so
            if self.input is not None:
                self.input.write(order(task, measures))
                self.input.flush()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.reader.join()
        if self.input is not None:
            with contextlib.suppress(OSError):
                self.input.close()

"""A sweep that runs: cells stream as they are there, cheap ones first, from the cache, from this process or from several; it pauses, goes on, and tells the time that is left."""

from __future__ import annotations

import contextlib
import json
import math
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import IO

from playground.core.child import environment
from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Whole
from playground.core.spec import registered
from playground.sweeps.compute import Computer
from playground.sweeps.kept import Kept, code_version
from playground.sweeps.record import Sweep
from playground.sweeps.results import Result, Results

MEASURING = 6000  # what measuring a particle costs beside its run, in products
UNKNOWN = 30  # model calls of a step where a sampler does not tell them
TRIES = 2  # of a cell whose process ended
WORKERS = Whole(0, 0, 256)
HERE = 1e9  # products of a task, about two seconds, up to which it is computed here while processes start
NAP = 0.2  # seconds between two looks, of whoever waits


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


class Running:
    """A sweep on its way: iterating computes, and gives each Result as soon as it is there. Whoever stops reading pauses it, and goes on by reading; what was computed is in
    ``results`` (and on disk, where a later start finds it).

    workers: processes of this machine, 0: none but this one. kept: cells on disk; None: nowhere. done: results of the same sweep from before, which are not computed again.
    admit: raises BadValue for what is not computed here: its place is left out with the reason. slow: what is to be computed is looked for as it is read (``planned``, ``steps``). Raises: BadValue.
    """

    def __init__(
        self,
        sweep: Sweep,
        *,
        workers: int = 0,
        kept: Kept | None = None,
        done: Results | None = None,
        slow: bool = False,
        admit: Callable[[Experiment], object] | None = None,
    ):
        self.sweep, self.kept, self.admit = sweep, kept, admit
        self.workers = 0 if registered() else WORKERS.clean("workers", workers)  # other processes know nothing of what was registered here
        self.results = Results(sweep, code=code_version())
        self.going, self.stopped = threading.Event(), False
        self.going.set()
        self.spent, self.rested, self.cost_done, self.cost_all = 0.0, 0.0, 0.0, 0.0
        self.hits = 0
        self.before = done.cells if done is not None and done.sweep == sweep and done.code == self.results.code else {}
        self.early: list[Result] = []
        self.tasks: list[Task] = []
        self.plan = self._planned()
        if not slow:
            self.planned()
        self.feed = self._cells()

    def planned(self) -> Running:
        """The same, when it knows what is to be computed."""
        for _ in self.plan:
            pass
        return self

    def _planned(self) -> Iterator[None]:
        """What is to be computed, ``tasks``; what is known already is in ``early``. Something more urgent may be computed between any two places."""
        tasks: dict[Experiment, Task] = {}
        for place in self.sweep.each():
            yield
            why = place.why or self._refused(place.exp)
            if place.exp is None or why:
                self.results.left_out[place.at] = why
            elif place.exp in tasks:
                tasks[place.exp].places.append(place.at)
            else:
                tasks[place.exp] = Task(place.exp, [], [place.at])
        for exp, task in tasks.items():
            yield
            for seed in self.sweep.seeds:
                known = self._known(exp.replace(seed=seed), seed, task.places)
                if known is None:
                    task.seeds.append(seed)
                else:
                    self.early += [replace(known, at=at) for at in task.places]
        self.tasks = sorted((task for task in tasks.values() if task.seeds), key=lambda task: task.cost)
        self.cost_all = sum(task.cost for task in self.tasks)

    def _refused(self, exp: Experiment | None) -> str:
        """Why an experiment is not computed here."""
        try:
            if self.admit is not None and exp is not None:
                self.admit(exp)
        except BadValue as error:
            return str(error)
        return ""

    def _known(self, exp: Experiment, seed: int, places: Sequence[tuple[int, ...]]) -> Result | None:
        told = (self.before.get((at, seed)) for at in places)
        found = next((cell for cell in told if cell is not None and not cell.failed), None)
        if found is None and self.kept is not None:
            found = self.kept.get(places[0], exp, self.sweep.measures)
        self.hits += found is not None
        return found

    # reading --------------------------------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Result]:
        return (cell for cell in self.feed if cell is not None)

    def steps(self) -> Iterator[Result | None]:
        """The cells, and None between them after every step of a run, where something more urgent may be computed first."""
        return self.feed

    def finish(self) -> Results:
        """All of it."""
        for _ in self:
            pass
        return self.results

    def pause(self) -> None:
        """No cell is begun until ``resume``; from any thread."""
        self.going.clear()

    def resume(self) -> None:
        self.going.set()

    def stop(self) -> None:
        """Ends it, from any thread; what is there stays."""
        self.stopped = True
        self.going.set()

    def close(self) -> None:
        """Ends it at once, by whoever reads: processes that compute are ended."""
        self.stop()
        self.feed.close()

    @property
    def left_s(self) -> float:
        """About how many seconds it takes on, at the pace so far; NaN before the first cell."""
        left = self.cost_all - self.cost_done
        return 0.0 if left <= 0 else left * self.spent / self.cost_done if self.cost_done else math.nan

    def _cells(self) -> Generator[Result | None, None, None]:
        for _ in self.plan:
            yield None
        for known in self.early:
            self.results.add(known)
            yield known
        made = self._apart() if self.workers and self.tasks else self._here()
        last = time.perf_counter()
        for each in made:
            if each is None:
                yield None
                continue
            task, result = each
            if self.kept is not None:
                self.kept.put(task.exp.replace(seed=result.seed), result)
            now = time.perf_counter()
            self.spent += max(0.0, now - last - self.rested)
            self.cost_done += cost(task.exp)
            for at in task.places:
                self.results.add(replace(result, at=at))
                yield replace(result, at=at)
            last, self.rested = time.perf_counter(), 0.0  # what the reader took, or a pause, is no computing

    def _ready(self) -> bool:
        """Waits while it is paused; False: it was stopped."""
        since = time.perf_counter()
        while not self.going.wait(NAP):
            pass
        self.rested += time.perf_counter() - since
        return not self.stopped

    def _here(self) -> Iterator[tuple[Task, Result] | None]:
        """In this process; None after every step."""
        computer = Computer()
        while self.tasks and self._ready():
            task = self.tasks.pop(0)
            for result in computer.steps(task.places[0], task.exp, task.seeds, self.sweep.measures):
                yield None if result is None else (task, result)
                if self.stopped:
                    return

    def _apart(self) -> Iterator[tuple[Task, Result]]:
        """In processes of this machine. One that ends is replaced, and the cells that it had not told are done again. Until the first of them says something, which takes the
        seconds of importing torch, cheap cells are computed here, of at most half of the tasks; those of the first before they are started."""
        computer, share, silent = Computer(), len(self.tasks) // 2, True
        if share and self.tasks[0].cost < HERE and self._ready():
            share -= 1
            yield from self._own(computer)
        told: queue.Queue[tuple[Process, bytes | None]] = queue.Queue()
        free = [Process(told) for _ in range(min(self.workers, len(self.tasks)))]
        busy: dict[Process, Task] = {}
        try:
            while (self.tasks or busy) and not (self.stopped and not busy):
                while free and self.tasks and self.going.is_set() and not self.stopped:
                    one, task = free.pop(), self.tasks.pop(0)
                    busy[one] = task
                    one.give(task, self.sweep.measures)
                if (
                    silent
                    and share
                    and self.tasks
                    and told.empty()
                    and self.going.is_set()
                    and not self.stopped
                    and self.tasks[0].cost < HERE
                ):
                    share -= 1
                    yield from self._own(computer)
                    continue
                try:
                    one, line = told.get(timeout=NAP)
                except queue.Empty:
                    continue
                silent, task = False, busy.get(one)
                if line is None:
                    one.stop()
                    free = [other for other in free if other is not one]
                    if task is not None:
                        del busy[one]
                        yield from self._lost(task, one)
                    if self.tasks:
                        free.append(Process(told))
                elif line.strip() == DONE:
                    busy.pop(one, None)
                    free.append(one)
                elif task is not None:
                    result = Result.from_dict(json.loads(line))
                    task.seeds = [seed for seed in task.seeds if seed != result.seed]
                    yield task, result
        finally:
            for one in [*free, *busy]:
                one.stop()

    def _own(self, computer: Computer) -> Iterator[tuple[Task, Result]]:
        """The next task, computed here."""
        task = self.tasks.pop(0)
        for result in computer.cells(task.places[0], task.exp, task.seeds, self.sweep.measures):
            yield task, result

    def _lost(self, task: Task, one: Process) -> Iterator[tuple[Task, Result]]:
        """What becomes of a task whose process ended."""
        if not task.seeds:
            return
        task.tries += 1
        if task.tries < TRIES:
            self.tasks.insert(0, task)
            return
        for seed in task.seeds:
            yield (
                task,
                Result(task.places[0], seed, failed=f"its process ended {TRIES} times, last with exit code {one.code}: out of memory?"),
            )


DONE = b"done"


class Process:
    """A process that computes cells: told of them by lines of JSON, it answers with a line each."""

    def __init__(self, told: queue.Queue[tuple[Process, bytes | None]]):
        command = [sys.executable, "-m", "playground.sweeps.worker"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
        self.input, output = self.process.stdin, self.process.stdout
        self.reader = threading.Thread(target=self._read, args=(output, told), daemon=True)
        self.reader.start()

    def _read(self, output: IO[bytes] | None, told: queue.Queue[tuple[Process, bytes | None]]) -> None:
        if output is not None:
            with output:
                for line in output:
                    told.put((self, line))
        told.put((self, None))

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def code(self) -> int | None:
        return self.process.returncode

    def give(self, task: Task, measures: Sequence[str]) -> None:
        order = {"at": task.places[0], "exp": task.exp.to_dict(), "seeds": task.seeds, "measures": measures}
        with contextlib.suppress(OSError):  # it has ended: its reader says so
            if self.input is not None:
                self.input.write(json.dumps(order).encode() + b"\n")
                self.input.flush()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.reader.join()
        if self.input is not None:
            with contextlib.suppress(OSError):
                self.input.close()

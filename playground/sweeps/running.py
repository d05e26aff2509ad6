"""A sweep that runs: cells stream as they are there, cheap ones first, from the cache, from whoever computes (``workers.py``); it pauses, goes on, and tells the time that is left."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Whole
from playground.core.spec import registered
from playground.sweeps.kept import Kept, code_version
from playground.sweeps.record import Sweep
from playground.sweeps.results import Result, Results
from playground.sweeps.workers import Here, Processes, Task, Waiting, Workers, cost

WORKERS = Whole(0, 0, 256)


def processes(count: int) -> Workers:
    """So many processes of this machine; 0: none but this one. Raises BadValue."""
    count = WORKERS.clean("workers", count)
    return Processes(count) if count else Here()


class Running:
    """A sweep on its way: iterating computes, and gives each Result as soon as it is there. Whoever stops reading pauses it, and goes on by reading; what was computed is in
    ``results`` (and on disk, where a later start finds it).

    workers: processes of this machine, 0: none but this one. by: who computes, instead (``cluster.Ray``). kept: cells on disk; None: nowhere. done: results of the same sweep from before, which are not computed again.
    admit: raises BadValue for what is not computed here: its place is left out with the reason. slow: what is to be computed is looked for as it is read (``planned``, ``steps``). Raises: BadValue.
    """

    def __init__(
        self,
        sweep: Sweep,
        *,
        workers: int = 0,
        by: Workers | None = None,
        kept: Kept | None = None,
        done: Results | None = None,
        slow: bool = False,
        admit: Callable[[Experiment], object] | None = None,
    ):
        self.sweep, self.kept, self.admit = sweep, kept, admit
        asked = by or processes(workers)
        self.by = Here() if registered() else asked  # other processes know nothing of what was registered here
        self.results = Results(sweep, code=code_version())
        self.spent, self.cost_done, self.cost_all = 0.0, 0.0, 0.0
        self.hits = 0
        self.before = done.cells if done is not None and done.sweep == sweep and done.code == self.results.code else {}
        self.early: list[Result] = []
        self.waiting = Waiting(sweep.measures)
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
        """What is to be computed, ``waiting``; what is known already is in ``early``. Something more urgent may be computed between any two places."""
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
        self.waiting.tasks = sorted((task for task in tasks.values() if task.seeds), key=lambda task: task.cost)
        self.cost_all = sum(task.cost for task in self.waiting.tasks)

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
        self.waiting.going.clear()

    def resume(self) -> None:
        self.waiting.going.set()

    def stop(self) -> None:
        """Ends it, from any thread; what is there stays."""
        self.waiting.stop()

    def close(self) -> None:
        """Ends it at once, by whoever reads: processes that compute are ended."""
        self.stop()
        self.feed.close()

    @property
    def notices(self) -> list[str]:
        """What went wrong on the way while the sweep goes on, a sentence each."""
        return [f"{why[:1].upper()}{why[1:]}." for why in (self.by.why, self.kept.why if self.kept is not None else "") if why]

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
        last = time.perf_counter()
        with contextlib.closing(self.by.cells(self.waiting)) as made:
            for each in made:
                if each is None:
                    yield None
                    continue
                task, result = each
                if self.kept is not None:
                    self.kept.put(task.exp.replace(seed=result.seed), result)
                now = time.perf_counter()
                self.spent += max(0.0, now - last - self.waiting.rested)
                self.cost_done += cost(task.exp)
                for at in task.places:
                    self.results.add(replace(result, at=at))
                    yield replace(result, at=at)
                last, self.waiting.rested = time.perf_counter(), 0.0  # what the reader took, or a pause, is no computing

"""Who is computed next. One line for all of a server's work: packets, streams, tasks, films, files, fits.

``ask(job, person)`` puts a job into the line and gives a ``Reader``, from which the answer is read part by part. A job is computed slice by slice (bench.py),
each slice by the worker that fits it best; between two slices the line is looked at anew:

- Urgency. Runs go before fields, fields before distances, then labs, then films and files, then
  sweeps (``Kind``). A job that has had its ``SHARE`` of seconds is as urgent as
  distances at most: a run of minutes holds nobody up.
- Fairness. Of equally urgent jobs the one goes first whose person has been computed for least (start-time fair queueing: who comes new begins where the others are).
- Need. A job goes on only while one of its readers waits for a part. When all have left it is dropped, also between two steps of a run.
- Sharing. Who asks for what is being computed reads along; answers that may be kept (``Job.kept``) are, for who asks next.
- Place. What reads a run is computed where that run is, if the run was dear; a job that has begun stays where it began. Labs, films and files leave one worker free.
- Bounds. At most ``waiting`` requests wait, and ``waiting_each`` of one person: more are refused with a sentence, at once.

Everything here happens under one lock; only the workers' threads compute, without it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import torch

from playground.core.limits import limits
from playground.core.spec import registered
from playground.server.cache import Cache
from playground.server.failure import Failed, Failure
from playground.server.jobs import Job, Kind
from playground.server.refusal import CONTROLS, logged
from playground.server.worker import Died, Slice, Worker, cores

log = logging.getLogger("playground")
SHARE = 0.3  # seconds after which a job is no longer urgent
CHEAP = 0.05  # seconds: a run that took less is computed again where a worker is free, sooner than waited for
REST = 3.0  # seconds from the opening to the first worker's start: a first visitor's browser needs the processor then
KNOWN_RUNS = 1000  # of which it is remembered where they are
MEMORY = 60.0  # seconds for which a person is remembered
TRIES = 3  # of a worker that does not start
DEAR = float("inf")
KINDS = {kind: kind.name.lower() for kind in Kind}
CORES = min(cores(), torch.get_num_threads())  # before anybody changes it
LONG = (Kind.LAB, Kind.FILE, Kind.SWEEP)  # may be one call of a second

DIED = "The part of the server that computed this has ended, perhaps for want of memory. It is started anew: try again, or take fewer particles or steps."
LATE = "This took more than the {most:,} seconds that this server gives to one answer. Take fewer particles or steps."
ENDING = Failure.later("The server is ending.", "ended: the server")
FULL = "The server has more to do than it can. Try again in a few seconds."
YOURS = "You have {count} requests waiting already. Try again in a few seconds, when some are answered."


@dataclass(frozen=True)
class Stats:
    """What the line has done, and what is in it now. By kind of job ("run", "fields", …): ``waiting``, ``running``; ``done``, ``failed``, ``dropped`` (nobody read
    on), ``seconds`` computed. ``shared``: requests that read along, ``kept``: that were answered by an earlier answer, ``refused``: for want of room.
    ``people``: who asked within the last minute. ``workers`` that can compute now; ``replaced``: that have died; ``memory`` of each, in bytes. ``answers``, ``answer_bytes``: that
    are kept."""

    waiting: dict[str, int]
    running: dict[str, int]
    done: dict[str, int]
    failed: dict[str, int]
    dropped: dict[str, int]
    seconds: dict[str, float]
    shared: int
    kept: int
    refused: int
    people: int
    workers: int
    replaced: int
    memory: list[int]
    answers: int
    answer_bytes: int


class Person:
    """Who asks. turn: virtual seconds that were computed for them; waiting: their requests in the line."""

    def __init__(self, turn: float):
        self.turn, self.seen, self.waiting = turn, 0.0, 0


@dataclass(eq=False)
class Desk:
    """A worker and what it is at. ``started``: its thread runs; ``ready``: it can compute; ``broken``: it could not be started."""

    worker: Worker
    entry: Entry | None = None
    started: bool = False
    ready: bool = False
    broken: bool = False
    dropped: list[int] = field(default_factory=list)
    wake: threading.Event = field(default_factory=threading.Event)

    @property
    def free(self) -> bool:
        return self.ready and self.entry is None

    @property
    def open(self) -> bool:
        """Could it take something: it is free, or may be started?"""
        return self.free or not self.started


@dataclass(eq=False)
class Entry:
    """A job in the line. given: all of its parts so far, of one that others may join. desk: where it has begun. new: nowhere yet. spent: seconds."""

    number: int
    job: Job
    readers: list[Reader] = field(default_factory=list)
    given: list[bytes] = field(default_factory=list)
    desk: Desk | None = None
    new: bool = True
    running: bool = False
    answered: bool = False
    over: bool = False
    spent: float = 0.0

    @property
    def urgency(self) -> Kind:
        return max(self.job.kind, Kind.MEASURES) if self.spent > SHARE else self.job.kind

    @property
    def person(self) -> Person:
        """For whom it is computed: the first of those who still read."""
        return self.readers[0].person

    @property
    def wanted(self) -> bool:
        """Does somebody wait for its next part?"""
        return not self.running and any(reader.future is not None for reader in self.readers)


class Reader:
    """Who waits for an answer: ``await asyncio.wrap_future(reader.next())`` part by part, or ``for part in reader``. Who stops reading says ``leave``."""

    def __init__(self, line: Scheduler, entry: Entry, person: Person):
        self.line, self.entry, self.person = line, entry, person
        self.parts = deque(entry.given)
        self.future: Future[bytes | None] | None = None
        self.failure: Failure | None = None

    def next(self) -> Future[bytes | None]:
        """The next part, None at the end; or Failed."""
        return self.line.next(self)

    def leave(self) -> None:
        """Nothing more is read."""
        self.line.leave(self)

    def tell(self) -> bool:
        """Gives what there is to whoever waits for it; was there something?"""
        future = self.future
        if future is None or not (self.parts or self.entry.over):
            return False
        self.future = None
        if self.parts:
            future.set_result(self.parts.popleft())
        elif self.failure is not None:
            future.set_exception(Failed(self.failure))
        else:
            future.set_result(None)
        return True

    def __iter__(self) -> Iterator[bytes]:
        try:
            while (part := self.next().result()) is not None:
                yield part
        finally:
            self.leave()

    def whole(self) -> bytes:
        """All parts. Raises Failed."""
        return b"".join(self)


class Scheduler:
    """The line and its workers. One that was closed stays closed."""

    def __init__(self, workers: Sequence[Worker], here: Worker, clock: Callable[[], float] = time.monotonic):
        """``workers`` compute; ``here``, a thread of this process, what must be computed in it, and everything until the first of the others is there after the
        opening, if none of them can be started, or if a choice was registered here that they do not know."""
        self.clock, self.lock = clock, threading.RLock()
        self.desks, self.here = [Desk(worker) for worker in workers], Desk(here)
        self.entries: dict[int, Entry] = {}
        self.joinable: dict[str, Entry] = {}
        self.people: dict[str, Person] = {}
        self.places: OrderedDict[str, tuple[Desk, float]] = OrderedDict()
        self.answers: Cache[str, bytes] = Cache(limits().answers, limits().answer_bytes)
        self.virtual = 0.0  # the turn of whoever was computed for last
        self.numbers = 0
        self.early = self.closed = False
        self.done, self.failed, self.dropped = Counter[str](), Counter[str](), Counter[str]()
        self.seconds: dict[str, float] = dict.fromkeys(KINDS.values(), 0.0)
        self.shared = self.kept = self.refused = self.replaced = 0

    # -- asking and reading ------------------------------------------------------------------------------------------------------------

    def ask(self, job: Job, person: str) -> Reader:
        """Puts a job into the line. Raises Failed where there is no room in it."""
        with self.lock:
            who = self._person(person)
            answer = self.answers.get(job.key) if job.key else None
            if answer is not None:
                self.kept += 1
                return Reader(self, Entry(0, job, given=[answer], over=True), who)
            self._check_room(who)
            entry = self.joinable.get(job.key)
            if entry is None:
                self.numbers += 1
                entry = self.entries[self.numbers] = Entry(self.numbers, job)
                if job.key:
                    self.joinable[job.key] = entry
            else:
                self.shared += 1
            reader = Reader(self, entry, who)
            entry.readers.append(reader)
            who.waiting += 1
            return reader

    def next(self, reader: Reader) -> Future[bytes | None]:
        with self.lock:
            future = reader.future = Future()
            future.set_running_or_notify_cancel()  # who stops waiting leaves; a future is never cancelled
            if not reader.tell():
                self._dispatch()
            return future

    def leave(self, reader: Reader) -> None:
        with self.lock:
            entry = reader.entry
            if entry.over or reader not in entry.readers:
                return
            if len(entry.readers) == 1:
                self.dropped[KINDS[entry.job.kind]] += 1
                self._end(entry)
                if entry.desk is not None:
                    self._drop(entry.desk, entry)
                    self._know(entry.job.run, entry.desk, DEAR)  # what there is of it is there
            else:
                entry.readers.remove(reader)
                reader.person.waiting -= 1

    def _person(self, name: str) -> Person:
        now = self.clock()
        if len(self.people) > 100 + 2 * len(self.entries):
            self.people = {known: p for known, p in self.people.items() if p.waiting or now - p.seen < MEMORY}
        who = self.people.setdefault(name, Person(self.virtual))
        who.seen = now
        if not who.waiting:
            who.turn = max(who.turn, self.virtual)
        return who

    def _check_room(self, who: Person) -> None:
        most = limits()
        if self.closed:
            failure = ENDING
        elif who.waiting >= most.waiting_each:
            failure = Failure.later(YOURS.format(count=who.waiting), "full: requests of one person")
        elif sum(len(entry.readers) for entry in self.entries.values()) >= most.waiting:
            failure = Failure.later(FULL, "full: the line")
        else:
            return
        self.refused += 1
        raise Failed(failure)

    # -- the line ----------------------------------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Gives work to every worker that has none: what is most urgent, for who has had least. It looks at those who wait only where a worker could take something."""
        groups = [(desks, all_here) for desks, all_here in (([self.here], True), (self.desks, False)) if any(d.open for d in desks)]
        if not groups:
            return
        alone = self.early or registered() or all(desk.broken for desk in self.desks)
        begun: dict[str, Desk] = {}  # where runs are under way
        waiting: dict[bool, list[Entry]] = {True: [], False: []}
        for entry in self.entries.values():
            if entry.desk is not None:
                begun.setdefault(entry.job.run, entry.desk)
            if entry.wanted:
                waiting[entry.desk is self.here if entry.desk else alone or entry.job.here].append(entry)
        for desks, all_here in groups:
            for entry in sorted(waiting[all_here], key=lambda e: (e.urgency, e.person.turn, e.number)):
                desk = self._own(entry.desk or self.here) if all_here or entry.desk else self._place(entry.job, begun)
                if desk is not None:
                    entry.running, entry.desk, desk.entry = True, desk, entry
                    begun.setdefault(entry.job.run, desk)
                    self.virtual = max(self.virtual, entry.person.turn)
                    desk.wake.set()
                if not any(d.open for d in desks):
                    break

    def _own(self, desk: Desk) -> Desk | None:
        """The one worker that may go on with a job, if it is free."""
        self._start(desk)
        return desk if desk.free else None

    def _place(self, job: Job, begun: dict[str, Desk]) -> Desk | None:
        """The free worker that a job begins at; None: there is none for it now."""
        if job.kind in LONG and sum(d.entry is not None and d.entry.job.kind in LONG for d in self.desks) >= max(1, len(self.desks) - 1):
            return None
        if job.run:
            desk, cost = (begun[job.run], DEAR) if job.run in begun else self.places.get(job.run, (None, 0.0))
            if desk is not None and desk.free:
                return desk
            if desk is not None and desk.ready and cost > CHEAP:
                return None
        free = next((desk for desk in self.desks if desk.free), None)
        if free is None:
            self._start(next((desk for desk in self.desks if not desk.started), None))
        return free

    def _came(self, desk: Desk, entry: Entry, made: Slice) -> None:
        """What came of a slice."""
        kind = KINDS[entry.job.kind]
        desk.entry, entry.running, entry.new = None, False, False
        entry.spent += made.seconds
        self.seconds[kind] += made.seconds
        if made.done and made.failure is None:
            self._remember(desk, entry, made)
        if entry.over:  # nobody reads it any more
            return
        entry.person.turn += made.seconds
        if made.part is not None:
            entry.answered = True
            self._give(entry, made.part)
        if made.failure is not None:
            self._fail(entry, made.failure)
        elif made.done:
            self.done[kind] += 1
            self._end(entry)
        elif entry.spent > limits().seconds:
            self._fail(entry, Failure.later(LATE.format(most=limits().seconds), "ended: took too long", 0))
            self._drop(desk, entry)

    def _remember(self, desk: Desk, entry: Entry, made: Slice) -> None:
        job = entry.job
        if job.kept and job.key and not job.here and made.part is not None and len(made.part) <= self.answers.size:
            self.answers.put(job.key, made.part, len(made.part))
        _, before = self.places.get(job.run, (None, DEAR))
        self._know(job.run, desk, min(before, entry.spent))

    def _know(self, run: str, desk: Desk, cost: float) -> None:
        """Where a run is, and the seconds that it takes to have it elsewhere."""
        if run:
            self.places[run] = (desk, cost)
            self.places.move_to_end(run)
            while len(self.places) > KNOWN_RUNS:
                self.places.popitem(last=False)

    def _give(self, entry: Entry, part: bytes) -> None:
        if entry.job.key:
            entry.given.append(part)
        for reader in entry.readers:
            reader.parts.append(part)
            reader.tell()

    def _fail(self, entry: Entry, failure: Failure) -> None:
        """An answer that has begun ends with its complaint; of any other the failure is the answer."""
        self.failed[KINDS[entry.job.kind]] += 1
        words = entry.job.complaint(failure.error) if entry.answered else b""
        if words:
            logged(failure)
            self._give(entry, words)
        self._end(entry, None if words else failure)

    def _end(self, entry: Entry, failure: Failure | None = None) -> None:
        """Out of the line."""
        entry.over = True
        del self.entries[entry.number]
        if self.joinable.get(entry.job.key) is entry:
            del self.joinable[entry.job.key]
        for reader in entry.readers:
            reader.failure = failure
            reader.person.waiting -= 1
            reader.tell()

    # -- workers -----------------------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Computes here at once, and starts the first worker after ``REST`` and then the second; more start when there is work for them."""
        with self.lock:
            self.early = True
        timer = threading.Timer(REST, self._begin)
        timer.daemon = True
        timer.start()

    def _begin(self) -> None:
        with self.lock:
            if not self.closed:
                self._start(self.desks[0])

    def close(self) -> None:
        """Ends the workers; who waits is told."""
        with self.lock:
            self.closed = True
            for entry in [*self.entries.values()]:
                self._fail(entry, ENDING)
            for desk in (*self.desks, self.here):
                desk.worker.stop()
                desk.wake.set()

    def _start(self, desk: Desk | None) -> None:
        if desk is not None and not desk.started:
            desk.started = True
            threading.Thread(target=self._work, args=(desk,), name="worker", daemon=True).start()

    def _drop(self, desk: Desk, entry: Entry) -> None:
        desk.dropped.append(entry.number)
        desk.wake.set()

    def _work(self, desk: Desk) -> None:
        """What the thread of a worker does: it starts it, starts it again when it has died, and has it compute."""
        tries = 0
        while not (self.closed or desk.broken):
            try:
                if not desk.ready:
                    desk.worker.start()
                    tries = 0
                    with self.lock:
                        if self.closed:  # meanwhile: what had no process yet to end has one now
                            desk.worker.stop()
                            return
                        desk.ready, self.early = True, self.early and desk is self.here
                        if desk is self.desks[0] and len(self.desks) > 1:
                            self._start(self.desks[1])
                        self._dispatch()
                desk.wake.wait()
                desk.wake.clear()
                while self._turn(desk):
                    pass
            except Died as error:
                tries += 1
                self._died(desk, str(error), tries >= TRIES, error.asked)
            except Exception as error:  # nobody knows what it is at now: it is ended, and another started
                tries += 1
                desk.worker.stop()
                self._died(desk, repr(error), tries >= TRIES)

    def _turn(self, desk: Desk) -> bool:
        """One slice of what the worker is given, without the lock; was there one? Raises Died."""
        with self.lock:
            dropped, desk.dropped, entry = desk.dropped, [], desk.entry
            busy = sum(other.entry is not None for other in (*self.desks, self.here))
        for number in dropped:
            desk.worker.drop(number)
        if entry is None:
            return False
        made = desk.worker.advance(entry.number, entry.job if entry.new else None, max(1, (CORES - 1) // busy))
        with self.lock:
            self._came(desk, entry, made)
            self._dispatch()
        return True

    def _died(self, desk: Desk, words: str, for_good: bool, asked: bool = True) -> None:
        """Whoever waits for what it was computing is told; a job of which it has never heard is begun elsewhere."""
        with self.lock:
            if self.closed:
                return
            log.error("a worker has ended: %s", CONTROLS.sub(" ", words)[:300])
            self.replaced += desk.ready
            desk.ready, desk.broken, desk.entry, desk.dropped = False, for_good, None, []
            self.early = False
            self.places = OrderedDict((run, place) for run, place in self.places.items() if place[0] is not desk)
            for entry in [entry for entry in self.entries.values() if entry.desk is desk]:
                if entry.new and not asked:
                    entry.desk, entry.running = None, False
                    continue
                self._fail(entry, Failure.later(DIED, "ended: the worker"))
            self._dispatch()

    # -- what it does ------------------------------------------------------------------------------------------------------------------

    def stats(self) -> Stats:
        with self.lock:
            now, kinds = self.clock(), KINDS.values()
            entries = self.entries.values()
            return Stats(
                waiting={kind: sum(not e.running for e in entries if KINDS[e.job.kind] == kind) for kind in kinds},
                running={kind: sum(e.running for e in entries if KINDS[e.job.kind] == kind) for kind in kinds},
                done={kind: self.done[kind] for kind in kinds},
                failed={kind: self.failed[kind] for kind in kinds},
                dropped={kind: self.dropped[kind] for kind in kinds},
                seconds=dict(self.seconds),
                shared=self.shared,
                kept=self.kept,
                refused=self.refused,
                people=sum(bool(p.waiting) or now - p.seen < MEMORY for p in self.people.values()),
                workers=sum(desk.ready for desk in self.desks),
                replaced=self.replaced,
                memory=[desk.worker.memory for desk in self.desks],
                answers=len(self.answers.items),
                answer_bytes=self.answers.used,
            )

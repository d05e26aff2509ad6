"""The line: who is computed next, for whom, and what happens to what nobody reads. Workers here are told what comes of a slice, and when: no clock decides."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from playground.core.child import CALM
from playground.core.limits import Limits
from playground.server import scheduler as module
from playground.server.bench import Bench, Here
from playground.server.failure import Failed
from playground.server.jobs import Job, Kind, Steps
from playground.server.refusal import failure_of
from playground.server.scheduler import Reader, Scheduler
from playground.server.worker import Died, Slice, Worker

WAIT = 20  # seconds until a test that hangs fails


class Told(Job):
    """A job of a kind and a name."""

    kind = Kind.RUN

    def __init__(
        self, name: str, kind: Kind = Kind.RUN, key: str = "", run: str = "", kept: bool = False, here: bool = False, parts: int = 1
    ):
        self.name, self.kind, self.key, self.run, self.kept, self.parts = name, kind, key, run, kept, parts
        self.is_here = here
        super().__init__({})

    def read(self) -> None:
        return

    @property
    def here(self) -> bool:
        return self.is_here

    def steps(self) -> Steps:
        for n in range(self.parts - 1):
            yield f"{self.name}{n}".encode()
        return self.name.encode()

    def complaint(self, error: dict) -> bytes:
        return b"!" + str(error["message"]).encode() if self.parts > 1 else b""


class Hand(Worker):
    """A worker that says what it is asked for and waits until it is told what came of it."""

    def __init__(self) -> None:
        self.asked: queue.Queue[tuple[int, Told | None]] = queue.Queue()
        self.answers: queue.Queue[Slice | Exception] = queue.Queue()
        self.dropped: queue.Queue[int] = queue.Queue()
        self.starts = 0
        self.known: dict[int, Told] = {}

    def start(self) -> None:
        self.starts += 1

    def advance(self, number: int, job: Job | None, threads: int) -> Slice:
        if isinstance(job, Told):
            self.known[number] = job
        self.asked.put((number, self.known[number]))
        made = self.answers.get()
        if isinstance(made, Exception):
            raise made
        return made

    def drop(self, number: int) -> None:
        self.dropped.put(number)

    def stop(self) -> None:
        self.answers.put(Died("stopped"))

    # what a test says

    def at(self) -> str:
        """The name of what it is asked for next."""
        return self.asked.get(timeout=WAIT)[1].name

    def ends(self, seconds: float = 0.1, part: bytes | None = b"made") -> None:
        self.answers.put(Slice(part, True, seconds))

    def goes_on(self, seconds: float = 0.1, part: bytes | None = None) -> None:
        self.answers.put(Slice(part, False, seconds))

    def dies(self) -> None:
        self.answers.put(Died("killed"))

    def breaks(self, error: Exception) -> None:
        self.answers.put(error)

    def order(self, count: int) -> list[str]:
        """The names of the next slices, each of which ends its job."""
        names = []
        for _ in range(count):
            names.append(self.at())
            self.ends()
        return names


@pytest.fixture
def made() -> Iterator[Callable[..., tuple[Scheduler, list[Hand]]]]:
    """A scheduler with so many workers, all of them ready."""
    open_ones: list[Scheduler] = []

    def make(count: int = 1) -> tuple[Scheduler, list[Hand]]:
        hands = [Hand() for _ in range(count)]
        line = Scheduler(hands, Hand())
        open_ones.append(line)
        with line.lock:
            for desk in line.desks:
                line._start(desk)
        until(lambda: line.stats().workers == count)
        return line, hands

    yield make
    for line in open_ones:
        line.close()


def until(true: Callable[[], bool]) -> None:
    """Until other threads have come so far."""
    for _ in range(WAIT * 1000):
        if true():
            return
        threading.Event().wait(0.001)
    raise AssertionError("it does not come to that")


def ask(line: Scheduler, job: Told, person: str = "anna") -> Reader:
    reader = line.ask(job, person)
    reader.next()
    return reader


def busy(line: Scheduler, hand: Hand) -> None:
    """The worker is at something, so that what is asked now waits."""
    ask(line, Told("first"), "nobody")
    assert hand.at() == "first"


def test_urgent_first(made) -> None:
    """Runs before fields before distances before labs before files, whatever came first. Mutant killed: first come, first served."""
    line, (hand,) = made()
    busy(line, hand)
    for kind in reversed(Kind):
        ask(line, Told(kind.name, kind), f"person {kind}")
    hand.ends()
    assert hand.order(5) == ["RUN", "FIELDS", "MEASURES", "LAB", "FILE"]


def test_fair_between_people(made) -> None:
    """Who asks for ten is not before who asks for one. Mutant killed: turns that are not counted."""
    line, (hand,) = made()
    busy(line, hand)
    for n in range(4):
        ask(line, Told(f"anna {n}"), "anna")
    for n in range(2):
        ask(line, Told(f"ben {n}"), "ben")
    hand.ends()
    assert hand.order(6) == ["anna 0", "ben 0", "anna 1", "ben 1", "anna 2", "anna 3"]


def test_who_comes_new_has_no_credit(made) -> None:
    """They begin where the others are: an hour without a request buys no hour of work. Mutant killed: new people begin at 0."""
    line, (hand,) = made()
    for n in range(5):
        ask(line, Told(f"anna {n}"), "anna")
        assert hand.at() == f"anna {n}"
        hand.ends()
        until(lambda: not line.entries)
    busy(line, hand)
    for n in range(2):
        ask(line, Told(f"anna {n}"), "anna")
        ask(line, Told(f"ben {n}"), "ben")
    hand.ends()
    assert sorted(hand.order(2)) == ["anna 0", "ben 0"]
    assert sorted(hand.order(2)) == ["anna 1", "ben 1"]


def test_a_heavy_run_holds_nobody_up(made) -> None:
    """Between two of its slices whoever waits goes first; after its share it is no longer as urgent as a run. Mutant killed: a run is computed to its end."""
    line, (hand,) = made()
    heavy = ask(line, Told("heavy"), "anna")
    assert hand.at() == "heavy"
    light = [ask(line, Told(f"light {n}"), f"person {n}") for n in range(3)]
    fields = ask(line, Told("fields", Kind.FIELDS), "person 3")
    lab = ask(line, Told("lab", Kind.LAB), "person 4")
    hand.goes_on(seconds=1.0)
    assert hand.order(4) == ["light 0", "light 1", "light 2", "fields"]
    assert hand.at() == "heavy"
    hand.goes_on(seconds=1.0)
    assert hand.at() == "heavy"
    hand.ends()
    assert hand.order(1) == ["lab"]
    for reader in (heavy, *light, fields, lab):
        until(lambda reader=reader: reader.entry.over)


def test_equal_requests_are_computed_once(made) -> None:
    """Those in flight read along, each their own; the next is answered by what was kept. Mutants killed: two computations, one part for two readers."""
    line, (hand,) = made()
    busy(line, hand)
    readers = [line.ask(Told("link", key="a", kept=True), f"person {n}") for n in range(32)]
    futures = [reader.next() for reader in readers]
    other = ask(line, Told("other", key="b", kept=True))
    hand.ends()
    assert hand.at() == "link"
    hand.ends(part=b"the picture")
    assert [future.result(WAIT) for future in futures] == [b"the picture"] * 32
    assert hand.order(1) == ["other"]
    until(lambda: other.entry.over)
    assert line.ask(Told("link", key="a", kept=True), "late").whole() == b"the picture"
    told = line.stats()
    assert (told.shared, told.kept, told.done["run"]) == (31, 1, 3)


def test_an_answer_that_is_not_kept_is_computed_again(made) -> None:
    line, (hand,) = made()
    for _ in range(2):
        reader = ask(line, Told("film", Kind.FILE, key="a"))
        assert hand.order(1) == ["film"]
        until(lambda reader=reader: reader.entry.over)
    assert line.stats().done["file"] == 2


def test_who_joins_late_reads_from_the_start(made) -> None:
    line, (hand,) = made()
    first = line.ask(Told("film", Kind.FILE, key="a"), "anna")
    told = first.next()
    hand.at()
    hand.goes_on(part=b"1")
    assert told.result(WAIT) == b"1"
    second = line.ask(Told("film", Kind.FILE, key="a"), "ben")
    assert second.next().result(WAIT) == b"1"
    told = [first.next(), second.next()]
    hand.at()
    hand.ends(part=b"2")
    assert [t.result(WAIT) for t in told] == [b"2", b"2"]
    assert [r.next().result(WAIT) for r in (first, second)] == [None, None]


def test_what_nobody_reads_is_dropped(made) -> None:
    """While it waits, and in the middle of a run: the worker lets go of it. Mutants killed: computed for nobody; steps that are held for ever."""
    line, (hand,) = made()
    busy(line, hand)
    waits = ask(line, Told("waits"))
    waits.leave()
    hand.ends()
    run = ask(line, Told("run"))
    assert hand.at() == "run"  # and not "waits"
    run.leave()
    run.leave()  # twice is once
    hand.goes_on()
    assert hand.dropped.get(timeout=WAIT) == run.entry.number
    ask(line, Told("next"))
    assert hand.order(1) == ["next"]
    assert line.stats().dropped["run"] == 2
    assert line.people["anna"].waiting <= 1


def test_who_stays_still_reads(made) -> None:
    line, (hand,) = made()
    busy(line, hand)
    gone, stays = (line.ask(Told("link", key="a"), name) for name in ("anna", "ben"))
    gone.next()
    told = stays.next()
    gone.leave()
    hand.ends()
    assert hand.order(1) == ["link"]
    assert told.result(WAIT) == b"made"
    assert line.stats().dropped["run"] == 0


def test_a_stream_goes_on_only_while_it_is_read(made) -> None:
    """A reader that rests pauses it. Mutant killed: parts that pile up unread."""
    line, (hand,) = made()
    stream = line.ask(Told("images"), "anna")
    told = stream.next()
    hand.at()
    hand.goes_on(part=b"1")
    assert told.result(WAIT) == b"1"
    ask(line, Told("other"), "ben")
    assert hand.order(1) == ["other"]  # and not "images"
    told = stream.next()
    assert hand.at() == "images"
    hand.ends(part=None)
    assert told.result(WAIT) is None


def test_the_line_has_an_end(made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one person and in all; whoever is refused is told so at once, and has room again when something is answered."""
    line, (hand,) = made()
    monkeypatch.setattr(module, "limits", lambda: replace(Limits(), waiting=5, waiting_each=3))
    readers = [ask(line, Told(f"anna {n}")) for n in range(3)]
    with pytest.raises(Failed) as told:
        line.ask(Told("anna 4"), "anna")
    assert told.value.failure.status == 503
    assert told.value.failure.again > 0
    assert "3 requests waiting" in str(told.value.failure.error["message"])
    for n in range(2):
        ask(line, Told(f"ben {n}"), "ben")
    with pytest.raises(Failed, match="full: the line"):
        line.ask(Told("cleo"), "cleo")
    assert hand.order(5) == ["anna 0", "ben 0", "anna 1", "ben 1", "anna 2"]
    until(lambda: all(reader.entry.over for reader in readers) and not line.entries)
    ask(line, Told("anna 5"))
    assert hand.order(1) == ["anna 5"]
    assert line.stats().refused == 2


def test_an_error_is_the_answer_and_the_worker_goes_on() -> None:
    """In a thread: an exception and too little memory, before a part and after one."""

    class Bad(Told):
        def steps(self) -> Steps:
            if self.parts > 1:
                yield b"begun"
            raise MemoryError if self.name == "memory" else ZeroDivisionError(self.name)

    line = Scheduler([Here()], Here())
    for name, words in (("memory", "too little memory"), ("zero", "ZeroDivisionError")):
        with pytest.raises(Failed) as told:
            line.ask(Bad(name), "anna").whole()
        assert words in str(told.value.failure.error["message"])
        assert told.value.failure.status == 500
    begun, complaint = line.ask(Bad("memory", parts=2), "anna")
    assert begun == b"begun"
    assert complaint.startswith(b"!There was too little memory")
    assert line.ask(Told("good", parts=3), "anna").whole() == b"good0good1good"
    assert line.stats().failed["run"] == 3
    line.close()


def test_a_worker_that_dies_is_replaced(made) -> None:
    """What it had is told in a sentence and may be asked again; what waits is computed by the one that comes. Mutants killed: a request that hangs; one more that
    is lost."""
    line, (hand,) = made()
    told = line.ask(Told("deadly"), "anna").next()
    paused = line.ask(Told("paused", parts=2), "cleo")
    hand.at()
    waits = line.ask(Told("waits"), "ben").next()
    hand.dies()
    with pytest.raises(Failed) as failed:
        told.result(WAIT)
    assert failed.value.failure.status == 503
    assert "try again" in str(failed.value.failure.error["message"])
    assert hand.order(1) == ["waits"]
    assert waits.result(WAIT) == b"made"
    assert hand.starts == 2
    assert line.stats().replaced == 1
    again = line.ask(Told("deadly"), "anna").next()
    assert hand.order(1) == ["deadly"]
    assert again.result(WAIT) == b"made"
    paused.leave()


def test_a_stream_that_dies_ends_with_words(made) -> None:
    line, (hand,) = made()
    stream = iter(line.ask(Told("images", parts=5), "anna"))
    told: list[bytes] = []
    reading = threading.Thread(target=lambda: told.extend(stream), daemon=True)
    reading.start()
    hand.at()
    hand.goes_on(part=b"1")
    hand.at()
    hand.dies()
    reading.join(WAIT)
    assert told[0] == b"1"
    assert told[1].startswith(b"!The part of the server")


def test_workers_that_never_start_leave_the_work_to_this_process() -> None:
    class Never(Worker):
        def start(self) -> None:
            raise Died("no such program")

        def advance(self, number: int, job: Job | None, threads: int) -> Slice:
            raise AssertionError

        def drop(self, number: int) -> None:
            raise AssertionError

    line = Scheduler([Never(), Never()], Here())
    assert line.ask(Told("made"), "anna").whole() == b"made"
    line.close()


def test_labs_and_films_leave_a_worker_free(made) -> None:
    """A run need not wait for a lab's second. Mutant killed: as many labs as there are workers."""
    line, hands = made(2)
    for n in range(3):
        ask(line, Told(f"lab {n}", Kind.LAB), f"person {n}")
    assert hands[0].at() == "lab 0"
    run = ask(line, Told("run"), "ben")
    assert hands[1].order(1) == ["run"]
    until(lambda: run.entry.over)
    hands[0].ends()
    assert hands[0].order(2) == ["lab 1", "lab 2"]


def test_what_reads_a_run_is_computed_where_it_is(made) -> None:
    """A dear run is waited for; a cheap one is computed again where a worker is free; one under way is gone on with."""
    line, hands = made(2)
    for name, seconds in (("dear", 5.0), ("cheap", 0.01)):
        reader = ask(line, Told(name, run=name), "anna")
        assert hands[0].at() == name
        hands[0].ends(seconds)
        until(lambda reader=reader: reader.entry.over)
    busy(line, hands[0])
    ask(line, Told("of dear", Kind.MEASURES, run="dear"), "ben")
    ask(line, Told("of cheap", Kind.MEASURES, run="cheap"), "cleo")
    assert hands[1].at() == "of cheap"
    ask(line, Told("also of cheap", Kind.MEASURES, run="cheap"), "dora")
    hands[0].ends()
    assert hands[0].order(1) == ["of dear"]
    hands[1].ends()
    assert hands[1].at() == "also of cheap"
    hands[1].ends()


def test_a_run_that_was_left_is_looked_for_where_it_is(made) -> None:
    """What is there of it need not be computed again. Mutant killed: only runs that came to their end have a place."""
    line, hands = made(2)
    busy(line, hands[0])
    stream = ask(line, Told("images", run="run"))
    assert hands[1].at() == "images"
    hands[1].goes_on(part=b"1")
    until(lambda: not stream.entry.running)
    stream.leave()
    assert hands[1].dropped.get(timeout=WAIT) == stream.entry.number
    hands[0].ends()
    until(lambda: not line.entries)
    ask(line, Told("part", run="run"))
    assert hands[1].order(1) == ["part"]


def test_who_waits_behind_busy_workers_costs_nothing(made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one worker becomes free one place is looked for, however many wait. Mutant killed: a place is looked for each of them, each time."""
    line, (hand,) = made()
    busy(line, hand)
    looked: list[str] = []
    place = line._place
    monkeypatch.setattr(line, "_place", lambda job, begun: (looked.append(job.name), place(job, begun))[1])
    for n in range(60):
        ask(line, Told(f"run {n}", run=f"run {n}"))
    assert looked == []
    hand.ends()
    assert hand.at() == "run 0"
    until(lambda: len(looked) > 0)
    assert looked == ["run 0"]
    hand.ends()


def test_what_a_worker_has_never_heard_of_is_computed_elsewhere(made) -> None:
    """Who was idle when its process died costs nobody an answer; what was under way there is told. Mutant killed: 503 for the next click."""
    line, (hand, other) = made(2)
    under_way = line.ask(Told("under way", parts=2), "bert")
    begun = under_way.next()
    assert hand.at() == "under way"
    hand.goes_on(part=b"first")
    assert begun.result(WAIT) == b"first"
    blocking = line.ask(Told("blocking"), "carl").next()  # goes to the first, which is free
    assert hand.at() == "blocking"
    told = line.ask(Told("next"), "anna").next()
    assert other.at() == "next"
    other.breaks(Died("a broken pipe", asked=False))
    hand.ends()
    assert blocking.result(WAIT) == b"made"
    names = {
        (hand if not hand.asked.empty() else other).at()
        for _ in range(1)
        if until(lambda: not (hand.asked.empty() and other.asked.empty())) is None
    }
    assert names == {"next"}
    for one in (hand, other):
        one.answers.put(Slice(b"made", True, 0.1))
    assert told.result(WAIT) == b"made"


def test_what_nobody_expects_ends_a_worker_not_its_line(made) -> None:
    """An error that is no worker's death, as of a message that cannot be read: told, and the next is computed. Mutant killed: a thread that ends in silence."""
    line, (hand,) = made()
    told = line.ask(Told("deadly"), "anna").next()
    hand.at()
    hand.breaks(KeyError("number"))
    with pytest.raises(Failed) as failed:
        told.result(WAIT)
    assert failed.value.failure.status == 503
    assert hand.answers.get(timeout=WAIT).args == ("stopped",)
    ask(line, Told("next"))
    assert hand.order(1) == ["next"]
    assert line.stats().replaced == 1


def test_a_line_that_closes_while_a_worker_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that is there by then is ended too. Mutant killed: an orphan."""
    go, begun, ended = threading.Event(), threading.Event(), threading.Event()

    class Slow(Hand):
        lives = False

        def start(self) -> None:
            begun.set()
            go.wait(WAIT)
            self.lives = True

        def stop(self) -> None:
            if self.lives:
                self.lives = False
                ended.set()

    monkeypatch.setattr(module, "REST", 0)
    line = Scheduler([Slow()], Hand())
    line.open()
    assert begun.wait(WAIT)
    line.close()
    go.set()
    assert ended.wait(WAIT)
    with pytest.raises(Failed, match="the server"):
        line.ask(Told("late"), "anna")


def test_until_the_first_worker_is_there_it_is_computed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has begun here goes on here; the second worker comes after the first. Mutants killed: a first visitor who waits for a process; one who never leaves."""
    go = threading.Event()

    class Slow(Hand):
        def start(self) -> None:
            go.wait(WAIT)
            super().start()

    monkeypatch.setattr(module, "REST", 0)
    hands, here = [Slow(), Slow()], Hand()
    line = Scheduler(hands, here)
    line.open()
    first, long = (line.ask(Told(name, key=name), "anna").next() for name in ("first", "long"))
    assert here.order(1) == ["first"]
    assert first.result(WAIT) == b"made"
    assert here.at() == "long"
    assert [hand.starts for hand in hands] == [0, 0]
    go.set()
    until(lambda: line.stats().workers == 2)
    later = line.ask(Told("later"), "anna").next()
    assert hands[0].order(1) == ["later"]
    assert later.result(WAIT) == b"made"
    here.goes_on()
    assert here.order(1) == ["long"]
    assert long.result(WAIT) == b"made"
    line.close()


def test_what_must_be_here_is_computed_here(made) -> None:
    line, (hand,) = made()
    told = line.ask(Told("hub", here=True, key="a", kept=True), "anna").next()
    here = line.here.worker
    assert isinstance(here, Hand)
    assert here.order(1) == ["hub"]
    assert told.result(WAIT) == b"made"
    again = line.ask(Told("hub", here=True, key="a", kept=True), "anna").next()  # another model may be loaded by then
    assert here.order(1) == ["hub"]
    assert again.result(WAIT) == b"made"
    assert hand.asked.empty()


def test_a_long_answer_ends_with_a_sentence(made, monkeypatch: pytest.MonkeyPatch) -> None:
    line, (hand,) = made()
    monkeypatch.setattr(module, "limits", lambda: replace(Limits(), seconds=10))
    told = line.ask(Told("long"), "anna").next()
    hand.at()
    hand.goes_on(seconds=11)
    with pytest.raises(Failed, match="took too long"):
        told.result(WAIT)
    assert hand.dropped.get(timeout=WAIT) == 1


def test_a_bench_stops_between_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice ends at a part, at the end, or when its time is over, never within a step; what is dropped is closed."""
    closed = []

    class Steps3(Told):
        def steps(self) -> Steps:
            try:
                for _ in range(3):
                    yield None
                yield b"part"
                return b"last"
            finally:
                closed.append(self.name)

    bench = Bench()
    monkeypatch.setattr("playground.server.bench.LONGEST", 1e-9)
    job = Steps3("a")
    made = [bench.advance(1, job if n == 0 else None, 1) for n in range(5)]
    assert [(m.part, m.done) for m in made] == [(None, False)] * 3 + [(b"part", False), (b"last", True)]
    assert closed == ["a"]
    bench.advance(2, Steps3("b"), 1)
    bench.drop(2)
    bench.drop(3)
    assert closed == ["a", "b"]
    assert not bench.open


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows the priority of a thread")
def test_sweeps_give_way_to_the_page() -> None:
    """Mutants killed: a sweep on the thread of the runs, a run after a sweep that keeps its low priority."""

    class Asked(Told):
        def steps(self) -> Steps:
            for _ in range(2):
                yield str(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())).encode()
            return None

    bench, own = Bench(), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    jobs: dict[int, Told | None] = {1: Asked("sweep", Kind.SWEEP), 2: Asked("run")}
    told: dict[int, list[int]] = {1: [], 2: []}
    for _ in range(2):
        for number in jobs:
            told[number].append(int(bench.advance(number, jobs[number], 1).part or b""))
            jobs[number] = None
    assert told == {1: [max(CALM, own)] * 2, 2: [own] * 2}
    assert bench.sweeps == {1}
    assert bench.advance(1, None, 1).done
    assert bench.sweeps == set()


def test_stats(made) -> None:
    line, (hand,) = made()
    reader = ask(line, Told("run"))
    hand.at()
    assert line.stats().running["run"] == 1
    ask(line, Told("lab", Kind.LAB), "ben")
    assert line.stats().waiting["lab"] == 1
    hand.ends(seconds=0.25)
    until(lambda: reader.entry.over)
    told = line.stats()
    assert (told.done["run"], told.seconds["run"], told.people, told.workers) == (1, 0.25, 2, 1)
    assert hand.order(1) == ["lab"]


def test_failures_name_their_kind() -> None:
    assert failure_of(ValueError("x")).status == 500

"""ZeroGPU, with a stand-in for the package ``spaces``: one function is decorated, before the launch, and gives what is computed without it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from playground.core.fields import BadValue
from playground.core.limits import limits
from playground.server import worker, zero
from playground.server.bench import Bench, Here
from playground.server.jobs import JOBS
from playground.server.scheduler import Scheduler
from playground.server.worker import Apart


class StandIn(ModuleType):
    """``spaces`` as far as it is used: decorates generator functions, each call of which would fork."""

    def __init__(self) -> None:
        super().__init__("spaces")
        self.decorated: list[tuple[Callable[..., Any], int]] = []
        self.calls: list[str] = []
        self.open = 0

    def GPU(self, *, duration: int) -> Callable[[Callable[..., Iterator[Any]]], Callable[..., Iterator[Any]]]:
        def decorate(make: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
            self.decorated.append((make, duration))

            def lent(name: str, query: dict[str, str], body: bytes) -> Iterator[Any]:
                self.calls.append(name)
                self.open += 1
                try:
                    yield from make(str(name), dict(query), bytes(body))
                except Exception:
                    raise AssertionError("an exception that the package would not send") from None
                finally:
                    self.open -= 1

            return lent

        return decorate


@pytest.fixture
def spaces(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    module = StandIn()
    module.__spec__ = sys.__spec__
    monkeypatch.setitem(sys.modules, "spaces", module)
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    zero.on_gpu.cache_clear()
    yield module
    zero.on_gpu.cache_clear()


def answer(line: Scheduler, name: str, query: dict[str, str]) -> bytes:
    job = JOBS[name](query)
    return job.finish(line.ask(job, "one").whole())


def test_one_function_is_decorated_before_the_launch(spaces: StandIn) -> None:
    """Mutant killed: a decoration that waits for the first request, which the host takes for a Space without one."""
    some, here = zero.workers()
    assert all(type(w) is zero.Zero for w in [*some, here])
    assert spaces.decorated == [(zero.computed, limits().gpu_seconds)]
    assert spaces.calls == []


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("RunPacket", {"layer": "run", "data": "rings", "process": "CLD", "particles": "40"}),
        ("FieldsPacket", {"layer": "fields", "want": "density"}),
        ("Distances", {"link": json.dumps("data=rings&particles=40")}),
    ],
)
def test_the_answers_are_the_same(spaces: StandIn, name: str, query: dict[str, str]) -> None:
    """Bytes of an answer but for the time that it took. Mutant killed: the last part, which a job returns, is lost."""
    lines = [Scheduler([zero.Zero()], zero.Zero()), Scheduler([Here()], Here())]
    for line in lines:
        line.open()
    try:
        lent, own = (answer(line, name, query) for line in lines)
        assert spaces.calls == [name]
        assert len(lent) > 100
        assert strip(lent) == strip(own)
    finally:
        for line in lines:
            line.close()


def strip(raw: bytes) -> object:
    if raw[:4] != b"PGP1":
        return raw
    from playground.views.packet import Packet

    packet = Packet.from_bytes(raw)
    return {k: v for k, v in packet.header.items() if k != "compute_ms"}, {k: a.tobytes() for k, (a, _) in packet.arrays.items()}


def test_a_stream_comes_part_by_part_and_ends_with_its_reader(spaces: StandIn) -> None:
    bench = Bench(zero.lent)
    job = JOBS["ImageRun"]({"data": "digits-unet", "particles": "2", "grid.steps": "6"})
    parts = [bench.advance(1, job if turn == 0 else None, 1).part for turn in range(3)]
    assert sum(part is not None for part in parts) >= 2
    assert spaces.open == 1
    bench.drop(1)
    assert spaces.open == 0


def test_what_fails_there_is_told_here(spaces: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    job = JOBS["RunPacket"]({"particles": "5"})
    monkeypatch.setattr("playground.server.jobs.run_of", lambda *_: (_ for _ in ()).throw(RuntimeError("no GPU is left")))
    made = Bench(zero.lent).advance(1, job, 1)
    assert made.done
    assert made.failure is not None


def test_what_is_refused_there_keeps_its_words(spaces: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only exceptions of Gradio's come out of the fork. Mutant killed: a refusal that becomes "the server could not compute this"."""
    job = JOBS["RunPacket"]({"particles": "5"})
    monkeypatch.setattr("playground.server.jobs.run_of", lambda *_: (_ for _ in ()).throw(BadValue("grid.steps", 7, "at least 9")))
    failure = Bench(zero.lent).advance(1, job, 1).failure
    assert failure is not None
    assert (failure.status, failure.error["field"], failure.error["allowed"]) == (400, "grid.steps", "at least 9")
    assert spaces.calls == ["RunPacket"]


def test_what_asks_no_model_takes_no_gpu(spaces: StandIn) -> None:
    table = "\n".join(f"{i % 7},{i % 5}" for i in range(50)).encode()
    made = Bench(zero.lent)
    part = made.advance(1, JOBS["Fit"]({"components": "2"}, table), 1).part
    while part is None:
        part = made.advance(1, None, 1).part
    assert json.loads(part)["components"] == 2
    # a board's cells are many small runs over minutes, longer than a GPU is lent
    assert [name for name, job in JOBS.items() if not job.models] == ["DrawnFilm", "Fit", "StoreSet", "Board", "BoardRead", "BoardFile"]
    assert spaces.calls == []


@pytest.mark.parametrize("told", ["", None])
def test_elsewhere_processes_compute(spaces: StandIn, monkeypatch: pytest.MonkeyPatch, told: str | None) -> None:
    """A Space with hardware of its own, where the package is installed too."""
    monkeypatch.setenv("SPACES_ZERO_GPU", told) if told is not None else monkeypatch.delenv("SPACES_ZERO_GPU")
    some, here = zero.workers()
    assert all(type(w) is Apart for w in some)
    assert type(here) is Here
    assert spaces.decorated == []


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not worker.lends()
    assert type(zero.workers()[1]) is Here

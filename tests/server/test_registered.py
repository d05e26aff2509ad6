"""Choices that are registered while a page runs: whatever was kept before is not what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import torch

import playground as pg
from playground.core import spec
from playground.server import jobs
from playground.server.routes import threads
from playground.views import judged
from playground.views.packet import Packet


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    before = dict(spec._REGISTERED)
    yield
    spec._REGISTERED.clear()
    spec._REGISTERED.update(before)
    spec.changed()


def part_of_euler(part: float) -> type[pg.Sampler]:
    """The cell of a notebook, run with another number in it."""

    @pg.register
    @dataclass(frozen=True)
    class Part(pg.Sampler):
        """x_s = x_t + κ (s − t) u."""

        info = pg.Info("Part", "part of Euler", "a part of Euler's step", order=1, nfe=1, needs=frozenset({"velocity", "mean"}))

        def step(self, problem: pg.Problem, z: torch.Tensor, t: float, s: float, carry: object, rng: pg.Rng) -> tuple[torch.Tensor, object]:
            return z + part * (s - t) * problem.velocity(z, t), None

    return Part


@pytest.mark.parametrize("layer", ["run", "metrics", "fields&want=density", "errors"])
def test_a_cell_that_is_run_again_means_its_new_class(layer: str) -> None:
    """Runs, distances, labs, and the line's own answers. Mutant killed: a run, or an answer, that is kept by the name of its sampler alone."""
    name, _, want = layer.partition("&want=")
    query = {"layer": name, "sampler": "Part", "particles": "5", **({"want": want} if want else {})}
    line = threads()
    told = []
    for part in (0.5, 1.0, 1.0):
        part_of_euler(part)
        told.append(Packet.from_bytes(line.ask(jobs.packet_job(query), "me").whole()))
    half, whole, again = ({key: made[key].tobytes() for key in made.arrays} for made in told)
    line.close()
    assert whole == again
    assert (half == whole) == (name == "fields")  # which no sampler changes
    if name == "run":
        euler = Packet.from_bytes(jobs.packet({**query, "sampler": "Euler"}))
        np.testing.assert_array_equal(told[1]["z"], euler["z"])


def test_a_line_keeps_what_it_kept_where_nothing_is_registered() -> None:
    """Mutant killed: names that change with every question."""
    exp = pg.Experiment(particles=5)
    assert jobs.name_of(exp) == exp.key
    part_of_euler(0.5)
    assert jobs.name_of(exp) == jobs.name_of(exp) != exp.key


def test_a_process_is_judged_that_the_page_did_not_know() -> None:
    """Its run's packet tells what cannot be chosen with it. Mutant killed: tables that were made before, which know no such process."""
    judged.tables()
    judged.beyond(pg.Experiment())

    @pg.register
    @dataclass(frozen=True)
    class Slow(pg.EDM):
        """EDM by another name."""

        info = pg.Info("Slow", "slow EDM", "EDM by another name")

    made = Packet.from_bytes(jobs.packet({"layer": "run", "process": "Slow", "particles": "5"}))
    assert "Slow" in judged.tables().data
    assert made.header["legal"] == {}
    part_of_euler(0.5)
    assert "Part" in judged.tables().expected("letters", "exact", "Absorbing", "NoGuidance")["sampler"]

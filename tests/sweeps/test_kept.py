"""Cells on disk: read again, never computed twice, bounded, and done without where the disk says no."""

import errno
import json
import os
import warnings
from pathlib import Path

import pytest

import playground as pg
from playground.core import spec
from playground.sweeps import kept as kept_module
from playground.sweeps.compute import Computer
from playground.sweeps.kept import Kept, clean, code_version, folder
from playground.sweeps.record import Sweep
from playground.sweeps.running import Running
from playground.sweeps.workers import Here

SWEEP = Sweep(
    base={"particles": "50"}, axes=[{"sampler": ["DDIM", "DDPM"]}, {"calls": [5, 10]}], seeds=2, measures=["W2", "MemorisedShare"]
)


def counted(monkeypatch):
    """How many cells were computed."""
    done, whole = [], Computer._pass

    def watched(self, at, exp, seeds, asked):
        done.extend((exp.key, seed) for seed in seeds)
        return whole(self, at, exp, seeds, asked)

    monkeypatch.setattr(Computer, "_pass", watched)
    return done


def test_no_cell_is_computed_twice(monkeypatch):
    """Nor one that stands at two places, nor after a restart; the numbers are the same."""
    done = counted(monkeypatch)
    first = Running(SWEEP, kept=Kept()).finish()
    assert len(done) == 8 == len(first.cells)
    again = Running(SWEEP, kept=Kept())
    assert (again.hits, again.waiting.tasks, again.left_s) == (8, [], 0.0)
    assert again.finish().cells == first.cells
    twice = Sweep(base={"particles": "50"}, axes=[{"sampler": ["Heun"]}, {"calls": [5, 6]}], seeds=1, measures=["W2"])
    a, b = Running(twice, kept=Kept()).finish().cells.values()
    assert len(done) == 9
    assert (a.at, b.at, a.values) == ((0, 0), (0, 1), b.values)


def test_it_is_kept_by_everything_that_matters(monkeypatch):
    exp = pg.Experiment(particles=50, grid=pg.UniformLogSNR(steps=3))
    (cell,) = Computer().cells((0,), exp, [0], ["W2"])
    disk = Kept()
    disk.put(exp, cell)
    assert disk.get((7,), exp, ["W2"]).at == (7,)
    assert disk.get((7,), exp, ["W2"]).values == cell.values
    assert disk.get((7,), exp, ["W2", "Energy"]) is None
    for other in (exp.replace(seed=1), exp.replace(dtype="float64"), exp.replace(particles=51)):
        assert disk.get((7,), other, ["W2"]) is None
    (more,) = Computer().cells((0,), exp, [0], ["Energy"])
    disk.put(exp, more)
    assert disk.get((7,), exp, ["Energy", "W2"]).values == {**cell.values, **more.values}
    monkeypatch.setattr(kept_module, "code_version", lambda: "another")
    assert disk.get((7,), exp, ["W2"]) is None


def test_code_is_told_by_its_files(tmp_path, monkeypatch):
    before = code_version()
    (tmp_path / "new.py").write_text("x = 1")
    monkeypatch.setattr(kept_module, "PACKAGE", tmp_path)
    code_version.cache_clear()
    changed = code_version()
    monkeypatch.undo()
    code_version.cache_clear()
    assert code_version() == before != changed


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"at":[]}', b"[" * 50_000, b'{"at":[],"seed":0,"values":{"W2":["x",0,0,0]}}', b"\x80\x04pickle"]
)
def test_a_broken_file_is_no_cell(body, monkeypatch):
    done = counted(monkeypatch)
    Running(SWEEP, kept=Kept()).finish()
    victim = next(folder().rglob("*.json"))
    victim.write_bytes(body)
    Running(SWEEP, kept=Kept()).finish()
    assert len(done) == 9
    assert json.loads(victim.read_bytes())["values"]


def test_the_least_recently_used_go_first():
    exps = [pg.Experiment(particles=20, grid=pg.UniformTime(steps=2), seed=s) for s in range(6)]
    cells = [next(iter(Computer().cells((), e, [e.seed], ["ModelCalls"]))) for e in exps]
    probe = Kept()
    probe.put(exps[0], cells[0])
    each = probe.size
    disk = Kept(most=int(5.5 * each))
    for i, (exp, cell) in enumerate(zip(exps[:5], cells, strict=False)):
        disk.put(exp, cell)
        os.utime(disk.path(exp), (1000 + i, 1000 + i))
    assert disk.get((), exps[0], ["ModelCalls"])  # used now
    disk.put(exps[5], cells[5])
    left = [i for i, exp in enumerate(exps) if disk.path(exp).exists()]
    assert left == [0, 3, 4, 5]
    assert disk.size <= 0.9 * disk.most
    clean()
    assert not folder().exists()
    assert Kept(most=0).get((), exps[0], ["ModelCalls"]) is None


def test_a_full_disk_is_told_and_the_sweep_goes_on(monkeypatch):
    """One warning, all cells. Mutant killed: an OSError that ends the sweep; a half-written file that is read as a cell."""

    def full(self, data):
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.warns(UserWarning, match="No space left on device.*the sweep goes on") as told:
        results = Running(SWEEP, kept=Kept()).finish()
    assert len(told) == 1
    assert results.complete
    assert not [p for p in folder().rglob("*") if p.is_file()]
    monkeypatch.undo()
    assert Running(SWEEP, kept=Kept(where=folder())).hits == 0


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.warns(UserWarning, match="the sweep goes on"):
        assert Running(SWEEP, kept=Kept(where=tmp_path / "file" / "cells")).finish().complete


def test_what_was_registered_here_is_not_kept(monkeypatch):
    """The same name may mean another class tomorrow."""
    monkeypatch.setitem(spec._REGISTERED, "Mine", pg.DDIM)
    with warnings.catch_warnings():
        assert not Kept().keeps(pg.Experiment())
    running = Running(SWEEP, workers=4)
    assert running.by.said == Here().said

"""A sweep on its way: order, pause, workers that die, the results file, the command, the exports."""

import csv
import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import playground as pg
from playground.core.fields import BadValue
from playground.sweeps import Result, Results, Running, Sweep, run
from playground.sweeps import workers as workers_module
from playground.sweeps.__main__ import main
from playground.sweeps.compute import Computer
from playground.sweeps.kept import Kept
from playground.sweeps.workers import TRIES, Process

ROOT = Path(__file__).resolve().parents[2]
SWEEP = Sweep(
    base={"particles": "100"},
    axes=[{"sampler": ["DDIM", "Heun", "SSCS"]}, {"calls": [40, 5, 10, 20]}],
    seeds=3,
    measures=["W2", "ClassShares"],
)


@pytest.fixture(scope="module")
def whole():
    return Running(SWEEP).finish()


def test_cheap_ones_come_first(whole):
    """And every cell that can be, once; the others with their reason."""
    assert whole.complete
    assert len(whole.cells) == 2 * 4 * 3
    assert set(whole.left_out) == {(2, i) for i in range(4)}
    calls = [cell.calls for cell in whole.cells.values()]
    assert calls[:6] == [5] * 6
    assert sorted(calls) == calls


def test_streams_pauses_and_goes_on(whole):
    running = Running(SWEEP)
    assert math.isnan(running.left_s)
    stream = iter(running)
    first = next(stream)
    assert isinstance(first, Result)
    assert len(running.results.cells) == 1
    assert running.left_s > 0
    running.pause()
    got = []
    reader = threading.Thread(target=lambda: got.extend(stream))
    reader.start()
    reader.join(1.0)
    assert reader.is_alive()  # the cells of the place that was begun are there, no other is begun
    assert len(got) <= 2
    running.resume()
    reader.join(120)
    assert len(got) == len(whole.cells) - 1
    assert running.left_s == 0
    for key, cell in running.results.cells.items():
        assert cell.values == whole.cells[key].values


def test_stopped_and_begun_again(whole):
    """In a later process: what is on disk is read, the rest is computed."""
    running = Running(SWEEP, kept=Kept())
    for _ in zip(running, range(7), strict=False):
        pass
    running.close()
    again = Running(SWEEP, kept=Kept())
    assert 7 <= again.hits <= 9
    results = again.finish()
    assert {k: c.values for k, c in results.cells.items()} == {k: c.values for k, c in whole.cells.items()}


def test_processes_say_the_same(whole):
    results = run(SWEEP, workers=2, keep=False)
    assert results.complete
    assert {k: c.values for k, c in results.cells.items()} == {k: c.values for k, c in whole.cells.items()}


def test_first_cells_do_not_wait_for_processes(monkeypatch, whole):
    """While they import torch cheap cells are computed here, of at most half of the tasks; none where tasks are dear. Mutants killed: a cell that two compute; all of them here."""
    here, steps = [], Computer.steps

    def told(self, at, *rest):
        here.append(at)
        return steps(self, at, *rest)

    monkeypatch.setattr(Computer, "steps", told)
    results = run(SWEEP, workers=1, keep=False)
    assert 1 <= len(here) == len(set(here)) <= 4
    assert {k: c.values for k, c in results.cells.items()} == {k: c.values for k, c in whole.cells.items()}
    here.clear()
    monkeypatch.setattr(workers_module, "HERE", 0)
    assert run(SWEEP, workers=1, keep=False).complete
    assert not here


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_process_that_is_killed_loses_no_cell(monkeypatch, whole):
    """One of two is killed as soon as it has something to do. Mutants killed: cells that are lost with it; cells that are told twice; a sweep that waits for the dead."""
    killed, give = [], Process.give

    def deadly(self, task, measures):
        give(self, task, measures)
        if len(killed) < 1:
            killed.append(self.pid)
            os.kill(self.pid, signal.SIGKILL)

    monkeypatch.setattr(Process, "give", deadly)
    seen = []
    results = run(SWEEP, workers=2, keep=False, told=lambda cell: seen.append((cell.at, cell.seed)))
    assert len(killed) == 1
    assert len(seen) == len(set(seen)) == len(whole.cells)
    assert {k: c.values for k, c in results.cells.items()} == {k: c.values for k, c in whole.cells.items()}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_cell_that_kills_says_so_and_the_rest_goes_on(monkeypatch, whole):
    killed, give = [], Process.give

    def deadly(self, task, measures):
        give(self, task, measures)
        if task.places[0] == (1, 0):
            killed.append(self.pid)
            os.kill(self.pid, signal.SIGKILL)

    monkeypatch.setattr(Process, "give", deadly)
    results = run(SWEEP, workers=2, keep=False)
    assert len(killed) == TRIES
    assert results.complete
    lost = {at for (at, _), cell in results.cells.items() if cell.failed}
    assert lost == {(1, 0)}
    assert f"ended {TRIES} times" in results.cells[(1, 0), 0].failed
    assert next(row for row in results.rows("W2") if row.at == (1, 0)).why == results.cells[(1, 0), 0].failed


# what is read off them -------------------------------------------------------------------------------------------------------------


def test_rows_tell_mean_floor_and_front(whole):
    rows = {row.at: row for row in whole.rows("W2")}
    assert len(rows) == 12
    for at, row in rows.items():
        cells = whole.seeds_of(at)
        if at[0] == 2:
            assert row.why == whole.left_out[at]
            assert math.isnan(row.value.mean)
            assert not row.front
            continue
        values = [cell.values["W2"].value for cell in cells]
        assert row.value.mean == pytest.approx(sum(values) / 3)
        assert row.floor == pytest.approx(sum(c.values["W2"].floor for c in cells) / 3)
        assert row.labels == (("DDIM", "Heun")[at[0]], ("40", "5", "10", "20")[at[1]])
    assert rows[0, 1].front or rows[1, 1].front
    with pytest.raises(BadValue, match="Energy"):
        whole.rows("Energy")
    with pytest.raises(BadValue, match="cost"):
        whole.rows("W2", cost="money")


def test_orders_are_fitted_along_calls():
    """Errors 10/n² and a floor of 0.01 that adds in squares: order 2, off the numbers of steps whose error is well above it."""
    counts = [4, 8, 12, 16, 20, 100]
    sweep = Sweep(axes=[{"sampler": ["Euler"]}, {"grid.steps": counts}], seeds=2, measures=["W2", "Sinkhorn", "ModeRecall"])
    results = Results(sweep)
    for i, n in enumerate(counts):
        for seed, factor in ((0, 0.9), (1, 1.1)):
            value = factor * math.hypot(0.01, 10 / n**2)
            results.add(Result((0, i), seed, {"W2": pg.Estimate(value, 0.0, 0.01, 0.001)}, steps=n, calls=n))
    (row,) = results.orders("W2")
    assert (row.at, row.labels, row.why) == ((0, -1), ("Euler", ""), "")
    assert row.fit == pytest.approx((2, 2, 2, 5), abs=1e-9)
    for key, cell in list(results.cells.items()):
        results.cells[key] = dataclasses.replace(
            cell,
            values={
                "W2": cell.values["W2"],
                "Sinkhorn": pg.Estimate(100 / cell.steps**4, 0.0),
                "ModeRecall": pg.Estimate(1 / cell.steps, 0.0),
            },
        )
    (square,), (share,) = results.orders("Sinkhorn"), results.orders("ModeRecall")
    assert square.fit == pytest.approx((2, 2, 2, 6), abs=1e-9)  # a squared distance falls by twice the order
    assert (share.fit, share.why) == (None, "no error that falls to a floor")
    results.cells.pop(((0, 0), 0)), results.cells.pop(((0, 0), 1))
    results.cells.pop(((0, 1), 0)), results.cells.pop(((0, 1), 1))
    assert results.orders("W2")[0].fit is None
    assert "fewer than four" in results.orders("W2")[0].why
    with pytest.raises(BadValue, match=r"an axis of grid\.steps or calls"):
        Running(Sweep(base={"particles": "20"}, seeds=1)).finish().orders()


def test_a_file_holds_the_whole_board(whole):
    again = Results.from_json(whole.to_json())
    assert again == whole
    assert again.rows() == whole.rows()
    record = json.loads(whole.to_json())
    assert record["axes"][0] == {"title": "sampler", "labels": ["DDIM", "Heun", "SSCS"]}
    assert record["measures"][0]["title"] == "W₂, sliced"
    strange = Result((0, 0), 0, {"W2": pg.Estimate(math.inf, 0.0, 1.0, -math.inf)})
    assert Result.from_dict(json.loads(json.dumps(strange.to_dict()))) == strange


HEAD = '{"format":"playground sweep","version":1,"sweep":{"axes":[{"sampler":["DDIM"]}],"seeds":1},"left_out":[],"cells":'


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ("", "results"),
        ("[" * 100_000, "results"),
        ("[]", "format"),
        ('{"format":"other"}', "format"),
        ('{"format":"playground sweep","version":2}', "version"),
        ('{"format":"playground sweep","version":1}', "sweep"),
        (HEAD + "7}", "cells"),
        (HEAD + "[7]}", "cells[0]"),
        (HEAD + "[{}]}", "cells[0].at"),
        (HEAD + '[{"at":[1],"seed":0}]}', "cells[0].at"),
        (HEAD + '[{"at":[],"seed":0}]}', "cells[0].at"),
        (HEAD + '[{"at":[0],"seed":5}]}', "cells[0].seed"),
        (HEAD + '[{"at":[0],"seed":1e400}]}', "cells[0].seed"),
        (HEAD + '[{"at":[0],"run":"os.system"}]}', "cells[0].run"),
        (HEAD + '[{"at":[0],"seed":0,"values":{"W2":[1,2]}}]}', "cells[0].values.W2"),
        (HEAD + '[{"at":[0],"seed":0,"values":{"W2":[1,2,3,"x"]}}]}', "cells[0].values.W2"),
        (HEAD + '[{"at":[0],"seed":0,"failed":7}]}', "cells[0].failed"),
        (HEAD + '[],"left_out":[{"at":[9],"why":""}]}', "left_out[0].at"),
    ],
)
def test_broken_results_files(source, field):
    with pytest.raises(BadValue) as told:
        Results.from_json(source)
    assert told.value.field == field


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (HEAD + "[", f"results ends at character {len(HEAD) + 1}, before it is whole; allowed: valid JSON"),
        (HEAD + '["W', f"results ends at character {len(HEAD) + 3}, before it is whole; allowed: valid JSON"),
        (HEAD + "[tru", "before it is whole"),
        ((HEAD + '["W₂').encode()[:-1], "before it is whole"),
        (HEAD + "[],}", f"results is not JSON from character {len(HEAD) + 4} on"),
        (b"^%r!\x96\xff\x00", "results is not JSON, nor any text; allowed: valid JSON"),
        ("hello", "results is not JSON; allowed: valid JSON"),
        (" ", "results is empty"),
        ("[" * 100_000, "results is nested too deep"),
        ("null", "format of the results cannot be read: they are null"),
        ("{}", "format is not in the results"),
        ('{"format":"playground sweep","version":1,"sweep":null}', "sweep is not a record, but null"),
    ],
)
def test_broken_results_files_in_words(source, words):
    """Without a piece of the file and what Python calls it."""
    with pytest.raises(BadValue) as told:
        Results.from_json(source)
    assert words in str(told.value)
    assert "None" not in str(told.value)
    assert "b'" not in str(told.value)


def test_the_command(tmp_path, capsys, monkeypatch):
    """run, again, export; a file of another sweep is not written over."""
    monkeypatch.chdir(tmp_path)
    Path("sweep.json").write_text(SWEEP.to_json(), encoding="utf-8")
    assert main(["run", "sweep.json", "--workers", "0"]) == 0
    assert "36 cells; 12 cannot be (4 places); 0 are known" in capsys.readouterr().err
    assert main(["run", "sweep.json", "--workers", "0", "--no-cache"]) == 0
    assert "24 are known" in capsys.readouterr().err
    results = Results.read("sweep.results.json")
    assert results.complete
    assert main(["export", "sweep.results.json", "table.csv"]) == 0
    with open("table.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24 * 2
    first = results.cells[(0, 0), 0].values["W2"]
    assert (rows[0]["sampler"], rows[0]["model calls"], float(rows[0]["value"])) == ("DDIM", "40", first.value)
    assert main(["export", "sweep.results.json", "back.json"]) == 0
    assert Sweep.from_json(Path("back.json").read_text(encoding="utf-8")) == SWEEP
    assert main(["export", "sweep.results.json", "table.xls"]) == 1
    Path("other.json").write_text(Sweep(seeds=1).to_json(), encoding="utf-8")
    assert main(["run", "other.json", "--out", "sweep.results.json"]) == 1
    assert "it holds results of another" in capsys.readouterr().err
    assert Results.read("sweep.results.json") == results
    for wrong in (
        ["run", "nowhere.json"],
        ["export", "nowhere.json", "t.csv"],
        ["preset", "nothing"],
        ["run", "sweep.json", "--out", "no/such/folder.json"],
    ):
        assert main(wrong) == 1
    assert main(["presets"]) == main(["preset", "eta", "--base", "data=swiss_roll"]) == main(["clean"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert Sweep.from_json(told[-1]).base == pg.Experiment(data="swiss_roll")
    assert Running(SWEEP, kept=Kept()).hits == 0


def test_parquet(tmp_path, whole):
    parquet = pytest.importorskip("pyarrow.parquet")
    from playground.sweeps.export import export

    export(whole, tmp_path / "t.parquet")
    told = parquet.read_table(str(tmp_path / "t.parquet")).to_pylist()
    assert len(told) == 48
    assert told[0]["value"] == whole.cells[(0, 0), 0].values["W2"].value


def test_parquet_without_its_library(tmp_path, whole, monkeypatch):
    from playground.sweeps import export

    monkeypatch.setattr(export.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadValue, match="pip install pyarrow"):
        export.export(whole, tmp_path / "t.parquet")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_keeps_what_is_there(tmp_path):
    """A real process, interrupted as soon as it has told a number; the same command goes on from there."""
    big = Sweep(base={"particles": "2000"}, axes=[{"sampler": ["DDIM"]}, {"grid.steps": list(range(2, 200))}], seeds=3, measures=["W2"])
    (tmp_path / "s.json").write_text(big.to_json(), encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PLAYGROUND_CACHE": str(tmp_path / "c")}
    command = [sys.executable, "-m", "playground.sweeps", "run", str(tmp_path / "s.json"), "--workers", "1"]
    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if " left" in line:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(60) == 130
    assert "the same command goes on from here" in rest
    there = Results.read(tmp_path / "s.results.json")
    assert 0 < len(there.cells) < big.count
    assert Running(big, kept=Kept(tmp_path / "c" / "cells")).hits >= len(there.cells)


def test_from_python():
    """pg.sweep takes axes, a Sweep or its record; a failed cell is told, not raised."""
    one = pg.sweep([{"sampler": [pg.DDIM(), "Heun"]}], base=pg.Experiment(particles=50), seeds=2, measures=["W2"])
    two = pg.sweep(pg.Sweep(axes=[{"sampler": [pg.DDIM(), "Heun"]}], base={"particles": 50}, seeds=2, measures=["W2"]))
    assert one == two
    assert one.complete
    assert one.cells[(1,), 1].values["W2"] == pg.measure(pg.Experiment(particles=50, sampler=pg.Heun(), seed=1), "W2")
    for wrong in (7, "samplers", [{"sampler": []}]):
        with pytest.raises(BadValue):
            pg.sweep(wrong)

"""What the board's page is told: the numbers of ``Results``, cells once and in the order of their cost, limits and hostile requests in words."""

import csv
import errno
import io
import json
import math
import os
import random
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pytest
from PIL import Image
from pyarrow import parquet

import playground as pg
from playground.core.fields import BadValue
from playground.origin import FIELD
from playground.server.asked_sweep import computable, few, sweep_of
from playground.server.jobs import Board, BoardFile, BoardRead, parts_of
from playground.sweeps import presets
from playground.sweeps.compute import Computer
from playground.sweeps.picture import AWAY, Picture, picture_of
from playground.sweeps.record import Sweep
from playground.sweeps.results import Results
from playground.sweeps.running import Running
from playground.sweeps.statistics import Mean, front_of_both
from playground.views import board

SWEEP = Sweep(
    base={"particles": "80"},
    axes=[{"sampler": ["DDIM", "Heun", "SSCS"]}, {"calls": [4, 8, 12, 16, 20]}],
    seeds=3,
    measures=["W2", "ClassShares"],
)
ASKED = {"sweep": SWEEP.to_json()}
NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def lines(parts):
    return [json.loads(line) for part in parts for line in part.decode().splitlines()]


def said(told, name):
    return [line[name] for line in told if name in line]


def cells_of(told):
    return [cell for some in said(told, "cells") for cell in some]


def number(value):
    return NOT_FINITE[value] if isinstance(value, str) else value


@pytest.fixture
def whole():
    return lines(parts_of(Board(ASKED)))


def test_every_cell_once_and_cheap_ones_first(whole):
    assert list(whole[0]) == ["head"]
    assert list(whole[-1]) == ["end"]
    assert said(whole, "plan")[0]["of"] == 30 == len(cells_of(whole))
    assert {tuple(one["at"]) for one in said(whole, "plan")[0]["left_out"]} == {(2, i) for i in range(5)}
    assert len({(*cell["at"], cell["seed"]) for cell in cells_of(whole)}) == 30
    calls = [cell["calls"] for cell in cells_of(whole)]
    assert calls == sorted(calls)
    assert [line["done"] for line in whole if "cells" in line][-1] == 30


def test_rows_fronts_and_orders_are_those_of_results(whole):
    """Told bit by bit they end as the whole has them: no number is of the page's own making."""
    results = Running(SWEEP).finish()
    rows = {tuple(row["at"]): row for some in said(whole, "rows") for row in some}
    last = [line for line in whole if "front" in line][-1]
    for key in SWEEP.measures:
        for row in results.rows(key):
            if not row.seeds:
                continue
            told = rows[row.at]
            mean, low, high, n, floor = map(number, told["values"][key])
            assert (mean, low, high, floor) == pytest.approx((row.value.mean, row.value.low, row.value.high, row.floor), rel=1e-6)
            assert (n, told["calls"], told["steps"]) == (row.value.n, row.calls, row.steps)
            assert pg.Experiment.from_query(told["query"]) == SWEEP.place(row.at).exp
        for cost in ("calls", "ms"):
            on = {row.at for row in results.rows(key, cost) if row.front}
            if cost == "calls":
                assert {tuple(at) for at in last["front"][cost][key]["on"]} == on
                assert {tuple(at) for at in last["front"][cost][key]["line"]} <= on
        orders = {tuple(one["at"]): one["fit"] for one in last["orders"][key]}
        for row in results.orders(key):
            assert (orders.get(row.at) is None) == (row.fit is None)  # of a line that cannot be nothing is told
            if row.fit:
                assert orders[row.at] == pytest.approx(list(row.fit), rel=1e-6)
        assert [number(x) for x in last["floors"][key]] == pytest.approx(list(results.floor(key)), rel=1e-6)


def test_the_front_of_two_measures_and_calls(whole):
    """As every pair of places says: out is who costs no less than another that is better with significance in both."""
    results = Running(SWEEP).finish()
    one, other = (results.rows(key) for key in SWEEP.measures)
    said_on = [line for line in whole if "front" in line][-1]["front"]["W2"]["ClassShares"]["on"]
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a.seeds]
    beaten = {a.at for a, b in pairs for c, d in pairs if c.calls <= a.calls and c.value.high < a.value.low and d.value.high < b.value.low}
    assert {tuple(at) for at in said_on} == {a.at for a, _ in pairs} - beaten
    row = {a.at: a for a in one if a.seeds}
    by = {tuple(a): tuple(b) for a, b in [line for line in whole if "front" in line][-1]["front"]["calls"]["W2"]["by"]}
    assert set(by) == {at for at, a in row.items() if not a.front}
    assert all(row[b].calls <= row[a].calls and row[b].value.high < row[a].value.low for a, b in by.items())
    draw = random.Random(0)
    for _ in range(100):
        costs = [draw.choice([1, 2, 3, math.nan]) for _ in range(12)]
        firsts, seconds = ([Mean(m := draw.random(), m - 0.1, m + draw.choice([0.1, math.inf]), 3) for _ in range(12)] for _ in range(2))
        on = front_of_both(costs, firsts, seconds)
        for i, (cost, a, b) in enumerate(zip(costs, firsts, seconds, strict=True)):
            better = [c for c, p, q in zip(costs, firsts, seconds, strict=True) if c <= cost and p.high < a.low and q.high < b.low]
            assert on[i] == (math.isfinite(cost) and not better)


def test_methods_have_short_names_and_scales(whole):
    names = [axis.words for axis in presets.made("cld").axes]
    assert names[0] == ("CLD, SSCS", "CLD, Euler–Maruyama", "VP, Euler–Maruyama", "VP, DDIM")
    assert presets.made("eta").axes[1].words[1] == "eta 0.2"
    assert presets.made("schedules").axes[0].words[0] == "linear β"
    assert {m["key"]: m["scale"] for m in whole[0]["head"]["measures"]} == {"W2": "log", "ClassShares": "log"}
    assert {m["key"]: m["scale"] for m in whole[0]["head"]["more"]}["Recall"] == "linear"


def test_a_cell_is_the_run_that_it_names(whole):
    """The value of a cell is what ``simulate`` and the measure say of the experiment of its row, seed by seed; its picture is where the particles are."""
    cell = next(c for c in cells_of(whole) if c["at"] == [1, 3] and c["seed"] == 2)
    row = next(r for some in said(whole, "rows") for r in some if r["at"] == [1, 3])
    exp = pg.Experiment.from_query(row["query"]).replace(seed=2)
    assert tuple(cell["values"]["W2"]) == tuple(pg.measure(exp, "W2"))
    x = pg.simulate(exp).states[-1]
    shape, raw = cell["picture"]["shape"], Picture.from_dict("picture", cell["picture"]).data
    told = np.frombuffer(raw, "<u2").reshape(shape).astype(float)
    ranges = said(whole, "head")[0]["pictures"]["ranges"]
    for i, (lo, hi) in enumerate(ranges):
        away = told[:, i] == AWAY
        assert np.abs(lo + told[:, i] / (AWAY - 1) * (hi - lo) - x[:, i].numpy())[~away].max() < (hi - lo) / 60_000
    assert shape == [80, 2]


def test_stopped_and_asked_again_no_cell_is_computed_twice(monkeypatch):
    computed, made = [], Computer.measured

    def counted(self, run, asked):
        computed.append(run.exp.key)
        return made(self, run, asked)

    monkeypatch.setattr(Computer, "measured", counted)
    monkeypatch.setattr(board, "FRESH", 0.0)
    stream, got = parts_of(Board(ASKED)), []
    while sum(len(c) for c in said(got, "cells")) < 10:
        got += lines([next(stream)])
    stream.close()
    told = lines(parts_of(Board(ASKED)))
    assert said(told, "plan")[0]["known"] >= 10
    assert len(cells_of(told)) == 30 == len(computed) == len(set(computed))
    assert lines(parts_of(Board(ASKED | {"seeds": "2"})))[1]["plan"]["known"] == 20
    assert len(computed) == 30


def test_a_plan_computes_nothing(monkeypatch):
    monkeypatch.setattr(Computer, "_pass", lambda *a: pytest.fail("it computes"))
    head, plan = lines(parts_of(Board({"preset": "samplers", "plan": "true", "data": "rings", "seeds": "2", "particles": "300"})))
    assert plan["plan"]["known"] == 0
    assert head["head"]["base"] | {"process": ""} == {
        "query": {"data": "rings", "particles": "300"},
        "data": "rings",
        "process": "",
        "particles": 300,
    }
    assert head["head"]["cells"] == plan["plan"]["of"] + 2 * len(plan["plan"]["left_out"])
    assert "W1" not in {one["key"] for one in head["head"]["more"]}  # of the line alone
    assert {"Middle", "ModelCalls"} <= {one["key"] for one in head["head"]["more"]}


def test_a_disk_that_is_full_is_told_and_the_sweep_goes_on(monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("playground.sweeps.kept.Path.write_bytes", full)
    with pytest.warns(UserWarning, match="not kept"):
        told = lines(parts_of(Board(ASKED)))
    assert len(cells_of(told)) == 30
    (words,) = said(told, "notice")
    assert "No space left on device" in words


def test_a_cell_that_fails_says_why_in_its_place(monkeypatch):
    made = Computer._pass

    def broken(self, at, exp, seeds, asked):
        if at == (0, 1):
            raise BadValue("grid", 8, "none of these")
        return made(self, at, exp, seeds, asked)

    monkeypatch.setattr(Computer, "_pass", broken)
    told = lines(parts_of(Board(ASKED)))
    assert len(cells_of(told)) == 30
    assert {cell["failed"] for cell in cells_of(told) if cell["at"] == [0, 1]} == {"grid = 8 cannot be used; allowed: none of these"}
    row = [r for some in said(told, "rows") for r in some if r["at"] == [0, 1]][-1]
    assert row["values"]["W2"][0] == "nan"
    assert "none of these" in row["why"]["W2"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"preset": "nothing"}, "preset = 'nothing'"),
        ({"sweep": "["}, "valid JSON"),
        ({"sweep": "[" * 100_000}, "valid JSON"),
        ({"sweep": "x" * 1_000_001}, "1,000,000"),
        ({"sweep": '{"axes":[{"grid.steps":' + json.dumps(list(range(1, 1001))) + '},{"calls":[1]}]}'}, "either calls"),
        ({"sweep": json.dumps({"axes": [{f"grid.{n}": [1]} for n in range(3)]})}, "axes"),
        ({"sweep": json.dumps({"axes": [{name: list(range(1000))} for name in ("grid.steps", "particles", "start_at")]})}, "cells"),
        ({"sweep": json.dumps({"axes": [{"sampler": ["x"] * 30_000}], "seeds": 1})}, "20,000 cells"),
        ({"sweep": json.dumps({"run": "os.system"})}, "run"),
        ({"seeds": "10000000000"}, "seeds"),
        ({"seeds": "0"}, "seeds"),
        ({"seeds": "²"}, "seeds"),
        ({"measures": "W2,os.system"}, "measure"),
        ({"particles": "50000"}, "PLAYGROUND_BOARD_PARTICLES"),
        ({"sweep": SWEEP.to_json(), "particles": "50000"}, "PLAYGROUND_BOARD_PARTICLES"),
        ({"data": "spiral"}, "data"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_what_cannot_be_asked(query, words):
    with pytest.raises(BadValue) as told:
        Board(query)
    assert words in str(told.value)


def test_a_place_that_is_too_much_for_the_server_is_left_out():
    sweep = {"sweep": json.dumps({"axes": [{"particles": [50, 30_000]}, {"sampler": ["DDIM", "Nothing"]}], "seeds": 1})}
    told = lines(parts_of(Board(sweep)))
    assert len(cells_of(told)) == 1
    left = {tuple(one["at"]): one["why"] for one in said(told, "plan")[0]["left_out"]}
    assert set(left) == {(0, 1), (1, 0), (1, 1)}
    assert "PLAYGROUND_BOARD_PARTICLES" in left[1, 0]
    with pytest.raises(BadValue, match="model calls on this server"):
        computable(pg.Experiment(particles=20_000, sampler="Heun", grid=pg.UniformLogSNR(steps=1000), data="checkerboard"))
    few(pg.Experiment(particles=20_000))


def test_seconds_are_bounded(monkeypatch):
    """The rest is computed by who asks again."""
    monkeypatch.setenv("PLAYGROUND_BOARD_SECONDS", "10")
    monkeypatch.setattr(board, "FRESH", 0.0)
    monkeypatch.setattr(Running, "spent", property(lambda self: 11.0, lambda self, value: None), raising=False)
    board.limits.cache_clear()
    try:
        with pytest.raises(BadValue, match="PLAYGROUND_BOARD_SECONDS"):
            list(parts_of(Board(ASKED)))
    finally:
        board.limits.cache_clear()


def test_a_file_is_shown_by_the_same_lines(whole):
    results = Running(SWEEP).finish()
    told = lines(parts_of(BoardRead({}, results.to_json().encode())))
    assert sorted(cells_of(told), key=json.dumps)[0].keys() == sorted(cells_of(whole), key=json.dumps)[0].keys()
    assert {(*c["at"], c["seed"]): c["values"] for c in cells_of(told)} == {(*c["at"], c["seed"]): c["values"] for c in cells_of(whole)}
    assert said(told, "head")[0] == said(whole, "head")[0]
    fronts = [[line["front"]["calls"], line["orders"], line["floors"]] for line in (told, whole) for line in line if "front" in line]
    assert fronts[0] == fronts[-1]
    plan = lines(parts_of(BoardRead({}, SWEEP.to_json().encode())))
    assert [next(iter(line)) for line in plan] == ["head", "plan"]
    assert plan[0] == whole[0]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "results"),
        (b"\x89PNG\r\n", "results"),
        (b"[" * 100_000, "results"),
        (b'{"format":"playground sweep","version":9}', "version"),
        (
            b'{"format":"playground sweep","version":1,"sweep":{"axes":[{"sampler":["DDIM"]}],"seeds":1},"left_out":[],"cells":[{"at":[0],"picture":7}]}',
            "cells[0].picture",
        ),
        (b'{"axes":[{"spin":[1]}]}', "axes[0].spin"),
        (b"{}", "format"),
    ],
)
def test_broken_files(body, field):
    with pytest.raises(BadValue) as told:
        list(parts_of(BoardRead({}, body)))
    assert told.value.field == field


@pytest.mark.parametrize(
    "picture",
    [
        {"shape": [2, 2], "data": "AAAA"},
        {"shape": [2, 2], "data": "!"},
        {"shape": [10**9, 2], "data": ""},
        {"shape": [40_000, 40_000, 3, 3], "data": ""},
        {"shape": [1], "data": ""},
        {"shape": [1, 1], "data": "AAA=", "run": 1},
        [],
    ],
)
def test_broken_pictures(picture):
    with pytest.raises(BadValue, match="picture"):
        Picture.from_dict("picture", picture)


@pytest.mark.parametrize("data", ["moons", "two_modes", "letters", "torus_backbone", "digits", "two_dice"])
def test_every_world_has_pictures(data):
    law = pg.Experiment(data=data).law
    x = law.sample(8)[0]
    made = picture_of(law, x)
    assert Picture.from_dict("p", made.to_dict()) == made
    assert len(made.shape) == (4 if law.space.pictures else 2)


def file_of(results, kind, **more):
    return b"".join(parts_of(BoardFile({"kind": kind, **more}, results.to_json().encode())))


def test_files_can_be_read():
    """A table with every cell, figures that hold their link, the sweep itself."""
    results = Running(SWEEP).finish()
    rows = list(csv.DictReader(io.StringIO(file_of(results, "csv").decode())))
    assert len(rows) == 60
    assert float(rows[0]["value"]) == results.cells[(0, 0), 0].values["W2"].value
    said = rows[0][FIELD]
    assert [row[FIELD] for row in rows[1:]] == [""] * 59
    assert said.startswith(f"Diffusion Playground {pg.__version__} ?")
    view = dict(parse_qsl(said.partition("?")[2]))
    assert view["view.board"] == "own"
    assert Sweep.from_json(view["view.board.sweep"]) == SWEEP
    table = parquet.read_table(io.BytesIO(file_of(results, "parquet", measure="ClassShares")))
    assert table.num_rows == 60
    assert table.schema.metadata[FIELD.encode()].decode().startswith(said.partition("&view.board.cost")[0])
    assert Sweep.from_json(file_of(results, "json")) == SWEEP
    image = Image.open(io.BytesIO(file_of(results, "png", measure="ClassShares", cost="ms")))
    assert image.size == (2025, 1080)
    assert "view.board.sweep=" in image.text[FIELD]
    svg = file_of(results, "svg", measure="W2")
    assert svg.startswith(b"<?xml")
    for words in (f'<metadata id="{FIELD}">', "model calls", "Heun", "floor"):
        assert words.encode() in svg
    assert file_of(results, "pdf").startswith(b"%PDF")
    assert file_of(Results(SWEEP), "svg").startswith(b"<?xml")  # nothing is there yet
    for wrong in ({"kind": "exe"}, {"kind": "svg", "measure": "W9"}, {"kind": "svg", "cost": "kg"}):
        with pytest.raises(BadValue):
            list(parts_of(BoardFile(wrong, results.to_json().encode())))


def test_every_preset_has_a_short_link():
    for data in ("moons", "swiss_roll"):
        base = pg.Experiment(data=data)
        for key in presets.presets():
            sweep = presets.made(key, base)
            link = urlencode({**base.to_query(), "view.board": key, "view.board.sweep": sweep.to_json()})
            assert len(link) <= 2000, key
            assert sweep_of({"sweep": sweep.to_json()}) == sweep
            assert sweep_of({"preset": key, **base.to_query()}) == sweep

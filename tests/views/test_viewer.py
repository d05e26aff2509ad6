"""Pages without a server, unseen: their modules are all there, what is thinned says so, nothing a person gives becomes part of the page's own text."""

import base64
import gzip
import json
import re
from urllib.parse import unquote

import numpy as np
import pytest

import playground as pg
from playground.viewer import document
from playground.viewer.scripts import HOME, IMPORT, import_map, needed
from playground.viewer.shown import done, run_of
from playground.viewer.thin import ARRAYS, LEAST_STATES, shape_for, thinned
from playground.views.packet import Packet
from playground.views.stage import run_packet

SMALL = pg.Experiment(particles=60, sampler="DDPM", grid={"kind": "UniformTime", "steps": 12})


def sent(html):
    return json.loads(re.search(r'id="pg-sent">(.*?)</script>', html, re.DOTALL)[1])


def packet(text):
    return Packet.from_bytes(gzip.decompress(base64.b64decode(text)))


def test_every_module_is_in_the_map():
    """Mutants killed: an import that is not followed, one that keeps its relative name, a file that is not there."""
    modules = {name: unquote(address) for name, address in json.loads(import_map(document.MAIN))["imports"].items()}
    assert HOME + "stage/stage.js" in modules
    for name, text in modules.items():
        assert text.startswith("data:text/javascript"), name
        assert not IMPORT.search(text.partition(",")[2]), name
        for asked in re.findall(r'^(?:import|export)\b[^;"\'`]*?\bfrom\s*"([^"]+)"|^import\s*"([^"]+)"', text, re.MULTILINE):
            assert "".join(asked) in modules, (name, asked)
    assert set(needed([document.MAIN])) <= {name.removeprefix(HOME) for name in modules}


def test_what_is_thinned():
    whole = run_packet(run_of(SMALL).finish())
    assert thinned(whole, 60, 13) is whole
    few = thinned(whole, 20, 5)
    assert few["z"].shape == (5, 2, 20)
    assert few["label"].shape == (20,)
    kept = few["step"].astype(int)
    assert (kept[0], kept[-1]) == (0, 12)
    assert np.array_equal(few["z"], whole["z"][kept][:, :, :20])
    assert few["noise"].tolist() == [0, 1, 1, 1, 1]  # drawn in some step since the state before
    assert few["grid/clock"].shape == whole["grid/clock"].shape
    assert few.header["frames"] == 5
    assert [*few.header["notes"]][-2:] == ["this page holds the first 20 of 60 particles", "this page holds 5 of 13 states"]
    assert {name for name, (a, _) in whole.arrays.items() if a.shape[:1] == (13,) and not name.startswith("grid/")} <= {*ARRAYS}
    particles, states = shape_for(whole, 1e-3)
    assert (particles, states) == (60, LEAST_STATES)


def test_a_large_run_fits(monkeypatch):
    monkeypatch.setattr(document, "MOST", 900_000)
    exp = pg.Experiment(particles=6000)
    html = pg.show(exp, layers=["particles", "density"]).html
    assert len(html.encode()) <= 900_000
    told = packet(sent(html)["runs"][0]["run"]).header
    assert any("of 6,000 particles" in note for note in told["notes"])
    assert "no room" in told["unavailable"]["velocity"]
    assert "density" not in told["unavailable"]


def test_a_run_of_images(monkeypatch):
    """Mutants killed: distances asked of images, images that are not cut with the batch, a header that counts those that are gone."""
    exp = pg.Experiment(data="digits-unet", particles=12, grid={"steps": 6})
    whole = run_packet(run_of(exp).finish())
    html = pg.show(exp).html
    one = sent(html)["runs"][0]
    assert (one["metrics"], one["fields"]) == (None, [])
    assert np.array_equal(packet(one["run"])["image/x"], whole["image/x"])
    assert "12 images" in html
    few = thinned(whole, *shape_for(whole, 0.1))
    assert few["image/x0"].shape[:2] == (5, 4)
    assert np.array_equal(few["image/x"][-1], whole["image/x"][-1, :4])
    assert few.header["image"] == {**whole.header["image"], "shown": 4}
    assert "this page holds the first 4 of 12 images" in few.header["notes"]


def test_what_it_holds():
    html = pg.show(SMALL, layers=["particles", "score"], at=0.25, color="class").html
    one = sent(html)
    assert one["view"] == {"layers": "particles,score", "color": "class", "at": "0.25"}
    run = packet(one["runs"][0]["run"])
    want = run_packet(run_of(SMALL).finish(), frozenset({"x0"}))
    assert np.array_equal(run["z"], Packet.from_bytes(want.to_bytes())["z"])
    assert any("score:x" in packet(text).arrays for text in one["runs"][0]["fields"])
    assert packet(one["runs"][0]["metrics"]).header["metrics"]
    assert html.count("</html>") == 1
    assert "default-src 'none'" in html


def test_nothing_given_is_part_of_the_page():
    """A view is somebody's text: it stands as text, in attributes and in scripts."""
    run = run_of(SMALL).finish()
    html = done(document.page([run], {"layers": "</script><script>alert(1)</script>", "example": '"><img src=x>'}, 'http://here/"><b>'))
    assert "alert(1)</script>" not in html
    assert "<img" not in html
    assert "<b>" not in html
    assert sent(html)["view"]["layers"].startswith("</script>")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (lambda: pg.show("moons"), "what"),
        (lambda: pg.show(SMALL, layers=["particels"]), "layers"),
        (lambda: pg.show(SMALL, at=2.0), "at"),
        (lambda: pg.show(SMALL, color="red"), "color"),
        (lambda: pg.compare(SMALL), "what"),
        (lambda: pg.compare(*[SMALL] * 7), "what"),
        (lambda: pg.board(SMALL), "what"),
        (lambda: pg.show(SMALL).save("/nowhere/page.html"), "out"),
    ],
)
def test_what_cannot_be(given, field):
    with pytest.raises(pg.BadValue) as told:
        given()
    assert told.value.field == field


def test_a_board():
    results = pg.sweep([{"sampler": ["DDIM", "Heun"]}, {"calls": [4, 8]}], base=SMALL, seeds=2, measures=["W2", "Energy"], keep=False)
    html = pg.board(results, "Energy").html
    assert html.count("<tr>") == 5
    assert "<svg" in html
    for row in results.rows("Energy"):
        assert f'data-value="{row.value.mean:.10g}"' in html

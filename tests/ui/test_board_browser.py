"""The board in a browser: cells stream in, it pauses and goes on, a cell opens the same numbers on the stage, files go out and come in again."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import playground as pg
from playground.sweeps.presets import presets
from playground.sweeps.record import Sweep
from playground.sweeps.results import Results
from tests.ui.conftest import Site
from tests.ui.test_keep_browser import drop

SWEEP = Sweep(
    base={"particles": "100"},
    axes=[{"sampler": ["DDIM", "Heun", "DPMSolverPP2M"]}, {"calls": [4, 8, 12, 16, 20]}],
    seeds=3,
    measures=["W2", "Energy"],
)
CELLS = 45


def linked(sweep: Sweep, more: str = "") -> str:
    return "?" + sweep.to_link().replace("sweep=", "view.board=own&view.board.sweep=") + more


@pytest.fixture
def board(chromium: Any, server: str) -> Iterator[Any]:
    """``board("?view.board=eta", width=390)`` opens the page on the board."""
    sites: list[Site] = []

    def go(query: str, **options: Any) -> Site:
        site = Site(chromium, server, **options)
        sites.append(site)
        site.page.goto(server + query)
        site.page.wait_for_function(
            "window.__pg && __pg.ready && (!__pg.form.view.said.board || document.querySelector('#pg-board .pg-b-question button'))"
        )
        return site

    yield go
    for site in sites:
        assert not site.problems, site.problems
        site.close()


def ended(site: Site) -> None:
    site.page.wait_for_function("!document.querySelector('[data-run=pause]') && document.querySelector('.pg-b-foot b')", timeout=120_000)


def cell(site: Site, place: str) -> Any:
    return site.page.locator(f'.pg-b-cells [data-place="{place}"]')


def saved(site: Site, name: str) -> bytes:
    with site.page.expect_download(timeout=60_000) as told:
        site.page.click(f'.pg-b-keep [data-do="{name}"]')
    return Path(told.value.path()).read_bytes()


def test_from_the_tab_to_cells_and_back(board: Any) -> None:
    """An honest empty board; one button; cells come; the stage's page is as it was."""
    site = board("?data=rings&particles=120")
    page = site.page
    assert not page.locator("#pg-board").is_visible()
    page.click('nav [data-page="board"]')
    page.wait_for_selector(".pg-b-empty .pg-b-main:not([disabled])")
    assert "view.board=samplers" in page.url
    assert page.locator('nav [aria-current="page"]').inner_text() == "Board"
    assert not page.locator("#pg-stage").is_visible()
    assert [p.inner_text() for p in page.locator("[data-preset]").all()] == [one.word for one in presets().values()]
    page.click('[data-preset="eta"]')
    page.wait_for_function("document.querySelector('.pg-b-empty .pg-b-main').textContent === 'Run: η of DDIM'")
    page.click(".pg-b-empty .pg-b-main")
    ended(site)
    assert page.locator(".pg-b-matrix tbody tr").count() == 5
    assert page.locator(".pg-b-matrix .pg-b-cell canvas").count() == 20
    assert "100 cells" in page.locator(".pg-b-progress").inner_text()
    assert page.locator(".pg-b-line").count() == 5
    assert page.locator(".pg-b-front").count() == 1
    page.click('nav [data-page="toys"]')
    page.wait_for_function("!document.body.classList.contains('pg-on-board')")
    site.settle()
    assert site.query() == {"data": "rings", "particles": "120"}
    page.go_back()
    page.wait_for_selector(".pg-b-matrix")
    assert "100 cells" in page.locator(".pg-b-progress").inner_text()


def test_pause_and_go_on_computes_no_cell_twice(board: Any) -> None:
    """What was told before the pause is told again from the cache: known cells and new ones are all of them. A place that was under way may have been told for some of its seeds."""
    sweep = Sweep(
        base={"particles": "1500", "seed": "5"},
        axes=[{"sampler": ["DDIM", "Heun", "UniPC"]}, {"calls": [20, 40, 60, 80, 100, 150]}],
        seeds=4,
        measures=["W2"],
    )
    site = board(linked(sweep))
    page = site.page
    page.click(".pg-b-empty .pg-b-main")
    page.wait_for_selector(".pg-b-cell b:not(:empty)")
    page.click('[data-run="pause"]')
    page.wait_for_selector('[data-run="start"]')
    words = page.locator(".pg-b-progress").inner_text()
    done = int(re.search(r"(\d+) of 72 cells", words)[1])
    assert "paused" in words
    assert 0 < done < 72
    page.click('[data-run="start"]')
    ended(site)
    assert "72 cells" in page.locator(".pg-b-progress").inner_text()
    known, told = page.evaluate("(({ known }) => [known.plan.known, known.cells.size])(__pg.form.parts.board)")
    assert done <= known < 72  # what the server took from the cells that are kept: the rest is all that it computed
    assert told == 72
    at_once = page.evaluate(
        "() => { document.querySelector('[data-run=stop]').click(); return document.querySelector('.pg-b-progress').innerText }"
    )
    assert "Start" in at_once
    assert "72 cells" in at_once
    page.wait_for_function("document.querySelector('.pg-b-progress').innerText.includes('72 of them known')")


def test_a_cell_has_the_numbers_of_its_run_and_opens_on_the_stage(board: Any) -> None:
    site = board(linked(SWEEP, "&view.board.run=on"))
    page = site.page
    ended(site)
    cell(site, "1.3").click()
    assert (
        "view.board.cell" in page.evaluate("JSON.stringify(__pg.form.view.said)")
        or page.evaluate("__pg.form.view.said['board.cell']") == "1.3"
    )
    numbers = page.locator(".pg-b-seeds dd").all_inner_texts()
    exps = [SWEEP.place((1, 3)).exp.replace(seed=seed) for seed in range(3)]
    values = [pg.measure(exp, "W2").value for exp in exps]
    assert [float(n) for n in numbers] == pytest.approx(values, rel=1e-3)
    told = dict(
        zip(page.locator(".pg-b-chosen-cell dt").all_inner_texts(), page.locator(".pg-b-chosen-cell dd").all_inner_texts(), strict=True)
    )
    assert told["sampler"] == "Heun"
    mean, half = told["W₂, sliced"].split(" ±")
    assert float(mean) == pytest.approx(sum(values) / 3, rel=5e-3)
    row = next(row for row in Results.from_json(saved(site, "results")).rows("W2") if row.at == (1, 3))
    assert float(half) == pytest.approx((row.value.high - row.value.low) / 2, rel=0.06)
    assert told["on the front"] == ("yes" if row.front else "no")
    page.click('#pg-board [data-do="open"]')
    site.until(dict(exps[0].to_query()))
    page.wait_for_function("window.__pgStage.far?.words")
    final = re.search(r"([\d.]+), floor", page.evaluate("window.__pgStage.far.words"))
    assert float(final[1]) == pytest.approx(values[0], rel=5e-3)
    page.go_back()
    page.wait_for_selector(".pg-b-matrix")


def test_two_cells_open_side_by_side(board: Any) -> None:
    site = board(linked(SWEEP, "&view.board.run=on"))
    page = site.page
    ended(site)
    cell(site, "0.1").click()
    page.click('#pg-board [data-do="compare"]')
    cell(site, "2.1").click()
    page.wait_for_function("!document.body.classList.contains('pg-on-board')")
    said = page.evaluate("new URLSearchParams(location.search).get('view.compare')")
    assert said.startswith("*")
    assert site.query()["sampler"] == "DDIM"


def test_files_go_out_and_come_in_again(board: Any, tmp_path: Path) -> None:
    site = board(linked(SWEEP, "&view.board.run=on"))
    page = site.page
    ended(site)
    raw = saved(site, "results")
    results = Results.from_json(raw)
    assert results.complete
    assert results.sweep == SWEEP
    table = saved(site, "csv")
    rows = list(csv.DictReader(io.StringIO(table.decode())))
    assert len(rows) == 2 * CELLS
    assert b"view.board.sweep=" in saved(site, "svg")
    assert Image.open(io.BytesIO(saved(site, "png"))).width == 2025
    assert Sweep.from_json(saved(site, "sweep")) == SWEEP
    page.click('#pg-board [data-do="link"]')
    link = page.evaluate("__pg.copied")
    assert len(link.partition("?")[2]) <= 2000
    shown = page.locator(".pg-b-cells").inner_text()
    again = board("?data=swiss_roll&view.board=eta")
    (tmp_path / "results.json").write_bytes(raw)
    before = len(again.requests)
    with again.page.expect_file_chooser() as chosen:
        again.page.click('#pg-board [data-do="file"]')
    chosen.value.set_files(str(tmp_path / "results.json"))
    again.page.wait_for_selector(".pg-b-matrix")
    assert again.page.locator(".pg-b-cells").inner_text() == shown
    assert not [r for r in again.requests[before:] if "live/board?" in r or r.endswith("live/board")]  # nothing is computed
    for words, wrong in {
        "valid JSON": raw[:-900],
        "version": raw.replace(b'"version":1', b'"version":7'),
        "axes[0].spin": b'{"axes":[{"spin":[1]}]}',
        "results": b"[" * 99_999,
    }.items():
        (tmp_path / "results.json").write_bytes(wrong)
        with again.page.expect_file_chooser() as chosen:
            again.page.click('#pg-board [data-do="file"]')
        chosen.value.set_files(str(tmp_path / "results.json"))
        again.page.wait_for_function("(w) => document.querySelector('.pg-b-notice').innerText.includes(w)", arg=words)
    assert again.page.locator(".pg-b-cells").inner_text() == shown  # nothing is lost
    again.page.click('nav [data-page="toys"]')
    for name, whole in {"sweep.json": SWEEP.to_json().encode(), "results.json": raw}.items():
        assert drop(again, name, whole)
        again.page.wait_for_function("document.body.classList.contains('pg-on-board')")
        assert (again.page.locator(".pg-b-matrix").count() > 0) == (name == "results.json")
        again.page.go_back()
        again.page.wait_for_function("!document.body.classList.contains('pg-on-board')")
    assert drop(again, "results.json", raw[:-900])
    again.page.wait_for_function("__pg.notice.startsWith('results.json cannot be shown')")
    assert drop(again, "table.csv", table)
    again.page.wait_for_function("document.body.classList.contains('pg-on-board')")
    ended(again)
    assert again.page.locator(".pg-b-cells").inner_text() == shown


def test_what_cannot_be_is_said(board: Any) -> None:
    for query, words in {
        "?view.board=own&view.board.sweep=%7B": "valid JSON",
        "?view.board=samplers&view.board.particles=50000": "PLAYGROUND",
        "?view.board=samplers&view.board.seeds=10000": "seeds",
    }.items():
        site = board(query)
        site.page.wait_for_function("(w) => document.querySelector('.pg-b-notice').innerText.includes(w)", arg=words)
        site.problems.clear()


def test_measures_costs_and_the_table(board: Any) -> None:
    """Another measure is read off what is there; one that was not computed is, now. Heads sort."""
    site = board(linked(SWEEP, "&view.board.run=on"))
    page = site.page
    ended(site)
    first = page.locator(".pg-b-matrix tbody tr").first.inner_text()
    page.click('[data-measure="Energy"]')
    page.wait_for_function(
        "document.querySelector('.pg-b-title').textContent.startsWith('energy') || document.querySelector('.pg-b-title').textContent.toLowerCase().includes('energy')"
    )
    assert page.locator(".pg-b-matrix tbody tr").first.inner_text() != first
    page.click('[data-cost="ms"]')
    page.wait_for_function("document.querySelector('.pg-b-plot').dataset.axis.includes('milliseconds')")
    page.select_option(".pg-b-across", "W2")  # the plane of two measures
    page.wait_for_selector(".pg-b-plane .pg-b-size")
    assert "W₂" in page.locator(".pg-b-plot").get_attribute("data-axis")
    assert page.locator(".pg-b-end").all_text_contents() == ["DDIM", "Heun", "DPM-Solver++ 2M"]
    assert "both" in page.locator(".pg-b-keep").inner_text()
    assert saved(site, "svg")
    page.click('[data-cost="ms"]')
    page.click('[data-look="table"]')
    page.click('[data-sort="calls"]')
    calls = [int(t) for t in page.locator(".pg-b-table tbody td:nth-of-type(3)").all_inner_texts()]
    assert calls == sorted(calls)
    page.click('[data-sort="calls"]')
    assert [int(t) for t in page.locator(".pg-b-table tbody td:nth-of-type(3)").all_inner_texts()] == sorted(calls, reverse=True)
    page.locator(".pg-b-question details summary").first.click()
    page.click('[data-measure="Middle"]')
    page.wait_for_function(
        "__pg.form.view.said['board.measures']?.includes('Middle') && document.querySelectorAll('.pg-b-pills [data-measure=Middle][aria-pressed=true]').length"
    )
    page.wait_for_selector(".pg-b-table")
    ended(site)
    assert page.locator(".pg-b-table tbody tr").count() == 15


def test_by_keyboard(board: Any) -> None:
    """The plot's points and the matrix' cells by arrow keys, Enter chooses."""
    site = board(linked(SWEEP, "&view.board.run=on"))
    page = site.page
    ended(site)
    page.focus(".pg-b-plot")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.locator(".pg-b-tip").is_visible()
    assert "floor" in page.locator(".pg-b-tip").inner_text()
    page.keyboard.press("Enter")
    place = page.evaluate("__pg.form.view.said['board.cell']")
    assert re.fullmatch(r"\d\.\d", place)
    cell(site, "0.0").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.place") == "1.1"
    page.keyboard.press("Enter")
    assert page.evaluate("__pg.form.view.said['board.cell']") == "1.1"
    page.wait_for_timeout(250)
    assert page.evaluate("document.activeElement.dataset.place") == "1.1"  # drawn anew, the focus stays
    method = page.locator("[data-method]").first
    method.focus()
    page.keyboard.press("Enter")
    assert page.locator(".pg-b-matrix tbody tr").count() == 2


def test_on_a_phone(board: Any) -> None:
    """The plot, then the matrix; nothing is wider than the screen."""
    site = board(linked(SWEEP, "&view.board.run=on"), width=390, height=844)
    page = site.page
    ended(site)
    plot, cells, chosen = (page.locator(s).bounding_box() for s in (".pg-b-plot", ".pg-b-cells", ".pg-b-chosen-cell"))
    assert plot["y"] < cells["y"] < chosen["y"]
    assert plot["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    cell(site, "0.1").click()
    assert page.locator(".pg-b-seeds dd").count() == 3

"""The shelf keeps states in the browser: kept, renamed, ordered by keyboard, shown again, taken away, exported and imported; what is broken says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

TOYS = "?data=rings&sampler=DDIM&sampler.eta=0.5&grid=UniformLogSNR&grid.steps=5&particles=200&seed=3&view.at=0.4&view.layers=particles,score&view.color=class"
OTHER = "?data=moons&particles=100&view.at=0.2"
SHOWN = "({ run: __pg.shown(), at: __pgStage.cursor, layers: __pgStage.layers, color: __pgStage.colour })"


def shelf(site: Any) -> None:
    site.page.locator("[data-do=shelf]").first.click()
    site.page.locator("dialog.pg-shelf[open]").wait_for()


def keep(site: Any) -> None:
    shelf(site)
    site.page.get_by_role("button", name="Keep this").click()


def names(site: Any) -> list[str]:
    return site.page.evaluate("[...document.querySelectorAll('.pg-shelf-name')].map((n) => n.value)")


def said(site: Any) -> str:
    return site.page.locator(".pg-shelf-said").inner_text()


def test_a_state_comes_back(visit: Any) -> None:
    site = visit(TOYS)
    was = site.page.evaluate(SHOWN)
    address = site.page.evaluate("location.search")
    keep(site)
    assert len(names(site)) == 1
    assert "Kept" in said(site)
    assert site.page.evaluate("document.querySelector('.pg-shelf-state img').src.length") > 1000
    site.page.locator(".pg-shelf-name").fill("rings, five steps")
    site.page.locator(".pg-shelf-name").press("Enter")
    assert site.page.evaluate("location.search") == address  # nothing of it stands in the link
    site.page.keyboard.press("Escape")
    site.open(OTHER)
    keep(site)
    assert names(site)[1] == "rings, five steps"
    site.page.locator(".pg-shelf-open").nth(1).focus()
    site.page.keyboard.press("Alt+ArrowLeft")
    assert names(site)[0] == "rings, five steps"
    assert site.page.evaluate("document.activeElement.getAttribute('aria-label')") == "Show rings, five steps"
    site.page.keyboard.press("Enter")
    site.page.wait_for_function("(q) => __pg.shown() === q && __pg.settled", arg=was["run"])
    assert site.page.evaluate(SHOWN) == was
    shelf(site)
    site.page.locator(".pg-shelf-away").first.click()
    assert len(names(site)) == 1
    assert site.problems == []


def test_all_as_one_file(visit: Any, tmp_path: Path) -> None:
    site = visit(TOYS)
    keep(site)
    with site.page.expect_download() as download:
        site.page.get_by_role("button", name="Export all").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    told = json.loads(path.read_text())
    assert (told["format"], len(told["states"])) == ("playground shelf", 1)
    other = visit(OTHER)
    shelf(other)
    with other.page.expect_file_chooser() as chooser:
        other.page.get_by_role("button", name="Import…").click()
    chooser.value.set_files(path)
    other.page.wait_for_function("document.querySelectorAll('.pg-shelf-state').length === 1")
    assert names(other) == names(site)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"format": "playground shelf", "ver', "cut off or damaged"),
        ('{"format": "another"}', "no shelf"),
        ('{"format": "playground shelf", "version": 9, "states": []}', "another version"),
        (
            '{"format": "playground shelf", "version": 1, "states": [{"name": "x", "link": "javascript:alert(1)"}]}',
            "no link of this page at place 1",
        ),
        ('{"format": "playground shelf", "version": 1, "states": [' + ",".join(['{"name": "x", "link": "?"}'] * 61) + "]}", "at most 60"),
    ],
)
def test_a_broken_file_changes_nothing(visit: Any, text: str, words: str, tmp_path: Path) -> None:
    site = visit(OTHER)
    keep(site)
    was = names(site)
    path = tmp_path / "shelf.json"
    path.write_text(text)
    with site.page.expect_file_chooser() as chooser:
        site.page.get_by_role("button", name="Import…").click()
    chooser.value.set_files(path)
    site.page.wait_for_function("(words) => document.querySelector('.pg-shelf-said').textContent.includes(words)", arg=words)
    assert names(site) == was


def test_storage_that_is_full_or_forbidden(visit: Any) -> None:
    site = visit(OTHER)
    shelf(site)
    site.page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError') } }")
    site.page.get_by_role("button", name="Keep this").click()
    assert "storage is full" in said(site)
    assert names(site) == []
    site.page.evaluate("() => { Storage.prototype.getItem = () => { throw new DOMException('', 'SecurityError') } }")
    site.page.get_by_role("button", name="Keep this").click()
    assert "switched off" in said(site)
    assert site.problems == []

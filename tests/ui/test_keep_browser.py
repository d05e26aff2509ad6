"""A saved file shows the same again: every kind is saved, dropped on a fresh page, and what is shown there compared. What cannot be opened changes nothing."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

import playground as pg

TOYS = "?data=rings&sampler=DDIM&sampler.eta=0.5&grid=UniformLogSNR&grid.steps=5&particles=200&seed=3&view.at=0.4&view.layers=particles,score&view.color=class"
IMAGES = "?data=digits&model=ideal&particles=4&grid=UniformLogSNR&grid.steps=4&seed=2&view.at=0"
MENU = "[data-do=menu]"
DROP = """([name, bytes, at]) => {
    const data = new DataTransfer(), node = document.querySelector(at);
    data.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name));
    const told = ["dragover", "drop"].map((kind) => !node.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data })));
    return told.every(Boolean);
}"""


def link(site: Any) -> dict[str, str]:
    return dict(parse_qsl(site.page.evaluate("location.search.slice(1)")))


def shown(site: Any) -> Any:
    """What is on the stage: the experiment, the moment, layers and colours."""
    return site.page.evaluate("({ run: __pg.shown(), at: __pgStage.cursor, layers: __pgStage.layers, color: __pgStage.shown.color ?? '' })")


def save(site: Any, kind: str) -> tuple[str, bytes]:
    site.page.locator(MENU, has_text="Export").click()
    with site.page.expect_download(timeout=120_000) as download:
        site.page.locator(f"[data-do={kind}]").click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def drop(site: Any, name: str, raw: bytes, at: str = "body") -> bool:
    """Whether the page took it."""
    return site.page.evaluate(DROP, [name, base64.b64encode(raw).decode(), at])


@pytest.fixture(scope="module")
def fresh(chromium: Any, server: str) -> Any:
    from tests.ui.conftest import Site

    site = Site(chromium, server)
    yield site
    site.close()


@pytest.mark.parametrize("query", [TOYS, IMAGES])
def test_what_is_saved_is_shown_again(visit: Any, fresh: Any, query: str) -> None:
    site = visit(query)
    was, address = shown(site), link(site)
    files = dict(save(site, kind) for kind in ("png", "gif", "mp4", "csv"))
    assert [name.rpartition(".")[2] for name in files] == ["png", "gif", "mp4", "npz" if query is IMAGES else "csv"]
    if query is TOYS:
        files |= dict([save(site, "page")])
        site.page.wait_for_function("document.querySelector('.pg-curve-distance .modebar-btn')")
        with site.page.expect_download() as download:
            button = "document.querySelector('.pg-curve-distance .modebar-btn[data-title^=\"Save\"]')"
            site.page.evaluate(f"{button}.dispatchEvent(new MouseEvent('click', {{ bubbles: true }}))")
        files[download.value.suggested_filename] = Path(download.value.path()).read_bytes()
    for name, raw in files.items():
        fresh.open("?data=moons&particles=100")
        assert drop(fresh, name, raw)
        fresh.page.wait_for_function("(q) => __pg.shown() === q && __pg.settled", arg=was["run"])
        assert shown(fresh) == was, name
        assert link(fresh) == address, name
        assert "Opened" in fresh.notice()
        fresh.page.go_back()
        fresh.until({"particles": "100"})  # where one was before
    assert site.problems == fresh.problems == []


def test_an_experiment_as_json(visit: Any, fresh: Any) -> None:
    site = visit(TOYS)
    name, raw = save(site, "json")
    exp = pg.Experiment.from_json(raw.decode())
    assert exp.to_query() == {k: v for k, v in link(site).items() if not k.startswith("view.")}
    assert name.endswith(".json")
    fresh.open()
    drop(fresh, name, raw)
    fresh.until(exp.to_query())
    assert shown(fresh)["run"] == shown(site)["run"]
    drop(fresh, "all.json", json.dumps({"sampler": {"kind": "DDIM"}}).encode())
    fresh.until({"sampler": "DDIM"})
    assert site.problems == fresh.problems == []


def test_a_file_is_chosen_with_the_keyboard(visit: Any, fresh: Any, tmp_path: Path) -> None:
    site = visit(TOYS)
    name, raw = save(site, "png")
    (tmp_path / name).write_bytes(raw)
    fresh.open()
    page = fresh.page
    page.bring_to_front()
    with page.expect_file_chooser() as chooser:  # from before the keys: else the browser may open its own first
        page.locator(MENU, has_text="Export").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowUp")  # the last entry
        assert page.evaluate("document.activeElement.dataset.do") == "open"
        page.keyboard.press("Enter")
    chooser.value.set_files(tmp_path / name)
    page.wait_for_function("(q) => __pg.shown() === q && __pg.settled", arg=shown(site)["run"])
    assert link(fresh) == link(site)
    assert fresh.problems == []


def svg(text: str) -> bytes:
    return f'<svg><metadata id="diffusion-playground">{text}</metadata></svg>'.encode()


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("holiday.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 17 + b"\0\0\0\0IEND....", "holiday.png has no link inside"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + (10**8).to_bytes(4, "big") + b"tEXtdiffusion-playground\0" + b"x" * 2000, "100,000,000 bytes"),
        ("cut.mp4", b"\0\0\0\x18ftypisom\0\0\0\0", "cut.mp4 is cut off"),
        ("evil.html", b"<html><script>window.evil = 1</script>", "is no file that this page saves"),
        ("later.svg", svg("Diffusion Playground 99.1 ?data=rings&amp;warp=9"), "warp"),
        ("much-later.svg", svg("Diffusion Playground 99.1 ?data=rings&amp;warp=9"), "It was saved by version 99.1 of this app"),
        ("wrong.svg", svg("Diffusion Playground 0.1.0 ?sampler=NOPE"), "sampler"),
        ("large.svg", svg("Diffusion Playground 0.1.0 ?particles=999999999"), "particles"),
        ("a.json", b'{"data": "rings", "__class__": "os.system"}', "__class__"),
        ("b.json", b'{"data": ', "valid JSON"),
        ("deep.json", b'{"a":' * 30_000, "valid JSON"),
    ],
)
def test_what_cannot_be_opened_changes_nothing(fresh: Any, name: str, raw: bytes, words: str) -> None:
    if not fresh.page.url.startswith(fresh.url) or "seed=5" not in fresh.page.url:
        fresh.open("?data=moons&particles=100&seed=5")
    was, address, entries = shown(fresh)["run"], link(fresh), fresh.page.evaluate("history.length")
    assert drop(fresh, name, raw)
    fresh.page.wait_for_function("(words) => words.every((w) => __pg.notice.includes(w))", arg=[name, words])
    assert words in fresh.notice()
    assert (shown(fresh)["run"], link(fresh), fresh.page.evaluate("history.length")) == (was, address, entries)
    assert fresh.page.evaluate("window.evil") is None
    assert fresh.problems == []


def test_a_name_of_the_view_that_is_unknown_is_told(fresh: Any) -> None:
    fresh.open("?particles=100")
    drop(fresh, "later.svg", svg("Diffusion Playground 0.1.0 ?particles=101&amp;view.fog=3&amp;view.at=0.5"))
    fresh.until({"particles": "101"})
    fresh.page.wait_for_function("__pg.notice.includes('view.fog')")
    assert fresh.page.evaluate("__pgStage.cursor") == pytest.approx(0.5, abs=0.02)


def test_the_lab_of_your_data_keeps_what_is_dropped_on_its_stage(visit: Any) -> None:
    site = visit("?view.lab=data&particles=100")
    site.page.wait_for_function("!document.querySelector('#pg-stage .pg-view > canvas:last-of-type')?.hidden")
    site.page.wait_for_function("document.querySelector('.pg-own-file')")
    drop(site, "points.csv", b"# Diffusion Playground 0.1.0 x\n# ?data=rings\n1\n2\n2.5\n4\n", "#pg-stage .pg-view > *")
    site.page.wait_for_function("new URLSearchParams(location.search).get('data')?.startsWith('mix1.') && __pg.settled")
    assert site.problems == []


def test_undo_and_redo_are_the_browsers_own_history(visit: Any) -> None:
    site = visit("?particles=100")
    page = site.page
    page.keyboard.press("Control+z")
    assert "nothing to undo" in site.notice()
    page.evaluate("__pg.form.choose('rings')")
    site.until({"data": "rings", "particles": "100"})
    drop(site, "a.json", b'{"data": "rings", "particles": 100, "seed": 7}')
    site.until({"data": "rings", "particles": "100", "seed": "7"})
    page.keyboard.press("Control+z")
    site.until({"data": "rings", "particles": "100"})
    page.keyboard.press("Control+z")
    site.until({"particles": "100"})
    assert shown(site)["run"] == "particles=100"
    page.keyboard.press("Control+z")
    page.wait_for_function("__pg.notice.includes('nothing to undo')")
    assert page.url.startswith(site.url)
    page.keyboard.press("Control+Shift+Z")
    site.until({"data": "rings", "particles": "100"})
    page.go_forward()  # the same history
    site.until({"data": "rings", "particles": "100", "seed": "7"})
    page.keyboard.press("Control+Shift+Z")
    page.wait_for_function("__pg.notice.includes('nothing to redo')")
    page.go_back()
    site.until({"data": "rings", "particles": "100"})
    page.evaluate("__pg.form.choose('moons')")  # another way on: what was undone is gone
    site.until({"particles": "100"})
    page.keyboard.press("Control+Shift+Z")
    page.wait_for_function("__pg.notice.includes('nothing to redo')")
    assert site.problems == []


def test_undo_is_not_for_what_is_typed(visit: Any) -> None:
    site = visit("?particles=100")
    page = site.page
    page.keyboard.press("Shift")  # a hand: what the page does by itself makes no history
    page.evaluate("__pg.form.choose('rings')")
    site.until({"data": "rings", "particles": "100"})
    box = page.locator("#pg-seed input[type=number]")
    box.focus()
    page.keyboard.press("Control+z")
    page.keyboard.press("Meta+z")
    page.wait_for_timeout(300)  # that nothing happens cannot be waited for
    assert site.query() == {"data": "rings", "particles": "100"}
    page.keyboard.press("Tab")
    page.locator("[data-do=link]").focus()
    page.keyboard.press("Meta+z")
    site.until({"particles": "100"})
    assert site.problems == []


def test_a_change_whose_picture_is_still_to_come_is_undone(visit: Any) -> None:
    site = visit("?particles=100")
    site.page.evaluate(
        "() => { __pg.form.choose('rings'); dispatchEvent(new KeyboardEvent('keydown', { key: 'z', ctrlKey: true, cancelable: true })); }"
    )
    site.page.wait_for_timeout(600)  # longer than the address waits
    site.until({"particles": "100"})
    assert shown(site)["run"] == "particles=100"


def test_the_keys_tell_of_undoing(visit: Any) -> None:
    site = visit("?particles=100")
    site.page.keyboard.press("?")
    assert "undo: the experiment before" in site.page.locator(".pg-help").inner_text()


def test_an_example_is_undone(visit: Any) -> None:
    """It loads the page anew."""
    site = visit("?particles=100")
    site.page.locator(MENU, has_text="Examples").click()
    site.page.locator("[data-example]").nth(2).click()
    site.page.wait_for_url("**view.example=*")
    site.ready()
    site.page.keyboard.press("Control+z")
    site.page.wait_for_url("**/?particles=100")
    site.ready()
    assert shown(site)["run"] == "particles=100"
    site.page.keyboard.press("Control+z")
    site.page.wait_for_function("__pg.notice.includes('nothing to undo')")
    assert site.problems == []

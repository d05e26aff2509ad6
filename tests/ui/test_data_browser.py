"""The lab "your data" with a real pointer: components are dragged, points painted and erased, tables uploaded; link and picture follow."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from playground.laws.compact import axes_of, decode, encode
from tests.named import mixture_of

pytestmark = pytest.mark.browser
OWN = "document.querySelector('.pg-own-hands').pg"
# a point of the data's plane (or line), and the handle of an axis, in pixels of the window
SPOT = f"(m) => {{ const h = {OWN}.hands, r = h.view.getBoundingClientRect(), [x, y] = h.place(m); return [x + r.x, y + r.y]; }}"
END = f"([n, a]) => {{ const o = {OWN}, r = o.hands.view.getBoundingClientRect(), [x, y] = o.hands.ends(o.mix.parts[n])[a]; return [x + r.x, y + r.y]; }}"


def lab(site: Any) -> Any:
    site.page.wait_for_function(f"document.querySelector('.pg-own-hands') && {OWN}.mix && __pg.settled")
    return site


def spot(site: Any, *m: float) -> Any:
    return site.page.evaluate(SPOT, list(m))


def picture(site: Any) -> str:
    """The stage without the hands over it, which say what is held."""
    return site.stage().split()[0]


def pull(site: Any, start: Any, end: Any, moves: int = 12) -> None:
    mouse = site.page.mouse
    mouse.move(*start)
    mouse.down()
    for i in range(1, moves + 1):
        mouse.move(*(a + (b - a) * i / moves for a, b in zip(start, end, strict=True)))
    mouse.up()
    site.settle()


def mixture(site: Any) -> Any:
    return decode(site.query()["data"])


def paint(site: Any, path: list[tuple[float, float]]) -> None:
    """Along data points with the chosen tool, until the last fit is shown."""
    mouse = site.page.mouse
    mouse.move(*spot(site, *path[0]))
    mouse.down()
    for p in path[1:]:
        mouse.move(*spot(site, *p))
    mouse.up()
    site.page.wait_for_function(f"!{OWN}.fitting")
    site.settle()


def test_a_component_is_dragged_and_everything_follows(visit: Any) -> None:
    """Only that component moves, by what the pointer moved; one history entry; reload, back button and Python have it."""
    site = lab(visit("?data=eight_gaussians&view.lab=data"))
    page, before, there = site.page, picture(site), mixture_of("eight_gaussians")
    entries, runs = page.evaluate("history.length"), site.runs()
    m = there.means[0].tolist()
    pull(site, spot(site, *m), spot(site, m[0] + 0.9, m[1] - 0.6))
    got = mixture(site)
    assert got.means[0].tolist() == pytest.approx([m[0] + 0.9, m[1] - 0.6], abs=0.02)
    assert (got.means[1:] - there.means[1:]).abs().max() < 2e-4
    assert (got.covs - there.covs).abs().max() < 1e-4
    assert got.labels.tolist() == there.labels.tolist()
    assert page.evaluate("history.length") == entries + 1
    assert site.runs() > runs + 1  # the picture followed while it was dragged
    after = picture(site)
    assert after != before
    page.locator("[data-do=python]").click()
    page.wait_for_function("__pg.copied?.includes('import playground')")
    assert encode(got) in page.evaluate("__pg.copied")
    link = page.evaluate("location.search")
    other = visit(link)
    assert picture(other) == after
    assert other.query() == site.query()  # a link that is opened says the same
    page.go_back()
    site.until({"data": "eight_gaussians"})
    assert picture(site) == before
    lab(site)
    assert page.evaluate(f"{OWN}.mix.parts[0].m") == pytest.approx(m, abs=1e-3)
    assert site.problems == []


def test_an_axis_is_turned_and_drawn_out(visit: Any) -> None:
    """The handle of the first axis, from the right of a round component to twice as far at 45°."""
    site = lab(visit("?data=eight_gaussians&view.lab=data"))
    m = mixture_of("eight_gaussians").means[2].tolist()
    site.page.mouse.click(*spot(site, *m))
    site.settle()
    assert "data=eight_gaussians" in site.page.evaluate("location.search")  # a click alone changes nothing
    x, y = site.page.evaluate(END, [2, 0])
    cx, cy = spot(site, *m)
    reach = 2 * math.hypot(x - cx, y - cy)
    pull(site, (x, y), (cx + reach * math.cos(math.pi / 4), cy - reach * math.sin(math.pi / 4)))
    axes, angle = axes_of(mixture(site).covs[2:3])
    assert axes[0].tolist() == pytest.approx([0.3, 0.15], abs=0.01)
    assert float(angle[0]) == pytest.approx(math.pi / 4, abs=0.03)
    assert site.problems == []


def test_wheel_double_click_and_keys(visit: Any) -> None:
    site = lab(visit("?data=cross&view.lab=data"))
    page = site.page
    page.mouse.dblclick(*spot(site, 2.0, 1.5))
    site.settle()
    got = mixture(site)
    assert got.components == 3
    assert got.means[2].tolist() == pytest.approx([2.0, 1.5], abs=0.02)
    assert got.weights[2].item() == pytest.approx(1 / 3, abs=1e-3)
    page.mouse.wheel(0, 120)
    page.wait_for_timeout(300)
    site.settle()
    lighter = mixture(site).weights
    assert lighter[2] < 0.3
    assert lighter[0] / lighter[1] == pytest.approx(1, abs=1e-3)  # the others keep their proportions
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    site.settle()
    assert mixture(site).means[2].tolist() == pytest.approx([2.05, 1.55], abs=0.02)
    page.keyboard.press("Delete")
    site.settle()
    assert mixture(site).components == 2
    page.keyboard.press("Delete")
    page.keyboard.press("Delete")
    site.settle()
    assert mixture(site).components == 1
    assert "at least one" in site.notice()
    assert site.problems == []


def test_numbers_of_a_component_and_what_is_too_narrow(visit: Any) -> None:
    site = lab(visit("?data=cross&view.lab=data"))
    page = site.page
    page.mouse.dblclick(*spot(site, 2.0, 1.5))
    site.settle()
    page.get_by_label("axis a").fill("0.001")
    page.keyboard.press("Enter")
    assert "0.01" in page.evaluate("document.querySelector('.pg-said.on').textContent")  # said at the box, while it stands
    site.settle()
    assert float(axes_of(mixture(site).covs[2:3])[0].min()) == pytest.approx(0.01, abs=1e-3)
    page.get_by_label("weight %").fill("50")
    page.get_by_label("centre x₂").fill("-1")
    site.settle()
    got = mixture(site)
    assert got.weights[2].item() == pytest.approx(0.5, abs=1e-3)
    assert got.means[2, 1].item() == pytest.approx(-1, abs=1e-3)


def test_painting_and_erasing(visit: Any) -> None:
    """A painted ring has its centre empty; its error is near the floor; erasing the right half leaves the left one."""
    site = lab(visit("?view.lab=data"))
    page = site.page
    page.locator("[data-tool=paint]").click()
    ring = [(1.5 * math.cos(u / 6), 1.5 * math.sin(u / 6)) for u in range(39)]
    paint(site, ring)
    got = mixture(site)
    x, _ = got.sample(torch.rand(4000), torch.randn(4000, 2, dtype=torch.float64))
    radius = x.norm(dim=-1)
    assert 1.4 < float(radius.mean()) < 1.6
    assert float((radius < 0.9).double().mean()) < 0.03
    says = page.locator(".pg-own-says").inner_text()
    assert "Fitted by EM" in says
    _, rows, _, error, floor, *_ = page.evaluate("new URLSearchParams(location.search).get('view.fit')").split(",")
    assert int(rows) == page.evaluate(f"{OWN}.points.length") > 200
    assert float(error) < 2.5 * float(floor)
    page.locator("[data-tool=erase]").click()
    page.locator(".pg-own input[type=range]").fill("1")
    paint(site, [(2.0, y / 4) for y in range(-8, 9)] + [(1.2, y / 4) for y in range(8, -9, -1)])
    x, _ = mixture(site).sample(torch.rand(4000), torch.randn(4000, 2, dtype=torch.float64))
    assert float((x[:, 0] > 0.4).double().mean()) < 0.05
    link = page.evaluate("location.search")
    assert page.evaluate("history.length") <= 5
    other = lab(visit(link))
    assert "Fitted by EM" in other.page.locator(".pg-own-says").inner_text()
    # a hand on the mixture: the fit's error is no longer true of it
    other.page.locator("[data-tool=move]").click()
    m = mixture(other).means[0].tolist()
    pull(other, spot(other, *m), spot(other, m[0] + 0.5, m[1]))
    assert "Fitted" not in other.page.locator(".pg-own-says").inner_text()
    assert site.problems == other.problems == []


def test_on_the_line(visit: Any) -> None:
    site = lab(visit("?data=three_modes&view.lab=data"))
    m = float(mixture_of("three_modes").means[0])
    pull(site, spot(site, m), spot(site, m - 0.8))
    assert mixture(site).means[0].item() == pytest.approx(m - 0.8, abs=0.03)
    site.page.locator("[data-tool=paint]").click()
    start, end = spot(site, 1.0), spot(site, 2.0)
    site.page.mouse.move(start[0] - 200, start[1])
    site.page.mouse.down()
    for i in range(1, 13):
        site.page.mouse.move(start[0] - 200, start[1] + (end[1] - start[1]) * i / 12)
    site.page.mouse.up()
    site.page.wait_for_function(f"!{OWN}.fitting")
    site.settle()
    got = mixture(site)
    assert got.dim == 1
    assert float(got.mean()) == pytest.approx(1.5, abs=0.2)
    assert site.problems == []


def test_a_table_is_uploaded_and_a_bad_one_changes_nothing(visit: Any, tmp_path: Path) -> None:
    site = lab(visit("?view.lab=data"))
    page, box = site.page, site.page.locator(".pg-own-file")
    torch.manual_seed(0)
    x, _ = mixture_of("eight_gaussians").sample(torch.rand(3000), torch.randn(3000, 2, dtype=torch.float64))
    good = tmp_path / "good.csv"
    good.write_text("a,b\n" + "\n".join(f"{a:.5f},{b:.5f}" for a, b in (100 + 20 * x).tolist()))
    box.set_input_files(good)
    page.wait_for_function("new URLSearchParams(location.search).get('data')?.startsWith('mix2.') && __pg.settled")
    says, query, shown = page.locator(".pg-own-says").inner_text(), site.query(), picture(site)
    assert "3,000 rows" in says
    assert re.search(r"column 1 − (99|100|101)\b", says)  # the shift that was taken
    bad = tmp_path / "bad.csv"
    for words, told in (
        ("1,2\n3,four\n", "row 2 = 'four'"),
        ("1,2,3\n", "row 1 = '3 columns'"),
        ("5,6\n", "at least two rows"),
        ("1,nan\n", "row 1 = 'nan'"),
    ):
        bad.write_text(words)
        box.set_input_files(bad)
        page.wait_for_function("(t) => document.querySelector('#pg-stage .pg-toast').innerText.includes(t)", arg=told)
    bad.write_bytes(b"1,2\n" * 3_000_000)
    box.set_input_files(bad)
    page.wait_for_function("document.querySelector('#pg-stage .pg-toast').innerText.includes('12.0 MB')")
    assert site.query() == query
    assert picture(site) == shown
    assert site.problems == []


def test_a_table_is_dropped_on_the_stage(visit: Any) -> None:
    site = lab(visit("?view.lab=data"))
    site.page.evaluate(
        """() => {
            const data = new DataTransfer(), view = document.querySelector('#pg-stage .pg-view');
            data.items.add(new File(["1\\n2\\n2.5\\n4\\n"], "few.csv"));
            for (const name of ["dragover", "drop"]) view.firstElementChild.dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer: data }));
        }"""
    )
    site.page.wait_for_function("new URLSearchParams(location.search).get('data')?.startsWith('mix1.') && __pg.settled")
    assert "Fitted by EM to 4 rows" in site.page.locator(".pg-own-says").inner_text()
    assert site.problems == []


def test_both_halves_write_the_same_text(visit: Any) -> None:
    """The page's decode and encode against Python's, for every toy and a turned component."""
    site = visit("")
    texts = [encode(mixture_of(key)) for key in ("moons", "smiley", "grid25", "comb", "cross", "word", "heavy_tails")]
    assert site.page.evaluate("(texts) => texts.map((t) => __pg.mixture.encode(__pg.mixture.decode(t)))", texts) == texts


def test_from_the_form_and_on_a_phone(visit: Any) -> None:
    site = visit("?data=cross", width=390, height=844, has_touch=True)
    page = site.page
    page.locator("[data-do=drawer]").click()
    page.locator("[data-open-lab=data]").click()
    lab(site)
    assert not page.evaluate("document.body.classList.contains('pg-drawer-open')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#pg-lab-data").is_visible()
    assert site.problems == []

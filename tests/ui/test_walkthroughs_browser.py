"""What CONTRIBUTING.md says to type, typed into a copy of the tree: the app starts there, offers all of it and draws it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui.conftest import ROOT, Site, served

EXAMPLES = {
    "playground/samplers/ralston.py",
    "playground/schedules/square.py",
    "toy_models/laws/distributions/heart.py",
    "playground/measures/spread.py",
    "playground/views/layers/mean.py",
    "assets/ui/stage/layers/mean.js",
    "playground/views/labs/leaps/__init__.py",
    "playground/views/labs/leaps/lab.js",
    "playground/spaces/ring.py",
    "playground/processes/ring_walk.py",
    "playground/exact/ring.py",
    "playground/samplers/ring_ancestral.py",
    "toy_models/laws/hours.py",
}


def blocks() -> dict[str, str]:
    """The files that CONTRIBUTING.md says to create, with their contents."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.findall(r"Create `([^`]+)`:\n\n( *)```\w+\n(.*?)\n\2```", text, re.S)
    return {place: textwrap.dedent(source) + "\n" for place, _, source in found}


def copied(to: Path) -> Path:
    """The files that git knows, as they stand here."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, to / name)
    return to


CONFIG = "window.PG_START={config:"


def config(url: str) -> dict[str, Any]:
    """What the page is told."""
    page = urllib.request.urlopen(url, timeout=30).read().decode()
    return json.JSONDecoder().raw_decode(page, page.index(CONFIG) + len(CONFIG))[0]


STAGE = "(() => { const c = document.querySelector('#pg-stage canvas'); return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].reduce((h, v) => (h * 31 + v) | 0, 0); })()"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with all of it typed in."""
    files = blocks()
    assert set(files) == EXAMPLES
    assert not [place for place in files if (ROOT / place).exists()]
    tree = copied(tmp_path_factory.mktemp("walk") / "tree")
    for place, source in files.items():
        (tree / place).parent.mkdir(parents=True, exist_ok=True)
        (tree / place).write_text(source, encoding="utf-8")
    return tree


@pytest.fixture(scope="module")
def url(tree: Path) -> Iterator[str]:
    """Its page."""
    with served(tree, tree.parent, tree.parent / "models") as url:
        yield url


def printed(tree: Path, code: str) -> list[str]:
    """What Python prints there, word by word."""
    env = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tree, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()


def test_a_new_sampler_is_on_the_board(url: str) -> None:
    """In the sweep of every sampler that fits, without an edit."""
    lines = urllib.request.urlopen(f"{url}live/board?preset=samplers&plan=true&seeds=2", timeout=120).read().decode().splitlines()
    head, plan = (json.loads(line) for line in lines)
    row = head["head"]["axes"][0]["labels"].index("Ralston")
    left = {tuple(one["at"]) for one in plan["plan"]["left_out"]}
    assert {(row, column) for column in range(8)} - left


def test_everything_is_added_as_printed(tree: Path, url: str, chromium: Any) -> None:
    """One file (a layer two, a lab a folder) is all: nothing else is edited, and each is offered, legal, drawn and told in the glossary.

    Mutants killed: a list by hand that a new file is not in (scripts of the page, layers of a packet, routes of labs, names of links, glossary).
    """
    told = config(url)
    assert told["titles"]["samplers"]["Ralston"] == "Ralston"
    assert told["titles"]["schedules"]["SquareBeta"] == "square β"
    assert {"layer.mean", "lab.leaps", "samplers.Ralston", "schedules.SquareBeta"} <= set(told["glossary"])
    query = "?process.schedule=SquareBeta&sampler=Ralston&grid.steps=9&view.at=0.5&view.layers=particles,density,mean&view.lab=leaps"
    site = Site(chromium, url).open(query)
    page = site.page
    assert page.evaluate("document.querySelector('#pg-sampler .pg-shown').textContent") == "Ralston"
    assert page.evaluate("__pgStage.run.header.title.sampler") == "Ralston"
    assert page.evaluate("__pgStage.run.header.model_calls") == 2 * 8 + 1
    chip = page.locator(".pg-legend [data-layer=mean]")
    assert (chip.get_attribute("aria-pressed"), chip.inner_text()) == ("true", "mean")
    page.wait_for_function("__pgStage.fields && 'mean:x' in __pgStage.fields.arrays")
    drawn = page.evaluate(STAGE)
    chip.click()
    page.wait_for_function("__pg.settled")
    page.wait_for_function("!__pgStage.dirty")
    assert page.evaluate(STAGE) != drawn
    chip.click()
    page.wait_for_function("!__pgStage.dirty")
    assert page.evaluate(STAGE) == drawn
    page.wait_for_function("document.querySelector('#pg-lab-leaps').dataset.shown === __pgStage.run.header.key")
    assert page.locator("#pg-tab-leaps").get_attribute("aria-selected") == "true"
    assert "9 steps" in str(page.locator("#pg-lab-leaps canvas").get_attribute("aria-label"))
    assert page.evaluate(
        "(() => { const c = document.querySelector('#pg-lab-leaps canvas'); return c.getContext('2d').getImageData(0, 0, 800, 200).data.some((v) => v); })()"
    )
    assert not site.notice()
    assert not site.problems
    site.open("?mode=forward")
    assert page.locator("#pg-tab-leaps").get_attribute("title") == "needs sampling; this run is noising the data: choose sampling (reverse)"
    site.close()
    value, error, *_ = map(float, printed(tree, "import playground as pg; print(*pg.measure(pg.Experiment(particles=500), 'Spread'))"))
    assert 0 < error < 0.1 * value


def test_it_passes_the_checks(tree: Path) -> None:
    """Types and lint of what is printed, by the tree's own rules. Mutant killed: an import that has moved."""
    files = [place for place in sorted(EXAMPLES) if place.endswith(".py")]
    tools = Path(sys.executable).parent
    for command in ([tools / "ruff", "check"], [tools / "pyright", "--pythonpath", sys.executable]):
        done = subprocess.run([*map(str, command), *files], cwd=tree, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:]


def test_a_law_is_one_file(tree: Path, url: str, chromium: Any) -> None:
    """Its tile is there and drawn, it is chosen by a click, its particles come and its exact density is theirs.

    Mutant killed: a list of toys by hand.
    """
    assert "heart" in config(url)["laws"]
    site = Site(chromium, url).open("?sampler=Heun")
    page = site.page
    moons = site.stage()
    tile = page.locator("#pg-data [data-key=heart]")
    assert tile.get_attribute("aria-label") == "heart"
    assert tile.locator("canvas").count() == 1
    tile.click()
    site.until({"data": "heart", "sampler": "Heun"})
    assert page.evaluate("__pgStage.run.header.title.data") == "heart"
    assert site.stage() != moons
    assert not site.notice()
    assert not site.problems
    site.close()
    code = (
        "import playground as pg; run = pg.simulate(pg.Experiment(data='heart', sampler='DPMSolverPP2M', particles=2000)); d = pg.distance(run)\n"
        "print(d.value, d.floor, d.floor_sd, len(pg.sample('heart', 10, seed=1)), pg.law('heart').class_names[1])"
    )
    value, floor, sd, drawn, *right = printed(tree, code)
    assert float(value) < float(floor) + 6 * float(sd) + 0.05
    assert (drawn, right) == ("10", ["right", "half"])


def test_a_space_is_five_files(tree: Path, url: str, chromium: Any) -> None:
    """Its data have a tile, the walk is the process of their runs, the ring's sampler the only one that fits; bars and paths are drawn beside the exact law,
    and the panel of distances says total variation and relative entropy. A run of three steps is as exact as one of twenty.

    Mutant killed: a list of spaces, kinds of panels or worlds by hand.
    """
    site = Site(chromium, url).open("?data=hours&grid=UniformTime&grid.steps=6&view.at=0.5")
    page = site.page
    assert page.locator("#pg-data [data-key=hours]").get_attribute("aria-checked") == "true"
    header = page.evaluate("(({ title, panels, calls }) => ({ title, panels: panels.map((p) => p.kind), calls }))(__pgStage.run.header)")
    assert header["title"]["process"] == "walk on a ring"
    assert header["title"]["sampler"] == "ancestral (ring)"
    assert header["panels"] == ["shares", "symbols"]
    page.wait_for_function("__pgStage.fields && 'density:shares' in __pgStage.fields.arrays")
    drawn = page.evaluate(STAGE)
    page.locator(".pg-legend [data-layer=particles]").click()
    page.wait_for_function("__pg.settled && !__pgStage.dirty")
    assert page.evaluate(STAGE) != drawn
    page.wait_for_function("document.querySelector('.pg-curves')?.innerText?.includes('TV')")
    assert not site.notice()
    assert not site.problems
    site.close()
    code = (
        "import playground as pg\n"
        "e = pg.Experiment(data='hours', particles=4000)\n"
        "for n in (3, 20):\n"
        "    m = pg.measure(e.replace(grid=pg.UniformTime(steps=n)), 'TotalVariation'); print(m.value, m.floor, m.floor_sd)\n"
        "d = pg.distance(pg.sample('hours', 300, 1), 'hours', measure='Energy'); print(d.value, d.floor, d.floor_sd)\n"
    )
    numbers = list(map(float, printed(tree, code)))
    for value, floor, sd in zip(*[iter(numbers)] * 3, strict=True):
        assert abs(value - floor) < 4 * sd
    refused = "import playground as pg\ntry: pg.Experiment(data='moons', process='RingWalk')\nexcept pg.BadValue as error: print(error)"
    assert "needs places on a ring, which these data are not" in " ".join(printed(tree, refused))

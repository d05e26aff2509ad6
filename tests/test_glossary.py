"""The glossary: every layer, curve, number and control of the page has its sentence, and no entry is left over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from playground.core.experiment import Experiment
from playground.core.spec import registry
from playground.glossary import document, glossary
from playground.views.compare import UNITS
from playground.views.distances import metrics_packet
from playground.views.lab import FOLDER, labs
from playground.views.layer import layers
from playground.views.sights import whole
from playground.views.stage import run_packet
from tests.real import home, real

ROOT = Path(__file__).resolve().parents[1]
UI = ROOT / "assets" / "ui"
SCRIPTS = {
    path.relative_to(root).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
    for root in (UI, FOLDER.parent)
    for path in root.rglob("*.js")
}


def keys(kind: str) -> set[str]:
    return {key.split(".", 1)[1] for key in glossary() if key.startswith(f"{kind}.")}


def test_every_layer_has_an_entry() -> None:
    """Mutant killed: a new layer without a sentence; an entry of a layer that is gone. "class" is the button beside the layers."""
    assert set(layers()) | {"class"} == keys("layer")
    assert len(layers()) >= 11


def test_every_layer_is_drawn() -> None:
    """Mutants killed: a layer without a script; a script without a layer, or that gives no drawing."""
    drawn = {path.stem: "export default {" in path.read_text(encoding="utf-8") for path in (UI / "stage/layers").glob("*.js")}
    assert drawn == dict.fromkeys(layers(), True)


def test_every_curve_has_an_entry() -> None:
    charts = "".join(text for name, text in SCRIPTS.items() if name.startswith("labs/curves/"))
    names = set(re.findall(r'key: "(\w+)"', charts)) - {"none"}
    for process, cls in registry("processes").items():
        extra = {"process.gamma": "0.5"} if process == "Interpolant" else {}
        for data in (home(cls), "two_modes") if process in real("processes") and process != "Anisotropic" else (home(cls),):
            query = {"data": data, "process": process, "grid": "UniformTime", "grid.steps": "2", "particles": "40", **extra}
            run = whole(Experiment.from_query(query))
            names |= {c["name"] for c in run_packet(run).header["curves"]} | {m["name"] for m in metrics_packet(run).header["metrics"]}
    heavy = Experiment.from_query({"process": "PFGMPP", "process.D": "1", "grid.steps": "2", "particles": "40"})  # no W₂ exists
    names |= {m["name"] for m in metrics_packet(whole(heavy)).header["metrics"]}
    assert names == keys("curve")


def test_every_number_and_lab_has_an_entry() -> None:
    numbers = set(re.findall(r'data-term="number\.(\w+)"', SCRIPTS["beside/step-panel"])) | set(
        re.findall(r'^ +\["(\w+)", \d', SCRIPTS["beside/status"], re.M)
    )
    numbers |= set(re.findall(r'add\("(\w+)"', SCRIPTS["beside/status"]))
    assert numbers == keys("number")
    assert set(labs()) == keys("lab")
    assert set(UNITS) == keys("clock")


def test_every_lab_has_its_script() -> None:
    """Mutants killed: a lab without a script; a script without a lab, or that mounts nothing."""
    mounted = {path.parent.name: "export default {" in path.read_text(encoding="utf-8") for path in FOLDER.glob("*/lab.js")}
    assert mounted == dict.fromkeys(labs(), True)


def test_every_term_on_the_page_is_known() -> None:
    terms = {term for text in SCRIPTS.values() for term in re.findall(r'data-term="([\w.]+)"', text)}
    assert terms <= set(glossary())
    assert terms


def test_every_choice_has_an_entry() -> None:
    for family in ("processes", "schedules", "samplers", "guidance", "grids", "measures"):
        for key, cls in registry(family).items():
            assert f"{family}.{key}" in glossary()
            assert cls.info.tip


@pytest.mark.parametrize("key", list(glossary()))
def test_an_entry_is_one_plain_sentence(key: str) -> None:
    entry = glossary()[key]
    assert 20 < len(entry["text"]) < 330
    assert "\n" not in entry["text"]
    if "arxiv" in entry:
        assert re.fullmatch(r"\d{4}\.\d{4,5}|[a-z-]+/\d{7}", entry["arxiv"])
        assert re.search(r"\b(1[5-9]|20)\d\d\b", entry["ref"])


def test_the_document_is_current() -> None:
    assert (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8") == document(), "run python -m docs.generate"

"""Imports point down only, and the engine knows no page: neither gradio nor plotly is loaded with it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core import counts

ROOT = Path(__file__).resolve().parents[2]
BELOW = {
    "playground/core": ("playground.core",),
    "playground/schedules": ("playground.core", "playground.schedules"),
    "playground/grids": ("playground.core", "playground.grids"),
    "playground/spaces": ("playground.core", "playground.spaces"),
    "playground/processes": ("playground.core", "playground.spaces", "playground.schedules", "playground.processes"),
    "playground/samplers": ("playground.core", "playground.spaces", "playground.processes", "playground.samplers", "playground.exact"),
    "playground/guidance": ("playground.core", "playground.guidance"),
    "playground/exact": ("playground.core", "playground.spaces", "playground.processes", "playground.exact"),
    "toy_models": ("playground.core", "playground.spaces", "toy_models"),
}
# a data key can only be resolved by those who know it, and a grid that measures needs something to measure with:
# imported when asked for, not with the module
KNOWN = {
    ("playground/grids/auto.py", "playground.exact"),
}
OURS = ("playground", "toy_models", "app", "benchmarks")


def imports(path, first=False):
    """Every module that a file imports, wherever it does; with ``first`` only those imported with it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if first else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module


@pytest.mark.parametrize("package", BELOW)
def test_no_upward_imports(package):
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        for module in imports(path):
            top = module.split(".")[0]
            assert top not in ("gradio", "plotly", "fastapi", "matplotlib"), (name, module)
            if top in OURS and (name, module) not in KNOWN:
                assert module.startswith(BELOW[package]), (name, module)
        assert not {(name, module) for module in imports(path, first=True)} & KNOWN, name


def test_engine_loads_no_page():
    """In a fresh interpreter, core, engine, samplers, toy models and the notebook's api, after a run."""
    code = (
        "import sys, playground.core, playground.engine, playground.samplers, toy_models.laws, toy_models.models, playground.api as pg\n"
        "pg.simulate(pg.Experiment(particles=2))\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'gradio', 'plotly', 'fastapi', 'matplotlib', 'diffusers', 'pandas'}))"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    assert out.stdout.strip() == "[]", out.stdout


# Each figure may only fall: who lowers one lowers the number here. Goals: Any at most 4 per 1,000 lines, 12 switches, no circle, one way between the packages.
MOST = {
    "Any": 9,
    "behaviour switches": 2,
    "asserts of a type": 0,
    "comments that silence the checker": 38,
    "lazy imports": 11,
    "modules in circles of lazy imports": 0,
    "playground → toy_models": 0,
}


def test_no_circle_of_imports():
    assert counts.circles(counts.graph()) == []


def test_figures_only_fall():
    decides, asserts = counts.switches()
    found = {
        "Any": counts.anys(),
        "behaviour switches": decides,
        "asserts of a type": asserts,
        "comments that silence the checker": counts.ignores(),
        "lazy imports": counts.lazy(),
        "modules in circles of lazy imports": [f"{m}:" for part in counts.circles(counts.graph(inside=True)) for m in part],
        "playground → toy_models": counts.between()["playground → toy_models"],
    }
    per = 1000 * len(found["Any"]) / counts.lines()
    figures = "\n".join(f"  {name}: {len(places)} (at most {MOST[name]}); {counts.busiest(places)}" for name, places in found.items())
    more = {name: len(places) for name, places in found.items() if len(places) > MOST[name]}
    assert not more, f"grown: {more}; places: python -m tests.core.counts\nAny {per:.1f} per 1,000 lines\n{figures}"


def test_circles_are_found():
    assert counts.circles({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"e"}}) == [["a", "b", "c"], ["e"]]
    assert counts.circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


@pytest.mark.parametrize(
    ("code", "is_one"),
    [
        ("isinstance(z, Tensor)", False),
        ("isinstance(x, (str, dict))", False),
        ("isinstance(x, str | None)", False),
        ("isinstance(error, urllib.error.URLError)", False),
        ("isinstance(process, ScalarGaussian)", True),
        ("isinstance(x, (str, Spec))", True),
        ("type(theme) is Default", True),
        ("type(v) is int", False),
        ("hasattr(model, 'prepare')", True),
        ("getattr(model, 'cost', None)", True),
        ("getattr(spec, name)", False),
        ("process.info.key == 'PFGMPP'", True),
        ("param.kind in ('int', 'float')", True),
        ("values.dtype.kind == 'u'", False),
        ("key in table", False),
        ("exp.mode == 'reverse'", False),
    ],
)
def test_what_a_switch_is(code, is_one):
    assert counts._is_switch(ast.parse(code, mode="eval").body) is is_one

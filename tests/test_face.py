"""What ``import playground as pg`` gives: its names for people, editors and type checkers, its help, and choices of one's own."""

import dataclasses
import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
import types
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

import playground as pg
from docs import exports
from playground.core import spec
from playground.core.fields import BadValue, params
from playground.core.spec import FAMILIES, registry
from tests.face import Editor

ROOT = Path(__file__).resolve().parents[1]

TEXT = """import playground as pg
pg.DDIM()
pg.DD
pg.DDMI
pg.DDIM(theta=1)
pg.DDIM(eta="much")
run = pg.simulate(pg.Experiment())
run.state
pg.editing.invert
pg.simulate("moons")
"""


def test_explicit_exports_are_current():
    """``python -m docs.exports`` writes them. Mutant killed: a noun or a choice that an editor does not know."""
    assert exports.TARGET.read_text(encoding="utf-8") == exports.document()


def test_every_name_is_there():
    for name, (module, there) in exports.exported().items():
        assert getattr(pg, name) is getattr(importlib.import_module(module), there)
    assert set(exports.exported()) | {"__version__"} == set(dir(pg)) == set(pg.__all__)
    assert not set(dir(pg)) & {m.name for m in pkgutil.iter_modules(pg.__path__)}, "a module would hide it as soon as it is imported"
    for name in exports.modules():
        assert isinstance(getattr(pg, name), types.ModuleType)


def test_star_and_version():
    names: dict[str, object] = {}
    exec("from playground import *", names)
    assert names["DDIM"] is pg.DDIM
    assert names["simulate"] is pg.simulate
    assert pg.__version__ == tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    for package in ("playground", "toy_models"):
        assert (ROOT / package / "py.typed").exists()


def test_an_editor_knows_it():
    """Completion, the fields in a call's brackets with their help and bounds, types of results, and mistakes underlined before anything runs."""
    with Editor(TEXT) as editor:
        assert "DDIM" in editor.completions(2, 5)
        assert "eta=" in editor.completions(1, 8)
        label, words = editor.signature(1, 8)
        assert label.startswith('(eta: float = slider(0, 0, 1, 0.05, label="η noise", help="0: deterministic, 1: DDPM")')
        assert "Song, Meng & Ermon" in words
        assert editor.hover(6, 1).startswith("(variable) run: Trace")
        assert "states" in editor.completions(7, 8)
        assert editor.hover(8, 13).startswith("(function) def invert(")
        wrong = dict(editor.diagnostics())
    assert set(wrong) >= {2, 3, 4, 5, 7, 9}
    assert '"DDMI" is not a known attribute' in wrong[3]
    assert '"theta"' in wrong[4]
    assert '"eta"' in wrong[5]
    assert not set(wrong) & {0, 1, 6, 8}


def test_import_is_no_circle_and_light():
    """Each package can be the first that is imported; neither a page nor a plotting library comes with them. Run in fresh interpreters."""
    for first in ("toy_models.laws.toys", "playground.core.experiment", "playground"):
        code = (
            f"import sys, {first}, playground as pg; torch = 'torch' in sys.modules; pg.DDIM; pg.simulate\n"
            "print(torch, sorted({m.split('.')[0] for m in sys.modules} & {'gradio', 'plotly', 'fastapi', 'matplotlib', 'diffusers', 'pandas'}))"
        )
        out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
        assert out.stdout.strip() == f"{first != 'playground'} []"


@pytest.mark.parametrize("family", FAMILIES)
def test_help_tells_parameters(family):
    """Each one's default, bounds and help, under the docstring of the file."""
    for cls in registry(family).values():
        words = cls.__doc__ or ""
        assert bool(params(cls)) == ("\nParameters:\n" in words), cls
        for name, param in params(cls).items():
            line = re.search(rf"^    {name} = (.*)$", words, re.M)
            assert line, (cls, name)
            assert line[1].startswith(repr(param.default))
            assert param.help in line[1]
            if param.kind in ("float", "int", "choice"):
                assert param.allowed() in line[1]
    assert "eta = 0.0, a number from 0 to 1. On the page: η noise. 0: deterministic, 1: DDPM." in pg.DDIM.__doc__


# choices of one's own ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def forget():
    """What a test registers is not known afterwards."""
    before = dict(spec._REGISTERED)
    yield
    spec._REGISTERED.clear()
    spec._REGISTERED.update(before)
    spec.changed()


def sampler_of_ones_own(**more):
    """The class statement of a notebook's cell, run anew each time."""

    @dataclass(frozen=True)
    class Damped(pg.Sampler):
        """x_s = x_t + κ (s − t) u. For κ = 1 Euler's step."""

        info = pg.Info("Damped", "damped Euler", "a part of Euler's step", order=1, nfe=1, needs=frozenset({"velocity", "mean"}), **more)
        kappa: float = pg.slider(1.0, 0.0, 1.0, help="the part")

        def step(self, problem, z, t, s, carry, rng):
            return z + self.kappa * (s - t) * problem.velocity(z, t), None

    return Damped


def test_a_sampler_of_ones_own(forget):
    """Runs like Euler where it is Euler; by name, JSON and link; help tells its parameter. Mutant killed: a registry that is scanned once."""
    cls = sampler_of_ones_own()
    with pytest.raises(BadValue, match="sampler = 'Damped'"):
        pg.Experiment(sampler="Damped")
    assert pg.register(cls) is cls
    assert pg.Damped is cls
    assert "Damped" in dir(pg)
    assert "Damped" not in exports.document()
    assert "kappa = 1.0, a number from 0 to 1. the part." in cls.__doc__
    exp = pg.Experiment(sampler=cls(kappa=0.5), particles=5)
    assert pg.Experiment.from_json(exp.to_json()) == pg.Experiment.from_query(exp.to_query()) == exp
    assert exp.to_query() == {"sampler": "Damped", "sampler.kappa": "0.5", "particles": "5"}
    one, two = (pg.simulate(exp.replace(sampler=s)).states for s in (cls(), pg.Euler()))
    assert torch.equal(one, two)
    assert not torch.equal(pg.simulate(exp).states, two)
    again = pg.register(sampler_of_ones_own(rank=3))  # the cell is run again
    assert pg.Damped is again is not cls
    assert pg.Experiment.from_query({"sampler": "Damped"}).sampler == again()
    with pytest.raises(BadValue, match=r"sampler\.kapa.*sampler\.kappa \(closest\)|sampler\.kapa.*kappa"):
        pg.Experiment.from_query({"sampler": "Damped", "sampler.kapa": "1"})


def test_specs_of_every_family(forget):
    """A schedule, grid, process and guidance of one's own: each is chosen by name, nested too."""
    made = []
    for base in (pg.Cosine, pg.UniformTime, pg.EDM, pg.NoGuidance):
        name = f"Own{base.__name__}"
        cls = dataclasses.make_dataclass(
            name, [], bases=(base,), frozen=True, namespace={"info": pg.Info(name, name, "own"), "__module__": __name__, "__doc__": "Own."}
        )
        made.append(pg.register(cls))
    exp = pg.Experiment.from_query(
        {"process": "VP", "process.schedule": "OwnCosine", "grid": "OwnUniformTime", "guidance": "OwnNoGuidance"}
    )
    assert [type(exp.process.schedule), type(exp.grid), type(exp.guidance)] == [made[0], made[1], made[3]]
    assert pg.Experiment.from_json(exp.to_json()) == exp
    assert type(pg.Experiment.from_query({"process": "OwnEDM"}).process) is made[2]


def broken(what):
    cls = sampler_of_ones_own()
    if what == "name":
        return dataclass(frozen=True)(type("Other", (cls,), {"info": pg.Info("Another", "", "")}))
    if what == "taken":
        return dataclass(frozen=True)(type("DDIM", (cls,), {"info": pg.Info("DDIM", "", "")}))
    if what == "noun":
        return dataclass(frozen=True)(type("Trace", (cls,), {"info": pg.Info("Trace", "", "")}))
    if what == "plain":
        return type("Plain", (cls,), {"info": pg.Info("Plain", "", "")})
    if what == "no info":
        return dataclass(frozen=True)(type("NoInfo", (cls,), {}))
    if what == "no default":
        own = {"info": pg.Info("NoDefault", "", ""), "__annotations__": {"size": float}}
        return dataclass(frozen=True, kw_only=True)(type("NoDefault", (cls,), own))
    return {"instance": cls(), "function": lambda z, t: z, "noun's class": pg.Experiment, "base": pg.Sampler}[what]


MISTAKES = {
    "name": ("key", "the class's own name, Other"),
    "taken": ("key", "playground.samplers.ddim"),
    "noun": ("key", "nothing else"),
    "plain": ("cls", "@dataclass(frozen=True)"),
    "no info": ("info", 'Info("NoInfo"'),
    "no default": ("cls", "each parameter with a default"),
    "instance": ("cls", "a class of a Sampler"),
    "function": ("cls", "a class of a Sampler"),
    "noun's class": ("cls", "a class of a Sampler"),
    "base": ("info", 'Info("Sampler"'),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_what_cannot_be_registered(what, forget):
    cls, (field, allowed) = broken(what), MISTAKES[what]
    with pytest.raises(BadValue) as caught:
        pg.register(cls)
    assert caught.value.field == field, str(caught.value)
    assert allowed in caught.value.allowed, str(caught.value)
    assert not spec._REGISTERED

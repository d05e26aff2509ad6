"""The form without a browser: every declared field has a component, links restore it, the code snippet says the same."""

from __future__ import annotations

import gc
import itertools
import posixpath
import re
import warnings
from typing import Any

import gradio as gr
import pytest

import playground as pg
from playground.core.catalog import law_of, laws
from playground.core.experiment import Experiment
from playground.core.fields import params
from playground.core.legal import EXACT, legal, why_illegal
from playground.core.spec import Spec, registry
from playground.server.asked import experiment_part
from playground.ui.form import Form, explain, repair
from playground.ui.page import ASSETS, FIRST, build, head, modules, opened, python_of
from playground.views.lab import FOLDER, labs
from playground.views.layer import layers
from playground.views.snippet import as_python
from tests.real import home, real
from toy_models.laws.distributions import toys

# Gradio drops event loops unclosed when components are made; Python tells of it whenever it happens to collect them
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def loops():
    """They are collected here, and not when the session ends, where nothing can be ignored."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module")
def form() -> Form:
    with gr.Blocks():
        return Form()


EXPERIMENTS = [
    Experiment(),
    Experiment(data="rings", seed=7, particles=300),
    Experiment(process={"kind": "CLD", "friction": 2.5}, sampler="SSCS", grid={"kind": "Quadratic", "steps": 50, "denoise": False}),
    Experiment(
        process={"kind": "VP", "schedule": {"kind": "Cosine", "offset": 0.02}},
        sampler={"kind": "DDIM", "eta": 0.35},
        grid={"kind": "Karras", "rho": 3.0},
    ),
    Experiment(
        process={"kind": "SubVP", "schedule": {"kind": "ConstantBeta"}},
        sampler={"kind": "DDPM", "variance": "large"},
        mode="forward",
        start="exact",
        dtype="float64",
    ),
    Experiment(
        process={"kind": "Interpolant", "origin": "rings", "gamma": 0.5, "coupling": "minibatch OT"},
        grid={"kind": "Custom", "unit": "times", "levels": [0.9, 0.5, 0.1], "denoise": False},
        guidance={"kind": "ClassifierFree", "label": 1, "weight": 3.0},
        start_at=0.8,
        stop_at=0.1,
        start="gaussian",
    ),
    Experiment(process={"kind": "VP", "schedule": {"kind": "Drawn", "axis": "β", "knots": [[0, 0.1], [0.4, 3], [1, 12]]}}, sampler="UniPC"),
    Experiment(process={"kind": "CLD", "schedule": {"kind": "ZeroTerminalSNR", "base": "Cosine"}}, grid={"kind": "Quadratic", "steps": 7}),
    Experiment(process={"kind": "PFGMPP", "D": 8}, sampler={"kind": "EulerAncestral", "eta": 0}),
    Experiment(process="Anisotropic", sampler={"kind": "RK45", "log_tol": -3}),
    Experiment(sampler={"kind": "PredictorCorrector", "predictor": "DDPM", "corrector_steps": 3}),
    Experiment(
        process={"kind": "VP", "schedule": {"kind": "ZeroTerminalSNR", "base": {"kind": "Cosine", "offset": 0.02}}},
        sampler={"kind": "PredictorCorrector", "predictor": {"kind": "DDIM", "eta": 0.4}},
    ),
    Experiment(data={"weights": [0.25, 0.75], "means": [[-1.0, 0], [1, 0]], "covs": [[[0.1, 0], [0, 0.1]], [[0.2, 0], [0, 0.2]]]}),
]


def test_every_declared_field_has_one_component(form: Form) -> None:
    have = [(c.path, c.kind) for c in form.controls]
    assert len(have) == len(set(have))
    paths = {p for p, _ in have}
    assert paths >= set(params(Experiment))
    for field, family in (("process", "processes"), ("process.schedule", "schedules"), ("sampler", "samplers"), ("grid", "grids")):
        for key, cls in registry(family).items():
            for name, param in params(cls).items():
                full = f"{field}.{name}"
                assert (full, key) in have or (full, "") in have, full
                if param.kind == "spec":
                    assert full in paths
                if param.kind == "spec" and family != "processes":  # a choice within a choice: all but the outer one, each with its own
                    for inner, inside in registry(param.family).items():
                        assert inner == key or all((f"{full}.{n}", inner) in have for n in params(inside)), (full, inner)


def test_ids_are_unique_and_speak(form: Form) -> None:
    ids = [c.id for c in form.controls]
    assert len(ids) == len(set(ids))
    assert {"pg-data", "pg-sampler-DDIM-eta", "pg-schedule-LinearBeta-beta_max", "pg-grid-steps", "pg-grid-Karras-rho", "pg-seed"} <= set(
        ids
    )


def test_components_show_the_declared_default_and_range(form: Form) -> None:
    eta = form["DDIM:sampler.eta"].component
    assert isinstance(eta, gr.Slider)
    assert (eta.value, eta.minimum, eta.maximum) == (0.0, 0.0, 1.0)
    assert form["seed"].component.value == 0
    assert form["grid.denoise"].component.value is True
    assert form["data"].component.value == "moons"


@pytest.mark.parametrize("exp", EXPERIMENTS, ids=range(len(EXPERIMENTS)))
def test_values_hold_the_whole_experiment(form: Form, exp: Experiment) -> None:
    """What the controls show for an experiment is enough to build it again (mutant: a default shown instead of the value)."""
    values = dict(zip([(c.path, c.kind) for c in form.controls], form.values(exp), strict=True))

    def record(path: str, spec: Spec, within: str = "") -> dict:
        out = {"kind": values.get((path, within), values.get((path, "")))}
        for name, param in params(spec).items():
            full, kind = f"{path}.{name}", out["kind"]
            if param.kind == "spec":
                out[name] = record(full, getattr(spec, name), kind)
            else:
                out[name] = values[(full, kind) if (full, kind) in values else (full, "")]
        return out

    again = {n: record(n, getattr(exp, n)) if isinstance(getattr(exp, n), Spec) else values[n, ""] for n in params(exp)}
    if again["data"].startswith("{"):
        again["data"] = exp.to_dict()["data"]
    assert Experiment.from_dict(again) == exp


@pytest.mark.parametrize("exp", EXPERIMENTS, ids=range(len(EXPERIMENTS)))
def test_a_good_link_is_not_repaired(exp: Experiment) -> None:
    assert repair(exp.to_query()) == (exp, [])


@pytest.mark.parametrize(
    ("query", "fixed", "named"),
    [
        ({"sampler": "DDIM", "sampler.eta": "7", "seed": "3"}, {"sampler": "DDIM", "seed": "3"}, ["sampler.eta"]),
        ({"data": "nope", "seed": "3"}, {"seed": "3"}, ["data"]),
        ({"seed": "x", "particles": "0"}, {}, ["seed", "particles"]),
        ({"sampler": "SSCS"}, {}, ["sampler"]),
        ({"process": "Interpolant", "process.origin": "nope", "seed": "3"}, {"process": "Interpolant", "seed": "3"}, ["process.origin"]),
        ({"grid": "Custom", "grid.levels": "1, 2"}, {"grid": "Custom"}, ["grid.levels"]),
        ({"guidance": "ClassifierFree", "guidance.label": "9"}, {"guidance": "ClassifierFree"}, ["guidance.label"]),
        (
            {"process": "Interpolant", "data": "two_modes", "process.origin": "moons"},
            {"process": "Interpolant", "data": "two_modes"},
            ["process.origin"],
        ),
        ({"process": "Anisotropic", "data": "two_modes"}, {"process": "Anisotropic"}, ["data"]),
        (
            {"process": "CLD", "sampler": "DDIM", "sampler.eta": "0.5", "grid": "Quadratic"},
            {"process": "CLD", "sampler": "SSCS", "grid": "Quadratic"},
            ["sampler"],
        ),
        ({"gibberish": "1"}, {}, ["gibberish"]),
        ({"process.schedule.beta_max": "900"}, {}, ["process.schedule.beta_max"]),
        ({"a.b.c.d.e": "1", "seed": "5"}, {"seed": "5"}, ["a.b.c.d.e"]),
        ({"data": "{broken"}, {}, ["data"]),
        ({"seed.x": "1"}, {}, ["seed"]),
    ],
)
def test_a_broken_link_keeps_what_is_good_and_names_what_is_not(query: dict, fixed: dict, named: list) -> None:
    exp, errors = repair(query)
    assert exp == Experiment.from_query(fixed)
    assert [e.field.split(".x")[0] for e in errors] == named or {e.field for e in errors} == set(named)
    assert all(e.field in explain(errors) and e.value in explain(errors) and e.allowed in explain(errors) for e in errors)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"steps": "-1"}, "did you mean grid.steps?"),
        ({"beta_max": "9"}, "did you mean process.schedule.beta_max?"),
        ({"process.beta_max": "9"}, "did you mean process.schedule.beta_max?"),
        ({"sampler.steps": "9"}, "did you mean grid.steps?"),
        ({"Seed": "9"}, "did you mean seed?"),
        ({"sampelr": "DDIM"}, "did you mean sampler"),
        ({"sampler": "DPMSolverPP2"}, "DPMSolverPP2M (DPM-Solver++ 2M)"),
        ({"data": "moon"}, "did you mean moons?"),
        ({"process.schedule": "Linear"}, "did you mean LinearBeta (linear β)?"),
        ({"process": "Anisotropic", "data": "two_modes"}, "data = 'two_modes'"),
    ],
)
def test_a_broken_link_is_told_what_was_meant(query: dict, said: str) -> None:
    _, errors = repair(query)
    assert said in explain(errors), explain(errors)


def test_a_notice_stays_short() -> None:
    """Thousands of letters of a name or a value are cut; what is good in the same link is kept."""
    exp, errors = repair({"x" * 5000: "1", "data": "y" * 5000, "seed": "7"})
    assert exp.seed == 7
    assert len(errors) == 2
    assert len(explain(errors)) < 1000


def test_cld_alone_takes_what_fits_it() -> None:
    exp, errors = repair({"process": "CLD"})
    assert exp.sampler.info.key == "SSCS"
    assert exp.grid.info.key == "Quadratic"
    assert not errors


def test_views_and_hosts_names_are_not_the_experiments() -> None:
    assert experiment_part({"view.at": "0.5", "__theme": "dark", "utm_source": "x", "seed": "1"}) == {"seed": "1"}


def read(config: dict[str, Any], who: str, process: str, guidance: str, slot: str) -> dict[str, str]:
    """What the page's script finds in the tables, as it finds it (form.js, ``expected``)."""
    told = config["legal"]
    if slot == "data":
        return told["data"][process]
    model = config["models"][who]
    table = model["process"] if slot == "process" else told["leaves"][model["under"][process][guidance]][slot]
    return {key: told["words"][word] for key, word in told["tables"][table].items()}


def test_reasons_agree_with_the_engine(form: Form) -> None:
    """The tables are the judge's answers, for every model, process and guidance."""
    config, checked = form.config(), 0
    for process, cls in registry("processes").items():
        for slot, family in (("sampler", "samplers"), ("grid", "grids")):
            for key, choice in registry(family).items():
                assert read(config, "moons exact", process, "NoGuidance", slot).get(key, "") == why_illegal(choice, cls, EXACT)
    for who, process, guidance in itertools.product(config["models"], registry("processes"), registry("guidance")):
        data, model = who.split()
        told = legal({"data": data, "model": model, "process": process, "guidance": guidance})
        for slot in ("process", "guidance", "sampler", "grid", "mode", "start", "data"):
            assert read(config, who, process, guidance, slot) == {key: why for key, why in told[slot].items() if why}, (
                who,
                process,
                guidance,
                slot,
            )
            checked += 1
    assert checked == 7 * len(config["models"]) * len(registry("processes")) * len(registry("guidance"))
    for process, slots in form.config()["fallback"].items():  # what form.js leaves out of a link
        data = home(registry("processes")[process])
        assert Experiment(data=data, process=process, **slots) == Experiment(data=data, process=process)
        said = {} if process == "VP" else {"process": process}
        assert Experiment(data=data, process=process, **slots).to_query() == said | ({} if data == "moons" else {"data": data})


def test_data_and_process_refuse_each_other_in_the_page_as_in_the_engine(form: Form) -> None:
    """A tile or a pill is struck through exactly where the Experiment would be refused (mutants: the dimensions exchanged, no table at all)."""
    config, refused = form.config(), set()
    for process in real("processes"):
        for data in (law.key for law in laws() if "mixture" in law.gives):
            why = read(config, f"{data} exact", process, "NoGuidance", "data").get(data, "")
            assert read(config, f"{data} exact", process, "NoGuidance", "process").get(process, "") == why.partition(" ")[2]
            if not why:
                Experiment(data=data, process=process)
                continue
            with pytest.raises(pg.BadValue) as told:
                Experiment(data=data, process=process)
            assert why.partition(" needs ")[2] in told.value.allowed
            refused.add((process, law_of(data).dim))
    assert refused == {("Anisotropic", 1)}


def test_a_list_has_a_text_box(form: Form) -> None:
    """Lists are typed, an interpolant's source is chosen; both are checked where they are used, in words that name the field."""
    for path in ("Custom:grid.levels", "Drawn:process.schedule.knots"):
        assert isinstance(form[path].component, gr.Textbox), path
    sources = [c["key"] for c in form["Interpolant:process.origin"].component.props["payload"]["choices"]]
    assert sources == ["gaussian", *(t.key for t in toys(2) + toys(1))]
    assert Experiment.from_query({"grid": "Custom", "grid.levels": form["Custom:grid.levels"].default}) == Experiment(grid="Custom")
    for path, query in (
        ("grid.levels", {"grid": "Custom", "grid.levels": "1; 0.5"}),
        ("process.schedule.knots", {"process.schedule": "Drawn", "process.schedule.knots": "[[0, 1]]"}),
        ("process.origin", {"process": "Interpolant", "process.origin": "somewhere"}),
    ):
        with pytest.raises(pg.BadValue) as told:
            Experiment.from_query(query)
        assert told.value.field == path


@pytest.mark.parametrize("exp", EXPERIMENTS, ids=range(len(EXPERIMENTS)))
def test_the_snippet_makes_the_same_experiment(exp: Experiment) -> None:
    code = as_python(exp)
    assert code.startswith("import playground as pg\n")
    assert "trace = pg.simulate(exp)" in code
    expression = code.split("exp = ", 1)[1].rsplit("\ntrace", 1)[0]
    assert eval(expression, {"pg": pg, "__builtins__": {}}) == exp  # our own text, in the test only


def test_the_snippet_for_the_browser_refuses_in_words() -> None:
    assert "pg.DDIM(eta=0.5)" in python_of({"sampler": "DDIM", "sampler.eta": "0.5", "view.at": "0"})["code"]
    assert "sampler.eta" in python_of({"sampler": "DDIM", "sampler.eta": "9"})["error"]["message"]


def test_the_page_loads_every_script_once() -> None:
    """Mutants: a file of assets/ui that nobody imports, an import without a file, a script of a lab that comes before the lab is opened, a second address of a file."""
    files = {file.relative_to(root).as_posix(): file for root in (ASSETS, FOLDER.parent) for file in root.rglob("*.js")}
    links = {
        name: [
            posixpath.normpath(posixpath.join(posixpath.dirname(name), to))
            for to in re.findall(r"^(?:import|export) .*\"(\..*)\";$", file.read_text(), re.M)
        ]
        for name, file in files.items()
    }

    def reached(*names: str) -> set[str]:
        found, left = set(), list(names)
        while left:
            if (name := left.pop()) not in found:
                found.add(name)
                left += links[name]
        return found

    entry = ["main.js", *(f"stage/layers/{key}.js" for key in layers())]
    offline = {
        name for name in files if name.startswith("viewer/")
    }  # of the pages that need no server: main.js of a run's, sort.js of a table's
    assert offline <= reached("viewer/main.js") | {"viewer/sort.js"}
    files = {name: file for name, file in files.items() if name not in {*offline, *FIRST}}  # FIRST is in the page itself
    assert reached(*entry) == set(modules()) == set(files) - {name for name in files if name.startswith("labs/")}
    assert reached(*entry, *(f"labs/{key}/lab.js" for key in labs())) == set(files)
    text = head(build().form)
    addresses = re.findall(r"live/assets/([0-9a-f]{12})/ui/([\w/-]+\.js)", text)
    first = reached(f"labs/{next(iter(labs()))}/lab.js")  # opens with the page
    assert {name for _, name in addresses} == set(modules()) | first
    assert {name for name in first if name.startswith("labs/")} == set(opened())
    assert len({tree for tree, _ in addresses}) == 1


def test_the_page_is_private_to_the_browser() -> None:
    """No event of the page is offered as an API, but the functions that are made for programs, and none waits in the queue."""
    demo = build()
    events = list(demo.fns.values())
    assert not any(f.queue for f in events)
    assert sorted(str(f.api_name) for f in events if f.api_visibility != "private") == ["choices", "distances", "picture", "simulate"]
    assert len(events) > 100


def test_every_control_is_explained(form):
    """Each parameter's own sentence is its tip; a picker's choices have theirs. Mutant killed: a parameter declared without help."""
    for control in form.controls:
        assert control.type == "pick" or form.help[control.id].strip(), control.id
        assert control.component.label


def test_no_control_is_a_letter_alone(form):
    """A word stands beside every letter. Mutant killed: label="κ"."""
    assert [c.id for c in form.controls if not re.search("[A-Za-z]{3}", c.component.label)] == []

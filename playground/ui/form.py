"""The form: every declared field of an Experiment as a real Gradio component, generated from the registries.

``Form()`` inside a Blocks context makes the components; ``form.values(exp)`` gives their values for an experiment,
``form.config()`` is what the browser needs to turn values into a link (the same grammar as ``Experiment.to_query``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

import gradio as gr

from playground.core.catalog import laws, models_of, resolve
from playground.core.experiment import Experiment
from playground.core.fields import LONGEST_FIELD, NEAR, BadValue, Param, Record, Shown, params, short
from playground.core.law import Law
from playground.core.legal import DEFAULTS, fitting
from playground.core.spec import FAMILIES, Spec, registry
from playground.processes.interpolant import GAUSSIAN
from playground.server.asked import experiment_part
from playground.ui.picker import Choice, Layout, distributions, law_choice, picker, predictors, specs
from playground.views.judged import tables

TOP = {
    "data": "pg-data",
    "model": "pg-model",
    "process": "pg-process",
    "sampler": "pg-sampler",
    "grid": "pg-grid",
    "guidance": "pg-guidance",
}
# opens the lab "your data" (playground/views/labs/data/lab.js)
OWN = '<button type="button" class="pg-own-open pg-toys-only" data-open-lab="data" title="Move its components, paint one, upload points">make your own</button>'
SLIDERS = {
    "guidance.label": 24
}  # where a slider ends; of a model with more classes the page's script moves its end (assets/ui/form/hub.js)
BATCH = 16  # images that the page starts with, where a link does not say how many
SWITCH = 18  # letters that a switch has room for; longer choices are menus
PICK = "pick"  # a key that is chosen in a picker
RANGES: dict[str, tuple[float, float]] = {"particles": (100, 20_000)}  # what the rail covers; the number takes all that is allowed
OWN_ROW = {"process.schedule"}  # one row for all processes that have it, so that what is chosen survives a change of process

Component: TypeAlias = gr.HTML | gr.Radio | gr.Checkbox | gr.Textbox | gr.Number | gr.Slider


@dataclass(frozen=True)
class Place:
    """Where a parameter stands in the form: its field, the choice that must be made for it to count ('' = always), the element's id, its words.

    ``without``: of a choice within a choice, the outer ones, which cannot hold themselves.
    """

    path: str
    kind: str
    id: str
    label: str
    visible: bool | Literal["hidden"] = True
    without: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Control:
    """One component of the form. ``kind`` is the spec that must be chosen for it to count ('' = always); ``type``: what the page's form reads its value as."""

    id: str
    path: str
    kind: str
    component: Component
    param: Param
    default: Shown
    type: str
    label: str


class Form:
    """Makes the components in the current Blocks context and knows which field each of them is."""

    def __init__(self) -> None:
        self.controls: list[Control] = []
        self.help: dict[str, str] = {}
        self.nested: dict[str, str] = {}  # slot of a spec within a spec -> the slot whose reasons hold for it
        self.exp = Experiment()
        self._build()

    # -- making components ---------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        with gr.Column(elem_id="pg-sec-data", elem_classes="pg-section"):
            _heading('<span class="pg-toys-only">Distribution</span><span class="pg-images-only">Images</span>', OWN)
            self._picker("data", distributions(), layout="tiles", label="Distribution")
            self._picker("model", predictors(), layout="tiles", label="who predicts", of="data")
            gr.HTML(
                None,
                html_template="<div></div>",
                js_on_load="window.PG.hub(element)",
                apply_default_css=False,
                elem_id="pg-hub",
            )
        with gr.Column(elem_id="pg-sec-process", elem_classes="pg-section"):
            _heading("Forward process")
            self._picker("process", specs("processes"), layout="pills", label="Forward process")
            with gr.Column(elem_id="pg-process-schedule-row", elem_classes="pg-params"):
                self._picker("process.schedule", specs("schedules"), layout="menu", label="schedule", elem_id="pg-schedule")
                self._spec_params("process.schedule", "schedules", "pg-schedule")
            self._spec_params("process", "processes", "pg-process")
        with gr.Column(elem_id="pg-sec-sampler", elem_classes="pg-section"):
            _heading("Sampler")
            self._picker("sampler", specs("samplers"), layout="menu", label="method")
            self._spec_params("sampler", "samplers", "pg-sampler")
            self._picker("guidance", specs("guidance"), layout="menu", label="guidance")
            self._spec_params("guidance", "guidance", "pg-guidance")
        with gr.Column(elem_id="pg-sec-grid", elem_classes="pg-section"):
            _heading("Time grid")
            self._picker("grid", specs("grids"), layout="menu", label="spacing")
            self._spec_params("grid", "grids", "pg-grid")
        with gr.Column(elem_id="pg-sec-run", elem_classes="pg-section"):
            _heading("Run")
            declared = params(Experiment)
            self._field("start", "", declared["start"], "pg-start", label="start from")
            for name in ("start_at", "stop_at", "particles"):
                self._field(name, "", declared[name], f"pg-{name}")
            with gr.Row(elem_id="pg-seed-row", elem_classes="pg-dice-row"):
                self._number(Place("seed", "", "pg-seed", "seed"), declared["seed"])
                self.dice = gr.Button("New seed", elem_id="pg-dice", elem_classes="pg-dice")  # its face is drawn; the words are its name
                self.help["pg-dice"] = "A new random seed (same choices, other noise)"
            self._field("noise", "", declared["noise"], "pg-noise", label="noise")
            self._field("dtype", "", declared["dtype"], "pg-dtype", label="precision")
            made = {c.path for c in self.controls} | {"mode"}
            for name, param in declared.items():
                if name not in made:  # whatever an Experiment may yet learn
                    self._field(name, "", param, f"pg-{name}")
            # the switch for the direction is drawn on the stage's time bar; this is the component behind it
            self._field("mode", "", declared["mode"], "pg-mode", visible="hidden")
        self.dice.click(
            fn=None, js="() => Math.floor(Math.random() * 10000)", outputs=[self["seed"].component], queue=False, api_visibility="private"
        )

    def _picker(self, path: str, choices: list[Choice], *, layout: Layout, label: str, elem_id: str = "", of: str = "") -> None:
        elem_id = elem_id or TOP[path]
        held = _held(self.exp, path)
        assert held is not None, path
        param, value = held
        key = str(param.shows(value))
        component = picker(
            choices, key, layout=layout, slot=path, label=label, of=of, elem_id=elem_id, elem_classes=["pg-pick", f"pg-{layout}"]
        )
        self.controls.append(Control(elem_id, path, "", component, param, key, PICK, label))

    def _spec_params(self, path: str, family: str, prefix: str, without: frozenset[str] = frozenset()) -> None:
        """Parameters that all members share stand once; the others in one group a member, of which the page shows the chosen one.

        A choice within a choice (a corrector's predictor) has its menu and its own parameters in the group of the outer one; ``without`` are the
        outer members, which cannot hold themselves.
        """
        classes = {key: cls for key, cls in registry(family).items() if key not in without}
        members = {key: params(cls) for key, cls in classes.items()}
        first = next(iter(members.values()))
        shared = {n: p for n, p in first.items() if all(m.get(n) == p for m in members.values())}
        for name, param in shared.items():
            self._field(f"{path}.{name}", "", param, f"{prefix}-{name}")
        for key, declared in members.items():
            own = {n: p for n, p in declared.items() if n not in shared and f"{path}.{n}" not in OWN_ROW}
            if own:
                with gr.Column(elem_id=f"{prefix}-{key}", elem_classes="pg-params"):
                    for name, param in own.items():
                        place = Place(f"{path}.{name}", key, f"{prefix}-{key}-{name}", _words(name, param), without=without)
                        make = Form._source if name in classes[key].of_data else self.makers[param.kind]
                        make(self, place, param)

    def _field(self, path: str, kind: str, param: Param, elem_id: str, label: str = "", visible: bool | Literal["hidden"] = True) -> None:
        place = Place(path, kind, elem_id, label or _words(path.rsplit(".", 1)[-1], param), visible)
        self.makers[param.kind](self, place, param)

    def _add(self, place: Place, param: Param, component: Component, type: str = "", help: str = "") -> None:
        self.help[place.id] = help or param.help
        default = param.shows(param.default)
        self.controls.append(Control(place.id, place.path, place.kind, component, param, default, type or param.kind, place.label))

    def _menu(self, place: Place, param: Param, choices: list[Choice], type: str = "") -> None:
        component = picker(
            choices,
            str(param.shows(param.default)),
            layout="menu",
            slot=f"{place.kind}:{place.path}",
            label=place.label,
            elem_id=place.id,
            elem_classes=["pg-pick", "pg-menu"],
        )
        self._add(place, param, component, type)

    def _nested(self, place: Place, param: Param) -> None:
        """A menu of choices, and the parameters of each."""
        without = place.without | {place.kind}
        self._menu(place, param, [c for c in specs(param.family) if c.key not in without], PICK)
        self.nested[f"{place.kind}:{place.path}"] = place.path.rpartition(".")[0]
        self._spec_params(place.path, param.family, place.id, without)

    def _source(self, place: Place, param: Param) -> None:
        """Data within a choice, the other end of an interpolant: the Gaussian, a toy, or (the page adds it) the mixture that is the data now."""
        gaussian = Choice(GAUSSIAN, "gaussian", "standard normal, in the data's dimension")
        self._menu(place, param, [gaussian, *(law_choice(law) for law in laws() if "mixture" in law.gives)])

    def _choice(self, place: Place, param: Param) -> None:
        if sum(map(len, param.options)) > SWITCH:
            self._menu(place, param, [Choice(o, o) for o in param.options])
            return
        options, default = list(param.options), str(param.shows(param.default))
        component = gr.Radio(
            options, value=default, label=place.label, elem_id=place.id, elem_classes="pg-row pg-radio", visible=place.visible
        )
        self._add(place, param, component)

    def _flag(self, place: Place, param: Param) -> None:
        on = bool(param.shows(param.default))
        self._add(place, param, gr.Checkbox(on, label=place.label, elem_id=place.id, elem_classes="pg-row pg-check"))

    def _text(self, place: Place, param: Param) -> None:
        words = str(param.shows(param.default))
        self._add(place, param, gr.Textbox(words, label=place.label, elem_id=place.id, elem_classes="pg-row pg-text", max_lines=1))

    def _amount(self, place: Place, param: Param) -> None:
        if (param.whole and param.hi >= 500 and place.path not in SLIDERS) or param.log:
            self._rail(place, param)
            return
        component = gr.Slider(
            param.lo,
            SLIDERS.get(place.path, param.hi),
            float(param.shows(param.default)),
            step=param.step,
            label=place.label,
            elem_id=place.id,
            elem_classes="pg-row pg-slider",
            buttons=[],
        )
        self._add(place, param, component)

    def _rail(self, place: Place, param: Param) -> None:
        """A number with a rail of our own beside it: gr.Slider has no logarithmic scale."""
        with gr.Row(elem_id=f"{place.id}-row", elem_classes="pg-row pg-log"):
            self._number(place, param)
            lo, hi = RANGES.get(place.path, (param.lo, param.hi))
            gr.HTML(
                None,
                html_template='<div class="pg-rail"></div>',
                js_on_load="window.PG.rail({element, props})",
                apply_default_css=False,
                payload={"target": place.id, "lo": lo, "hi": hi, "label": place.label, "whole": param.whole},
                elem_classes="pg-rail-block",
            )
        if place.path == "grid.steps":  # what they cost, and a lock that keeps it
            gr.HTML(
                None,
                html_template="<div></div>",
                js_on_load="window.PG.calls(element)",
                apply_default_css=False,
                elem_id="pg-calls",
                elem_classes="pg-h",
            )

    def _number(self, place: Place, param: Param) -> None:
        # no minimum/maximum: Gradio would clamp in silence, our server says what is allowed
        default = float(param.shows(param.default))
        component = gr.Number(
            default, label=place.label, precision=0 if param.whole else None, elem_id=place.id, elem_classes="pg-row pg-number"
        )
        self._add(place, param, component, help=f"{param.help} ({param.lo:g} to {param.hi:,.0f})")

    makers: ClassVar[dict[str, Callable[[Form, Place, Param], None]]] = {  # by the parameter's kind
        "choice": _choice,
        "flag": _flag,
        "free": _text,
        "float": _amount,
        "int": _amount,
        "spec": _nested,
    }

    def _when(self, control: Control) -> Record:
        """The conditions without which a control does nothing, for form.js: [path of the other, test, values, words]."""
        outer = control.path.rpartition(".")[0]
        out: list[list[object]] = []
        for when in control.param.when:
            path = when.path(outer)
            other = next(c for c in self.controls if c.path == path and c.kind in ("", control.kind))
            out.append([path, when.test, list(when.values), when.words(other.label)])
        return {"when": out} if out else {}

    # -- using them ----------------------------------------------------------------------------------------------------------

    def __getitem__(self, path: str) -> Control:
        """The control of a field: ``form["seed"]``, ``form["sampler.eta", "DDIM"]`` is written ``form["DDIM:sampler.eta"]``."""
        kind, _, path = path.rpartition(":")
        return next(c for c in self.controls if c.path == path and c.kind == kind)

    @property
    def components(self) -> list[Component]:
        return [c.component for c in self.controls]

    def values(self, exp: Experiment) -> list[Shown]:
        """What every control shows for this experiment; parameters of what is not chosen show their defaults."""
        return [self._value(exp, c) for c in self.controls]

    def _value(self, exp: Experiment, control: Control) -> Shown:
        held = _held(exp, control.path, control.kind)
        return control.default if held is None else control.param.shows(held[1])

    def config(self) -> Record:
        """For form.js: the controls, the declared defaults, what is legal, the words of the tooltips."""
        base = Experiment()
        families = ("processes", "schedules", "samplers", "grids", "guidance")
        return {
            "controls": [
                {
                    "id": c.id,
                    "path": c.path,
                    "kind": c.kind,
                    "label": c.label,
                    "type": c.type,
                    "default": c.default,
                    **c.param.limits(),
                    **self._when(c),
                }
                for c in self.controls
            ],
            "top": {name: param.described(name, getattr(base, name)) for name, param in params(Experiment).items()},
            "families": {family: {key: _declared(cls) for key, cls in registry(family).items()} for family in families},
            "help": {k: v for k, v in self.help.items() if v},
            "titles": {family: {key: cls.info.title for key, cls in registry(family).items()} for family in families},
            **tables().describe(),
            "laws": {law.key: law_facts(law) for law in laws()},
            "old": former_names(),
            "sets": sets_facts(),
            "batch": BATCH,
            "nested": self.nested,
            "suits": {key: cls.suits for key, cls in registry("processes").items()},
            "calls": {key: cls().calls_line() for key, cls in registry("samplers").items()},
            "fallback": {key: fallback(key) for key in registry("processes")},
        }


def _words(name: str, param: Param) -> str:
    return param.label or name.replace("_", " ")


def _held(exp: Experiment, path: str, kind: str = "") -> tuple[Param, object] | None:
    """The parameter at a path and its value now; None where there is none (a process without a schedule), or where another choice than ``kind`` holds it."""
    *outer, name = path.split(".")
    node: Experiment | Spec = exp
    chosen = ""
    for part in outer:
        if part not in params(node):
            return None
        inner: Spec = getattr(node, part)
        node, chosen = inner, inner.info.key
    declared = params(node)
    return (declared[name], getattr(node, name)) if name in declared and kind in ("", chosen) else None


def _declared(cls: type[Spec]) -> Record:
    return {name: param.described(name, param.default) for name, param in params(cls).items()}


def _heading(words: str, more: str = "") -> None:
    gr.HTML(f"{more}<h2>{words}</h2>", elem_classes="pg-h", apply_default_css=False, js_on_load=None)


def law_facts(law: Law) -> Record:
    """What the page's scripts know of a law."""
    facts: Record = {"title": law.title, "models": [model.key for model in models_of(law)]}
    return facts | ({"pictures": True} if law.space.pictures else {})


def former_names() -> dict[str, tuple[str, str]]:
    """Names of former links that are law and model in one, of the laws that are listed."""
    found = {
        name: resolve("data", name)
        for law in laws()
        for model in models_of(law)
        for name in (model.key, f"{law.key}-{model.key}")
        if known(name)
    }
    return {name: meant for name, meant in found.items() if meant[0] != name}


def known(name: str) -> bool:
    try:
        return bool(resolve("data", name))
    except BadValue:
        return False


def sets_facts() -> Record:
    """What a set of images that the page has only a name of is like, until the server tells: the models of a listed law of examples that need no training."""
    law = next(law for law in laws() if "examples" in law.gives)
    return {"like": law.key, "models": [model.key for model in models_of(law) if not model.trained]}


def fallback(process: str) -> dict[str, str]:
    """Sampler, grid and guidance that the page takes when the chosen ones do not fit this process: what an Experiment without them has."""
    cls = registry("processes")[process]
    return {"sampler": fitting("sampler", cls), "grid": fitting("grid", cls), "guidance": DEFAULTS["guidance"]}


# -- links ---------------------------------------------------------------------------------------------------------------------


def repair(query: Mapping[str, str]) -> tuple[Experiment, list[BadValue]]:
    """The experiment of a link, however broken: a field that cannot be used takes its default, and its complaint is returned."""
    query, errors = experiment_part(query), []
    while True:
        try:
            exp = Experiment.from_query(query)
            few = "particles" not in query and exp.law.space.pictures  # as many images as toys have particles are too many
            return exp.replace(particles=BATCH) if few else exp, errors
        except BadValue as error:
            field, size = error.field, len(query)
            errors.append(error)
            while field:
                query = {k: v for k, v in query.items() if k != field and not k.startswith(field + ".")}
                if len(query) < size:
                    break
                field = field.rpartition(".")[0]
            if len(query) == size:
                return Experiment(), errors


def explain(errors: list[BadValue]) -> str:
    """The notice for a broken link."""
    if not errors:
        return ""
    return f"This link was not fully readable: {'; '.join(map(_told, errors))}. Defaults are used there.".replace("?. ", "? ")


MANY = 4  # names that a notice lists beside the closest ones: of more, only these


def _told(error: BadValue) -> str:
    """One complaint: the closest names as a question, choices with the name that the page has for them."""
    titles = {key: cls.info.title for family in FAMILIES for key, cls in registry(family).items()}

    def named(key: str) -> str:
        return f"{key} ({titles[key]})" if titles.get(key, key) != key else key

    near, found, rest = error.allowed.partition(NEAR)
    near, rest = (near, rest) if found else ("", error.allowed)
    names = rest.removeprefix("one of ").split(", ") if rest.startswith("one of ") else []
    if names and all(name in titles for name in names):
        rest = f"one of {', '.join(map(named, names))}"
    words = f"{short(error.field, LONGEST_FIELD)} = {error.value} cannot be used"
    if near:
        words += f", did you mean {' or '.join(map(named, near.split(' or ')[:2]))}?"
    return words if near and len(names) > MANY else f"{words} (allowed: {rest})"


__all__ = ["Control", "Form", "explain", "fallback", "repair"]

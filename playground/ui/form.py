"""The form: every declared field of an Experiment as a real Gradio component, generated from the registries.

``Form()`` inside a Blocks context makes the components; ``form.values(exp)`` gives their values for an experiment,
``form.config()`` is what the browser needs to turn values into a link (the same grammar as ``Experiment.to_query``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from playground.core.catalog import laws, models_of, resolve
from playground.core.experiment import Experiment
from playground.core.fields import LONGEST_FIELD, NEAR, BadValue, Param, params, short
from playground.core.law import Law
from playground.core.legal import DEFAULTS, fitting
from playground.core.spec import FAMILIES, Spec, lookup, registry, text
from playground.processes.interpolant import GAUSSIAN
from playground.ui.judged import tables
from playground.ui.picker import Choice, distributions, law_choice, picker, predictors, specs

TOP = {
    "data": "pg-data",
    "model": "pg-model",
    "process": "pg-process",
    "sampler": "pg-sampler",
    "grid": "pg-grid",
    "guidance": "pg-guidance",
}
# opens the lab "your data" (assets/ui/data.js)
OWN = '<button type="button" class="pg-own-open pg-toys-only" data-own-data title="Move its components, paint one, upload points">make your own</button>'
SLIDERS = {"guidance.label": 24}  # where a slider ends; of a model with more classes the page's script moves its end (assets/ui/hub.js)
BATCH = 16  # images that the page starts with, where a link does not say how many
SWITCH = 18  # letters that a switch has room for; longer choices are menus
RANGES: dict[str, tuple[float, float]] = {"particles": (100, 20_000)}  # what the rail covers; the number takes all that is allowed


@dataclass(frozen=True)
class Control:
    """One component of the form. ``kind`` is the spec that must be chosen for it to count ('' = always)."""

    id: str
    path: str
    kind: str
    component: Any
    param: Param | None
    default: Any


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
                # one schedule for all processes that have one, so that it survives a change of process
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
                self._number("seed", "", declared["seed"], "pg-seed", "seed")
                self.dice = gr.Button("New seed", elem_id="pg-dice", elem_classes="pg-dice")  # its face is drawn; the words are its name
                self.help["pg-dice"] = "A new random seed (same choices, other noise)"
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

    def _picker(self, path: str, choices: list[Choice], *, layout: Any, label: str, elem_id: str = "", of: str = "") -> None:
        elem_id = elem_id or TOP[path]
        value = self.exp.process.schedule if path == "process.schedule" else getattr(self.exp, path)  # type: ignore[attr-defined]
        key = value.info.key if isinstance(value, Spec) else value
        component = picker(
            choices, key, layout=layout, slot=path, label=label, of=of, elem_id=elem_id, elem_classes=["pg-pick", f"pg-{layout}"]
        )
        self.controls.append(Control(elem_id, path, "", component, None, key))

    def _menu(
        self, path: str, kind: str, choices: list[Choice], default: str, elem_id: str, label: str, param: Param | None = None
    ) -> None:
        """A menu for one member's parameter."""
        component = picker(
            choices, default, layout="menu", slot=f"{kind}:{path}", label=label, elem_id=elem_id, elem_classes=["pg-pick", "pg-menu"]
        )
        self.controls.append(Control(elem_id, path, kind, component, param, default))

    def _spec_params(self, path: str, family: str, prefix: str, without: frozenset[str] = frozenset()) -> None:
        """Parameters that all members share stand once; the others in one group a member, of which the page shows the chosen one.

        A choice within a choice (a corrector's predictor) has its menu and its own parameters in the group of the outer one; ``without`` are the
        outer members, which cannot hold themselves.
        """
        members = {key: params(cls) for key, cls in registry(family).items() if key not in without}
        first = next(iter(members.values()))
        shared = {n: p for n, p in first.items() if all(m.get(n) == p for m in members.values())}
        for name, param in shared.items():
            self._field(f"{path}.{name}", "", param, f"{prefix}-{name}")
        for key, declared in members.items():
            # a process's schedule has a row of its own, the same for all processes
            own = {n: p for n, p in declared.items() if n not in shared and not (p.kind == "spec" and family == "processes")}
            if own:
                with gr.Column(elem_id=f"{prefix}-{key}", elem_classes="pg-params"):
                    for name, param in own.items():
                        full, elem_id = f"{path}.{name}", f"{prefix}-{key}-{name}"
                        if param.kind == "spec":
                            inside = [c for c in specs(param.family) if c.key not in without | {key}]
                            self._menu(full, key, inside, str(param.shows(param.default)), elem_id, param.label or name.replace("_", " "))
                            self.nested[f"{key}:{full}"] = path
                            self._spec_params(full, param.family, elem_id, without | {key})
                        else:
                            self._field(full, key, param, elem_id)

    def _field(
        self,
        path: str,
        kind: str,
        param: Param,
        elem_id: str,
        label: str = "",
        visible: Any = True,
    ) -> None:
        label = label or param.label or path.rsplit(".", 1)[-1].replace("_", " ")
        self.help[elem_id] = param.help
        default = param.shows(param.default)
        if param.kind == "choice" and sum(map(len, param.options)) > SWITCH:
            self._menu(path, kind, [Choice(o, o) for o in param.options], str(default), elem_id, label, param)
            return
        if param.kind == "choice":
            component: Any = gr.Radio(
                list(param.options),
                value=default,
                label=label,
                elem_id=elem_id,
                elem_classes="pg-row pg-radio",
                visible=visible,
            )
        elif param.kind == "flag":
            component = gr.Checkbox(bool(default), label=label, elem_id=elem_id, elem_classes="pg-row pg-check")
        elif path == "process.origin":
            self._source(path, kind, param, elem_id, label)
            return
        elif param.kind == "free":
            component = gr.Textbox(str(default), label=label, elem_id=elem_id, elem_classes="pg-row pg-text", max_lines=1)
        elif (param.kind == "int" and param.hi >= 500 and path not in SLIDERS) or param.log:
            # gr.Slider has no logarithmic scale: a number with a rail of our own beside it
            with gr.Row(elem_id=f"{elem_id}-row", elem_classes="pg-row pg-log"):
                self._number(path, kind, param, elem_id, label)
                lo, hi = RANGES.get(path, (param.lo, param.hi))
                gr.HTML(
                    None,
                    html_template='<div class="pg-rail"></div>',
                    js_on_load="window.PG.rail({element, props})",
                    apply_default_css=False,
                    payload={"target": elem_id, "lo": lo, "hi": hi, "label": label, "whole": param.kind == "int"},
                    elem_classes="pg-rail-block",
                )
            if path == "grid.steps":  # what they cost, and a lock that keeps it
                gr.HTML(
                    None,
                    html_template="<div></div>",
                    js_on_load="window.PG.calls(element)",
                    apply_default_css=False,
                    elem_id="pg-calls",
                    elem_classes="pg-h",
                )
            return
        else:
            component = gr.Slider(
                param.lo,
                SLIDERS.get(path, param.hi),
                float(default),
                step=param.step,
                label=label,
                elem_id=elem_id,
                elem_classes="pg-row pg-slider",
                buttons=[],
            )
        self.controls.append(Control(elem_id, path, kind, component, param, default))

    def _number(self, path: str, kind: str, param: Param, elem_id: str, label: str) -> None:
        # no minimum/maximum: Gradio would clamp in silence, our server says what is allowed
        whole, default = param.kind == "int", param.shows(param.default)
        component = gr.Number(float(default), label=label, precision=0 if whole else None, elem_id=elem_id, elem_classes="pg-row pg-number")
        self.help[elem_id] = f"{param.help} ({param.lo:g} to {param.hi:,.0f})"
        self.controls.append(Control(elem_id, path, kind, component, param, default))

    def _source(self, path: str, kind: str, param: Param, elem_id: str, label: str) -> None:
        """The other end of an interpolant: the Gaussian, a toy, or (picker.js adds it) the mixture that is the data now."""
        gaussian = Choice(GAUSSIAN, "gaussian", "standard normal, in the data's dimension")
        toy_choices = [law_choice(law) for law in laws() if "mixture" in law.gives]
        self._menu(path, kind, [gaussian, *toy_choices], text(param.default), elem_id, label, param)

    def _when(self, control: Control) -> dict[str, Any]:
        """The conditions without which a control does nothing, for form.js: [path of the other, test, values, words]."""
        param = control.param or params(Experiment).get(control.path)
        if param is None or not param.when:
            return {}
        outer = control.path.rpartition(".")[0]
        out = []
        for when in param.when:
            path = outer if when.name == "kind" else f"{outer}.{when.name}".strip(".")
            other = next(c for c in self.controls if c.path == path and c.kind in ("", control.kind))
            out.append([path, when.test, list(when.values), when.words(other.component.label)])
        return {"when": out}

    # -- using them ----------------------------------------------------------------------------------------------------------

    def __getitem__(self, path: str) -> Control:
        """The control of a field: ``form["seed"]``, ``form["sampler.eta", "DDIM"]`` is written ``form["DDIM:sampler.eta"]``."""
        kind, _, path = path.rpartition(":")
        return next(c for c in self.controls if c.path == path and c.kind == kind)

    @property
    def components(self) -> list[Any]:
        return [c.component for c in self.controls]

    def values(self, exp: Experiment) -> list[Any]:
        """What every control shows for this experiment; parameters of what is not chosen show their defaults."""
        return [self._value(exp, c) for c in self.controls]

    def _value(self, exp: Experiment, control: Control) -> Any:
        node: Any = exp
        parts = control.path.split(".")
        for part in parts[:-1]:
            if not hasattr(node, part):  # a process without a schedule
                return control.default
            node = getattr(node, part)
        if (control.kind and node.info.key != control.kind) or not hasattr(node, parts[-1]):
            return control.default
        value = getattr(node, parts[-1])
        if control.param is not None:
            return control.param.shows(value)
        return value.info.key if isinstance(value, Spec) else value

    def config(self) -> dict[str, Any]:
        """For form.js: the controls, the declared defaults, what is legal, the words of the tooltips."""
        base = Experiment()
        families = {
            family: {key: _declared(cls) for key, cls in registry(family).items()}
            for family in ("processes", "schedules", "samplers", "grids", "guidance")
        }
        top = {}
        for name, param in params(Experiment).items():
            value = getattr(base, name)
            top[name] = (
                {"family": param.family, "default": value.flat(name)} if isinstance(value, Spec) else {"default": value, "kind": param.kind}
            )
        return {
            "controls": [
                {
                    "id": c.id,
                    "path": c.path,
                    "kind": c.kind,
                    "label": c.component.label,
                    "type": "pick" if c.param is None else c.param.kind,
                    "default": c.default,
                    **_bounds(c.param),
                    **self._when(c),
                }
                for c in self.controls
            ],
            "top": top,
            "families": families,
            "help": {k: v for k, v in self.help.items() if v},
            "titles": {
                **{f: {k: c.info.title for k, c in registry(f).items()} for f in families},
            },
            **tables().describe(),
            "laws": {law.key: law_facts(law) for law in laws()},
            "old": former_names(),
            "sets": sets_facts(),
            "batch": BATCH,
            "nested": self.nested,
            "suits": {key: cls.suits for key, cls in registry("processes").items()},  # type: ignore[attr-defined]
            "calls": {key: cls().calls_line() for key, cls in registry("samplers").items()},  # type: ignore[attr-defined]
            "fallback": {key: fallback(key) for key in registry("processes")},
        }


def _declared(cls: type[Spec]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, param in params(cls).items():
        out[name] = (
            {"family": param.family, "default": param.default.flat(name)}
            if isinstance(param.default, Spec)
            else {"default": param.shows(param.default), "kind": param.kind}
        )
    return out


def _bounds(param: Param | None) -> dict[str, Any]:
    """What a number box takes, for assets/ui/boxes.js."""
    return {"lo": param.lo, "hi": param.hi, "whole": param.kind == "int"} if param and param.kind in ("float", "int") else {}


def _heading(words: str, more: str = "") -> None:
    gr.HTML(f"{more}<h2>{words}</h2>", elem_classes="pg-h", apply_default_css=False, js_on_load=None)


def law_facts(law: Law) -> dict[str, Any]:
    """What the page's scripts know of a law."""
    facts: dict[str, Any] = {"title": law.title, "models": [model.key for model in models_of(law)]}
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


def sets_facts() -> dict[str, Any]:
    """What a set of images that the page has only a name of is like, until the server tells: the models of a listed law of examples that need no training."""
    law = next(law for law in laws() if "examples" in law.gives)
    return {"like": law.key, "models": [model.key for model in models_of(law) if not model.trained]}


def fallback(process: str) -> dict[str, str]:
    """Sampler, grid and guidance that the page takes when the chosen ones do not fit this process: what an Experiment without them has."""
    cls = lookup("processes", "process", process)
    return {"sampler": fitting("sampler", cls), "grid": fitting("grid", cls), "guidance": DEFAULTS["guidance"]}  # type: ignore[arg-type]


# -- links ---------------------------------------------------------------------------------------------------------------------


def experiment_part(query: Mapping[str, str]) -> dict[str, str]:
    """Without the view's own names (``view.at``) and what hosts and trackers add (``__theme``, ``utm_source``)."""
    known = set(params(Experiment))
    return {
        k: v
        for k, v in query.items()
        if k.split(".")[0] in known or not (k.startswith(("view.", "__", "utm_")) or k in ("fbclid", "gclid", "logs", "ssr"))
    }


def repair(query: Mapping[str, str]) -> tuple[Experiment, list[BadValue]]:
    """The experiment of a link, however broken: a field that cannot be used takes its default, and its complaint is returned."""
    query, errors = experiment_part(query), []
    while True:
        try:
            exp = Experiment.from_query(query)
            few = errors and "particles" not in query and exp.law.space.pictures  # as many images as toys have particles are too many
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


__all__ = ["Control", "Form", "experiment_part", "explain", "fallback", "repair"]

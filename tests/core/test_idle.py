"""Parameters that do nothing now say so (``when``), and only those: measured on runs, of every parameter of every choice."""

import dataclasses

import pytest
import torch

from playground.core.experiment import Experiment
from playground.core.fields import idle, params
from playground.core.spec import registry
from playground.engine import simulate
from playground.samplers.ddpm import DDPM
from playground.samplers.dpm_solver import DPMSolver
from playground.samplers.restart import Restart
from tests.real import home

FAMILIES = ("samplers", "grids", "processes", "guidance", "schedules")
OUT_OF_REACH = {("CLD", "target")}  # matters for training only, as its docstring says; shown as a curve
NOT_TOYS = {"EachClass", "Prompt"}
VALUES = {  # other legal values, where the middle of the range would not do
    "Custom.levels": (0.9, 0.5, 0.1),
    "Drawn.knots": ((0.0, 9.0), (0.5, 1.0), (1.0, -9.0)),
    "EDMHeun.churn_from": 2.0,
    "EDMHeun.churn_to": 0.5,
    "EDMEuler.churn_from": 2.0,
    "EDMEuler.churn_to": 0.5,
    "Restart.low": 0.4,
    "Interpolant.origin": "rings",
    "ClassifierFree.label": 1,
    "Classifier.label": 1,
    "Autoguidance.label": 1,
    "Autoguidance.weak": "rings",
    "AnalyticDPM.half_range": 0.1,  # the middle of its range is beyond these data
}
NAMED = {"weak": ("rings",)}  # other legal words of what has no list of them
BESIDES = {"Drawn.axis": {"knots": ((0.0, 9.0), (0.5, 3.0), (1.0, 1.0))}, "Custom.unit": {"levels": (0.9, 0.5, 0.1)}}  # legal with both


def other(cls, name):
    """A value that is not the default, or None."""
    param = params(cls)[name]
    if (key := f"{cls.info.key}.{name}") in VALUES:
        return VALUES[key]
    if param.kind == "choice":
        return next(o for o in param.options if o != param.default)
    if param.kind == "flag":
        return not param.default
    if param.kind == "spec":
        return next(
            made for key in ("Cosine", "DDPM", "ConstantBeta") if (made := registry(param.family).get(key)) and made() != param.default
        )()
    whole, middle = param.kind == "int", (param.lo * param.hi) ** 0.5 if param.log else (param.lo + param.hi) / 2
    value = min(round(middle), param.default + 3) if whole else middle
    return value if value != param.default else param.default - (1 if whole else (param.hi - param.lo) / 4)


def meeting(condition, declared):
    """A value of the other parameter with which a condition holds, and one with which it does not."""
    (value, *_) = condition.values
    if condition.test == "one of":
        return value, next(v for v in (*declared.options, *NAMED.get(condition.name, ()), 1, 2) if v not in condition.values)
    if condition.test == "none of":
        return next((o for o in declared.options if o != value), 3.0), value
    return max(declared.default, value + 1), value


def end(family, spec):
    """Where a short run with this choice ends; with a sampler also one that ends above t = 0."""
    exp = {"process": "Flow", "grid": {"kind": "UniformTime", "steps": 10}, "sampler": "DDIM"}
    if family == "samplers":
        spaces = {"discrete": "UniformTokens", "tangent": "TorusBrownian"}
        elsewhere = next((spaces[word] for word in spaces if word in spec.moves), "VP")
        exp |= {"process": "CLD" if spec.info.key == "SSCS" else elsewhere, "sampler": spec}
        exp["data"] = home(registry("processes")[exp["process"]])
    elif family == "processes":
        own = {"discrete": "TauLeaping", "tangent": "GeodesicHeun"}.get(min(spec.lives), "Euler")
        exp |= {"process": spec, "sampler": own, "data": home(spec)}
    elif family == "schedules":
        exp["process"] = {"kind": "VP", "schedule": spec}
    else:
        exp["grid" if family == "grids" else family] = spec
    grids = [exp["grid"], *([{**exp["grid"], "denoise": False}] if family == "samplers" else [])]
    runs = [simulate(Experiment.from_dict({**exp, "grid": grid, "particles": 8, "dtype": "float64"}), max_frames=2) for grid in grids]
    return torch.cat([run.states[-1] for run in runs])


CASES = [
    (family, key, name)
    for family in FAMILIES
    for key, cls in registry(family).items()
    if key not in NOT_TOYS
    for name in params(cls)
    if (key, name) not in OUT_OF_REACH
]


@pytest.mark.parametrize(("family", "key", "name"), CASES, ids=str)
def test_speaks_or_says_why_not(family, key, name):
    """With its conditions met every parameter changes the run; with any of them broken it changes no digit, and says so."""
    cls = registry(family)[key]
    declared = params(cls)
    own = [c for c in declared[name].when if c.name != "kind"]
    base = cls(**{c.name: meeting(c, declared[c.name])[0] for c in own}, **BESIDES.get(f"{key}.{name}", {}))
    changed = dataclasses.replace(base, **{name: other(cls, name)})
    assert torch.equal(end(family, base), end(family, changed)) == (name in idle(base))
    for c in own:
        off = dataclasses.replace(base, **{c.name: meeting(c, declared[c.name])[1]})
        assert name in idle(off)
        assert torch.equal(end(family, off), end(family, dataclasses.replace(off, **{name: other(cls, name)})))


def test_words():
    """The reason names the other parameter as the page does."""
    assert idle(DDPM()) == {"weight": "only with variance interpolated"}
    assert idle(DDPM(variance="interpolated")) == {}
    multistep = dict.fromkeys(("released", "lower_final"), "only with variant multistep")
    assert idle(DPMSolver(order=3)) == multistep | {"lower_last": "only with stages grid"}
    assert idle(Restart(times=0))["low"] == "only with K times above 0"
    assert idle(registry("guidance")["ClassifierFree"](weight=1.0)) == {
        "start": "only with W weight other than 1",
        "stop": "only with W weight other than 1",
    }
    assert idle(registry("grids")["Custom"]()) == {"steps": "not with Custom"}
    forward = idle(Experiment(mode="forward"))
    assert set(forward) == {"sampler", "grid", "guidance", "start", "start_at", "stop_at", "noise"}
    assert set(forward.values()) == {"only with mode reverse"}


def test_every_condition_names_a_parameter():
    """A condition speaks of a sibling and of values that it can have."""
    for family in FAMILIES:
        for cls in registry(family).values():
            declared = params(cls)
            for param in declared.values():
                for c in param.when:
                    if c.name == "kind":
                        assert set(c.values) <= set(registry(family))
                    else:
                        assert all(declared[c.name].clean(c.name, v) == v for v in c.values)

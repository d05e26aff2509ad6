"""Experiments: round trips through JSON and links for every registered choice, and refusals that say what is allowed."""

import contextlib
import dataclasses
import json
import math

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, params
from playground.core.legal import fitting, why_illegal
from playground.core.mixture import GaussianMixture
from playground.core.spec import FAMILIES, from_dict, registry
from playground.guidance.none import NoGuidance
from playground.processes.cld import CLD
from playground.processes.vp import VP
from playground.samplers.ddim import DDIM
from playground.schedules.constant import ConstantBeta
from tests.named import mixture_of
from tests.real import real
from toy_models.laws.distributions import TOYS


def value_of(param, owner=None):
    if param.kind == "float":
        return st.floats(param.lo, param.hi)
    if param.kind == "int":
        return st.integers(param.lo, param.hi)
    if param.kind == "choice":
        return st.sampled_from(param.options)
    if param.kind == "flag":
        return st.booleans()
    if param.kind == "spec":
        return spec_of(param.family, lambda cls: cls is not owner)  # a predictor–corrector's predictor is any other sampler
    return st.just(param.default)


def spec_of(family, allowed=lambda cls: True):
    """Any registered spec of a family with any parameter values within their bounds, and what it asks of its values together."""

    def build(cls):
        values = st.fixed_dictionaries({name: value_of(param, cls) for name, param in params(cls).items()})
        return values.flatmap(lambda v: TOGETHER.get(cls.__name__, st.just)(v)).map(lambda v: cls(**v))

    return st.sampled_from([cls for cls in real(family).values() if allowed(cls)]).flatmap(build)


def falling(lo, hi, least, most):
    return st.lists(st.floats(lo, hi), min_size=least, max_size=most, unique=True).map(lambda v: tuple(sorted(v, reverse=True)))


def restart(values):
    """low < high."""
    low, high = sorted((values["low"], values["high"]))
    return st.just({**values, "low": low, "high": high if low < high else high + 1})


def custom(values):
    """A list that falls (log-SNR: rises); short times and high SNRs are within the range of every process."""
    levels = {"clock": falling(0.01, 1, 2, 6), "times": falling(0.01, 0.9, 2, 6), "log-SNR": falling(40, 60, 2, 6).map(lambda v: v[::-1])}
    return levels[values["unit"]].map(lambda v: {**values, "levels": v})


def drawn(values):
    """Knots from t = 0 to 1 whose log-SNR falls; β may be 0, but not twice in a row."""
    inner = st.lists(st.floats(0.01, 0.99), max_size=4, unique=True).map(lambda t: [0.0, *sorted(t), 1.0])
    if values["axis"] == "log-SNR":
        return inner.flatmap(lambda t: falling(-40, 40, len(t), len(t)).map(lambda v: {**values, "knots": tuple(zip(t, v, strict=True))}))
    return inner.flatmap(
        lambda t: st.lists(st.floats(0.01, 1000), min_size=len(t), max_size=len(t)).map(
            lambda v: {**values, "knots": tuple(zip(t, [0.0, *v[1:]], strict=True))}
        )
    )


def interpolant(values):
    return st.sampled_from(["gaussian", *TOYS]).map(lambda origin: {**values, "origin": origin})


TOGETHER = {"Restart": restart, "Custom": custom, "Drawn": drawn, "Interpolant": interpolant}


@st.composite
def mixtures(draw):
    n, d = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    number = st.floats(-3, 3)
    root = torch.tensor(draw(st.lists(number, min_size=n * d * d, max_size=n * d * d)), dtype=torch.float64).reshape(n, d, d)
    weights = torch.tensor(draw(st.lists(st.floats(0.01, 1), min_size=n, max_size=n)), dtype=torch.float64)
    means = torch.tensor(draw(st.lists(number, min_size=n * d, max_size=n * d)), dtype=torch.float64).reshape(n, d)
    labels = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    return GaussianMixture(weights, means, root @ root.mT + 0.01 * torch.eye(d, dtype=torch.float64), labels)


@st.composite
def experiments(draw):
    data = draw(st.one_of(st.sampled_from(list(TOYS)), mixtures()))
    mixture = data if isinstance(data, GaussianMixture) else mixture_of(data)
    process = draw(spec_of("processes").filter(lambda p: p.misfit(mixture) is None))
    guidance = draw(
        spec_of("guidance", lambda cls: not why_illegal(cls, process)).filter(
            lambda g: not getattr(g, "label", 0) or g.misfit(mixture) is None
        )
    )
    if guidance.misfit(mixture) or why_illegal(guidance, process):  # no class 0
        guidance = NoGuidance()
    fits = lambda cls: not why_illegal(cls, process, guidance.gives)  # noqa: E731
    grid = draw(spec_of("grids", fits).filter(lambda g: fits(g) and g.misfit(process) is None))
    sampler = draw(spec_of("samplers", fits).filter(lambda s: fits(s) and s.misfit(process) is None))
    plain = {name: draw(value_of(param)) for name, param in params(Experiment).items() if param.kind not in ("spec", "free")}
    plain["stop_at"] = min(plain["stop_at"], plain["start_at"] / 2)
    if plain["mode"] == "reverse" and process.moments <= 2 and plain["start"] == "gaussian":
        plain["start"] = "exact"  # p_t has no covariance
    if sampler.off_path(process):
        plain["noise"] = "steps"
    return Experiment(data=data, process=process, sampler=sampler, grid=grid, guidance=guidance, **plain)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(experiments())
def test_round_trips(exp):
    """from_json ∘ to_json, from_query ∘ to_query and from_dict ∘ to_dict are the identity; keys and hashes follow equality."""
    copies = [
        Experiment.from_json(exp.to_json()),
        Experiment.from_query(exp.to_query()),
        Experiment.from_dict(exp.to_dict()),
        exp.replace(),
    ]
    for copy in copies:
        assert copy == exp
        assert hash(copy) == hash(exp)
        assert copy.key == exp.key
    json.loads(exp.to_json(), parse_constant=pytest.fail)
    assert all(isinstance(k, str) and isinstance(v, str) for k, v in exp.to_query().items())
    other = exp.replace(seed=(exp.seed + 1) % 2**31)
    assert other != exp
    assert other.key != exp.key


# what must stand beside an end of a range or another choice
BESIDE = {
    ("Restart", "low", 5.0): {"high": 40.0},
    ("Restart", "high", 0.02): {"low": 0.01},
    ("Custom", "unit", "log-SNR"): {"levels": (-4.0, 0.0, 4.0)},
    ("Drawn", "axis", "β"): {"knots": ((0.0, 0.0), (1.0, 20.0))},
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_spec_round_trips(family):
    """Defaults and both ends of every range; classes are frozen, keys are class names, titles and tips are there."""
    for key, cls in registry(family).items():
        spec = cls()
        assert from_dict(family, family, spec.to_dict()) == spec
        assert from_dict(family, family, key) == spec
        assert key == cls.__name__ == cls.info.key
        assert cls.info.title
        assert cls.info.tip
        assert cls.__doc__
        for name, param in params(cls).items():
            ends = {"float": (param.lo, param.hi), "int": (param.lo, param.hi), "choice": param.options, "flag": (True, False)}.get(
                param.kind, ()
            )
            assert param.help or param.label, (key, name)
            for value in ends:
                changed = dataclasses.replace(spec, **{name: value}, **BESIDE.get((key, name, value), {}))
                assert from_dict(family, family, json.loads(json.dumps(changed.to_dict()))) == changed
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(spec, name, param.default)


def test_links_show_what_differs():
    """A link names only what differs from the defaults, nested defaults of a process included."""
    assert Experiment().to_query() == {}
    exp = Experiment(sampler=DDIM(eta=0.5), seed=3)
    assert exp.to_query() == {"sampler": "DDIM", "sampler.eta": "0.5", "seed": "3"}
    assert Experiment.from_query({"process": "CLD", "sampler": "SSCS", "grid": "Quadratic"}).process == CLD()
    assert CLD().schedule == ConstantBeta(4.0)
    assert Experiment.from_query({"process.schedule": "Cosine"}).process.schedule.info.key == "Cosine"
    assert Experiment.from_query({"grid.steps": "7"}).grid.steps == 7


@pytest.mark.parametrize("process", real("processes"))
def test_sampler_and_grid_left_out_fit_the_process(process):
    """Not given, they are the first usual ones that fit; a link leaves them out again, also beside parameters of the grid alone."""
    exp = Experiment(process=process)
    cls = registry("processes")[process]
    for slot, usual in (("sampler", ("DPMSolverPP2M", "SSCS", "Heun")), ("grid", ("UniformLogSNR", "Quadratic", "UniformTime"))):
        known = registry(f"{slot}s")
        assert getattr(exp, slot).info.key == next(k for k in usual if not why_illegal(known[k], cls)) == fitting(slot, cls)
        assert getattr(exp, slot) == known[fitting(slot, cls)]()
    assert exp.to_query() == ({} if process == "VP" else {"process": process})
    assert Experiment.from_query(exp.to_query()) == Experiment.from_json(exp.to_json()) == Experiment.from_dict({"process": process}) == exp
    seven = Experiment.from_query({"grid.steps": "7", "process": process})
    assert seven.grid == type(exp.grid)(steps=7)
    assert Experiment.from_query(seven.to_query()) == seven
    assert Experiment(process=cls(), grid=exp.grid, sampler=exp.sampler) == exp


def test_what_is_given_is_not_changed():
    """An illegal choice is refused, never replaced; a default left out stays what it was when another process is put in its place."""
    assert Experiment(process=CLD()).sampler.info.key == "SSCS"
    refused(lambda: Experiment(process=CLD(), sampler="DPMSolverPP2M"), "sampler", "single noise level")
    refused(lambda: Experiment(process=CLD(), grid="UniformLogSNR"), "grid", "single noise level")
    refused(lambda: Experiment.from_query({"process": "CLD", "sampler": "DPMSolverPP2M"}), "sampler", "single noise level")
    refused(lambda: Experiment().replace(process=CLD()), "sampler", "single noise level")
    assert Experiment(process="CLD", sampler="Heun").to_query() == {"process": "CLD", "sampler": "Heun"}


def refused(make, field, allowed=""):
    """A BadValue (a ValueError) that names the field, shows a value and says what is allowed."""
    with pytest.raises(BadValue) as caught:
        make()
    message = str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert caught.value.field == field, message
    assert message.startswith(f"{field} = "), message
    assert "allowed: " in message, message
    assert allowed in message, message


NUMBERS = [math.nan, math.inf, -math.inf, "much", None, [1], True, 10**400]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_number_is_checked(family):
    """Every declared number refuses what lies outside its bounds, NaN, infinities and what is no number, by full name."""
    for key, cls in registry(family).items():
        for name, param in params(cls).items():
            if param.kind in ("float", "int"):
                outside = [param.lo - 1, param.hi + 1, *NUMBERS] + ([param.lo + 0.5] if param.kind == "int" else [])
            elif param.kind == "spec":
                outside = ["nonsense", 3, None, {"no": "kind"}, {"kind": "nonsense"}, []]
            elif name in ("prompt", "negative"):  # any words
                outside = ["a" * 1001, "two\nlines", None, 7, ["nonsense"], {"no": "kind"}, True]
            elif param.kind == "free":  # a list of one number may be one of these
                outside = ["nonsense", None, 7, ["nonsense"], [math.nan], [], {"no": "kind"}, True]
            else:
                outside = ["nonsense", None, [1], 7]
            for value in outside:
                expected = f"{family}.{name}"
                with pytest.raises(BadValue) as caught:
                    from_dict(family, family, {"kind": key, name: value})
                assert caught.value.field.startswith(expected), (key, name, value, str(caught.value))


@pytest.mark.parametrize("value", NUMBERS, ids=lambda v: str(v)[:10])
def test_experiment_numbers(value):
    for name in ("particles", "seed"):
        refused(lambda name=name: Experiment(**{name: value}), name, "a whole number from")


@pytest.mark.parametrize(
    ("change", "field", "allowed"),
    [
        ({"particles": 0}, "particles", "from 1 to 200000"),
        ({"particles": 2.5}, "particles", "whole number"),
        ({"seed": -1}, "seed", "whole number"),
        ({"mode": "sideways"}, "mode", "reverse, forward"),
        ({"start": ["prior"]}, "start", "prior, gaussian, exact"),
        ({"dtype": "float16"}, "dtype", "float32, float64"),
        ({"sampler": "DDDIM"}, "sampler", "DDIM"),
        ({"sampler": {"kind": "DDIM", "eta": 1.5}}, "sampler.eta", "from 0 to 1"),
        ({"sampler": {"kind": "DDIM", "theta": 1}}, "sampler.theta", "one of eta"),
        ({"sampler": {"kind": ["DDIM"]}}, "sampler", "one of"),
        ({"process": {"kind": "VP", "schedule": {"kind": "LinearBeta", "beta_max": 1e9}}}, "process.schedule.beta_max", "from 2 to 40"),
        ({"process": 7}, "process", "record"),
        ({"grid": {"kind": "Karras", "steps": 0}}, "grid.steps", "from 1 to 1000"),
        ({"sampler": "SSCS"}, "sampler", "phase-space"),
        ({"process": "CLD", "sampler": "DDIM", "grid": "Quadratic"}, "sampler", "single noise level"),
        ({"process": "CLD", "sampler": "SSCS", "grid": "Karras"}, "grid", "single noise level"),
        ({"data": "moon"}, "data", "moons"),
        ({"data": 3}, "data", ""),
        ({"data": "{broken"}, "data", "JSON"),
        ({"data": {"weights": 5, "means": 5, "covs": 5}}, "data", ""),
        ({"data": {"weights": [1], "means": [0]}}, "data", "weights, means, covs"),
        ({"data": {"weights": [1], "means": [[0, 0]], "covs": [[[1, 2], [2, 1]]]}}, "data.covs", "positive definite"),
        ({"data": {"weights": [1, "a"], "means": [0, 1], "covs": [1, 1]}}, "data", ""),
        ({"data": {"weights": [1], "means": [[0, 0, 0]], "covs": [1]}}, "data.means", "one or two dimensions"),
        ({"data": {"weights": [1], "means": [10**400], "covs": [1]}}, "data", ""),
        ({"data": {"weights": [1.0] * 300, "means": [0.0] * 300, "covs": [1.0] * 300}}, "data.weights", "at most 256"),
        ({"data": {"weights": None, "means": None, "covs": None}}, "data", ""),
        ({"colour": "red"}, "colour", "one of data"),
        ({"seed": {"a": 1}}, "seed", "whole number"),
        ({"mode": {"a": 1}}, "mode", "reverse, forward"),
    ],
)  # fmt: skip
def test_bad_records(change, field, allowed):
    refused(lambda: Experiment.from_dict(change), field, allowed)
    refused(lambda: Experiment.from_json(json.dumps(change)), field, allowed)


@pytest.mark.parametrize(
    "source", ["", "{", "nonsense", "[" * 100_000, '{"seed": 1e999}', '{"seed": NaN}', "[]", "3", '"moons"', "null", " " * 1_000_001]
)
def test_broken_json(source):
    with pytest.raises(BadValue, match="allowed: "):
        Experiment.from_json(source)


@pytest.mark.parametrize(
    "query",
    [
        {"sampler.eta.theta.iota.kappa": "1"},
        {"": "1"},
        {"sampler.": "1"},
        {"sampler.eta": "0.5"},  # the default sampler has no eta
        {"sampler": "DDIM", "sampler.eta": "half"},
        {"sampler": "DDIM", "sampler.kind": "DDPM"},
        {"sampler": "DDIM", "sampler.eta.x": "1"},
        {"seed.x": "1"},
        {"seed": "1.5"},
        {"seed": "1e400"},
        {"data": "{" * 50_000},
        {"data": "{broken"},
        {"data.weights": "1"},
        {"grid.denoise": "perhaps"},
        {"kind": "VP"},
    ],
    ids=lambda q: next(iter(q))[:20],
)
def test_broken_links(query):
    with pytest.raises(BadValue, match="allowed: "):
        Experiment.from_query(query)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["sampler", "sampler.eta", "sampler.kind", "process.schedule.kind", "process", "data", "grid.steps", "kind", "seed", "x.y"]
        ),
        st.text(max_size=8),
        max_size=5,
    )
)
def test_any_link_is_an_experiment_or_a_bad_value(query):
    with contextlib.suppress(BadValue):
        assert isinstance(Experiment.from_query(query), Experiment)


def test_specs_refuse_wrong_types_directly():
    """Made in Python, a spec checks too, and names its own field."""
    refused(lambda: DDIM(eta=2), "eta", "from 0 to 1")
    refused(lambda: VP(schedule=DDIM()), "schedule", "schedules")
    refused(lambda: CLD(mass=math.nan), "mass", "a number")
    assert DDIM(eta="0.5") == DDIM(0.5)

"""A sweep as a record: what it expands to, JSON and links, calls, and what is refused."""

import json
import math

import pytest

import playground as pg
from playground.core.fields import BadValue
from playground.core.limits import limits
from playground.core.spec import registry
from playground.engine import Run
from playground.sweeps.presets import made, presets
from playground.sweeps.record import COUNT, Axis, Sweep, steps_for

TWO = [{"sampler": ["DDIM", "Heun"]}, {"grid.steps": [5, 10]}]


def test_cells_are_the_experiments_that_one_would_write():
    sweep = Sweep(base=pg.Experiment(data="eight_gaussians", particles=100), axes=TWO, seeds=[3, 5])
    assert sweep.shape == (2, 2)
    assert sweep.count == 8
    places = sweep.places()
    assert [p.at for p in places] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    for place, (cls, steps) in zip(places, [(pg.DDIM, 5), (pg.DDIM, 10), (pg.Heun, 5), (pg.Heun, 10)], strict=True):
        assert place.exp == pg.Experiment(data="eight_gaussians", particles=100, sampler=cls(), grid=pg.UniformLogSNR(steps=steps), seed=3)


def test_names_changed_together():
    """Mutant killed: columns of one axis that are combined with each other."""
    axis = {
        "sampler": ["EDMHeun", "DDIM", "DDIM"],
        "grid": ["Karras", None, {"kind": "Karras", "rho": 5}],
        "sampler.eta": [None, 0.5, None],
    }
    sweep = Sweep(axes=[axis], seeds=1)
    chosen = [(p.exp.sampler, p.exp.grid) for p in sweep.places()]
    assert chosen == [(pg.EDMHeun(), pg.Karras()), (pg.DDIM(eta=0.5), pg.UniformLogSNR()), (pg.DDIM(), pg.Karras(rho=5))]
    assert sweep.axes[0].labels == (f"{pg.EDMHeun.info.title}, Karras", "DDIM, 0.5", "DDIM, Karras, rho 5")


def test_what_is_not_named_fits_the_process():
    """A base whose grid is the process's own one gives way to that of another; one that was chosen does not, and another grid keeps its steps."""
    processes = [{"process": ["VP", "CLD"]}]
    vp, cld = Sweep(base={"grid.steps": 30}, axes=processes).places()
    assert vp.exp.grid == pg.UniformLogSNR(steps=30)
    assert (cld.exp.sampler, cld.exp.grid) == (pg.SSCS(), pg.Quadratic(steps=30))
    vp, cld = Sweep(base=pg.Experiment(grid=pg.Karras(steps=30)), axes=processes).places()
    assert vp.exp.grid == pg.Karras(steps=30)
    assert cld.exp is None
    assert "Karras needs a single noise level" in cld.why
    (only,) = Sweep(base={"grid.steps": 30}, axes=[{"grid": ["Karras"]}]).places()
    assert only.exp.grid == pg.Karras(steps=30)


def test_the_illegal_are_left_out_with_the_judges_words():
    ddim, sscs = Sweep(axes=[{"sampler": ["DDIM", "SSCS"]}]).places()
    assert ddim.exp is not None
    with pytest.raises(BadValue) as told:
        pg.Experiment(sampler="SSCS")
    assert (sscs.exp, sscs.why) == (None, str(told.value))


@pytest.mark.parametrize("key", [key for key, cls in registry("samplers").items() if "vector" in cls.moves])
def test_steps_are_solved_from_calls(key):
    """The most steps that the calls pay for, as the engine counts them. Mutant killed: a line that is taken for n < 5, where it is not exact."""
    process = next(p for p in ("VP", "CLD") if not Sweep(axes=[{"process": [p], "sampler": [key]}]).places()[0].why)
    exp = pg.Experiment(process=process, sampler=key, particles=4)
    if exp.sampler.calls_line() is None:
        with pytest.raises(BadValue, match="chooses its own number of model calls"):
            steps_for(exp, 20)
        return
    for calls in (9, 20, 37):
        n = steps_for(exp, calls)
        at, more = (Run(exp.replace(grid={"kind": exp.grid.info.key, "steps": k})).finish().frames[-1].calls for k in (n, n + 1))
        assert at <= calls < more, (n, at, more)


def test_calls_of_a_guided_run_count_both_models():
    exp = pg.Experiment(guidance=pg.ClassifierFree(weight=2.0), sampler=pg.DDIM(), particles=4)
    n = steps_for(exp, 20)
    assert n == 10
    assert Run(exp.replace(grid=pg.UniformLogSNR(steps=n))).finish().frames[-1].calls == 20
    assert steps_for(exp.replace(guidance=pg.NoGuidance()), 20) == 20
    assert steps_for(exp.replace(guidance=pg.NoGuidance(), grid=pg.UniformLogSNR(denoise=False)), 20) == 20


def test_too_few_calls_and_grids_of_their_own():
    with pytest.raises(BadValue, match=r"^calls = 1 .* at least 2"):
        steps_for(pg.Experiment(guidance=pg.ClassifierFree(weight=2.0)), 1)
    with pytest.raises(BadValue, match="a grid whose number of steps can be chosen"):
        steps_for(pg.Experiment(sampler=pg.DDIM(), grid=pg.Custom()), 20)


@pytest.mark.parametrize("key", presets())
def test_presets(key):
    """Each round-trips, fits a link of 2,000 characters, and nearly all of it can be."""
    sweep = made(key)
    assert Sweep.from_json(sweep.to_json()) == sweep
    assert len(sweep.to_link()) <= 2000
    places = sweep.places()
    assert sum(p.exp is not None for p in places) >= 0.9 * len(places)
    assert len(places) >= 4
    assert all(len(axis.labels) == len(set(axis.labels)) for axis in sweep.axes)


def test_a_preset_has_every_sampler_that_fits():
    base = pg.Experiment()
    legal = {key for key, why in pg.legal(base)["sampler"].items() if not why}
    told = {name for point in made("samplers", base).axes[0].points for name in point}
    assert legal - told == {"RK45", "DPMSolverAdaptive"}  # which choose their calls themselves


def test_json_is_short_and_comes_back():
    mix = pg.GaussianMixture([1.0], [[0.0, 1.0]], [[[1.0, 0.0], [0.0, 2.0]]])
    sweep = Sweep(base=pg.Experiment(data=mix), axes=[{"sampler": [pg.DDIM(eta=1), "Heun"]}], seeds=[4], measures=["w2", "W2"], title="ü")
    again = Sweep.from_json(sweep.to_json())
    assert again == sweep
    assert again.key == sweep.key
    assert again.measures == ("W2",)
    assert again.places()[0].exp == pg.Experiment(data=mix, sampler=pg.DDIM(eta=1), seed=4)
    assert Sweep.from_json("{}") == Sweep() == Sweep(base=pg.Experiment())
    assert Sweep().to_json() == '{"axes":[]}'
    assert [p.exp for p in Sweep().places()] == [pg.Experiment()]
    whole = Sweep.from_dict({"base": pg.Experiment(sampler=pg.Heun()).to_dict()})
    assert whole.base == pg.Experiment(sampler=pg.Heun())


DEEP = "[" * 100_000 + "]" * 100_000
BOMB = '{"axes":[{"sampler":[' + '{"kind":' * 3000 + '"DDIM"' + "}" * 3000 + "]}]}"
BIG = {"axes": [{name: list(range(1, 1001))} for name in ("grid.steps", "particles", "sampler.eta")]}


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ("", "sweep"),
        ("{", "sweep"),
        ("[]", "sweep"),
        ("7", "sweep"),
        (DEEP, "sweep"),
        ("9" * 5000, "sweep"),
        (b"\xff\xfe", "sweep"),
        ('{"axes":[' + " " * 1_000_000, "sweep"),
        ('{"axis":[]}', "axis"),
        ('{"__class__":1}', "__class__"),
        ('{"axes":7}', "axes"),
        ('{"axes":[[]]}', "axes[0]"),
        ('{"axes":[{}]}', "axes[0]"),
        ('{"axes":[{"sampler":[]}]}', "axes[0].sampler"),
        ('{"axes":[{"sampler":"DDIM"}]}', "axes[0].sampler"),
        ('{"axes":[{"samplre":["DDIM"]}]}', "axes[0].samplre"),
        ('{"axes":[{"seed":[1]}]}', "axes[0].seed"),
        ('{"axes":[{"calls":["many"]}]}', "axes[0].calls"),
        ('{"axes":[{"calls":[0]}]}', "axes[0].calls"),
        ('{"axes":[{"sampler.eta":[NaN]}]}', "axes[0]"),
        ('{"axes":[{"sampler":["DDIM"],"grid":["Karras","Auto"]}]}', "axes[0]"),
        ('{"axes":[{"sampler":["DDIM"]},{"sampler":["Heun"]}]}', "axes"),
        ('{"axes":[{"calls":[5]},{"grid.steps":[5]}]}', "axes"),
        ('{"axes":[' + ",".join(["{}"] * 7) + "]}", "axes"),
        ('{"seeds":0}', "seeds"),
        ('{"seeds":1000000000}', "seeds"),
        ('{"seeds":[1,1]}', "seeds"),
        ('{"seeds":[-1]}', "seeds[0]"),
        ('{"measures":[]}', "measures"),
        ('{"measures":["W9"]}', "measure"),
        ('{"measures":"W2"}', "measures"),
        ('{"title":7}', "title"),
        ('{"base":7}', "base.experiment"),
        ('{"base":{"sampler":"Nothing"}}', "base.sampler"),
        ('{"base":{"sampler":"SSCS"}}', "base.sampler"),
        ('{"base":{"a.b.c.d.e":1}}', "base.a.b.c.d.e"),
        ('{"base":{"data":"{"}}', "base.data"),
        (json.dumps(BIG), "axes"),
        (None, "sweep"),
    ],
)
def test_broken_and_hostile_json(source, field):
    """Names the field; nothing is computed. Mutants killed: a RecursionError, a grid of 10⁹ that is expanded before it is counted."""
    with pytest.raises(BadValue) as told:
        Sweep.from_json(source)
    assert told.value.field == field


def test_a_bomb_within_is_a_place_that_cannot_be():
    """A choice nested 3,000 deep is JSON still; it is refused as a sweep or left out as a place, never raised as something else."""
    try:
        places = Sweep.from_json(BOMB).places()
    except BadValue:
        return
    assert all(p.exp is None and p.why for p in places)


def test_too_many_cells_tell_the_limit():
    most = limits().cells
    with pytest.raises(BadValue) as told:
        Sweep.from_dict(BIG)
    assert "5,000,000,000 cells" in str(told.value)
    assert f"at most {most:,}" in str(told.value)
    assert "PLAYGROUND_CELLS" in str(told.value)
    assert math.prod((1000, 1000, 1000)) * 5 == 5_000_000_000


def test_names_of_python():
    with pytest.raises(BadValue, match="axes"):
        Sweep(axis=[])
    with pytest.raises(BadValue, match=r"axes\[0\]"):
        Sweep(axes=[{"sampler": [object()]}])
    axis = Axis(("sampler",), (("DDIM",),))
    assert Sweep(axes=[axis]).axes == (axis,)
    assert COUNT.clean("calls", 5.0) == 5


def test_quick_measures_are_those_of_the_base():
    """Named one by one in the record, so that it means the same wherever it is read. Mutants killed: what takes a while; what the law does not have."""
    plane, line, symbols, images = (
        Sweep(base=base, measures="quick").measures for base in ({}, {"data": "two_modes"}, {"data": "letters"}, {"data": "digits"})
    )
    assert {"W2", "Energy", "ModeRecall", "KLCells", "ModelCalls"} <= set(plane)
    assert "W1" in set(line) - set(plane)
    assert "TotalVariation" in symbols
    assert "W2" not in symbols
    assert "Frechet" in images
    assert not {"ExactW2", "Sinkhorn", "C2ST", "Recall", "ImageRecall", "StrongError"} & {*plane, *line, *symbols, *images}
    one = Sweep(measures="quick")
    assert Sweep.from_json(one.to_json()) == one
    assert one.to_dict()["measures"] == list(plane)
    assert Sweep(axes=[{"sampler": ["DDIM"]}]).measures == ("W2", "Energy")

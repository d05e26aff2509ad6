"""What people get wrong from Python: each is a BadValue (a ValueError) that names the field, the value and what is allowed."""

import math

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.fields import BadValue, params
from playground.core.problem import Prediction, Problem
from playground.core.spec import FAMILIES, Info, by_name, registry
from playground.editing import decode, invert
from playground.exact import oracle_for
from playground.images.inpaint import inpaint
from playground.images.tasks import sdedit
from playground.metrics.budget import error_budget
from playground.metrics.distances import sliced_w2, wasserstein_1d
from playground.metrics.fidelity import frechet_distance, precision_recall
from playground.metrics.likelihood import exact_log_likelihood, log_likelihood
from tests.named import mixture_of
from tests.told import check_told

VP, EXP = pg.VP(), pg.Experiment(particles=3, sampler="DDIM", grid=pg.UniformTime(steps=3))
FORWARD = EXP.replace(mode="forward")
MOONS = oracle_for(mixture_of("moons"), VP)
PROBLEM = Problem(VP, MOONS)
Z = torch.zeros(3, 2, dtype=torch.float64)
NO_CUDA = not torch.cuda.is_available()


class Linear(torch.nn.Module):
    def __init__(self, into=2, out=2):
        super().__init__()
        self.layer = torch.nn.Linear(into, out)

    def forward(self, z, t):
        return self.layer(z)


def simulate(**arguments):
    return lambda: pg.simulate(EXP, **arguments)


def noise_of(count, shape=(3, 2)):
    return [torch.zeros(shape) for _ in range(count)]


MIX = {"weights": [0.5, 0.5], "means": [[0.0], [1.0]], "covs": [1.0, 1.0]}


def mixture(**parts):
    return lambda: pg.GaussianMixture(**{**MIX, **parts})


CASES = {
    # what is run
    "a name for an experiment": (lambda: pg.simulate("moons"), "exp", "Experiment(data='moons')"),
    "a record for an experiment": (lambda: pg.simulate({"data": "moons"}), "exp", "Experiment.from_dict"),
    "nothing for an experiment": (lambda: pg.simulate(None), "exp", "Experiment"),
    "unknown field": (lambda: pg.Experiment(n=10), "n", "one of data, process"),
    "unknown field, close": (lambda: EXP.replace(seeds=3), "seeds", "seed (closest)"),
    "unknown parameter": (lambda: pg.DDIM(theta=1), "theta", "one of eta"),
    "too many values": (lambda: pg.DDIM(0.5, 1), "DDIM", "at most 1: eta"),
    "unknown part of a mixture": (mixture(labes=[0, 1]), "labes", "labels (closest)"),
    "class of a process": (lambda: pg.Experiment(process=pg.VP), "process", "VP()"),
    "class of a sampler": (lambda: pg.Experiment(sampler=pg.DDIM), "sampler", "DDIM()"),
    "name of a schedule": (lambda: pg.VP(schedule="Cosine"), "schedule", "Cosine()"),
    "class of a schedule": (lambda: pg.VP(schedule=pg.Cosine), "schedule", "Cosine()"),
    "mistyped schedule": (lambda: pg.VP(schedule="Cosin"), "schedule", "Cosine (closest)"),
    "number for a sampler": (lambda: pg.Experiment(sampler=3), "sampler", "DDIM"),
    "mistyped sampler": (lambda: pg.Experiment(sampler="DDIMM"), "sampler", "DDIM"),
    "misplaced field": (lambda: pg.Experiment.from_dict({"steps": 5}), "steps", "grid.steps (closest)"),
    "misplaced in a link": (lambda: pg.Experiment.from_query({"process.beta_max": "5"}), "process.beta_max", "process.schedule.beta_max"),
    "seed too large": (lambda: pg.Experiment(seed=2**31), "seed", "from 0 to 2147483647"),
    "JSON of nothing": (lambda: pg.Experiment.from_json(None), "experiment", "text"),
    "JSON of a record": (lambda: pg.Experiment.from_json({"seed": 1}), "experiment", "text"),
    "dtype of an experiment": (lambda: pg.Experiment(dtype=torch.float16), "dtype", "float32, float64"),
    "data that the process cannot take": (lambda: pg.Experiment(data="two_modes", process="Anisotropic"), "data", "2D"),
    "family": (lambda: pg.registry("sampler"), "family", "samplers"),
    "family of no kind": (lambda: pg.registry(["samplers"]), "family", "samplers"),
    "levels of words": (lambda: pg.Custom(levels=["a", "b"]), "levels", "numbers"),
    "guidance's class": (lambda: pg.Experiment(guidance=pg.ClassifierFree(label=7)), "guidance.label", "0, 1"),
    # mixtures
    "half a label": (mixture(labels=[0.7, 0]), "labels", "whole numbers"),
    "label that is no number": (mixture(labels=[math.nan, 0]), "labels", "whole numbers"),
    "labels of another length": (mixture(labels=[1]), "labels", "(2,)"),
    "labels of words": (mixture(labels=["a", "b"]), "labels", "(2,)"),
    "ragged means": (mixture(means=[[0.0], [1.0, 2.0]]), "means", "(K, n)"),
    "means of words": (mixture(means="far"), "means", "(K, n)"),
    "weights of words": (mixture(weights="even"), "weights", "(K,)"),
    "no weights": (mixture(weights=None), "weights", "(K,)"),
    "weights of another length": (mixture(weights=[1.0]), "weights", "shape (2,)"),
    "negative weight": (mixture(weights=[1.5, -0.5]), "weights", "positive"),
    "covs of another shape": (mixture(covs=[1.0]), "covs", "(2, 1, 1)"),
    "covs that are not finite": (mixture(covs=[1.0, math.inf]), "covs", "finite"),
    "covs of a record": (mixture(covs={"a": 1}), "covs", "(K, n, n)"),
    # simulate's arguments
    "data by name": (simulate(data="moons"), "data", "Experiment(data=…)"),
    "data as a record": (simulate(data=MIX), "data", "GaussianMixture"),
    "data as a tensor": (simulate(data=torch.zeros(5, 2)), "data", "GaussianMixture"),
    "device": (simulate(device="gpu"), "device", "cpu"),
    "device of no kind": (simulate(device=3.5), "device", "cpu"),
    "meta device": (simulate(device="meta"), "device", "cpu"),
    "dtype by name": (simulate(dtype="float16"), "dtype", "float32 or float64"),
    "dtype of integers": (simulate(dtype=torch.int32), "dtype", "torch.float64"),
    "times of words": (simulate(times="abc"), "times", "list of times"),
    "a time": (simulate(times=0.5), "times", "list of times"),
    "times that rise": (simulate(times=[0.1, 0.5]), "times", "decreasing"),
    "levels that fall": (simulate(log_snr=[3.0, 1.0]), "log_snr", "rise"),
    "levels below the process": (simulate(log_snr=[-100.0, 1.0]), "log_snr", "-10.0"),
    "a level of infinite noise": (simulate(log_snr=[-math.inf, 1.0]), "log_snr", "infinite noise"),
    "a level that is no number": (simulate(log_snr=[0.0, math.nan]), "log_snr", "rise"),
    "levels in words": (simulate(log_snr="high"), "log_snr", "levels"),
    "one level": (simulate(log_snr=[1.0]), "log_snr", "two levels"),
    "times beside an early stop": (lambda: pg.simulate(EXP.replace(stop_at=0.3), times=[1, 0.5, 0]), "stop_at", "0 beside times="),
    "levels beside a truncated start": (lambda: pg.simulate(EXP.replace(start_at=0.3), log_snr=[0, 1]), "start_at", "1 beside log_snr="),
    "one frame": (simulate(max_frames=1), "max_frames", "from 2"),
    "no frames": (simulate(max_frames=0), "max_frames", "from 2"),
    "minus three frames": (simulate(max_frames=-3), "max_frames", "from 2"),
    "half a frame": (simulate(max_frames=2.5), "max_frames", "whole number"),
    "empty initial": (simulate(initial=torch.zeros(0, 2)), "initial", "at least one"),
    "scalar initial": (simulate(initial=1.0), "initial", "('particles', 2)"),
    "initial in words": (simulate(initial="zero"), "initial", "('particles', 2)"),
    "initial of another dimension": (simulate(initial=np.zeros((3, 5))), "initial", "('particles', 2)"),
    "initial that is not finite": (simulate(initial=[[math.nan, 0.0]]), "initial", "finite"),
    # predictors
    "a class": (simulate(predictor=Linear), "predictor", "make one of it"),
    "a name": (simulate(predictor="unet"), "predictor", "function or module"),
    "answers nothing": (simulate(predictor=lambda z, t: None), "predictor", "a tensor"),
    "answers an array": (simulate(predictor=lambda z, t: z.numpy()), "predictor", "a tensor"),
    "one column": (simulate(predictor=lambda z, t: z[:, :1]), "predictor", "(3, 2)"),
    "one row": (simulate(predictor=lambda z, t: z[:1]), "predictor", "(3, 2)"),
    "module of another width": (simulate(predictor=Linear(out=4)), "predictor", "(3, 2)"),
    "a state of CLD": (lambda: pg.simulate(pg.Experiment(process="CLD", particles=3), predictor=lambda z, t: z), "predictor", "(3, 2)"),
    "velocity left out": (
        lambda: pg.simulate(pg.Experiment(process="Interpolant", particles=3), predictor=lambda z, t: z), "predictor", "velocity"),
    "velocity of another shape": (simulate(predictor=lambda z, t: Prediction(z, z[:, :1])), "predictor", "(3, 2)"),
    "oracle of another dimension": (simulate(predictor=oracle_for(mixture_of("two_modes"), VP)), "predictor", "states"),
    "guidance of a function": (
        lambda: pg.simulate(EXP.replace(guidance=pg.ClassifierFree()), predictor=lambda z, t: z), "predictor", "only(label)"),
    "classes of other data": (
        lambda: pg.simulate(EXP.replace(guidance=pg.ClassifierFree(label=1)), data=pg.GaussianMixture([1.0], [[0.0, 0.0]], [1.0])),
        "guidance.label", "class of these data: 0"),
    # noise
    "noise as a tensor": (simulate(noise=torch.zeros(3, 2)), "noise", "list of tensors"),
    "noise of nothing": (simulate(noise=lambda shape: None), "noise", "(3, 2)"),
    "noise of another shape": (simulate(noise=lambda shape: torch.zeros(1)), "noise", "(3, 2)"),
    "no noise at all": (simulate(noise=[]), "noise", "the start asks for draw 1"),
    "too few draws": (lambda: pg.simulate(EXP.replace(sampler="DDPM"), noise=noise_of(2)), "noise", "step 2 of 3 asks for draw 3, of shape (3, 2)"),
    "draws that give out": (
        lambda: pg.simulate(EXP.replace(sampler="DDPM"), noise=lambda shape, rest=iter(noise_of(1)): next(rest)), "noise", "step 1 of 3"),
    "draws left over": (simulate(noise=noise_of(4)), "noise", "3 are left over"),
    # forward mode
    "a predictor of noising": (lambda: pg.simulate(FORWARD, predictor=MOONS), "predictor", "none"),
    "times of noising that fall": (lambda: pg.simulate(FORWARD, times=[1, 0.5, 0.1]), "times", "increasing"),
    "levels of noising that rise": (lambda: pg.simulate(FORWARD, log_snr=[-1.0, 1.0]), "log_snr", "fall"),
    "data of another dimension": (lambda: pg.simulate(FORWARD, initial=torch.zeros(3, 5)), "initial", "('particles', 2)"),
    "too much noising": (lambda: pg.simulate(FORWARD, most_work=10), "particles", "at most 0 particles"),
    # the model's own questions
    "score at 0": (lambda: PROBLEM.score(Z, 0), "t", "above 0"),
    "score before 0": (lambda: PROBLEM.score(Z, -0.1), "t", "above 0"),
    "score after t_max": (lambda: PROBLEM.score(Z, 1.5), "t", "up to 1"),
    "score of no time": (lambda: PROBLEM.eps(Z, math.nan), "t", "above 0"),
    "score of other states": (lambda: PROBLEM.score(torch.zeros(3, 5), 0.5), "z", "(batch, 2)"),
    "score of one point": (lambda: PROBLEM.velocity(torch.zeros(2), 0.5), "z", "(batch, 2)"),
    "score of a list": (lambda: PROBLEM.x0([[0.0, 0.0]], 0.5), "z", "tensor"),
    "likelihood at 0": (lambda: log_likelihood(VP, MOONS, Z, t0=0), "t0", "from 1e-09"),
    "likelihood of other states": (lambda: log_likelihood(VP, MOONS, torch.zeros(3, 5)), "z", "(batch, 2)"),
    "likelihood without probes": (lambda: log_likelihood(VP, MOONS, Z, probes=0), "probes", "from 1"),
    "likelihood of no tolerance": (lambda: log_likelihood(VP, MOONS, Z, tol=0), "tol", "from 1e-12"),
    "exact likelihood at 0": (lambda: exact_log_likelihood(MOONS, Z, 0), "t", "above 0"),
    "exact likelihood of other states": (lambda: exact_log_likelihood(MOONS, torch.zeros(3, 1), 0.5), "z", "(batch, 2)"),
    # editing
    "latent of another shape": (lambda: decode(EXP, torch.zeros(3, 5)), "latent", "('particles', 2)"),
    "data of another shape": (lambda: invert(EXP, torch.zeros(3, 5)), "x0", "('particles', 2)"),
    "encoding by noise": (lambda: invert(EXP.replace(sampler="DDPM"), Z), "sampler", "deterministic"),
    "guide of another shape": (lambda: sdedit(EXP, torch.zeros(5), 0.5), "image", "(2,)"),
    "inpainting by a wrong model": (
        lambda: list(inpaint(EXP, torch.zeros(2), torch.tensor([True, False]), predictor=lambda z, t: z[:, :1])), "predictor", "(3, 2)"),
    "budget of a guided function": (
        lambda: error_budget(EXP.replace(guidance=pg.Autoguidance()), lambda z, t: z), "predictor", "only(label)"),
    # distances
    "columns that differ": (lambda: sliced_w2(torch.zeros(5, 2), torch.zeros(5, 3)), "y", "x has: 2"),
    "no points": (lambda: sliced_w2(np.zeros((0, 2)), np.zeros((3, 2))), "x", "at least one"),
    "points in words": (lambda: sliced_w2("a", "b"), "x", "(n, d)"),
    "ragged points": (lambda: sliced_w2([[0.0], [1.0, 2.0]], np.zeros(3)), "x", "(n, d)"),
    "few real ones": (lambda: precision_recall(torch.zeros(3, 2), torch.zeros(9, 2)), "real", "at least 4 rows"),
    "few fake ones": (lambda: precision_recall(torch.zeros(9, 2), torch.zeros(3, 2)), "fake", "at least 4 rows"),
    "no neighbours": (lambda: precision_recall(torch.zeros(9, 2), torch.zeros(9, 2), k=0), "k", "from 1"),
    "one row of features": (lambda: frechet_distance(torch.zeros(1, 2), torch.zeros(9, 2)), "x", "at least 2 rows"),
    "features that differ": (lambda: frechet_distance(torch.zeros(9, 2), torch.zeros(9, 3)), "y", "x has: 2"),
}  # fmt: skip
if NO_CUDA:
    CASES["a device that is not here"] = (simulate(device="cuda"), "device", "cpu")


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("error")
def test_told_in_words(name):
    check_told(*CASES[name])


def test_long_names_and_values_are_cut():
    """A message stays readable; the field is kept whole for whoever looks the name up."""
    with pytest.raises(BadValue) as caught:
        pg.Experiment.from_query({"a" * 5000: "b" * 5000})
    assert len(str(caught.value)) < 500
    assert caught.value.field == "a" * 5000


def test_both_forms_of_a_dtype():
    """torch.float64 and "float64", in an experiment and in a call."""
    for form in (torch.float64, "float64", "torch.float64"):
        assert pg.Experiment(dtype=form).dtype == "float64"
        assert pg.simulate(EXP, dtype=form).states.dtype == torch.float64


def test_predictors_of_many_kinds():
    """A function, a module, a bound method and a Predictor of x̂_0 = z/2 give one run; extra attributes are not needed."""

    class Own:
        gives = frozenset({"mean"})

        def __call__(self, z, t):
            return Prediction(z / 2)

        def halved(self, z, t):
            return z / 2

    module = Linear()
    with torch.no_grad():
        module.layer.weight.copy_(0.5 * torch.eye(2))
        module.layer.bias.zero_()
    runs = [pg.simulate(EXP, predictor=p).states for p in (lambda z, t: z / 2, module, Own(), Own().halved)]
    for run in runs[1:]:
        torch.testing.assert_close(run, runs[0])
    phase = pg.simulate(pg.Experiment(process="CLD", particles=3), predictor=lambda z, t: z[:, 0] / 2)
    assert phase.states.shape[1:] == (3, 2, 2)


def test_arrays_and_tensors_for_a_list():
    want = pg.Custom(levels=(1.0, 0.5, 0.125))
    assert pg.Custom(levels=np.array([1.0, 0.5, 0.125])) == pg.Custom(levels=torch.tensor([1.0, 0.5, 0.125])) == want
    assert hash(pg.Custom(levels=np.array([1.0, 0.5, 0.125]))) == hash(want)


def test_noise_as_a_list():
    """A list of draws is used up exactly, in order; a function over the same draws gives the same run."""
    exp, g = EXP.replace(sampler="DDPM"), torch.Generator().manual_seed(0)
    draws = [torch.randn(3, 2, generator=g) for _ in range(3)]
    source = iter(draws)
    one, two = pg.simulate(exp, noise=draws), pg.simulate(exp, noise=lambda shape: next(source))
    assert torch.equal(one.states, two.states)
    torch.testing.assert_close(one.states[0], draws[0], rtol=1e-4, atol=1e-4)


def test_forward_mode_obeys():
    """Times, levels, thinning, the start and the dtype of noising; times are kept to the last digit and paths are those of the same seed."""
    whole = pg.simulate(FORWARD)
    assert len(whole.frames) == 64
    asked = pg.simulate(FORWARD, times=[0.0, 0.25, 1.0])
    assert asked.times.tolist() == asked.grid.tolist() == [0.0, 0.25, 1.0]
    assert asked.steps.tolist() == [0, 1, 2]
    assert torch.equal(asked.states[0], whole.states[0])
    later = pg.simulate(FORWARD, times=[0.25, 1.0])  # begins in the middle of the noising, not with clean data
    assert torch.equal(later.states, asked.states[1:])
    levels = pg.simulate(FORWARD, log_snr=[math.inf, 2.0, -2.0])
    assert levels.times[0] == 0
    torch.testing.assert_close(VP.log_snr(levels.times[1:]), torch.tensor([2.0, -2.0], dtype=torch.float64))
    few = pg.simulate(FORWARD, max_frames=5)
    assert len(few.frames) <= 6
    assert torch.equal(few.states[-1], whole.states[-1])
    own = pg.simulate(FORWARD, initial=torch.ones(5, 2))
    assert own.states.shape == (64, 5, 2)
    assert torch.equal(own.states[0], torch.ones(5, 2))
    assert pg.simulate(FORWARD, dtype="float64").states.dtype == torch.float64
    for process in ("CLD", "PFGMPP", "Interpolant", "Anisotropic"):
        exp = pg.Experiment(process=process, mode="forward", particles=4)
        assert pg.simulate(exp, times=[0.3, 0.9]).states.shape[0] == 2


def test_two_choices_of_one_name():
    """Within a family and across families: found when the registry is made, not when one of them is silently gone."""

    class DDIM(pg.Euler):
        info = Info("DDIM", "another DDIM")

    with pytest.raises(BadValue, match=r"^key = 'DDIM' .*playground\.samplers\.ddim"):
        by_name([pg.DDIM, DDIM])
    with pytest.raises(BadValue, match=r"^key = 'DDIM' "):
        by_name([DDIM], registry("samplers"))
    from playground.api import named

    assert set(named(FAMILIES, ())) == {key for family in FAMILIES for key in registry(family)}
    with pytest.raises(BadValue, match=r"^key = 'VP' "):
        named(FAMILIES, ["Trace", "VP"])


def test_unequal_samples():
    """W₂ of samples of different size is that of both repeated to one size; tensors, arrays and lists of numbers are one thing."""
    g = np.random.default_rng(0)
    x, y = g.standard_normal((12, 2)), g.standard_normal((18, 2))
    same = sliced_w2(np.repeat(x, 3, 0), np.repeat(y, 2, 0))
    assert sliced_w2(x, y) == pytest.approx(same, rel=1e-6)
    assert sliced_w2(torch.as_tensor(x), y) == pytest.approx(same, rel=1e-6)
    assert sliced_w2(x[:, 0], y[:, :1]) == pytest.approx(float(wasserstein_1d(np.repeat(x[:, 0], 3), np.repeat(y[:, 0], 2), 2)))
    assert sliced_w2([0.0, 1.0], [0.0, 1.0, 1.0, 0.0]) == 0


def test_packages_are_found():
    """``import playground as pg`` is enough for what README names."""
    assert pg.editing.invert is invert
    assert pg.metrics.likelihood.log_likelihood is log_likelihood
    assert pg.metrics.budget.error_budget is error_budget
    with pytest.raises(AttributeError, match="nothing"):
        _ = pg.metrics.nothing
    with pytest.raises(AttributeError, match="nothing"):
        _ = pg.nothing


def test_every_bound_is_told_in_full():
    """No number of a message is rounded: 2147483647 is not 2.14748e+09."""
    for family in FAMILIES:
        for cls in registry(family).values():
            for param in params(cls).values():
                if param.kind in ("float", "int"):
                    assert [float(w) for w in param.allowed().split() if w[0].isdigit() or w[0] == "-"] == [param.lo, param.hi]

"""Cells are what ``pg.measure`` says of the same Experiment, to the bit, and what numpy says without the engine."""

import itertools
import math

import numpy as np
import pytest
import torch

import playground as pg
from playground.engine import Run
from playground.measures.sampled import DRAWS
from playground.metrics import transport
from playground.metrics.truth import directions
from playground.sweeps.compute import Computer, Samples, Streams, agrees, parts, passes, together
from playground.sweeps.results import Result

KEYS = ["W2", "Energy", "Middle", "Moments", "ClassShares", "PriorMismatch", "ModelCalls", "W1", "MemorisedShare"]
FOUR = {
    "a sampler that draws": {"sampler": "DDPM", "grid": {"kind": "UniformLogSNR", "steps": 12}},
    "more steps than times that are measured": {"sampler": "Heun", "grid": {"kind": "Karras", "steps": 30}},
    "one that couples particles": {"sampler": "PredictorCorrector", "grid": {"kind": "UniformLogSNR", "steps": 6}},
    "one that chooses its steps": {"sampler": "RK45"},
    "position and velocity": {"process": "CLD", "sampler": "SSCS", "grid": {"kind": "Quadratic", "steps": 8}},
    "on the line, stopped early": {"data": "two_modes", "stop_at": 0.1},
    "a heavy tail": {"process": {"kind": "PFGMPP", "D": 2.0}, "grid": {"kind": "UniformLogSNR", "steps": 6}},
    "guided": {"guidance": {"kind": "ClassifierFree", "weight": 2.0}, "grid": {"kind": "UniformLogSNR", "steps": 8}},
    "few particles, whose batch has other bits": {"particles": 7},
    "float64": {"dtype": "float64", "grid": {"kind": "UniformLogSNR", "steps": 5}},
    "noising": {"mode": "forward"},
}


def experiment(more):
    record = {"particles": 200, **more}
    if record.get("data") == "two_modes":
        record["data"] = {"weights": [0.3, 0.7], "means": [[-1.0], [1.0]], "covs": [[[0.01]], [[0.04]]], "labels": [0, 1]}
    return pg.Experiment.from_dict(record)


@pytest.mark.parametrize("what", FOUR)
def test_cells_are_measures_to_the_bit(what):
    """Mutants killed: exact samples of another seed or time, a floor that is kept from another run, a draw that is passed over, a batch whose rows are another seed's."""
    exp, computer = experiment(FOUR[what]), Computer()
    cells = [*computer.cells((0,), exp, [0, 1, 5], KEYS), *computer.cells((1,), exp, [1], KEYS)]
    assert [(c.at, c.seed) for c in cells] == [((0,), 0), ((0,), 1), ((0,), 5), ((1,), 1)]
    assert cells[3].values == cells[1].values
    for cell in cells:
        assert not cell.failed
        one = exp.replace(seed=cell.seed)
        run = Run(one).finish()
        assert (cell.steps, cell.calls, cell.diverged) == (run.steps, run.frames[-1].calls, run.diverged)
        assert set(cell.values) | set(cell.refused) == set(KEYS)
        assert cell.values
        for key in KEYS:
            if key in cell.values:
                assert cell.values[key] == pg.measure(one, key), key
            else:
                with pytest.raises(pg.BadValue) as told:
                    pg.measure(one, key)
                assert cell.refused[key] in str(told.value)


def test_heavy_measures_are_those_of_the_run_too():
    """Also where their exact samples and floors are shared by samplers of unlike steps; and one that does not settle takes no other with it."""
    keys, computer = ["ExactW2", "Recall", "MMD", "KLCells", "LikelihoodGap", "StrongError", "W2"], Computer()
    for at, (sampler, steps) in enumerate((("DDIM", 6), ("Heun", 9))):
        exp = experiment({"sampler": sampler, "grid": {"kind": "UniformLogSNR", "steps": steps}})
        for cell in computer.cells((at,), exp, [0, 3], keys):
            assert not cell.refused
            assert dict(cell.values) == {key: pg.measure(exp.replace(seed=cell.seed), key) for key in keys}
    ends = [key for key in computer.samples.kept if key[-1] == 2 * DRAWS]
    assert len(ends) == 2  # one set a seed, whatever the steps


def test_one_that_does_not_settle(monkeypatch):
    monkeypatch.setattr(transport, "NEWTON", 0)
    (cell,) = Computer().cells((0,), experiment({"particles": 40}), [0], ["Sinkhorn", "ExactW1"])
    assert cell.values.keys() == {"ExactW1"}
    assert "not settled" in cell.refused["Sinkhorn"]


def test_a_pass_takes_all_seeds_where_bits_allow():
    sampled = experiment({"sampler": "DDPM"})
    assert agrees(sampled.replace(grid=pg.UniformLogSNR(steps=3)), 3)
    assert [list(some) for some in passes(sampled, range(3))] == [[0, 1, 2]]
    for alone in ({"sampler": "PredictorCorrector"}, {"mode": "forward"}):
        assert [list(some) for some in passes(experiment(alone), range(3))] == [[0], [1], [2]]
    assert [list(s) for s in passes(experiment({"particles": 20_000}), range(3))] == [[0, 1], [2]]
    runs = list(parts(together(sampled, [4, 9]).finish(), sampled, [4, 9]))
    for seen in runs:
        own = Run(seen.exp).finish()
        assert all(torch.equal(a.z, b.z) and (a.t, a.calls) == (b.t, b.calls) for a, b in zip(own.frames, seen.frames, strict=True))


def test_streams_are_each_seeds_own():
    both = Streams([3, 8], torch.device("cpu"), torch.float64).stream("path")
    ones = [pg.Rng(seed, dtype=torch.float64).stream("path") for seed in (3, 8)]
    for _ in range(2):
        assert torch.equal(both.normal((10, 2)), torch.cat([one.normal((5, 2)) for one in ones]))
        assert torch.equal(both.uniform((6,)), torch.cat([one.uniform((3,)) for one in ones]))
    with pytest.raises(pg.BadValue):
        both.normal((3,))


def test_exact_samples_are_made_once():
    """Three samplers: one set of samples and of projections at the last time, of each seed."""
    computer = Computer()
    for at, sampler in enumerate((pg.DDIM(), pg.DDPM(), pg.DPMSolverPP2M())):
        list(
            computer.cells(
                (at,), experiment({"sampler": sampler, "grid": {"kind": "UniformLogSNR", "steps": 10}}), [0, 1], ["W2", "Energy"]
            )
        )
        assert computer.samples.made == 2 * 2
    few = Samples(most=100)
    for i in range(5):
        few.get(i, lambda: np.zeros(10))
    assert list(few.kept) == [4]


def test_what_fails_says_so_in_its_place(monkeypatch):
    """One seed of a pass that cannot be computed takes no other with it."""
    whole = Computer._pass

    def broken(self, at, exp, seeds, asked):
        if 1 in seeds:
            raise RuntimeError("no memory left")
        return whole(self, at, exp, seeds, asked)

    monkeypatch.setattr(Computer, "_pass", broken)
    cells = list(Computer().cells((2,), experiment({}), [0, 1, 2], ["W2"]))
    assert [c.failed for c in cells] == ["", "RuntimeError: no memory left", ""]
    assert isinstance(cells[1], Result)
    assert not cells[1].values


# without the engine ---------------------------------------------------------------------------------------------------------------

W, M, S = np.array([0.3, 0.7]), np.array([[-1.0, 0.5], [1.0, -0.5]]), 0.3
MIX = {"weights": W.tolist(), "means": M.tolist(), "covs": [[[S**2, 0], [0, S**2]]] * 2, "labels": [0, 1]}


def denoised(z, alpha, sigma):
    """E[x_0 | z] of the two blobs."""
    var = alpha**2 * S**2 + sigma**2
    logits = np.log(W) - ((z[:, None] - alpha * M) ** 2).sum(-1) / (2 * var)
    r = np.exp(logits - logits.max(1, keepdims=True))
    r /= r.sum(1, keepdims=True)
    return (r[..., None] * (M + alpha * S**2 / var * (z[:, None] - alpha * M))).sum(1)


def vp(t):
    """α and σ of VP with β from 0.1 to 20."""
    alpha = math.exp(-0.25 * t**2 * 19.9 - 0.05 * t)
    return alpha, math.sqrt(-math.expm1(2 * math.log(alpha)))


def by_numpy(name, z, times):
    for t, s in itertools.pairwise(times):
        a, sig = vp(t)
        x0 = denoised(z, a, sig)
        if s == 0:
            return x0
        b, new = vp(s)
        if name == "Euler":  # dz/dt = −β/2 (z + score)
            beta = 0.1 + 19.9 * t
            score = (a * x0 - z) / sig**2
            z = z + (s - t) * (-0.5 * beta * z - 0.5 * beta * score)
        else:
            eps = (z - a * x0) / sig
            if name == "DPM-Solver-2":
                level = 0.5 * (math.log(a / sig) + math.log(b / new))
                mid = halfway(level)
                c, rho = vp(mid)
                u = c / a * z - rho * math.expm1(level - math.log(a / sig)) * eps
                eps_mid = (u - c * denoised(u, c, rho)) / rho
                z = b / a * z - new * math.expm1(math.log(b / new) - math.log(a / sig)) * eps_mid
            else:
                z = b * x0 + new * eps
    return z


def halfway(level):
    """The time of a log α/σ, by bisection."""
    low, high = 1e-9, 1.0
    for _ in range(200):
        t = 0.5 * (low + high)
        a, s = vp(t)
        low, high = (t, high) if math.log(a / s) > level else (low, t)
    return t


def sliced(x, y):
    theta = directions(2).astype(np.float64)
    return math.sqrt(np.mean([(np.sort(x @ d) - np.sort(y @ d)) ** 2 for d in theta]))


@pytest.mark.parametrize(("key", "name", "steps"), [("DDIM", "DDIM", 10), ("Euler", "Euler", 20), ("DPMSolver", "DPM-Solver-2", 7)])
def test_against_numpy(key, name, steps):
    """The states from the same noise by the formulas alone, and sliced W₂ to the same exact samples by sorting: to 1e-6 of float64's run."""
    sampler = {"kind": key, "order": 2} if key == "DPMSolver" else {"kind": key}
    exp = pg.Experiment.from_dict(
        {"data": MIX, "particles": 300, "dtype": "float64", "sampler": sampler, "grid": {"kind": "UniformTime", "steps": steps}, "seed": 2}
    )
    run = Run(exp).finish()
    times = [f.t for f in run.frames]
    z = by_numpy(name, run.frames[0].z.numpy(), times)
    assert np.abs(z - run.frames[-1].z.numpy()).max() < 1e-6
    rng = pg.Rng(2).stream(f"truth at {times[-1]!r}")
    drawn = run.oracle.data.sample(rng.uniform((3000,)), rng.normal((3000, 2)))[0].double().numpy().reshape(10, 300, 2)
    (cell,) = Computer().cells((), exp, [2], ["W2"])
    assert cell.values["W2"].value == pytest.approx(np.mean([sliced(z, y) for y in drawn]), rel=1e-5)
    between = [sliced(drawn[i], drawn[j]) for i in range(10) for j in range(i)]
    assert cell.values["W2"].floor == pytest.approx(np.mean(between), rel=1e-5)

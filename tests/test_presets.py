"""Examples of the header's menu: legal links that open at a moment of the sampler's own grid, and what each sentence says, measured."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.mixture import GaussianMixture
from playground.core.problem import Problem
from playground.core.process import t64
from playground.core.spec import params
from playground.exact import oracle_for
from playground.metrics.budget import error_budget
from playground.metrics.denoising import gaussian_of, kl_to_gaussian, log_density, modes
from playground.metrics.distances import sliced_w2, wasserstein_1d
from playground.metrics.local import step_error
from playground.metrics.steps import step_law
from playground.presets import PRESETS, Preset, preset
from playground.spaces.table import sampling_floor
from playground.ui.form import repair
from playground.views.phase import roughness
from tests.named import mixture_of

MANY, SEEDS = 10_000, 3
CLAIMS: dict[str, Callable[[], None]] = {}


def claim(key: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def keep(check: Callable[[], None]) -> Callable[[], None]:
        CLAIMS[key] = check
        return check

    return keep


def exp_of(key: str, **changes: str) -> pg.Experiment:
    """The example's experiment with some names of its link changed (``grid__steps="10"``)."""
    return pg.Experiment.from_query({**preset(key).experiment, **{k.replace("__", "."): v for k, v in changes.items()}})


def draws(law: GaussianMixture, count: int, seed: int) -> np.ndarray:
    g = torch.Generator().manual_seed(seed)
    uniform, normal = torch.rand(count, generator=g, dtype=torch.float64), torch.randn(count, law.dim, generator=g, dtype=torch.float64)
    return law.sample(uniform, normal)[0].numpy()


def distance(x: np.ndarray, y: np.ndarray) -> float:
    return sliced_w2(x.astype(np.float32), y.astype(np.float32)) if x.shape[1] > 1 else float(wasserstein_1d(x.T, y.T, 2)[0])


@functools.cache
def error(exp: pg.Experiment) -> float:
    """Mean distance of MANY particles to as many fresh draws of the data, over SEEDS seeds; two exact samples are about 0.02 apart."""
    found = []
    for seed in range(SEEDS):
        trace = pg.simulate(exp.replace(particles=MANY, seed=seed), max_frames=2)
        found.append(distance(trace.x[-1].double().numpy(), draws(mixture_of(exp.data), MANY, 900 + seed)))
    return float(np.mean(found))


def calls(exp: pg.Experiment) -> int:
    return pg.simulate(exp.replace(particles=4)).model_calls


def bends(exp: pg.Experiment) -> float:
    """Median of a path's length over the straight distance of its ends, by RK4 in 60 steps."""
    x = pg.simulate(exp.replace(sampler=pg.RK4(), grid=pg.UniformTime(steps=60), particles=1000)).x.double()
    way, straight = x.diff(dim=0).norm(dim=-1).sum(0), (x[-1] - x[0]).norm(dim=-1)
    far = straight > 0.2
    return float((way[far] / straight[far]).median())


@pytest.mark.parametrize("example", PRESETS, ids=lambda p: p.key)
def test_every_example_is_a_legal_link(example: Preset) -> None:
    """Mutant killed: a misspelt sampler in an example, which the page would repair with a notice."""
    assert repair({**example.experiment, **{f"view.{k}": v for k, v in example.view.items()}})[1] == []
    assert example.look.endswith((".", "!"))
    assert example.move.endswith(".")
    exp = pg.Experiment.from_query(example.experiment)
    for name in example.moves:  # what the sentence tells to move can be moved
        top, _, inner = name.partition(".")
        assert top in params(pg.Experiment)
        assert not inner or inner in params(getattr(exp, top))


def test_every_example_has_its_key_and_its_claim() -> None:
    keys = [p.key for p in PRESETS]
    assert len(set(keys)) == len(keys)
    assert set(CLAIMS) == set(keys)


@pytest.mark.parametrize("example", [p for p in PRESETS if "at" in p.view], ids=lambda p: p.key)
def test_examples_open_on_a_time_of_the_grid(example: Preset) -> None:
    """Between two steps there is no state of a sampler that draws. Just reached: not a moment before. Mutant killed: view.at=0.4 for 0.6037."""
    exp = pg.Experiment.from_query(example.experiment)
    clocks = exp.process.clock(pg.simulate(exp.replace(particles=2)).times).numpy()
    past = clocks - float(example.view["at"])
    assert 0 <= past[past >= 0].min() < 1.5e-4
    if "pin" in example.view:
        assert example.view["pin"].split(",")[1] == example.view["at"]


@pytest.mark.parametrize("key", [p.key for p in PRESETS])
def test_the_example_shows_what_it_says(key: str) -> None:
    CLAIMS[key]()


# -- what each says ----------------------------------------------------------------------------------------------------------------


@claim("moons")
def _() -> None:
    exp = exp_of("moons")
    truth = mixture_of(exp.data)
    floor = np.mean([distance(draws(truth, MANY, 20 + s), draws(truth, MANY, 40 + s)) for s in range(SEEDS)])
    assert calls(exp) == 20
    assert exp.particles == 2000
    assert error(exp) < 1.5 * floor
    assert error(exp.replace(grid=pg.UniformLogSNR(steps=5))) > 5 * floor


@claim("euler")
def _() -> None:
    euler = {n: exp_of("euler", grid__steps=str(n)) for n in (5, 9, 10, 19, 40)}
    heun = {n: exp_of("euler", sampler="Heun", grid__steps=str(n)) for n in (5, 10)}
    assert error(euler[5]) > 1.5 * error(euler[10]) > 2 * error(euler[40])
    assert (calls(heun[5]), calls(heun[10])) == (9, 19)
    assert error(heun[5]) > 1.15 * error(euler[9])  # at 9 calls Euler is ahead …
    assert error(heun[10]) < 0.75 * error(euler[19])  # … at 19 Heun is


@claim("repair")
def _() -> None:
    noisy, quiet = exp_of("repair"), exp_of("repair", sampler__eta="0")
    assert error(quiet) > 2.4 * error(noisy)
    # what is kept is the start's error: from the exact p_T the same steps without noise are at the floor
    assert error(quiet.replace(start="exact")) < 0.3 * error(quiet)


@claim("bent")
def _() -> None:
    assert bends(exp_of("bent")) > 1.6
    assert bends(exp_of("bent", process="VP")) < 1.2
    x = pg.simulate(exp_of("bent").replace(grid=pg.UniformTime(steps=100))).x.double()
    spread = x.square().sum(-1).mean(-1)
    assert spread.min() < 0.75 * min(spread[0], spread[-1])  # first to the middle, then out


@claim("straight")
def _() -> None:
    paired, apart = exp_of("straight"), exp_of("straight", process__coupling="independent")
    assert bends(paired) < 1.05
    assert bends(apart) > 1.5
    assert calls(paired) == calls(apart) == 4
    assert error(apart) > 4 * error(paired)


@claim("spacing")
def _() -> None:
    even, karras = exp_of("spacing"), exp_of("spacing", grid="Karras")
    assert calls(even) == calls(karras) == 19
    assert error(even) > 10 * error(karras)


@claim("guidance")
def _() -> None:
    """Importance weights make draws of the tilted law out of draws of the data."""
    exp = exp_of("guidance")
    data, one = mixture_of(exp.data), mixture_of(exp.data).only(exp.guidance.label)  # type: ignore[attr-defined]
    y = torch.from_numpy(draws(data, 100_000, 5))
    log_p = log_density(data, y)
    posterior = (log_density(one, y) - log_p).exp()
    pick = torch.multinomial((posterior / posterior.max()) ** 4, MANY, True, generator=torch.Generator().manual_seed(1))
    tilted, cls = y[pick].numpy(), draws(one, MANY, 6)

    def run(weight: str) -> torch.Tensor:
        return pg.simulate(exp_of("guidance", guidance__weight=weight).replace(particles=MANY), max_frames=2).x[-1].double()

    assert distance(tilted, cls) < 0.05
    assert distance(run("1").numpy(), cls) < 0.05
    four, eight = run("4"), run("8")
    assert distance(four.numpy(), cls) > 0.4
    assert distance(four.numpy(), tilted) > 0.4
    assert (log_density(data, eight) < torch.quantile(log_p, 0.01)).double().mean() > 0.06  # where one in a hundred of the data is


@claim("big-steps")
def _() -> None:
    exp, view = exp_of("big-steps"), preset("big-steps").view
    t = float(exp.process.unclock(t64(float(view["at"]))))
    x = torch.tensor([[float(view["pin"].split(",")[2])]], dtype=torch.float64)
    oracle = oracle_for(mixture_of(exp.data), exp.process)

    def law(share: float) -> GaussianMixture:
        s = float(exp.process.unclock(t64(float(view["at"]) * (1 - share))))
        weights, means, covs = (v.double() for v in oracle.denoising(x, t, s))
        return GaussianMixture(weights[0].exp(), means[0], covs)

    big, small = law(float(view["gap"])), law(0.05)
    assert len(modes(big)) == 2
    assert len(modes(small)) == 1
    assert kl_to_gaussian(big, *gaussian_of(big))[0] > 0.2
    assert kl_to_gaussian(small, *gaussian_of(small))[0] < 0.01
    drawn = step_law(Problem(exp.process, oracle, oracle), exp.sampler, x, t, float(exp.process.unclock(t64(float(view["at"]) * 0.12))))
    assert float(modes(big).min()) < float(drawn.mean.flatten()[0]) < float(modes(big).max())  # one bell between the two humps


@claim("point")
def _() -> None:
    """x̂₀ from the mixture's posterior is x̂₀ from the gradient of ln p_t: (x + σ² ∇ ln p_t)/α."""
    exp = exp_of("point")
    t = float(exp.process.unclock(t64(0.3553)))
    z = torch.tensor([[0.4, 0.3]], dtype=torch.float64, requires_grad=True)
    oracle = oracle_for(mixture_of(exp.data), exp.process)
    score = torch.autograd.grad(oracle.marginal(t).log_prob(z).sum(), z)[0]
    level = exp.process.at(t)  # type: ignore[attr-defined]
    by_score = (z + level.sigma**2 * score) / level.alpha
    torch.testing.assert_close(oracle(z.detach(), t).x0_hat, by_score.detach(), rtol=1e-6, atol=1e-6)


@claim("cld")
def _() -> None:
    """The expected quadratic variation of x on ever denser times: to ∫ β dt under VP, to 0 under CLD."""
    exp = exp_of("cld")

    def total(process: pg.Experiment | object, steps: int) -> float:
        times = torch.linspace(0, float(process.t_max), steps + 1, dtype=torch.float64)  # type: ignore[attr-defined]
        return float(roughness(process, 1.0, times).sum())  # type: ignore[arg-type]

    assert total(exp.process, 4000) < 0.3 * total(exp.process, 1000) < 0.05
    assert total(pg.VP(), 4000) > 0.9 * total(pg.VP(), 1000) > 5


@claim("damping")
def _() -> None:
    b = torch.linspace(0, 12, 4001, dtype=torch.float64)
    mass = 0.25

    def mean(friction: float) -> torch.Tensor:
        return pg.CLD(friction=friction, mass=mass).propagator(b)[:, 0, 0]

    under, critical, over = (mean(share * 2 * mass**0.5) for share in (0.25, 1.0, 3.0))
    assert under.min() < -0.1  # swings past zero
    assert critical.min() > -1e-12
    assert over.min() > -1e-12

    def settled(m: torch.Tensor) -> float:
        return float(b[(m.abs() > 0.02).nonzero().max()])

    assert settled(critical) < 0.5 * settled(over)
    assert settled(critical) < 0.5 * settled(under)


@claim("digits")
def _() -> None:
    from toy_models.models.trained import classify

    exp = exp_of("digits")
    assert exp.law.space.pictures
    images = pg.simulate(exp).x[-1]
    wanted = torch.arange(16) % 10
    assert int((classify(exp.model, images) == wanted).sum()) >= 13
    fewer = pg.simulate(exp.replace(grid=pg.UniformLogSNR(steps=5)), max_frames=2).frames[0].z
    torch.testing.assert_close(pg.simulate(exp, max_frames=2).frames[0].z, fewer)  # the same noise


@claim("hold")
def _() -> None:
    exp = exp_of("hold")
    data = mixture_of(exp.data)
    means = data.means.clone()
    means[0] += torch.tensor([0.8, 0.0], dtype=torch.float64)
    held = exp.replace(data={"weights": data.weights.tolist(), "means": means.tolist(), "covs": data.covs.tolist()})
    assert error(held) < 0.05  # the run follows what is held …
    x = pg.simulate(held.replace(particles=MANY), max_frames=2).x[-1].double().numpy()
    assert distance(x, draws(data, MANY, 3)) > 0.1  # … and not what was there


@claim("heart")
def _() -> None:
    exp = exp_of("heart")
    assert len(mixture_of(exp.data).weights) == 16
    assert error(exp) < 0.05


@claim("errors")
def _() -> None:
    exp = exp_of("errors")
    assert len(pg.simulate(exp.replace(particles=2)).times) - 1 == 5
    few, more = error_budget(exp), error_budget(exp.replace(grid=pg.UniformLogSNR(steps=32)))
    part = {name: {p.name: p.share for p in budget.parts} for name, budget in (("few", few), ("more", more))}
    assert few.resolved
    assert abs(sum(part["few"].values()) - few.total) < 1e-6
    assert abs(few.total - few.direct) < 3 * few.total_se + 3 * few.direct_se
    assert part["few"]["steps"] > 3 * part["more"]["steps"]
    assert abs(part["few"]["stop"] - part["more"]["stop"]) < 0.5 * part["few"]["stop"]


@claim("ddpm")
def _() -> None:
    exp = exp_of("ddpm")
    grid = [float(t) for t in pg.simulate(exp.replace(particles=2)).times]
    oracle = oracle_for(mixture_of(exp.data), exp.process)
    full = pg.AnalyticDPM(covariance="full")
    worst = 0.0
    for i in range(len(grid) - 2):
        z = torch.from_numpy(draws(oracle.marginal(grid[i]), 64, i))
        found = step_error(oracle, exp.sampler, grid, i, z)
        assert float(found.mean.max()) < 1e-9
        assert float(step_error(oracle, full, grid, i, z).spread.max()) < 1e-3
        worst = max(worst, float(found.spread.max()))
    assert worst > 0.1


@claim("learned")
def _() -> None:
    exp = exp_of("learned")
    data, points = mixture_of(exp.data), torch.cartesian_prod(*[torch.linspace(-4, 4, 100, dtype=torch.float64)] * 2)
    problem, typical = Problem(exp.process, exp.who.predictor(exp.process)), []
    for clock in (0.6, 0.3, float(preset("learned").view["at"])):
        t = float(exp.process.unclock(t64(clock)))
        c, eye = exp.process.at(t), torch.eye(2, dtype=torch.float64)
        law = data.affine(eye * float(c.alpha), eye * float(c.sigma) ** 2)
        wrong = (problem.score(points, t) - law.score(points)).norm(dim=1)
        log_p = law.log_prob(points)
        rim = (log_p > log_p.max() + math.log(1e-3)) & (log_p < log_p.max() + math.log(1e-2))
        assert wrong[rim].mean() > 3 * wrong[log_p > log_p.max() + math.log(0.3)].mean()
        typical.append(float((wrong * log_p.exp()).sum() / log_p.exp().sum()))
    assert typical[0] < 0.5 * typical[1] < 0.25 * typical[2]
    assert exp.who.hint == "32 k weights"
    assert error(exp) < error(exp.replace(model="exact")) + 0.02


@claim("letters")
def _() -> None:
    exp = exp_of("letters")
    table = exp.who.predictor(exp.process).data.table.numpy()
    floor = sampling_floor(torch.from_numpy(table), MANY)

    def apart(sampler: str, steps: int) -> float:
        """Mean total variation of the ends of SEEDS runs from the table, counted by hand."""
        run = exp_of("letters", sampler=sampler, grid__steps=str(steps)).replace(particles=MANY)
        ends = [pg.simulate(run.replace(seed=s), max_frames=2).frames[-1].z[:, 0].numpy() for s in range(SEEDS)]
        return float(np.mean([0.5 * np.abs(np.bincount(x, minlength=len(table)) / MANY - table).sum() for x in ends]))

    assert apart("TauLeaping", 5) > 3 * floor
    assert apart("TauLeaping", 50) < 1.5 * floor
    assert all(apart("TokenAncestral", steps) < 1.5 * floor for steps in (1, 2, 5))


@claim("torus")
def _() -> None:
    exp, count = exp_of("torus"), 3000
    law = torch.stack([exp.law.sample(count, seed)[0] for seed in range(2)])

    def apart(x: torch.Tensor, y: torch.Tensor) -> float:
        """The squared energy distance by chords, all pairs of two points: without a floor."""
        a, b = (torch.cat([z.double().cos(), z.double().sin()], 1) for z in (x, y))
        own = count / (count - 1)
        return float(2 * torch.cdist(a, b).mean() - own * (torch.cdist(a, a).mean() + torch.cdist(b, b).mean()))

    def end(**changes: str) -> torch.Tensor:
        return pg.simulate(exp_of("torus", **changes).replace(particles=count), max_frames=2).frames[-1].z

    euler, heun = (apart(z, law[0]) for z in (end(), end(sampler="GeodesicHeun")))
    assert euler**0.5 > 0.1
    assert abs(apart(law[0], law[1])) < 0.05 * euler
    assert 0.25 < (heun / euler) ** 0.5 < 0.45
    z = pg.simulate(exp.replace(particles=MANY)).states[..., 0]
    assert int((z.diff(dim=0).abs() > torch.pi).any(0).sum()) > MANY / 4  # trails that cross an edge


@claim("path")
def _path() -> None:
    def apart(steps: str, noise: str) -> float:
        few, many = (pg.simulate(exp_of("path", grid__steps=n, noise=noise)).x[-1] for n in (steps, "64"))
        return float((few - many).norm(dim=1).mean())

    four, sixteen = apart("4", "path"), apart("16", "path")
    assert preset("path").view["compare"] == "*grid.steps:16*grid.steps:64"
    assert preset("path").view["overlay"] == "3"
    assert 0.9 < four < 1.1
    assert 0.27 < sixteen / four < 0.4
    assert apart("16", "steps") > apart("4", "steps")

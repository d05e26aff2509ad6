"""What a sampler tells of itself before and beside a run: its model calls, and the numbers of its formula."""

import importlib
import itertools
import math

import pytest
import torch

import playground as pg
from playground.core.experiment import Experiment
from playground.core.legal import why_illegal
from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.spec import registry
from playground.engine import simulate
from playground.exact import oracle_for
from playground.metrics.steps import step_law
from playground.views.sights import whole
from playground.views.stage import run_packet
from tests.named import mixture_of
from tests.real import real
from tests.samplers.family import home

VARIANTS = [
    *[cls() for cls in real("samplers").values()],
    pg.Restart(low=0.5, high=3.0, times=3, inner=2),
    pg.Restart(low=4.0, high=0.5 + 4),
    pg.DPMSolver(order=3),
    pg.DPMSolver(order=3, variant="multistep"),
    pg.UniPC(order=3),
    pg.LMS(released=True),
    pg.PLMS(released=True),
    pg.EDMHeun(churn=20.0),
    pg.KDPM2(eta=1.0),
    pg.DEIS(space="t"),
    pg.AnalyticDPM(covariance="full"),
    *[pg.PredictorCorrector(predictor=p, corrector_steps=n) for p in (pg.UniPC(), pg.PNDM(), pg.Restart(), pg.Heun()) for n in (0, 2)],
]


@pytest.mark.parametrize("sampler", VARIANTS, ids=str)
def test_calls_on_are_the_calls_made(sampler):
    """Of every grid, whether it passes Restart's level or not, ends at 0 or not. Mutant killed: Restart's 2Kn counted where it is not made."""
    process = home(sampler)
    for times in (
        [1.0, 0.0],
        [1.0, 0.4, 0.0],
        [1.0, 0.6],
        [1.0, 0.5, 0.01, 0.001, 0.0],
        [0.9, 0.7, 0.5, 0.3, 0.2],
        [0.03, 0.01, 0.005, 0.001],
    ):
        told = sampler.calls_on(process, times)
        made = simulate(Experiment(process=process, sampler=sampler, particles=2), times=times).model_calls
        assert told is None if sampler.info.nfe is None else made == told, times


PROCESSES = [
    pg.VP(),
    pg.SubVP(),
    pg.VE(),
    pg.EDM(),
    pg.Flow(),
    pg.CosinePath(),
    pg.PolynomialPath(),
    pg.CLD(),
    pg.PFGMPP(),
    pg.Interpolant(),
]


@pytest.mark.parametrize("process", PROCESSES, ids=lambda p: p.info.key)
def test_terms_are_finite_or_absent(process):
    """At every step of a grid, the last included; {} there, where x̂_0 is taken. Mutants killed: ZeroDivisionError, log of 0, h = ∞ at s = 0."""
    problem = Problem(process, oracle_for(mixture_of("moons"), process))
    times = registry("grids")["UniformTime"](steps=6).times(process).tolist()
    for sampler in VARIANTS:
        if why_illegal(sampler, process):
            continue
        for t, s in itertools.pairwise(times):
            terms = sampler.terms(problem, t, s)
            assert all(isinstance(v, float) and math.isfinite(v) for v in terms.values())
            assert bool(terms) == (s > 0), sampler


def test_terms_of_a_sampler_of_ones_own_are_filtered():
    class Mine(pg.core.sampler.Sampler):
        def terms(self, problem, t, s):
            return {"a": 1.0, "b": math.inf, "c": math.nan}

    assert Mine.terms(object(), None, 0.5, 0.2) == {"a": 1.0}


SCALAR = [p() for p in real("processes").values() if "snr" in p().caps]

DRAWN = {key: cls.unprinted for key, cls in real("samplers").items() if cls.unprinted}
"""Samplers whose first step is not put together again from formula and terms, and why."""


def printed_step(sampler, problem, z, t, s, k, n):
    """x_s of a first step from the printed formula, written down here again, the numbers ``k`` printed beside it, and the draws ``n``."""
    process = problem.process
    now, then = process.at(t), process.at(s)
    d, e = problem.x0(z, t), problem.eps(z, t)
    y, rho, low = z / now.alpha, now.sigma / now.alpha, then.sigma / then.alpha

    def at_level(level):
        """The time, its α, and D of y at a noise level."""
        u = float(process.time_at(torch.tensor(-math.log(level), dtype=torch.float64)))
        alpha = process.at(u).alpha
        return u, alpha, lambda y: problem.x0(alpha * y, u)

    def velocity(x, u):
        return problem.velocity(x, u)

    def ddim(x, noise, u, v):
        a, b = process.at(u), process.at(v)
        return b.alpha / a.alpha * x + (b.sigma - b.alpha / a.alpha * a.sigma) * noise

    def heun(y, high, down):
        _, _, model = at_level(high)
        _, _, model_s = at_level(down)
        slope = (y - model(y)) / high
        there = y + (down - high) * slope
        return y + 0.5 * (down - high) * (slope + (there - model_s(there)) / down)

    match sampler.info.key:
        case "Euler":
            return z + k["s-t"] * velocity(z, t)
        case "Heun":
            k1 = velocity(z, t)
            return z + k["s-t"] / 2 * (k1 + velocity(z + k["s-t"] * k1, s))
        case "Midpoint":
            return z + k["s-t"] * velocity(z + k["s-t"] / 2 * velocity(z, t), (t + s) / 2)
        case "RK4":
            h, m = k["s-t"], (t + s) / 2
            k1 = velocity(z, t)
            k2 = velocity(z + h / 2 * k1, m)
            k3 = velocity(z + h / 2 * k2, m)
            return z + h / 6 * (k1 + 2 * k2 + 2 * k3 + velocity(z + h * k3, s))
        case "DDPM":
            return k["a"] * z + k["b"] * d + k[r"\sqrt{v}"] * n[0]
        case "DDIM":
            return k[r"\alpha_s"] * d + k[r"\sqrt{\sigma_s^2-c^2}"] * e + (k["c"] * n[0] if n else 0)
        case "AnalyticDPM":
            mean = k[r"\alpha_s"] * d + k[r"\sqrt{\sigma_s^2-l^2}"] * e
            if sampler.covariance == "isotropic":
                return mean + math.sqrt(k[r"\sigma^{*2}"]) * n[0]
            assert r"\sigma^{*2}" not in k  # no number is the step's: Σ differs from particle to particle
            log_r, mu, cov = problem.predictor.denoising(z, t, 0.0)
            r = log_r.exp()
            centre = torch.einsum("bk,bki->bi", r, mu)
            off = mu - centre[:, None]
            whole = torch.einsum("bk,bkij->bij", r, cov[None] + off[..., :, None] * off[..., None, :])
            sigma = k["l^2"] * torch.eye(2, dtype=torch.float64) + k["c"] * whole
            if sampler.covariance == "diagonal":
                return mean + sigma.diagonal(dim1=1, dim2=2).sqrt() * n[0]
            return mean + torch.einsum("bij,bj->bi", torch.linalg.cholesky(sigma), n[0])
        case "EulerAncestral":
            step = (k["d"] - k[r"\rho_t"]) * (y - d) / k[r"\rho_t"]
            return then.alpha * (y + step + (k["u"] * k.get(r"S_{\mathrm{noise}}", 1) * n[0] if n else 0))
        case "KDPM2":
            assert k["m"] == pytest.approx(math.sqrt(k[r"\rho_t"] * k["d"]))
            _, _, model = at_level(k["m"])
            mid = y + (k["m"] - k[r"\rho_t"]) * (y - d) / k[r"\rho_t"]
            return then.alpha * (y + (k["d"] - k[r"\rho_t"]) * (mid - model(mid)) / k["m"] + (k["u"] * n[0] if n else 0))
        case "EDMHeun":
            high = k.get(r"\hat\rho", k[r"\rho_t"])
            if n:
                assert high == pytest.approx((1 + k[r"\gamma"]) * k[r"\rho_t"])
                y = y + math.sqrt(high**2 - k[r"\rho_t"] ** 2) * k[r"S_{\mathrm{noise}}"] * n[0]
            return then.alpha * heun(y, high, k[r"\rho_s"])
        case "Restart":
            y = heun(y, k[r"\rho_t"], k[r"\rho_s"])
            for noise in n:
                top, parts = k[r"\rho_{\max}"], sampler.inner
                y = y + math.sqrt(top**2 - low**2) * k[r"S_{\mathrm{noise}}"] * noise
                levels = [(top ** (1 / 7) + (low ** (1 / 7) - top ** (1 / 7)) * i / parts) ** 7 for i in range(parts + 1)]
                for high, down in itertools.pairwise(levels):
                    y = heun(y, high, down)
            return then.alpha * y
        case "DPMSolverPP2M":
            return k[r"\frac{\sigma_s}{\sigma_t}"] * z + k[r"\alpha_s(1-e^{-h})"] * d
        case "DPMSolverPP3M":
            return k[r"\frac{\sigma_s}{\sigma_t}"] * z + k[r"\alpha_s h"] * k[r"\varphi_1"] * d
        case "DPMSolverPP2S" if sampler.eta:
            assert k[r"\rho_m"] == pytest.approx(math.sqrt(rho * k["d"]))
            _, _, model = at_level(k[r"\rho_m"])
            near, share = k["d"] / k[r"\rho_t"], k[r"\rho_m"] / k[r"\rho_t"]
            return then.alpha * (
                near * y + (1 - near) * model(share * y + (1 - share) * d) + k["u"] * k.get(r"S_{\mathrm{noise}}", 1) * n[0]
            )
        case "DPMSolverPP2S":
            _, _, model = at_level(math.sqrt(rho * low))
            y_m = rho**-0.5 * low**0.5 * y - math.expm1(-k["h"] / 2) * d
            return k[r"\frac{\sigma_s}{\sigma_t}"] * z + k[r"\alpha_s(1-e^{-h})"] * model(y_m)
        case "DPMSolverPPSDE":
            m = math.sqrt(rho * low)
            _, _, model = at_level(m)
            u_m = sampler.eta * m * math.sqrt(1 - (m / rho) ** 2)
            d_m = math.sqrt(m * m - u_m * u_m)
            y_m = d_m / rho * y + (1 - d_m / rho) * d + (u_m * n[0] if n else 0)
            noise = k["u_s"] * (k["c"] * n[0] + math.sqrt(1 - k["c"] ** 2) * n[1]) if n else 0
            return then.alpha * (k[r"\tfrac{d_s}{\rho_t}"] * y + (1 - k[r"\tfrac{d_s}{\rho_t}"]) * model(y_m) + noise)
        case "SDEDPMSolverPP":
            noise = k[r"\sigma_s\sqrt{1-e^{-2\eta h}}"] * n[0] if n else 0
            return k[r"\frac{\sigma_s}{\sigma_t}e^{-\eta h}"] * z + k[r"\alpha_s(1-e^{-(1+\eta)h})"] * d + noise
        case "DPMSolver":
            noise = e
            if sampler.order == 2 and sampler.variant == "singlestep":
                m, _, _ = at_level(math.sqrt(rho * low))
                noise = problem.eps(ddim(z, e, t, m), m)
            if sampler.order == 3 and sampler.variant == "singlestep":  # Lu et al. 2022, algorithm 2, r = 1/3, 2/3
                h = math.log(rho / low)
                u1, u2 = (at_level(rho * math.exp(-share * h))[0] for share in (1 / 3, 2 / 3))
                bend = problem.eps(ddim(z, e, t, u1), u1) - e
                grow = math.expm1(2 * h / 3)
                x2 = ddim(z, e, t, u2) - 2 * process.at(u2).sigma * (grow / (2 * h / 3) - 1) * bend
                more = 1.5 * (math.expm1(h) / h - 1) * (problem.eps(x2, u2) - e)
                return k[r"\frac{\alpha_s}{\alpha_t}"] * z - k[r"\sigma_s(e^{h}-1)"] * e - then.sigma * more
            return k[r"\frac{\alpha_s}{\alpha_t}"] * z - k[r"\sigma_s(e^{h}-1)"] * noise
        case "UniPC" if sampler.predicts == "noise":
            base = k[r"\tfrac{\alpha_s}{\alpha_t}"] * z - k[r"\sigma_s(e^{h}-1)"] * e
            return base - k[r"\sigma_s B"] * 0.5 * (problem.eps(base, s) - e)
        case "UniPC":
            base = k[r"\tfrac{\sigma_s}{\sigma_t}"] * z - k[r"\alpha_s(e^{-h}-1)"] * d
            return base - k[r"\alpha_s B"] * 0.5 * (problem.x0(base, s) - d)
        case "DEIS" | "LMS":
            return then.alpha * (y + k[r"\textstyle\sum_j C_j"] * e)
        case "PLMS":
            noise = 0.5 * (e + problem.eps(ddim(z, e, t, s), s))
            return k[r"\frac{\alpha_s}{\alpha_t}"] * z + k[r"\sigma_s-\frac{\alpha_s}{\alpha_t}\sigma_t"] * noise
        case "PNDM":
            m = (t + s) / 2
            k2 = problem.eps(ddim(z, e, t, m), m)
            k3 = problem.eps(ddim(z, k2, t, m), m)
            noise = (e + 2 * k2 + 2 * k3 + problem.eps(ddim(z, k3, t, s), s)) / 6
            return k[r"\frac{\alpha_s}{\alpha_t}"] * z + k[r"\sigma_s-\frac{\alpha_s}{\alpha_t}\sigma_t"] * noise
        case "EulerMaruyama":
            pull = k["F"] * z - (1 + sampler.strength**2) / 2 * k["G"] ** 2 * problem.score(z, t)
            return z + k["s-t"] * pull + k[r"\lambda G\sqrt{t-s}"] * n[0]
        case "ReverseDiffusion":
            return (2 - k["A"]) * z + k["Q"] * problem.score(z, t) + k[r"\sqrt{Q}"] * n[0]
        case "AnnealedLangevin":
            x = k[r"\tfrac{\alpha_s}{\alpha_t}"] * z
            for noise in n:
                x = x + k["a"] / 2 * problem.score(x, s) + math.sqrt(k["a"]) * noise
            return x
        case "Langevin":
            x = z / math.hypot(now.alpha, now.sigma)
            u, _, _ = at_level(sampler.level)
            for noise in n:
                x = x + k["a"] / 2 * problem.score(x, u) + math.sqrt(k["a"]) * noise
            return x
        case "PredictorCorrector":
            x = z
            for noise in n[: sampler.corrector_steps]:
                score = problem.score(x, t)
                size = noise.norm(dim=1).mean() / score.norm(dim=1).mean()
                step = 2 * k[r"\tfrac{\alpha_t}{\alpha_s}"] ** 2 * (k["r"] * size) ** 2
                x = x + step * score + (2 * step).sqrt() * noise
            return printed_step(sampler.predictor, problem, x, t, s, k, n[sampler.corrector_steps :])
    own = importlib.import_module(f"tests.samplers.test_{sampler.info.key.lower()}")  # a sampler added later says it in its own test
    return own.printed_step(sampler, problem, z, t, s, k, n)


FIRST = [
    *[s for s in VARIANTS if s.info.key not in DRAWN],
    pg.Restart(low=1.0, high=2.0, times=1, inner=1),
    pg.AnalyticDPM(covariance="diagonal", mean="DDIM"),
    pg.DDIM(eta=0.4),
    pg.DDPM(variance="large"),
    pg.EDMHeun(churn=3.0, noise_scale=1.05),
    pg.EDMEuler(churn=3.0, noise_scale=1.05),
    pg.EulerAncestral(eta=0.3, noise_scale=1.05),
    pg.EulerMaruyama(strength=0.5),
    pg.SDEDPMSolverPP(order=1, eta=0.4),
    pg.SDEDPMSolverPP(order=3),
    pg.SDEDPMSolver(eta=0.5),
    pg.DPMSolverPPSDE(path="sigma"),
    pg.DPMSolverPP2S(eta=0.6, noise_scale=0.95),
    pg.DPMSolverPPSDE(eta=0.0),
    pg.UniPC(variant="bh1"),
    pg.UniPC(variant="bh1", predicts="noise"),
    *[
        pg.PredictorCorrector(predictor=p, corrector_steps=2)
        for p in (pg.DDPM(), pg.EDMHeun(churn=5.0), pg.AnnealedLangevin(), pg.DPMSolverPP2M())
    ],
]


def test_every_sampler_is_put_together_again_or_says_why_not():
    """A new sampler has a ``printed_step`` in its own test, tests/samplers/test_<key>.py, or says why it is ``unprinted``."""
    assert all(len(words) > 20 for words in DRAWN.values())
    assert {s.info.key for s in FIRST} | set(DRAWN) == set(real("samplers"))
    assert not {s.info.key for s in FIRST} & set(DRAWN)


@pytest.mark.parametrize("process", SCALAR, ids=lambda p: p.info.key)
def test_first_steps_are_those_printed(process):
    """Of every sampler under every process with one noise level, at two places: what is printed, with the numbers printed beside it, is the step.

    Mutants killed: churn's N as the number of steps that are left, γ not told; σ*² told for a matrix; PLMS's warm-up not told; F of the other sign.
    """
    model = oracle_for(mixture_of("moons"), process)
    problem, checked = Problem(process, model), 0
    for clocks in ((0.8, 0.5, 0.3), (0.5, 0.45, 0.2)):
        t, s, end = (float(process.unclock(torch.tensor(c, dtype=torch.float64))) for c in clocks)
        z = model.marginal(t).sample(*(torch.rand(8, dtype=torch.float64), torch.randn(8, 2, dtype=torch.float64)))[0]
        grid = [process.t_max, t, s, end, 0.0] if t < process.t_max else [t, s, end, 0.0]
        index = grid.index(t)
        for sampler in FIRST:
            if why_illegal(sampler, process):
                continue
            draws, seeds = [], iter(range(1000))

            def noise(shape, draws=draws, seeds=seeds):
                draws.append(torch.randn(shape, generator=torch.Generator().manual_seed(next(seeds)), dtype=torch.float64))
                return draws[-1]

            # a first step: of what is left of the grid, with the run's number of steps
            carry = sampler.resume(problem, z, grid, index) if sampler.info.key != "Langevin" else "start"
            got = sampler.step(problem, z, t, s, carry, Rng(0, dtype=torch.float64, noise=noise))[0]
            terms = sampler.terms_on(problem, grid, index, afresh=True)
            want = printed_step(sampler, problem, z, t, s, terms, draws)
            torch.testing.assert_close(got, want, rtol=1e-8, atol=1e-8, msg=lambda m, sampler=sampler, c=clocks: f"{sampler} {c}: {m}")
            checked += 1
    assert checked >= 2 * sum(not why_illegal(s, process) for s in FIRST) > 30


def test_terms_on_the_grid():
    """What depends on the grid: γ of churn's N, 2M's r from its second step on, none of it where a corrector has moved the state.

    Mutants killed: r = h/h_prev; r in the first step; γ from the steps that are left.
    """
    process = pg.VP()
    problem = Problem(process, oracle_for(mixture_of("moons"), process))
    grid = [1.0, 0.8, 0.5, 0.1, 0.0]
    heights = [process.at(t).half_log_snr for t in grid[:4]]
    for sampler in (pg.DPMSolverPP2M(), pg.SDEDPMSolverPP(), pg.PredictorCorrector(predictor=pg.DPMSolverPP2M(), corrector_steps=0)):
        rows = [sampler.terms_on(problem, grid, i) for i in range(4)]
        assert "r" not in rows[0]
        assert rows[3] == {}
        for i in (1, 2):
            assert rows[i]["r"] == pytest.approx((heights[i] - heights[i - 1]) / (heights[i + 1] - heights[i]))
    for sampler, stretch in ((pg.DPMSolverPP2M(form="heun"), 1), (pg.SDEDPMSolverPP(form="heun", eta=0.5), 1.5)):
        row, h = sampler.terms_on(problem, grid, 1), stretch * (heights[2] - heights[1])
        assert row[r"\tfrac{\varphi_2}{\varphi_1}"] == pytest.approx(1 / -math.expm1(-h) - 1 / h)  # (h − 1 + e^{−h})/h² over (1 − e^{−h})/h
        assert r"\tfrac{\varphi_2}{\varphi_1 r}" in sampler.printed
    both = pg.PredictorCorrector(predictor=pg.DPMSolverPP2M(), snr=0.3)
    assert both.terms_on(problem, grid, 2)["r"] == 0.3
    assert pg.DPMSolverPP2M().printed in both.printed
    assert both.formula in both.printed
    assert pg.PredictorCorrector(predictor=pg.DDIM(), corrector_steps=0).printed == pg.DDIM().printed
    churned = pg.EDMHeun(churn=0.4, churn_to=200.0)
    for sampler in (churned, pg.PredictorCorrector(predictor=churned)):
        assert all(sampler.terms_on(problem, grid, i)[r"\gamma"] == pytest.approx(0.1) for i in range(3))
    assert r"\gamma" not in pg.EDMHeun().terms_on(problem, grid, 0)
    assert r"\gamma" not in pg.EDMHeun().printed


def test_a_sampler_with_three_arguments_tells_its_terms_on_a_grid():
    """One of one's own as README and CONTRIBUTING print it, which knows t and s only."""

    class Mine(pg.core.sampler.Sampler):
        def terms(self, problem, t, s):
            return {"s-t": s - t, "b": math.nan}

    assert Mine.terms_on(object.__new__(Mine), None, [0.5, 0.2, 0.0], 0) == {"s-t": pytest.approx(-0.3)}
    assert Mine.terms_on(object.__new__(Mine), None, [0.5, 0.2, 0.0], 1) == {}


@pytest.mark.parametrize(
    ("sampler", "more"),
    [
        (pg.Restart(low=0.01), {}),
        (pg.Restart(), {}),
        (pg.Restart(), {"stop_at": 0.3}),
        (pg.UniPC(), {"start_at": 0.7}),
        (pg.PredictorCorrector(predictor=pg.PNDM()), {}),
    ],
    ids=str,
)
def test_calls_of_the_grid_stand_on_the_page_and_in_the_limit(sampler, more):
    """The line that "keep" follows gives the run's calls at its steps, and the work limit is theirs. Mutant killed: Restart's 2Kn where it is not made."""
    exp = Experiment(sampler=sampler, grid=registry("grids")["UniformTime"](steps=12), particles=5, **more)
    header = run_packet(whole(exp)).header
    a, b = header["sampler"]["calls_line"]
    assert a * header["planned"] + b == header["model_calls"] > 0
    work = header["model_calls"] * 5 * len(oracle_for(mixture_of(exp.data), exp.process).weights)
    simulate(exp, most_work=work)
    with pytest.raises(pg.BadValue, match="particles"):
        simulate(exp, most_work=work - 1)


def test_a_step_alone_has_the_churn_of_its_run():
    """Of the grid with this step in it: (S/N in γ). Mutant killed: N = 1, so that γ is always √2 − 1."""
    process, sampler = pg.EDM(), pg.EDMHeun(churn=2.0)
    problem = Problem(process, oracle_for(mixture_of("moons"), process))
    grid = registry("grids")["UniformTime"](steps=10).times(process).tolist()
    z = torch.tensor([[3.0, -1.0]], dtype=torch.float64)
    t, s = 5.0, 2.0
    law = step_law(problem, sampler, z, t, s, grid=grid)
    high = (1 + 2.0 / (sum(u > t for u in grid) + 1 + sum(u < s for u in grid))) * t
    noise = torch.randn(20_000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    raised = z + math.sqrt(high**2 - t**2) * noise
    slope = (raised - problem.x0(raised, high)) / high
    there = raised + (s - high) * slope
    want = raised + 0.5 * (s - high) * (slope + (there - problem.x0(there, s)) / s)
    torch.testing.assert_close(law.cov, torch.cov(want.T), rtol=0.2, atol=0.01)
    old = step_law(problem, sampler, z, t, s)
    assert not torch.allclose(old.cov, law.cov, rtol=0.2, atol=0.0)

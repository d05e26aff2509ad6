"""Tasks of the image lab: RePaint against closed forms, inversion's error, slerp, sweeps, and what people upload."""

from __future__ import annotations

import io
import itertools
import math

import numpy as np
import pytest
import torch
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

import playground as pg
from playground.core.fields import BadValue
from playground.editing import decode, invert
from playground.engine import grid_times
from playground.images.inpaint import inpaint, posterior, walk
from playground.images.tasks import between, lerp, noise_of, numeric_fields, sdedit, slerp, sweep, with_value
from playground.images.upload import mask, parts, picture
from playground.server import jobs
from playground.server.routes import Live
from playground.views.packet import Packet
from playground.views.tasks import beside_exact, exact_inpaintings, numbers_packet, repaint_packet, task_packets
from tests.named import images_of, model_named

PLANE = pg.GaussianMixture([1.0], [[0.0, 0.0]], [[[1.0, 0.9], [0.9, 1.0]]])  # type: ignore[arg-type]
FIRST = torch.tensor([True, False])


def drawn(steps: int, resamples: int, particles: int = 5000) -> tuple[torch.Tensor, pg.Experiment]:
    exp = pg.Experiment(sampler=pg.DDPM(), grid=pg.UniformTime(steps=steps), particles=particles)
    *_, last = inpaint(exp, torch.tensor([1.0, 0.0]), FIRST, resamples=resamples, data=PLANE)
    return last.z, exp


def recursion(exp: pg.Experiment, resamples: int) -> tuple[float, float]:
    """Mean and variance of x₂ by the moments of RePaint with DDPM's small variance on PLANE, step by step, written from math 2.1 and 2.26."""
    cov = torch.tensor([[1.0, 0.9], [0.9, 1.0]], dtype=torch.float64)
    eye = torch.eye(2, dtype=torch.float64)
    levels = exp.grid.times(exp.process).tolist()
    kernel = {t: (float(exp.process.alpha(torch.tensor(t).double())), float(exp.process.sigma(torch.tensor(t).double()))) for t in levels}
    m, s = torch.zeros(2, dtype=torch.float64), kernel[levels[0]][1] ** 2 * eye
    for high, low in itertools.pairwise(levels):
        (a_t, s_t), (a_s, s_s) = kernel[high], kernel[low]
        denoise = a_t * cov @ torch.linalg.inv(a_t**2 * cov + s_t**2 * eye)
        ratio = (a_t / a_s) ** 2
        beta = 1 - ratio if low else 0.0
        gain = (
            denoise if low == 0 else (a_s * beta * denoise + math.sqrt(ratio) * s_s**2 * eye) / s_t**2
        )  # VP: α² + σ² = 1, so that 1 − ᾱ_t = σ_t²
        spread = beta * s_s**2 / s_t**2 if low else 0.0
        for again in range(resamples if low else 1):
            if again:
                m, s = math.sqrt(ratio) * m, ratio * s + (s_t**2 - ratio * s_s**2) * eye
            m, s = gain @ m, gain @ s @ gain.T + spread * eye
            m[0], s[0, 1], s[1, 0], s[0, 0] = a_s, 0.0, 0.0, s_s**2 if low else 0.0
    return float(m[1]), float(s[1, 1])


@pytest.mark.parametrize(
    ("steps", "resamples", "mean", "variance"),
    [(100, 1, 0.61, 0.29), (100, 5, 0.85, 0.17), (100, 20, 0.886, 0.139), (250, 10, 0.881, 0.171)],
)
def test_repaint_on_the_plane(steps: int, resamples: int, mean: float, variance: float) -> None:
    """Against the recursion of its moments within five standard errors, and math 2.26's numbers (another grid of the same T) within 0.025.

    Mutants killed: known part without noise, or with one noise for all particles; re-noising by the marginal's σ in place of the transition's, one resample too many.
    """
    z, exp = drawn(steps, resamples)
    m, v = recursion(exp, resamples)
    x = z[:, 1].double()
    assert bool((z[:, 0] == 1).all())
    assert float(x.mean()) == pytest.approx(m, abs=5 * math.sqrt(v / len(x)))
    assert float(x.var()) == pytest.approx(v, rel=5 * math.sqrt(2 / len(x)))
    assert (m, v) == pytest.approx((mean, variance), abs=0.025)


def test_more_resamples_come_nearer_to_the_exact_conditional() -> None:
    truth = posterior(PLANE, FIRST, torch.tensor([1.0]))
    assert (float(truth.means), float(truth.covs)) == pytest.approx((0.9, 0.19))
    off = [abs(float(drawn(100, r, 2000)[0][:, 1].mean()) - 0.9) for r in (1, 5, 20)]
    assert off[0] > 0.25
    assert off[1] < 0.06
    assert off[2] < 0.04


def test_a_gaussian_of_images() -> None:
    """A 6 × 6 Gaussian whose covariance falls off exponentially with distance: RePaint's mean image against the exact conditional's, and their spread.

    Mutant killed: mask of unknown in place of known.
    """
    at = torch.cartesian_prod(torch.arange(6.0), torch.arange(6.0)).double()
    cov = 0.25 * torch.exp(-torch.cdist(at, at) / 3)
    law = pg.GaussianMixture(torch.ones(1), torch.zeros(1, 36), cov[None])
    known = at[:, 0] < 3
    image = torch.linalg.cholesky(cov) @ torch.randn(36, generator=torch.Generator().manual_seed(0)).double()
    truth = posterior(law, known, image[known])
    errors = []
    for r in (1, 20):
        exp = pg.Experiment(sampler=pg.DDPM(), grid=pg.UniformLogSNR(steps=50), particles=300)
        *_, last = inpaint(exp, image.float(), known, resamples=r, data=law)
        unknown = last.z[:, ~known].double()
        assert bool((last.z[:, known] == image[known].float()).all())
        errors.append(float((unknown.mean(0) - truth.means[0]).square().mean().sqrt()))
        if r == 20:
            spread = truth.covs[0].diagonal().sqrt()
            assert float((unknown.std(0) / spread).mean()) == pytest.approx(1, abs=0.12)
    noise = float((truth.covs[0].diagonal().mean() / 300).sqrt())
    assert errors[0] > 3 * errors[1]
    assert errors[1] < 4 * noise


@pytest.mark.parametrize(
    ("process", "sampler"), [("CLD", "SSCS"), ("Flow", "DDIM"), ("EDM", "EDMHeun"), ("SubVP", "UniPC"), ("VE", "DPMSolverPP2M")]
)
def test_every_linear_process_paints(process: str, sampler: str) -> None:
    """The known coordinate is kept and the unknown one drawn to it, CLD included, which needs leaps of several steps.

    Mutants killed: leaps of a single step; CLD's known velocity left to the sampler.
    """
    exp = pg.Experiment.from_dict({"process": {"kind": process}, "sampler": sampler, "grid": {"steps": 60}, "particles": 2000})
    if process == "CLD":
        exp = exp.replace(grid=pg.UniformTime(steps=60))
    *_, last = inpaint(exp, torch.tensor([1.0, 0.0]), FIRST, resamples=12, jump=5 if process == "CLD" else 1, data=PLANE)
    x = exp.process.project(last.z)
    assert bool((x[:, 0] == 1).all())
    assert float(x[:, 1].mean()) == pytest.approx(0.9, abs=0.08)
    assert float(x[:, 1].var()) == pytest.approx(0.19, abs=0.08)


def test_the_walk() -> None:
    """r times through every block, up in one leap, the last step once. Mutants killed: r − 1 or r + 1 passes; leaps from t = 0."""
    assert walk([4, 3, 2, 1, 0], 1) == [4, 3, 2, 1, 0]
    assert walk([4, 3, 2, 0], 3) == [4, 3, 4, 3, 4, 3, 2, 3, 2, 3, 2, 0]
    assert walk([5, 4, 3, 2, 0], 2, jump=2) == [5, 4, 5, 4, 3, 2, 4, 3, 2, 0]
    assert walk([1, 0], 5) == [1, 0]


def test_posterior_of_a_mixture() -> None:
    """Against the joint density on a line through it, normalised by the trapezoidal rule. Mutant killed: weights kept."""
    law = pg.GaussianMixture([0.3, 0.7], [[0.0, 1.0], [1.0, -1.0]], [[[1.0, 0.5], [0.5, 0.8]], [[0.4, -0.2], [-0.2, 0.5]]])  # type: ignore[arg-type]
    truth = posterior(law, torch.tensor([False, True]), torch.tensor([0.4]))
    x = torch.linspace(-8, 8, 4001, dtype=torch.float64)
    joint = law.log_prob(torch.stack([x, torch.full_like(x, 0.4)], 1)).exp()
    torch.testing.assert_close(truth.log_prob(x[:, None]).exp(), joint / torch.trapezoid(joint, x), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("steps", [5, 10, 20, 50, 100])
def test_inversions_error_on_a_gaussian(steps: int) -> None:
    """DDIM on N(m, c): each step multiplies y − m by 1 + (ρ' − ρ) ρ/(c + ρ²), y = x/α, ρ = σ/α, so that the error there and back is known.

    Mutant killed: the way back with the way up's model calls (which would be exact).
    """
    m, c = 0.3, 0.5
    law = pg.GaussianMixture([1.0], [[m]], [[[c]]])  # type: ignore[arg-type]
    exp = pg.Experiment(sampler=pg.DDIM(), grid=pg.UniformLogSNR(steps=steps), particles=3)
    x0 = torch.tensor([[-1.0], [0.2], [1.5]], dtype=torch.float64)
    up = invert(exp, x0, data=law)
    rho = [math.exp(-exp.process.at(t).half_log_snr) for t in reversed(grid_times(exp)) if t > 0]
    there = math.prod(1 + (b - a) * a / (c + a * a) for a, b in itertools.pairwise(rho))
    back = math.prod(1 + (a - b) * b / (c + b * b) for a, b in itertools.pairwise(rho))
    torch.testing.assert_close(up.states[-1] / exp.process.at(exp.process.t_max).alpha, m + there * (x0 - m), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(decode(exp, up.states[-1], data=law)[0] - x0, (there * back - 1) * (x0 - m), rtol=1e-6, atol=1e-9)


def test_inversion_of_images_comes_back() -> None:
    """A generated digit: the error falls with the steps and is small at fifty."""
    exp = pg.Experiment(data="mnist-unet", particles=1, grid=pg.UniformLogSNR(steps=12))
    image = pg.simulate(exp).x[-1].clamp(-1, 1)
    rms = []
    for steps in (6, 20, 40):
        run = exp.replace(grid=pg.UniformLogSNR(steps=steps))
        rms.append(
            float((decode(run, invert(run, image, dtype=torch.float32).states[-1], dtype=torch.float32)[0] - image).square().mean().sqrt())
        )
    assert rms[0] > 3 * rms[1] > 9 * rms[2]
    assert rms[2] < 0.02


def test_why_the_noise_of_a_picture_is_small() -> None:
    """A clean picture's latent is smaller than a draw from the prior, the same picture's with the noise σ(t_min) is as large; the page says so,
    with that σ and the sampler that runs. Mutants killed: another σ told; "DDIM" for whatever runs; the note where seeds are mixed.
    """
    exp = pg.Experiment(data="mnist-unet", particles=1, sampler=pg.DPMSolverPP2M(), grid=pg.UniformLogSNR(steps=20))
    image = pg.simulate(exp).x[-1].clamp(-1, 1)
    low = exp.process.at(min(t for t in grid_times(exp) if t > 0))
    noised = image + low.sigma / low.alpha * torch.randn(image.shape, generator=torch.Generator().manual_seed(0))
    clean, full = (float(invert(exp, x, dtype=torch.float32).states[-1].square().mean().sqrt()) for x in (image, noised))
    assert clean < 0.7
    assert full == pytest.approx(1, abs=0.06)
    picture_ = png(((image[0, 0] + 1) * 127.5).round().to(torch.uint8).numpy())
    for name, files, params in (
        ("reconstruct", [picture_], {"steps": "3"}),
        ("interpolate", [picture_, picture_], {"columns": "3"}),
        ("interpolate", [], {"columns": "3", "seeds": "1,2"}),
    ):
        plan = next(task_packets(exp, {"task": name, **params}, files)).header["notes"]
        if not files:
            assert plan == []
            continue
        assert plan[0] == "encoded and decoded by the run’s own sampler, DPM-Solver++ 2M"
        assert f"without the noise (σ = {low.sigma:.3g})" in plan[1]


def test_sdedit_starts_from_the_noised_guide() -> None:
    """Strength 0.05 keeps the guide, 1 forgets it; the start's moments are p(z_t | x_0)'s. Mutant killed: start from the prior."""
    exp = pg.Experiment(particles=4000, sampler=pg.DDPM(), grid=pg.UniformTime(steps=30))
    guide = torch.tensor([1.5, 0.0])
    start = next(iter(sdedit(exp, guide, 0.3, data=PLANE)))
    c = exp.process.at(0.3)
    assert start.t == pytest.approx(0.3)
    torch.testing.assert_close(start.z.mean(0), c.alpha * guide, atol=5 * c.sigma / 4000**0.5, rtol=0)
    assert float(start.z.std()) > 0.9 * c.sigma
    off = []
    for strength in (0.05, 0.5, 1.0):
        *_, last = sdedit(exp, guide, strength, data=PLANE)
        off.append(float((last.z - guide).norm(dim=1).mean()))
    assert off[0] < 0.4 < 0.8 < off[1] < off[2]
    with pytest.raises(BadValue, match="strength"):
        sdedit(exp, guide, 0.01, data=PLANE)


def test_slerp_keeps_the_norm_and_lerp_does_not() -> None:
    """Orthogonal a, b of one norm: 1 and √((1 − λ)² + λ²) of it. Ends are met. Mutant killed: slerp over both of CLD's blocks at once."""
    a, b = torch.zeros(1, 4, 4), torch.zeros(1, 4, 4)
    a[0, 0, 0], b[0, 1, 2] = 3.0, 3.0
    weights = torch.linspace(0, 1, 7, dtype=torch.float64)
    torch.testing.assert_close(slerp(a, b, weights).flatten(1).norm(dim=1), torch.full((7,), 3.0))
    torch.testing.assert_close(lerp(a, b, weights).flatten(1).norm(dim=1), 3 * ((1 - weights) ** 2 + weights**2).sqrt().float())
    torch.testing.assert_close(slerp(a, b, weights)[[0, -1]], torch.stack([a, b]))
    torch.testing.assert_close(slerp(a, 2 * a, weights), lerp(a, 2 * a, weights))
    exp = pg.Experiment(data="mnist-unet", process=pg.CLD(), particles=1)
    first, last = noise_of(exp, 3), noise_of(exp, 4)
    path = between(exp, first, last, weights)
    torch.testing.assert_close(path[:, 1], slerp(first[1], last[1], weights))
    torch.testing.assert_close(first[None], exp.process.source(1, (1, 28, 28), pg.core.rng.Rng(3).stream("prior")))


@pytest.mark.parametrize(
    ("field", "values"), [("grid.steps", [2, 4, 5]), ("guidance.weight", [0.0, 1.5, 4.0]), ("process.schedule.beta_max", [10.0, 20.0])]
)
def test_columns_of_a_sweep_are_runs_of_their_own(field: str, values: list[float]) -> None:
    """Bit for bit, in the packets too. Mutant killed: columns that share a stream of noise."""
    guidance = pg.registry("guidance")["ClassifierFree"](label=3)
    exp = pg.Experiment(data="mnist-unet", particles=2, seed=5, guidance=guidance, sampler=pg.DDPM(), grid=pg.UniformTime(steps=4))
    told = [
        Packet.from_bytes(p.to_bytes())
        for p in task_packets(exp, {"task": "sweep", "field": field, "values": ",".join(map(str, values))}, [])
    ]
    for column, (value, run) in enumerate(zip(values, sweep(exp, field, values), strict=True)):
        flat = run.to_query()
        assert float(flat.get(field, numeric_fields(run)[field][1])) == value
        trace = pg.simulate(pg.Experiment.from_query({**exp.to_query(), field: str(int(value) if field == "grid.steps" else value)}))
        mine = [p for p in told if p.header["kind"] == "task-step" and [0, column] in p.header["cells"]]
        want = ((trace.x[-1].clamp(-1, 1) + 1) * 127.5 + 0.5).to(torch.uint8).numpy()
        np.testing.assert_array_equal(mine[-1]["x"], want)
        (caption,) = [c for p in told if p.header["kind"] == "task-captions" for c in p.header["captions"] if c[1] == column]
        assert caption[2] == f"{trace.model_calls} calls"


@pytest.mark.parametrize(
    ("field", "value"), [("grid.step", 3), ("grid.steps", 0), ("particles", 3), ("guidance.weight", 1), ("start_at", 7)]
)
def test_what_cannot_be_swept_is_named(field: str, value: float) -> None:
    with pytest.raises(BadValue) as told:
        with_value(pg.Experiment(), field, value)
    assert told.value.field in ("field", field)


def png(values: np.ndarray, kind: str = "PNG", **more: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(values).save(out, kind, **more)
    return out.getvalue()


def task(name: str, files: list[bytes], changes: dict | None = None, **params: object) -> list[Packet]:
    exp = pg.Experiment(data="mnist-unet", particles=2, grid=pg.UniformLogSNR(steps=4), **(changes or {}))
    return [Packet.from_bytes(p.to_bytes()) for p in task_packets(exp, {"task": name, **{k: str(v) for k, v in params.items()}}, files)]


DIGIT = np.zeros((28, 28), np.uint8)
DIGIT[6:22, 12:16] = 255
HALF = np.zeros((28, 28), np.uint8)
HALF[14:] = 255


def test_inpainting_keeps_what_is_not_painted_and_repeats_itself() -> None:
    """Same seed, same pixels; the known half is the given one. Mutant killed: mask inverted."""
    one, two = (task("inpaint", [png(DIGIT), png(HALF)], r=2, variants=3) for _ in range(2))
    last = [p for p in one if "x" in p.arrays][-1]
    np.testing.assert_array_equal(last["x"], [p for p in two if "x" in p.arrays][-1]["x"])
    assert last["x"].shape == (3, 1, 28, 28)
    np.testing.assert_array_equal(last["x"][:, 0, :14], np.broadcast_to(DIGIT[:14], (3, 14, 28)))
    assert not (last["x"][0] == last["x"][1]).all()
    assert one[0].header["kind"] == "task-plan"
    assert one[-1].header["kind"] == "task-done"
    assert one[-1].header["calls"] == one[0].header["expected_calls"] == 2 * 3 + 1


def test_every_task_fills_its_sheet() -> None:
    edit = task("edit", [png(DIGIT)], strength=0.35, strengths="0.2,0.6")
    assert edit[0].header["columns"] == ["guide", "t₀ 0.2", "t₀ 0.35", "t₀ 0.6"]
    assert edit[0].header["chosen"] == 2
    mixed = task("interpolate", [png(DIGIT), png(DIGIT.T.copy())], columns=3)
    seeded = task("interpolate", [], seeds="3,9", columns=3)
    back = task("reconstruct", [png(DIGIT)], steps="4,12")
    points = back[-1].header["points"]
    assert [p["steps"] for p in points] == [4, 12]
    assert points[0]["rms"] > points[1]["rms"] > 0
    for told in (edit, mixed, seeded, back):
        head = told[0].header
        cells = {tuple(c) for p in told if p.header["kind"] == "task-step" for c in p.header["cells"]}
        assert cells <= {(r, c) for r in range(len(head["rows"])) for c in range(len(head["columns"]))}
        assert len(cells) >= len(head["columns"])
        assert told[-1].header["kind"] == "task-done"
    last = [p for p in mixed if "x" in p.arrays][-1]["x"].astype(
        float
    ) / 127.5 - 1  # λ 0 and 1 are not the pictures given, and it is told by how much
    given = np.stack([DIGIT, DIGIT.T]) / 127.5 - 1
    assert mixed[-1].header["ends"] == pytest.approx(np.sqrt(((last[[0, 2], 0] - given) ** 2).mean((1, 2))), abs=0.01)
    assert seeded[-1].header["ends"] == []
    trace = pg.simulate(pg.Experiment(data="mnist-unet", particles=2, grid=pg.UniformLogSNR(steps=4), seed=3))
    first = [p for p in seeded if "x" in p.arrays][-1]["x"][0]
    close = ((trace.x[-1, 0].clamp(-1, 1) + 1) * 127.5 + 0.5).to(torch.uint8).numpy()
    assert int(np.abs(first.astype(int) - close).max()) <= 1  # a batch of another size rounds differently


def test_inpainting_beside_the_exact_gaussian() -> None:
    """digits-wiener is a Gaussian: the exact conditional mean and draws keep the known pixels and stand below RePaint's variants.

    The mean of the draws is the conditional mean; RePaint's mean is nearer to it than the plain mean of the digits, and nearer still with r = 20.
    Mutant killed: marginal for conditional.
    """
    law = model_named("digits-wiener").law_behind()
    image = images_of("digits").x[3]
    known = torch.zeros(1, 8, 8, dtype=torch.bool)
    known[:, :4] = True
    mean, *draws = exact_inpaintings(law, image, known, 400, 0)
    torch.testing.assert_close(mean[known], image[known])
    off = (torch.stack(draws).mean(0) - mean)[~known].abs().max()
    spread = torch.stack(draws).std(0)[~known].max()
    assert float(off) < 5 * float(spread) / 20
    exp = pg.Experiment(data="digits-wiener", particles=200, grid=pg.UniformLogSNR(steps=40), sampler=pg.DDPM())
    painted = [list(inpaint(exp, image, known, resamples=r))[-1].z.mean(0) for r in (1, 20)]
    once, often, never = ((other - mean)[~known].square().mean().sqrt() for other in (*painted, law.mean().view(1, 8, 8).float()))
    assert often < 0.7 * once < 0.6 * never
    told = [
        Packet.from_bytes(p.to_bytes())
        for p in task_packets(exp.replace(grid=pg.UniformLogSNR(steps=3)), {"task": "inpaint", "r": "1"}, [png(DIGIT), png(HALF)])
    ]
    assert told[0].header["rows"] == ["RePaint", "exact"]


def test_numbers_beside_the_exact_gaussian() -> None:
    """The variants' mean beside the exact one, and what as many exact draws would have: against draws of the conditional law by numpy."""
    law, image = model_named("digits-wiener").law_behind(), images_of("digits").x[3]
    known = np.zeros(64, bool)
    known[:32] = True
    mean, cov = law.means[0].numpy(), law.covs[0].numpy()
    gain = cov[~known][:, known] @ np.linalg.inv(cov[known][:, known])
    centre = mean[~known] + gain @ (image.flatten().double().numpy()[known] - mean[known])
    c = cov[~known][:, ~known] - gain @ cov[known][:, ~known]
    draws = np.random.default_rng(0).multivariate_normal(centre, c, (4000, 16))
    floor = np.sqrt(((draws.mean(1) - centre) ** 2).mean())
    drawn = torch.zeros(16, 64, dtype=torch.float64)
    drawn[:, ~known] = torch.from_numpy(draws[0])
    told = beside_exact(law, image, torch.from_numpy(known).view(1, 8, 8), drawn.view(16, 1, 8, 8))
    assert told["floor"] == pytest.approx(floor, rel=0.02)
    assert told["exact"] == pytest.approx(np.sqrt(np.diag(c).mean()), rel=1e-6)
    assert told["mean"] == pytest.approx(np.sqrt(((draws[0].mean(0) - centre) ** 2).mean()), rel=1e-6)
    assert told["spread"] == pytest.approx(np.sqrt(draws[0].var(0, ddof=1).mean()), rel=1e-6)
    half = np.zeros((8, 8), np.uint8)
    half[4:] = 255
    exp = pg.Experiment(data="digits-wiener", particles=4, grid=pg.UniformLogSNR(steps=6))
    picture = png(((image[0].numpy() + 1) * 127.5).astype(np.uint8))
    *_, done = task_packets(exp, {"task": "inpaint", "r": "2"}, [picture, png(half)])
    assert done.header["exact"]["draws"] == 4
    *_, done = task_packets(exp.replace(stop_at=0.3), {"task": "inpaint", "r": "2"}, [picture, png(half)])
    assert done.header["exact"] is None  # the law of a noisy end is another one


def test_a_tasks_last_expectation_is_the_models() -> None:
    """Sheets of runs that stop early: x̂_0 of each cell's end is E[x_0 | x_t], the encoded noise stays noise. Mutant killed: the state for x̂_0."""
    exp = pg.Experiment(data="digits-unet", particles=4, grid=pg.UniformLogSNR(steps=6), stop_at=0.4)
    told = [Packet.from_bytes(p.to_bytes()) for p in task_packets(exp, {"task": "sweep", "field": "grid.steps", "values": "5,8"}, [])]
    ends = [p for p in told if p.header["kind"] == "task-step" and p.header["step"] == p.header["steps"]]
    for packet, steps in zip(ends, (5, 8), strict=True):
        trace = pg.simulate(exp.replace(grid=pg.UniformLogSNR(steps=steps)))
        right = trace.facts["model"](trace.frames[-1].z, trace.frames[-1].t).x0_hat
        assert int(np.abs(packet["x0"].astype(int) - ((right.clamp(-1, 1) + 1) * 127.5 + 0.5).to(torch.uint8).numpy()).max()) <= 1
        assert (packet["x0"] != packet["x"]).mean() > 0.5
    assert told[-1].header["asked"] == 2
    exp = exp.replace(stop_at=0.0, sampler=pg.DDIM())
    image = png(((images_of("digits").x[0, 0].numpy() + 1) * 127.5).astype(np.uint8))
    for packet in task_packets(exp, {"task": "reconstruct", "steps": "5"}, [image]):
        if (
            packet.header["kind"] == "task-step"
            and packet.header.get("word", "").endswith("encoding")
            and packet.header["step"] == packet.header["steps"]
        ):
            np.testing.assert_array_equal(packet["x0"], packet["x"])


def test_each_class_belongs_to_a_batch_not_to_a_strip() -> None:
    """Variants of an inpainting are of no class then, and the plan says so. Mutant killed: class i mod 10 for variant i."""
    image = png(np.tile(np.arange(28, dtype=np.uint8) * 9, (28, 1)))
    plain, *_, a, _ = task("inpaint", [image, png(HALF)], variants=2, r=1)
    told, *_, b, _ = task("inpaint", [image, png(HALF)], {"guidance": {"kind": "EachClass"}}, variants=2, r=1)
    assert any("without guidance" in note for note in told.header["notes"])
    assert not any("without guidance" in note for note in plain.header["notes"])
    np.testing.assert_array_equal(a["x"], b["x"])


def test_a_task_that_is_left_ends_within_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutant killed: the whole run computed before the first packet, or on after the reader has gone."""
    from playground.core.denoiser import ModelPredictor

    asked = []
    real = ModelPredictor.__call__
    monkeypatch.setattr(ModelPredictor, "__call__", lambda self, z, t: asked.append(t) or real(self, z, t))
    query = {"data": "mnist-unet", "particles": "2", "lab.task": "inpaint", "lab.r": "3", "lab.variants": "2"}
    steps = jobs.parts_of(jobs.ImageTask(query, framed(png(DIGIT), png(HALF))))
    for _ in range(6):
        next(steps)
    steps.close()
    assert len(asked) <= 4


def test_the_exact_comparison() -> None:
    """The lab's packet of the plane: densities that integrate to one, and the bias of r = 1."""
    told = Packet.from_bytes(repaint_packet(pg.Experiment(sampler=pg.DDPM(), grid=pg.UniformTime(steps=60)), {"r": "1,8"}).to_bytes())
    x = told["x"]
    width = float(x[1] - x[0])
    assert told.header["exact"] == pytest.approx({"mean": 0.9, "variance": 0.19})
    assert float(told["exact"].sum() * width) == pytest.approx(1, abs=1e-3)
    assert (told["drawn"].sum(1) * width) == pytest.approx([1, 1], abs=0.03)
    one, eight = told.header["runs"]
    assert abs(one["mean"] - 0.9) > 0.2 > 0.08 > abs(eight["mean"] - 0.9)
    with pytest.raises(BadValue, match="steps"):
        repaint_packet(pg.Experiment(grid=pg.UniformTime(steps=1000)), {"r": "50,50,50"})


@pytest.mark.parametrize("event", [(1, 28, 28), (3, 32, 32), (1, 8, 8)])
def test_uploads_are_cropped_and_averaged(event: tuple[int, int, int]) -> None:
    """A wide picture loses its sides; values are means of areas. Mutants killed: stretching, nearest neighbour, channels last."""
    wide = np.zeros((320, 640, 3), np.uint8)
    wide[:, :160] = 255  # cropped away
    wide[:, 480:] = 255
    wide[160:, 160:480] = (200, 100, 50)
    made = picture(png(wide), event).image
    assert tuple(made.shape) == event
    height = event[1]
    assert float(made[:, : height // 2 - 1].max()) == -1
    level = torch.tensor([200.0, 100, 50]) if event[0] == 3 else torch.tensor([0.299 * 200 + 0.587 * 100 + 0.114 * 50])
    torch.testing.assert_close(made[:, -1, event[2] // 2], level / 127.5 - 1, atol=0.01, rtol=0)
    torch.testing.assert_close(picture(png(wide), event, invert=True).image, -made)
    checks = np.kron(np.array([[0, 255], [255, 0]] * 28, np.uint8).repeat(1, 0), np.ones((1, 1), np.uint8))
    flat = picture(png(np.tile(checks, (1, 28))), (1, 28, 28)).image
    torch.testing.assert_close(flat, torch.zeros_like(flat), atol=0.01, rtol=0)


def test_transparent_animated_and_inverted_pictures() -> None:
    clear = np.zeros((40, 40, 4), np.uint8)
    assert float(picture(png(clear), (1, 8, 8)).image.min()) == 1  # white paper
    frames = [Image.fromarray(np.full((20, 20), v, np.uint8)) for v in (0, 255)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    made = picture(out.getvalue(), (1, 8, 8))
    assert "first frame" in made.note
    assert float(made.image.max()) == -1
    assert bool((mask(png(HALF), (3, 28, 28)) == torch.from_numpy(HALF > 0)).all())


BAD = {
    "no image": b"hello",
    "cut": png(np.random.default_rng(0).integers(0, 255, (50, 50), dtype=np.uint8))[:900],
    "large": png(np.zeros((5000, 4001), np.uint8)),
    "bomb": png(np.zeros((1, 1), np.uint8)).replace(b"\x00\x00\x00\x01\x00\x00\x00\x01", b"\x00\x00\x75\x30\x00\x00\x75\x30"),
    "many bytes": b"\x89PNG" + bytes(4_000_000),
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_uploads_are_refused_in_words(name: str) -> None:
    """Each names the field and what is allowed. Mutant killed: decoding before the size is checked (30,000² pixels would take 900 MB)."""
    with pytest.raises(BadValue, match="PNG, JPEG"):
        picture(BAD[name], (1, 28, 28))


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "'an empty file (0 bytes)' cannot be used; allowed: a PNG, JPEG, GIF"),
        (b"PK\x03\x04 images.npy", "(.npz, .zip, .npy)' cannot be used; allowed: one picture: a PNG, JPEG, GIF"),
        (b"\x93NUMPY\x01\x00", "(.npz, .zip, .npy)' cannot be used; allowed: one picture: a PNG"),
    ],
    ids=["empty", "npz", "npy"],
)
def test_what_was_uploaded_in_place_of_a_picture_is_named(raw: bytes, told: str) -> None:
    """Mutants killed: an empty file taken for no file; an archive called bytes that are no image."""
    with pytest.raises(BadValue) as caught:
        next(jobs.ImageTask({"data": "mnist-unet", "lab.task": "edit"}, framed(raw)).steps())
    assert caught.value.field == "image"
    assert told in str(caught.value)


def framed(*files: bytes) -> bytes:
    return b"".join(len(f).to_bytes(4, "little") + f for f in files)


def test_parts_of_a_body() -> None:
    assert parts(framed(b"ab", b"c")) == [b"ab", b"c"]
    assert parts(b"") == []
    for bad in (framed(b"a")[:-1], framed(b"a", b"b", b"c"), b"\xff\xff"):
        with pytest.raises(BadValue, match="two files"):
            parts(bad)


@pytest.mark.parametrize(
    ("query", "files", "field"),
    [
        ({"lab.task": "bake"}, [], "lab.task"),
        ({"data": "moons", "lab.task": "edit"}, [png(DIGIT)], "data"),
        ({"lab.task": "edit"}, [], "image"),
        ({"lab.task": "edit", "lab.strength": "2"}, [png(DIGIT)], "lab.strength"),
        ({"lab.task": "inpaint"}, [png(DIGIT)], "mask"),
        ({"lab.task": "inpaint"}, [png(DIGIT), png(0 * DIGIT)], "mask"),
        ({"lab.task": "inpaint", "lab.r": "0"}, [png(DIGIT), png(HALF)], "lab.r"),
        ({"lab.task": "inpaint", "lab.r": "50", "lab.variants": "16", "grid.steps": "500"}, [png(DIGIT), png(HALF)], "lab.r"),
        ({"lab.task": "reconstruct", "sampler": "DDPM"}, [png(DIGIT)], "sampler"),
        ({"lab.task": "reconstruct", "process": "CLD"}, [png(DIGIT)], "process"),
        ({"lab.task": "interpolate", "lab.seeds": "4"}, [], "lab.seeds"),
        ({"lab.task": "sweep", "lab.field": "grid.colour"}, [], "lab.field"),
        ({"lab.task": "sweep", "lab.field": "grid.steps", "lab.values": "0,5"}, [], "lab.values"),
    ],
)
def test_bad_tasks_are_refused_before_anything_runs(query: dict[str, str], files: list[bytes], field: str) -> None:
    with pytest.raises(BadValue) as told:
        next(jobs.ImageTask({"data": "mnist-unet", "particles": "4", **query}, framed(*files)).steps())
    assert told.value.field == field


def test_the_route_streams_and_refuses() -> None:
    """Over HTTP: packets after their lengths, JSON for what is refused, an error in the middle as the last packet, no more read than 4 MB."""
    client = TestClient(Starlette(routes=Live().routes()))
    url = "/live/task?data=mnist-unet&particles=2&grid.steps=3&lab.task=inpaint&lab.r=1&lab.variants=2"
    raw, told = client.post(url, content=framed(png(DIGIT), png(HALF))).content, []
    while raw:
        size = int.from_bytes(raw[:4], "little")
        told.append(Packet.from_bytes(raw[4 : 4 + size]).header["kind"])
        raw = raw[4 + size :]
    assert told == ["task-plan", *["task-step"] * 5, "task-done"]
    for body in (framed(b"hello", png(HALF)), b"\x01", bytes(4_000_001)):
        answer = client.post(url, content=body)
        assert answer.status_code == 400
        assert answer.json()["error"]["field"] == "image"
    assert client.get(url).status_code == 405


def test_what_can_be_swept_is_told() -> None:
    """Bounds and words as declared; guidance's weight is offered without guidance too, with what it needs."""
    plain = {f["path"]: f for f in numbers_packet(pg.Experiment(data="mnist-unet", particles=2), {}).header["fields"]}
    assert plain["guidance.weight"]["with"] == {"guidance": "ClassifierFree"}
    assert (plain["grid.steps"]["lo"], plain["grid.steps"]["hi"], plain["grid.steps"]["value"]) == (1, 1000, 20)
    guided = pg.Experiment(
        data="mnist-unet", particles=2, sampler=pg.DDIM(eta=0.4), guidance=pg.registry("guidance")["ClassifierFree"](label=3)
    )
    told = {f["path"]: f for f in numbers_packet(guided, {}).header["fields"]}
    assert "with" not in told["guidance.weight"]
    assert told["sampler.eta"]["value"] == 0.4
    assert "particles" not in told


def test_a_sweep_of_the_weight_costs_what_it_says() -> None:
    """W = 0 and 1 ask one model a step, others two: told with each column and foreseen by the plan. Mutant killed: two for W = 0."""
    exp = pg.Experiment(data="digits-unet", particles=2, guidance=pg.registry("guidance")["EachClass"]())
    plan, *rest = (
        Packet.from_bytes(p.to_bytes()) for p in task_packets(exp, {"task": "sweep", "field": "guidance.weight", "values": "0,1,2"}, [])
    )
    words = [words for p in rest if p.header["kind"] == "task-captions" for _, _, words in p.header["captions"]]
    assert words == ["20 calls", "20 calls", "40 calls"]
    assert plan.header["expected_calls"] == rest[-1].header["calls"] == 80

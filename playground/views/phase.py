"""The phase-space lab: CLD beside VP from the same data and seed. Paths, damping, roughness, how far the score is from a Gaussian's, solvers."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Json, promised
from playground.core.legal import require
from playground.core.mixture import GaussianMixture
from playground.core.process import LinearProcess, t64
from playground.core.rng import Rng
from playground.core.space import SPAN_1D
from playground.engine import simulate
from playground.exact.mixture import MixtureOracle
from playground.grids.uniform import UniformTime
from playground.metrics.distances import sliced_w2, wasserstein_1d
from playground.processes.cld import CLD
from playground.processes.vp import VP
from playground.samplers.euler_maruyama import EulerMaruyama
from playground.samplers.sscs import SSCS
from playground.views.packet import Packet

PATH_STEPS = 200
DENSITY = (64, 49)  # rows, times of a marginal behind the paths
MOST_COLUMN = 2e6  # rows × times × components: above it fewer times
ROUGH_PATHS, ROUGH_STEPS = 200, 100
SCORE_TIMES, SCORE_POINTS, SCORE_DRAWS = 21, 2048, 400
SOLVER_POINTS, MOST_STEPS = 4000, 400
DAMPING = (("under", "underdamped", 0.25), ("critical", "critically damped", 1.0), ("over", "overdamped", 3.0))  # key, title, Γ over 2√M


def roughness(process: LinearProcess, second_moment: float, times: Tensor) -> Tensor:
    """E (x_{t_{j+1}} − x_{t_j})² of the forward process, float64 (steps,), for one coordinate of the data; its sum is the
    expected quadratic variation on these times.

        a (A − I) S_s (A − I)ᵀ aᵀ + a Q aᵀ,   S_s = ψ_s ψ_sᵀ E x_0² + Σ_s,   a = (1, 0, …)

    with the transition (A, Q) from s to t. As the times get dense the sum tends to ∫ G_x² dt: ∫ β dt under VP, 0 under CLD, where
    noise enters the velocity only.

    Args: second_moment: E x_0² ≥ 0 (the mean included). times: (steps + 1,), rising, in the process's own t.
    """
    times = t64(times)
    a, q = process.transition(times[:-1], times[1:])
    psi, cov = process.mean_and_cov(times[:-1])
    state = psi[..., :, None] * psi[..., None, :] * second_moment + cov
    row = a[..., 0, :].clone()
    row[..., 0] -= 1
    return torch.einsum("ti,tij,tj->t", row, state, row) + q[..., 0, 0]


def paths(process: LinearProcess, z0: Tensor, times: Tensor, normals: Tensor) -> Tensor:
    """Paths of the forward SDE, exact at every time: z_{j+1} = A_j z_j + √Q_j n_j with the process's transition (A, Q).

    Args: z0 (k, N), one coordinate of N states. times (T,) rising. normals (T − 1, k, N), standard normal.
    Returns: (T, k, N) float64.
    """
    a, q = process.transition(times[:-1], times[1:])
    root = torch.zeros_like(q)
    root[:, 0, 0] = q[:, 0, 0].clamp_min(0).sqrt()
    if len(process.parts) == 2:
        # lower triangular; a step so short that Q is zero keeps zeros
        root[:, 1, 0] = torch.where(root[:, 0, 0] > 0, q[:, 1, 0] / root[:, 0, 0].clamp_min(1e-300), 0.0)
        root[:, 1, 1] = (q[:, 1, 1] - root[:, 1, 0].square()).clamp_min(0).sqrt()
    kicks = (root @ normals.to(torch.float64)).numpy()
    moves, out = a.numpy(), np.empty((len(times), *z0.shape))
    out[0] = z0.numpy()
    for j, (move, kick) in enumerate(zip(moves, kicks, strict=True)):
        out[j + 1] = move @ out[j] + kick
    return torch.from_numpy(out)


def score_excess(oracle: MixtureOracle, t: float, seed: int = 0) -> tuple[float, float]:
    """How far the score at time t is from that of a Gaussian, and the error of this number.

        C(t) = E‖s − s_G‖² / E‖s_G‖²,   s_G(z) = −S⁻¹(z − E z),   S = Cov z_t,   E‖s_G‖² = tr S⁻¹

    over z ~ p_t; under CLD s and s_G are the velocity's parts, all that its sampler uses. s_G is the score of the Gaussian with the
    mean and covariance of p_t, so that C is 0 exactly for Gaussian p_t. The ratio does not change when the network's output is the score
    times a factor of t (ε, v-scaled and the like), nor with the units of z. E s·s_G = tr S⁻¹ (Stein), thus C = E‖s‖²/tr S⁻¹ − 1, the excess of
    the Fisher information; the direct form is computed: it has no cancellation.

    Gauss–Hermite nodes on every component up to a two-dimensional state and 64 components (error: against three quarters of the nodes),
    else draws from p_t (error: one standard error).
    """
    law = oracle.marginal(t)
    parts = slice(oracle.state_dim - oracle.dim, oracle.state_dim)
    precision = torch.linalg.inv(law.cov())
    norm = float(precision.diagonal()[parts].sum())

    def gap(z: Tensor) -> Tensor:
        gauss = -(z - law.mean()) @ precision
        return (law.score(z) - gauss)[:, parts].square().sum(-1) / norm

    if oracle.state_dim > 2 or law.components > 64:
        rng = Rng(seed, dtype=torch.float64).stream("score")
        z, _ = law.sample(rng.uniform((SCORE_DRAWS,)), rng.normal((SCORE_DRAWS, law.dim)))
        values = gap(z)
        return float(values.mean()), float(values.std()) / SCORE_DRAWS**0.5
    fine = max(8, min(64, int((SCORE_POINTS / law.components) ** (1 / law.dim))))
    values = []
    root = torch.linalg.cholesky(law.covs)
    for count in (fine, 3 * fine // 4):
        x, w = (torch.from_numpy(a) for a in np.polynomial.hermite_e.hermegauss(count))
        nodes = x[:, None] if law.dim == 1 else torch.cartesian_prod(x, x)
        weight = w if law.dim == 1 else torch.outer(w, w).flatten()
        z = (law.means[:, None] + torch.einsum("kij,qj->kqi", root, nodes)).reshape(-1, law.dim)
        values.append(float(law.weights @ (gap(z).view(law.components, -1) @ (weight / weight.sum()))))
    return values[0], abs(values[0] - values[1])


# packets --------------------------------------------------------------------------------------------------------------------


def phase_packet(exp: Experiment, params: dict[str, str]) -> Packet:
    """``layer=phase``, by ``part``:

    paths: three forward paths under VP and the chosen CLD from the same data points, over exact marginals. damping: the chosen M with three
    frictions. numbers: roughness and score excess over the clock. solvers: SSCS and Euler–Maruyama in ``steps`` steps.
    """
    require(frozenset({"phase"}), exp)
    process = promised(exp.process, CLD, "process", "CLD")
    part = params.get("part", "paths")
    made = {"paths": _paths_part, "damping": _damping_part, "numbers": _numbers_part, "solvers": _solvers_part}
    if part not in made:
        raise BadValue("lab.part", part, "one of " + ", ".join(made))
    packet = Packet(
        {"kind": "phase", "part": part, "key": exp.key, "friction": process.friction, "mass": process.mass, "regime": process.regime}
    )
    made[part](packet, exp, process, params)
    return packet


def _paths_part(packet: Packet, exp: Experiment, process: CLD, params: dict[str, str]) -> None:
    _bundles(packet, exp, process, [Bundle("vp", "VP", VP()), Bundle("cld", "CLD", process, process.friction)])


def _damping_part(packet: Packet, exp: Experiment, process: CLD, params: dict[str, str]) -> None:
    # Γ = ratio · 2√M may leave the slider's range, so the field is set past its check
    runs: list[Bundle] = []
    for name, title, ratio in DAMPING:
        twin = dataclasses.replace(process)
        object.__setattr__(twin, "friction", ratio * 2 * process.mass**0.5)
        runs.append(Bundle(name, title, twin, twin.friction, {"ratio": ratio}))
    _bundles(packet, exp, process, runs)


class Bundle(NamedTuple):
    """Paths under one process; ``friction``: None where there is none. ``more``: what else the header says of them."""

    key: str
    title: str
    process: LinearProcess
    friction: float | None = None
    more: dict[str, Json] = {}


def _starts(process: LinearProcess, x0: Tensor, v0: Tensor) -> Tensor:
    """States (parts, N) of one coordinate from data x0 (N,) and standard normals v0 (N,) for the velocity, if there is one."""
    if len(process.parts) == 1:
        return x0[None]
    return torch.stack([x0, float(process.start_cov()[1, 1]) ** 0.5 * v0])


def _bundles(packet: Packet, exp: Experiment, chosen: CLD, bundles: list[Bundle]) -> None:
    """The same three data points and normals under each process: arrays ``<id>/paths`` (T, k, 3), ``<id>/density:x`` (rows, times) …"""
    data = exp.law.mixture
    rng = Rng(exp.seed, dtype=torch.float64).stream("phase")
    # one point from each third of the weight, so that the three are not neighbours
    x0, _ = data.sample((torch.arange(3, dtype=torch.float64) + 0.5) / 3, rng.normal((3, data.dim)))
    v0 = rng.normal((3, 1))[:, 0]
    normals = rng.normal((PATH_STEPS, 2, 3))
    clock = torch.linspace(0, 1, PATH_STEPS + 1, dtype=torch.float64)
    rows, columns = DENSITY
    columns = max(13, min(columns, int(MOST_COLUMN / rows / data.components)))
    line = GaussianMixture(data.weights, data.means[:, :1], data.covs[:, :1, :1], data.labels)
    sub = "₁" if data.dim > 1 else ""
    packet.add("clock", clock)
    packet.add("density/clock", torch.linspace(0, 1, columns, dtype=torch.float64))
    items: list[Json] = []
    packet.header["items"] = items
    top_v = round(3.4 * chosen.mass**0.5, 3)  # of all of them, which differ in friction alone
    for key, title, process, friction, more in bundles:
        oracle = MixtureOracle(line, process)
        mean, cov = oracle.moments(process.unclock(torch.linspace(0, 1, columns, dtype=torch.float64)))
        start = _starts(process, x0[:, 0], v0)
        # VP is driven by the normals that drive CLD's velocity
        noise = normals[:, 1:] if len(process.parts) == 1 else normals
        packet.add(f"{key}/paths", paths(process, start, process.unclock(clock), noise))
        components: list[Json] = []
        for i, name in enumerate(("x", "v")[: len(process.parts)]):
            half = SPAN_1D if i == 0 else top_v
            components.append({"name": name, "label": name + sub, "lo": -half, "hi": half})
            packet.add(f"{key}/density:{name}", _marginal(line.weights, mean[..., i], cov[..., i, i], half, rows), "u1")
        items.append({"id": key, "title": title, "components": components, "friction": friction, **more})


def _marginal(w: Tensor, mean: Tensor, var: Tensor, half: float, rows: int) -> np.ndarray:
    """Exact density of one component over its range, row 0 at the top, every time relative to its own peak: u1 (rows, times)."""
    grid = (half - 2 * half * (torch.arange(rows, dtype=torch.float32) + 0.5) / rows)[:, None]
    mean, var = mean.float()[:, None], var.float().clamp_min(1e-6)[:, None]
    p = ((-0.5 * (grid - mean).square() / var).exp() * torch.rsqrt(var)) @ w.float()
    return (p / p.amax(1, keepdim=True).clamp_min(1e-30) * 255 + 0.5).mT.to(torch.uint8).numpy()


def _numbers_part(packet: Packet, exp: Experiment, process: CLD, params: dict[str, str]) -> None:
    """``rough/<id>`` expected and ``measured/<id>`` mean cumulative quadratic variation of x (one coordinate), ``score/<id>`` C(t)."""
    data = exp.law.mixture
    rng = Rng(exp.seed, dtype=torch.float64).stream("rough")
    x0, _ = data.sample(rng.uniform((ROUGH_PATHS,)), rng.normal((ROUGH_PATHS, data.dim)))
    v0 = rng.normal((ROUGH_PATHS, 1))[:, 0]
    normals = rng.normal((ROUGH_STEPS, 2, ROUGH_PATHS))
    second = float(data.cov()[0, 0] + data.mean()[0] ** 2)
    clock = torch.linspace(0, 1, ROUGH_STEPS + 1, dtype=torch.float64)
    score_clock = torch.linspace(0, 1, SCORE_TIMES, dtype=torch.float64).square()  # closer together at the data, where it changes
    packet.add("clock", clock)
    packet.add("score/clock", score_clock)
    items: list[Json] = []
    packet.header.update(steps=ROUGH_STEPS, paths=ROUGH_PATHS, items=items)
    vp = VP()
    both: list[tuple[str, LinearProcess, float]] = [("vp", vp, float(vp.schedule.integral(t64(vp.t_max)))), ("cld", process, 0.0)]
    for key, p, limit in both:
        times = p.unclock(clock)
        start = _starts(p, x0[:, 0], v0)
        z = paths(p, start, times, normals[:, 1:] if len(p.parts) == 1 else normals)[:, 0]
        measured = z.diff(dim=0).square().cumsum(0)
        expected = roughness(p, second, times).cumsum(0)
        packet.add(f"rough/{key}", torch.cat([expected.new_zeros(1), expected]))
        packet.add(f"measured/{key}", torch.cat([expected.new_zeros(1), measured.mean(1)]))
        oracle = MixtureOracle(data, p)
        values = [score_excess(oracle, float(t), exp.seed) for t in p.unclock(score_clock).clamp_min(p.t_min)]
        packet.add(f"score/{key}", [v for v, _ in values])
        items.append(
            {
                "id": key,
                "title": p.info.title,
                "expected": float(expected[-1]),
                "measured": float(measured[-1].mean()),
                "measured_se": float(measured[-1].std()) / ROUGH_PATHS**0.5,
                "limit": limit,
                "score_mean": float(np.mean([v for v, _ in values])),
                "score_error": max(e for _, e in values),
            }
        )
    drawn = data.components > 64 or data.dim > 1
    packet.header["score_by"] = f"{SCORE_DRAWS} draws a time" if drawn else "Gauss–Hermite quadrature"


def _solvers_part(packet: Packet, exp: Experiment, process: CLD, params: dict[str, str]) -> None:
    """Distance of x at the end to the data after ``steps`` uniform steps from exact p_T: header ``error`` {sscs, em}, ``floor``."""
    word = params.get("steps", "20")
    if not word.isdigit() or not 2 <= int(word) <= MOST_STEPS:
        raise BadValue("lab.steps", word, f"a whole number from 2 to {MOST_STEPS}")
    data = exp.law.mixture
    count = int(min(SOLVER_POINTS, max(500, 2e8 / int(word) / data.components)))
    rng = Rng(exp.seed, dtype=torch.float64).stream("solver truth")
    truth = [data.sample(rng.uniform((count,)), rng.normal((count, data.dim)))[0].float().numpy() for _ in range(4)]

    def distance(a: np.ndarray, b: np.ndarray) -> float:
        return float(wasserstein_1d(a[:, 0], b[:, 0])) if data.dim == 1 else sliced_w2(a, b)

    grid = UniformTime(steps=int(word))
    errors = {}
    for key, sampler in (("sscs", SSCS()), ("em", EulerMaruyama())):
        # of the experiment only data, process and seed: no guidance, no truncation
        run = simulate(
            Experiment(
                data=exp.data, model=exp.model, process=process, sampler=sampler, grid=grid, start="exact", particles=count, seed=exp.seed
            ),
            max_frames=2,
        )
        x = process.project(run.frames[-1].z).float().cpu().numpy()
        # beyond 100 data widths a run is lost: its size is no news
        errors[key] = float(np.mean([distance(np.nan_to_num(x, nan=100.0).clip(-100, 100), t) for t in truth]))
    floor = [distance(truth[i], truth[j]) for i in range(4) for j in range(i)]
    packet.header.update(
        steps=int(word),
        points=count,
        error=errors,
        floor=float(np.mean(floor)),
        floor_sd=float(np.std(floor, ddof=1)),
        label="W₁ to the data" if data.dim == 1 else "sliced W₂ to the data",
    )

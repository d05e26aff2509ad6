"""The same noise and the same exact model through `diffusers`: one function a sampler, ``PARITY[label](monkeypatch, steps) -> error``.

Conventions of the other side that matter:
- Tables are float32 there; ``family.make`` rebuilds them in float64, and our levels ρ = σ/α are read from the scheduler.
- Multistep DPM-Solver of order 3 (all three algorithms) halves the second difference: compared with ``released=True``.
- Singlestep schedulers take one model call a step: our step of order k is k of theirs. Their table is set to levels at which the stages lie (thirds
  or halves of a step in L). Order 3 mixes two of their options: the second stage is their 'heun' form, the last their 'midpoint' form.
- UniPC and PNDM correct a state at the next call: our state is their corrected one.
"""

import sys
import types
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

import playground as pg
from playground.core.experiment import Experiment
from playground.core.problem import Problem
from playground.core.process import ScalarGaussian, t64
from playground.core.spec import Info
from playground.engine import simulate
from playground.exact.mixture import MixtureOracle

from .family import EDM_, F64, FIVE, START, VP_, draws, error, make, ours, vp_x0, x0_at

PARITY: dict[str, Callable] = {}


def case(label):
    def put(f):
        def quiet(monkeypatch, steps):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of `diffusers`: np.array on tensors, deprecated algorithm types
                torch.set_default_dtype(F64)  # `diffusers` also makes tensors of the default type
                try:
                    return f(monkeypatch, steps)
                finally:
                    torch.set_default_dtype(torch.float32)

        PARITY[label] = quiet
        return f

    return put


def states_of(other, model, x, noise=None, **kwargs):
    """All states of a scheduler run whose model is ``model(x, ρ)``."""
    out = [x]
    for i, t in enumerate(other.timesteps):
        if noise is not None:
            kwargs["variance_noise"] = noise(x.shape)
        x = other.step(model(x, other.sigmas[i]), t, x, **kwargs).prev_sample
        out.append(x)
    return torch.stack(out)


def on_vp(x, rho):
    return vp_x0(FIVE, rho, x)


def multistep(where, name, sampler, noisy=False, **config):
    """A multistep scheduler on VP's table, model in x_0 form."""

    def run(monkeypatch, steps):
        other, _ = make(monkeypatch, where, name, prediction_type="sample", **config)
        other.set_timesteps(steps)
        want = states_of(other, on_vp, START, draws() if noisy else None)
        return error(ours(sampler, VP_, FIVE, START, other.sigmas, draws()).states, want)

    return run


DPM = ("scheduling_dpmsolver_multistep", "DPMSolverMultistepScheduler")
ENDS = {"final_sigmas_type": "sigma_min", "lower_order_final": False}
for order in (1, 2, 3):
    dpm = pg.DPMSolver(order=order, variant="multistep", released=order == 3)
    case(f"DPMSolver multistep {order}" + ", released" * (order == 3))(
        multistep(*DPM, dpm, algorithm_type="dpmsolver", solver_order=order, **ENDS)
    )
    if order < 3:
        sde = pg.SDEDPMSolverPP(order=order)
        case(f"SDEDPMSolverPP {order}")(multistep(*DPM, sde, noisy=True, algorithm_type="sde-dpmsolver++", solver_order=order))
    deis = pg.DEIS(order=order)
    case(f"DEIS log rho {order}")(
        multistep("scheduling_deis_multistep", "DEISMultistepScheduler", deis, solver_order=order, lower_order_final=False)
    )
case("DDIM, DPM-Solver++ 1")(multistep(*DPM, pg.DDIM(), solver_order=1))
case("DPMSolverPP2M")(multistep(*DPM, pg.DPMSolverPP2M(), solver_order=2))
case("DPMSolverPP3M released")(multistep(*DPM, pg.DPMSolverPP3M(released=True), solver_order=3))


@case("SDEDPMSolverPP 3 released")
def sde_three(monkeypatch, steps):
    """`diffusers` has −½ for +½ in the second difference's coefficient (order 3 there does not converge faster than order 1): the formula with
    +½, written down again and independently of ours, in y with λ = −ln σ.
    """
    rhos = EDM_.sigma(EDM_.time_at(torch.linspace(-np.log(60.0), -np.log(0.02), steps, dtype=F64)))
    noise, y = draws(), START * rhos[0]
    want, past = [y], []
    for i in range(steps - 1):
        d = x0_at(FIVE, rhos[i], y)
        h = float(torch.log(rhos[i] / rhos[i + 1]))
        h_eta = 2 * h
        out = np.exp(-h_eta) * y - np.expm1(-h_eta) * d
        if len(past) >= 2:
            r0, r1 = past[0][1] / h, past[1][1] / h
            d1_0, d1_1 = (d - past[0][0]) / r0, (past[0][0] - past[1][0]) / r1
            d1, d2 = d1_0 + (d1_0 - d1_1) * r0 / (r0 + r1), (d1_0 - d1_1) / (r0 + r1)
            phi_2 = np.expm1(-h_eta) / h_eta + 1
            out = out + phi_2 * d1 - (phi_2 / h_eta - 0.5) * d2
        elif past:  # the second step in `diffusers`' midpoint form
            out = out - 0.5 * np.expm1(-h_eta) * (d - past[0][0]) / (past[0][1] / h)
        past = [(d, h), *past][:2]
        y = out + rhos[i + 1] * float(np.sqrt(-np.expm1(-2 * h))) * noise(y.shape)
        want.append(y)
    sampler = pg.SDEDPMSolverPP(order=3, released=True)
    return error(ours(sampler, EDM_, FIVE, START * rhos[0], rhos, draws()).states, torch.stack(want))


def singlestep(sampler, order, algorithm):
    def run(monkeypatch, steps):
        other, _ = make(
            monkeypatch,
            "scheduling_dpmsolver_singlestep",
            "DPMSolverSinglestepScheduler",
            prediction_type="sample",
            solver_order=order,
            algorithm_type=algorithm,
            **ENDS,
        )
        other.set_timesteps(order * steps)
        high, low = float(other.sigmas[0]), 0.02
        u = torch.linspace(0, 1, steps + 1, dtype=F64) ** 1.3  # our levels, uneven in L, with the stages between them
        coarse = np.log(high) + (np.log(low) - np.log(high)) * u
        fine = torch.cat(
            [coarse[:-1, None] + (coarse[1:] - coarse[:-1])[:, None] * torch.arange(order) / order, coarse[-1:, None].expand(1, order)]
        )
        other.sigmas = fine.flatten()[: order * steps + 1].exp()
        other.timesteps = torch.arange(order * steps, 0, -1)
        other.order_list = list(range(1, order + 1)) * steps
        x, want = START, [START]
        for i, t in enumerate(other.timesteps):
            if order == 3:
                other.register_to_config(solver_type="heun" if i % 3 == 1 else "midpoint")
            x = other.step(on_vp(x, other.sigmas[i]), t, x).prev_sample
            if i % order == order - 1:
                want.append(x)
        return error(ours(sampler, VP_, FIVE, START, coarse.exp()).states, torch.stack(want))

    return run


for order in (1, 2, 3):
    case(f"DPMSolver singlestep {order}")(singlestep(pg.DPMSolver(order=order), order, "dpmsolver"))
case("DPMSolverPP2S")(singlestep(pg.DPMSolverPP2S(), 2, "dpmsolver++"))


def unipc(order, variant, lowered):
    def run(monkeypatch, steps):
        ends = {"final_sigmas_type": "zero"} if lowered else ENDS  # with bh1 their step to σ = 0 is NaN (∞ · 0): it ends above 0
        other, _ = make(
            monkeypatch,
            "scheduling_unipc_multistep",
            "UniPCMultistepScheduler",
            prediction_type="sample",
            solver_order=order,
            solver_type=variant,
            **ends,
        )
        other.set_timesteps(steps)
        x, want = START, [START]
        for i, t in enumerate(other.timesteps):
            x = other.step(on_vp(x, other.sigmas[i]), t, x).prev_sample
            if i:
                want.append(other.last_sample)  # the state after the corrector
        sampler = pg.UniPC(order=order, variant=variant, lower_final=lowered)
        return error(ours(sampler, VP_, FIVE, START, other.sigmas).states, torch.stack([*want, x]))

    return run


for order in (1, 2, 3):
    for variant in ("bh1", "bh2"):
        case(f"UniPC {order} {variant}")(unipc(order, variant, variant == "bh2"))
case("UniPC 3 bh2, not lowered")(unipc(3, "bh2", False))


@dataclass(frozen=True)
class Table(ScalarGaussian):
    """VP whose time is the index of a table of ᾱ, log-SNR linear between its entries; not in the registry."""

    info = Info("Table", "table")
    knots: tuple[float, ...] = ()

    @property
    def t_max(self) -> float:
        return float(len(self.knots) - 1)

    def half_log_snr(self, t):
        k = t64(self.knots)
        low = t64(t).floor().clamp(0, len(k) - 2).long()
        return k[low] + (t64(t) - low) * (k[low + 1] - k[low])

    def time_at(self, half_log_snr):
        return t64(np.interp(-t64(half_log_snr).numpy(), -np.array(self.knots), np.arange(float(len(self.knots)))))

    def alpha(self, t):
        return torch.sigmoid(2 * self.half_log_snr(t)).sqrt()

    def sigma(self, t):
        return torch.sigmoid(-2 * self.half_log_snr(t)).sqrt()

    def _rate(self, t):
        k = t64(self.knots)
        low = t64(t).floor().clamp(0, len(k) - 2).long()
        return k[low + 1] - k[low]

    def dalpha(self, t):
        return self.alpha(t) * self.sigma(t) ** 2 * self._rate(t)

    def dsigma(self, t):
        return -self.sigma(t) * self.alpha(t) ** 2 * self._rate(t)


def table(bars):
    """Time 0 of our table is a level of its own (the data); index i of theirs is time i + 1."""
    b = np.asarray(bars, dtype=np.float64)
    knots = 0.5 * (np.log(b) - np.log1p(-b))
    return Table((float(2 * knots[0] - knots[1]) + 5.0, *map(float, knots)))


def pndm(skip):
    def run(monkeypatch, steps):
        other, _ = make(monkeypatch, "scheduling_pndm", "PNDMScheduler", skip_prk_steps=skip, steps_offset=1, timestep_spacing="leading")
        other.set_timesteps(steps)
        process = table(other.alphas_cumprod)
        model = Problem(process, MixtureOracle(FIVE, process))
        x, seen = START, {}
        for t in other.timesteps.tolist():
            x = other.step(model.eps(x, float(t + 1)), t, x).prev_sample
            seen[t] = x
        ratio = 1000 // steps
        times = [float(t + 1) for t in other._timesteps[::-1]] + [1.0]
        sampler = pg.PLMS(released=True) if skip else pg.PNDM(released=True)
        exp = Experiment(process=process, sampler=sampler, grid="UniformTime")
        got = simulate(exp, data=FIVE, initial=START, times=times, dtype=F64)
        assert times[0] - times[1] == ratio
        return error(got.states[-1], x)

    return run


case("PLMS released")(pndm(True))
case("PNDM released")(pndm(False))


def in_y(where, name, sampler, stride=1, noisy=False, **config):
    """Schedulers in y = x/α with Karras levels, the model in ε form; ``stride`` of their calls are one step of ours."""

    def run(monkeypatch, steps):
        if where.endswith("solver_sde"):
            monkeypatch.setitem(sys.modules, "torchsde", types.ModuleType("torchsde"))  # only its Brownian tree is used: replaced below
        other, module = make(monkeypatch, where, name, **config)
        other.set_timesteps(steps)
        noise = draws()
        if noisy and hasattr(module, "randn_tensor"):
            monkeypatch.setattr(module, "randn_tensor", lambda shape, **_: noise(tuple(shape)))
        if where.endswith("solver_sde"):
            other.noise_sampler = brownian(noise)
        rhos = torch.unique_consecutive(other.sigmas)  # levels of two-call steps are listed twice
        y = START * rhos[0]
        want = [y]
        other.is_scale_input_called = True
        for i, t in enumerate(other.timesteps):
            if other.step_index is None:
                other._init_step_index(t)
            level = other.sigmas[i]
            if stride == 2 and i % 2 == 1:
                level = stage_level(other, i)
            e = (y - x0_at(FIVE, level, y)) / level
            y = other.step(e, t, y).prev_sample
            if stride == 1 or i % 2 == 1 or i == len(other.timesteps) - 1:
                want.append(y)
        return error(ours(sampler, EDM_, FIVE, START * rhos[0], rhos, draws()).states, torch.stack(want))

    return run


def stage_level(other, i):
    """The noise level of the second model call of a two-call step."""
    if hasattr(other, "mid_point_sigma"):
        return other.mid_point_sigma
    if hasattr(other, "sigmas_interpol"):
        return other.sigmas_interpol[i if "Ancestral" not in type(other).__name__ else i - 1]
    return other.sigmas[i]


def brownian(noise):
    """The scheduler's noise on a Brownian path in σ: W(mid) − W(σ), then W(next) − W(σ), normalised."""
    kept = {}

    def draw(sigma, after):
        if "mid" not in kept:
            kept["mid"], kept["n"] = float(after), noise(tuple(START.shape))
            return kept["n"]
        mid, n = kept.pop("mid"), kept.pop("n")
        c2 = (float(sigma) - mid) / (float(sigma) - float(after))
        return c2**0.5 * n + (1 - c2) ** 0.5 * noise(tuple(START.shape))

    return draw


KARRAS = {"use_karras_sigmas": True}
case("LMS 4 released")(in_y("scheduling_lms_discrete", "LMSDiscreteScheduler", pg.LMS(released=True), **KARRAS))
case("KDPM2")(in_y("scheduling_k_dpm_2_discrete", "KDPM2DiscreteScheduler", pg.KDPM2(), stride=2, **KARRAS))
case("KDPM2 ancestral")(
    in_y("scheduling_k_dpm_2_ancestral_discrete", "KDPM2AncestralDiscreteScheduler", pg.KDPM2(eta=1.0), 2, True, **KARRAS)
)
case("EDMHeun")(in_y("scheduling_heun_discrete", "HeunDiscreteScheduler", pg.EDMHeun(), stride=2, **KARRAS))
case("Euler (EDM)")(in_y("scheduling_euler_discrete", "EulerDiscreteScheduler", pg.Euler(), **KARRAS))
case("EulerAncestral")(in_y("scheduling_euler_ancestral_discrete", "EulerAncestralDiscreteScheduler", pg.EulerAncestral(), noisy=True))
case("DPMSolverPPSDE")(in_y("scheduling_dpmsolver_sde", "DPMSolverSDEScheduler", pg.DPMSolverPPSDE(path="sigma"), stride=2, **KARRAS))


def ancestral(variance, weight=0.5):
    """DDPMScheduler; 'learned_range' interpolates ln β̃ and ln β with (prediction + 1)/2."""

    def run(monkeypatch, steps):
        kind = {"small": "fixed_small", "large": "fixed_large", "interpolated": "learned_range"}[variance]
        other, module = make(
            monkeypatch, "scheduling_ddpm", "DDPMScheduler", variance_type=kind, clip_sample=False, prediction_type="sample"
        )
        other.set_timesteps(steps)
        noise = draws()
        monkeypatch.setattr(module, "randn_tensor", lambda shape, **_: noise(tuple(shape)))
        bars = other.alphas_cumprod
        x, want = START, [START]
        for t in other.timesteps:
            rho = ((1 - bars[t]) / bars[t]) ** 0.5
            out = on_vp(x, rho)
            if variance == "interpolated":
                out = torch.cat([out, torch.full_like(out, 2 * weight - 1)], 1)
            x = other.step(out, t, x).prev_sample
            want.append(x)
        rhos = [*(((1 - bars[t]) / bars[t]) ** 0.5 for t in other.timesteps), 0.0]
        return error(ours(pg.DDPM(variance=variance, weight=weight), VP_, FIVE, START, rhos, draws()).states, torch.stack(want))

    return run


for variance in ("small", "large", "interpolated"):
    case(f"DDPM {variance}")(ancestral(variance, 0.3))


def ddim(eta):
    def run(monkeypatch, steps):
        other, _ = make(monkeypatch, "scheduling_ddim", "DDIMScheduler", clip_sample=False, steps_offset=1, prediction_type="sample")
        other.set_timesteps(steps)
        noise = draws()
        bars = other.alphas_cumprod
        x, want = START, [START]
        for t in other.timesteps.tolist():
            rho = ((1 - bars[t]) / bars[t]) ** 0.5
            xi = noise(x.shape) if eta and t != other.timesteps[-1] else torch.zeros_like(x)
            x = other.step(on_vp(x, rho), t, x, eta=eta, variance_noise=xi).prev_sample
            want.append(x)
        rhos = [*(((1 - bars[t]) / bars[t]) ** 0.5 for t in other.timesteps), 0.0]
        return error(ours(pg.DDIM(eta=eta), VP_, FIVE, START, rhos, draws()).states, torch.stack(want))

    return run


case("DDIM")(ddim(0.0))
case("DDIM η = 0.6")(ddim(0.6))


def score_sde(corrector):
    """ScoreSdeVeScheduler: Song's reverse diffusion predictor and Langevin corrector for VE; up to its last positive level."""

    def run(monkeypatch, steps):
        other, module = make(monkeypatch, "scheduling_sde_ve", "ScoreSdeVeScheduler", sigma_min=0.02, sigma_max=50.0, snr=0.16)
        other.set_timesteps(steps)
        other.set_sigmas(steps)
        noise = draws()
        monkeypatch.setattr(module, "randn_tensor", lambda shape, **_: noise(tuple(shape)))
        rhos = torch.exp(torch.linspace(np.log(0.02), np.log(50.0), steps, dtype=F64))
        other.discrete_sigmas = rhos
        y = START * rhos[-1]
        want = [y]
        for i in range(steps - 1, 0, -1):
            for _ in range(corrector):
                y = other.step_correct((x0_at(FIVE, rhos[i], y) - y) / rhos[i] ** 2, y).prev_sample
            # the time is the middle of the table's cell, of which the scheduler takes the floor
            y = other.step_pred((x0_at(FIVE, rhos[i], y) - y) / rhos[i] ** 2, torch.tensor((i + 0.5) / (steps - 1)), y).prev_sample
            want.append(y)
        sampler = pg.PredictorCorrector(corrector_steps=corrector) if corrector else pg.ReverseDiffusion()
        return error(ours(sampler, EDM_, FIVE, START * rhos[-1], rhos.flip(0), draws()).states, torch.stack(want))

    return run


case("ReverseDiffusion")(score_sde(0))
case("PredictorCorrector")(score_sde(2))

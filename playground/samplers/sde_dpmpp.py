from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from playground.core.brownian import Clock, exponential
from playground.core.ending import LowersAbove, lowered_above
from playground.core.exponential import FORMS, History, capped, differences, last_starts, phi, weight_of_slope
from playground.core.fields import above, choice, flag, integer, only, slider
from playground.core.names import Called, call
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Twin, Variant
from playground.core.scaled import SYMBOL, ScalesNoise
from playground.core.spec import Info
from playground.samplers.ddim import ANCESTRAL, first_order
from playground.samplers.dpmpp_2m import DPMSolverPP2M, in_form, multistep, slope_terms

HALVED = "it halves the second difference (here: “as released”)"
HALVED_TOO = "k-diffusion, ComfyUI and DPM-Solver's repository halve it too"
SECOND = "the second step of k-diffusion's and ComfyUI's 3M SDE weighs the slope by φ₂/φ₁, not ½"


def three_m(lower_final: bool, released: bool) -> Called:
    """What DPM-Solver++ 3M is called."""
    told = {"solver_order": 3} if lower_final else {"solver_order": 3, "lower_order_final": False}
    official = 'DPM_Solver(algorithm_type="dpmsolver++").sample(order=3, method="multistep")'
    known = multistep("" if released else HALVED, **told)
    return Called(
        known, "sample_dpmpp_3m_sde(eta=0)", "DPM++ 3M SDE, eta 0", "dpmpp_3m_sde, eta 0", official, near=differing(lower_final, released)
    )


def differing(lower_final: bool, released: bool, form: str = "midpoint") -> str:
    """Where k-diffusion's 3M SDE, which A1111 and ComfyUI have too, is another one."""
    return "; ".join([HALVED_TOO] * (not released) + [SECOND] * (form == "midpoint") + ["3M SDE is not lowered at the end"] * lower_final)


@dataclass(frozen=True)
class SDEDPMSolverPP(LowersAbove[tuple[History, tuple[float, ...]]], ScalesNoise[tuple[History, tuple[float, ...]]]):
    """x_s = (σ_s/σ_t) e^{−ηh} x_t + α_s ∫ … D dL + σ_s √(1 − e^{−2ηh}) z, with H = (1 + η) h, h = L_s − L_t:

        order 1: α_s (1 − e^{−H}) D;   2: D + (h/2h_prev)(D − D_prev) in place of D ("midpoint"; "heun": φ_2(−H)/φ_1(−H) in place of ½);
        3: α_s H [φ_1(−H) D + φ_2(−H) h D′ + φ_3(−H) h² D″] with the quadratic through the last three D
           ("as released": D″ halved, as `diffusers` has it at η = 0)

    k-diffusion's 2M SDE is order 2 in either form, its 3M SDE is order 3 "as released" in the form "heun" (of its second step), not lowered at the end.
    η = 1: the reverse SDE (order 1 is then DDPM with small variance); η = 0: DPM-Solver++ 1, 2M, 3M. No noise in the last step.
    One model call a step; order of the mean for a linear model as chosen, strong order 1. Lu et al. 2022, 2211.01095; η: Crowson 2022.
    """

    info = Info(
        "SDEDPMSolverPP",
        "SDE-DPM-Solver++ (2M, 3M)",
        "exponential integrator of the reverse SDE from the last one to three predictions",
        "Lu et al. 2022",
        "2211.01095",
        group="reverse SDE",
        rank=83,
        nfe=1,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"x_s = \frac{\sigma_s}{\sigma_t}e^{-\eta h}x_t + \alpha_s\,(1-e^{-(1+\eta)h})\,\tilde D + \sigma_s\sqrt{1-e^{-2\eta h}}\;z"
    from_noise: ClassVar[bool] = True
    drawn: ClassVar[tuple[str, str]] = (r"\;z", rf"\,{SYMBOL}\;z")
    matches = ("DPMSolverMultistepScheduler",)
    fine = ({}, {"order": 3})
    twins = (
        Twin({"order": 1}, "DDPM"),
        Twin({"eta": 0.0}, "DPMSolverPP2M"),
        Twin({"order": 3, "eta": 0.0}, "DPMSolverPP3M"),
        Twin({"eta": 0.0, "form": "heun"}, "DPMSolverPP2M", {"form": "heun"}),
    )
    named = (
        {},
        {"form": "heun"},
        {"eta": 0.5},
        {"order": 3},
        {"order": 3, "released": True, "form": "heun", "lower_final": False},
        {"order": 1},
        {"eta": 0.0},
    )
    variants = (
        Variant("2, η = 0", {"order": 2, "eta": 0.0}),
        Variant("3, η = 0", {"order": 3, "eta": 0.0}),
        Variant("1", {"order": 1}, weak=1),
        Variant("2", {"order": 2}, weak=2),
        Variant("2 η = 0.5", {"order": 2, "eta": 0.5}, weak=2),
        Variant("2 heun", {"form": "heun"}, weak=2),
        Variant("2 heun, η = 0", {"form": "heun", "eta": 0.0}),
    )
    blends: ClassVar[tuple[str, ...]] = (
        r"\tilde D = D",
        r"\tilde D = D + \tfrac{1}{2r}(D-D_{\mathrm{prev}}),\ r = \tfrac{h_{\mathrm{prev}}}{h},\quad \text{first step: }\tilde D = D",
        r"\tilde D = D + \tfrac{\varphi_2}{\varphi_1}\,hD' + \tfrac{\varphi_3}{\varphi_1}\,h^2D'',\ \varphi_k(-(1+\eta)h),\quad \text{first step: }\tilde D = D",
    )
    """D̃ in the formula, by order."""
    order: int = integer(2, 1, 3, help="how many predictions are used")
    eta: float = slider(1.0, 0.0, 1.0, 0.05, label="η noise", help="1: the reverse SDE, 0: no noise")
    lower_final: bool = flag(
        True,
        label="lower order at the end",
        help="second order in the step before the last, in runs of under 15 steps",
        when=only("order", 3),
    )
    lower_above: bool = lowered_above(above("order", 1))
    released: bool = flag(
        False, label="as released", help="order 3: halve the second difference, as diffusers does at η = 0", when=only("order", 3)
    )
    form: str = choice(
        "midpoint",
        FORMS,
        help="where two predictions are used: their line read in the middle of the step, or integrated exactly",
        when=only("order", 2, 3),
    )

    @property
    def printed(self) -> str:
        return rf"{self.scaled(self.formula)},\quad {in_form(self.blends[self.order - 1], self.form)}"

    @property
    def declared_order(self) -> float | None:
        return None if self.eta else (2 if self.released and self.order == 3 else self.order)

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> tuple[History, tuple[float, ...]]:
        return (), last_starts(grid, self.lowers(grid, self.lower_final))

    def called(self, process: Process) -> Called:
        if self.eta == 0:
            return (first_order(0), DPMSolverPP2M(self.form).called(process), three_m(self.lower_final, self.released))[self.order - 1]
        if self.order == 1:
            return first_order(1)._replace(diffusers=ANCESTRAL[::-1], a1111="Euler a") if self.eta == 1 else Called()
        told = {"algorithm_type": "sde-dpmsolver++", "solver_order": self.order}
        near = ["its η is 1"] if self.eta < 1 else []
        eta = f", eta {self.eta:g}" if self.eta < 1 else ""
        if self.order == 2:
            heun = self.form == "heun"
            known = multistep("; ".join(near), **told, **({"solver_type": "heun"} if heun else {}))
            scale = {} if self.noise_scale == 1 else {"s_noise": self.noise_scale}
            k = call("sample_dpmpp_2m_sde", {"eta": self.eta, **scale} | ({"solver_type": "heun"} if heun else {}))
            return Called(known, k, f"DPM++ 2M SDE{' Heun' if heun else ''}{eta}", f"dpmpp_2m_sde{'_heun' if heun else ''}{eta}")
        near.append("in it the second difference does not vanish with the step: no better than order 1")
        differs = differing(self.lower_final, self.released, self.form)
        return Called(
            multistep("; ".join(near), **told),
            f"sample_dpmpp_3m_sde(eta={self.eta:g}{self.s_noise})",
            f"DPM++ 3M SDE{eta}",
            f"dpmpp_3m_sde{eta}",
            near=differs,
        )

    def noise_clock(self, process: Process) -> Clock | None:
        return exponential(self.eta) if self.eta else None

    def step(
        self, problem: Problem, z: Tensor, t: float, s: float, carry: tuple[History, tuple[float, ...]], rng: Rng
    ) -> tuple[Tensor, tuple[History, tuple[float, ...]]]:
        past, lowered = carry
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        stretch = 1 + self.eta
        kept: History = ((now.half_log_snr, problem.x0(z, t)), *past)[:3]
        keep = math.exp(-self.eta * h) if self.eta else 1.0
        if math.isinf(h):  # from pure noise: H φ_1(−H) = 1
            out = then.sigma / now.sigma * keep * z + then.alpha * kept[0][1]
        else:
            blend = combine(kept[: capped(self.order, lowered, t)], h, -stretch * h, self.released, self.form)
            out = then.sigma / now.sigma * keep * z + then.alpha * stretch * h * blend
        if self.eta:
            out = out + then.sigma * math.sqrt(-math.expm1(-2 * self.eta * h)) * self.noise_scale * rng.normal(tuple(z.shape))
        return out, (kept, lowered)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        now, then = problem.at(t), problem.at(s)
        h = then.half_log_snr - now.half_log_snr
        return {
            "h": h,
            r"\frac{\sigma_s}{\sigma_t}e^{-\eta h}": then.sigma / now.sigma * (math.exp(-self.eta * h) if self.eta else 1.0),
            r"\alpha_s(1-e^{-(1+\eta)h})": -then.alpha * math.expm1(-(1 + self.eta) * h),
            r"\sigma_s\sqrt{1-e^{-2\eta h}}": then.sigma * math.sqrt(-math.expm1(-2 * self.eta * h)),
            **({rf"\varphi_{k}": phi(k, -(1 + self.eta) * h) for k in (1, 2, 3)} if self.order == 3 else {}),
            **self.scale_terms,
        }

    def terms_on(self, problem: Problem, grid: list[float], index: int, afresh: bool = False) -> dict[str, float]:
        found = self.terms(problem, grid[index], grid[index + 1])
        if not found or self.order != 2 or not index or afresh or capped(2, last_starts(grid, self.lowers(grid, True)), grid[index]) < 2:
            return found
        return {**found, **slope_terms(problem, grid, index, self.form, -(1 + self.eta) * found["h"])}


def combine(history: History, h: float, grow: float, halved: bool, form: str = "midpoint") -> Tensor:
    """φ_1 D + φ_2 h D′ + φ_3 h² D″ at ``grow``, D a polynomial through the history; two values in a ``form``,
    φ_1 (D + c h D′) with c = ½ or φ_2/φ_1."""
    if len(history) == 3:
        d1, d2 = differences(history, h, halved)
        return phi(1, grow) * history[0][1] + phi(2, grow) * d1 + phi(3, grow) * d2
    (l0, d), rest = history[0], history[1:]
    for l1, before in rest:
        d = d + weight_of_slope(form, grow) * h / (l0 - l1) * (d - before)
    return phi(1, grow) * d

"""A hub model's own noise levels: where on its time axis a noise level τ = σ/α lies, and what its output means there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from playground.core.fields import BadValue, Record
from playground.core.process import LinearProcess
from playground.images.networks import whole

FLOW = "flow"
PREDICTIONS = ("epsilon", "v_prediction", "sample", FLOW)


class Level(NamedTuple):
    """The model's time ``index`` and its coefficients there: it expects α x_0 + σ ε = α · gain · y, where y = x_0 + τ n is what we have."""

    index: float  # pyright: ignore[reportIncompatibleMethodOverride] - a field, not tuple.index
    alpha: float
    sigma: float
    gain: float


class Levels:
    """The noise levels of a model that was trained on x = α_i x_0 + σ_i ε.

    A table of ᾱ_i (Ho et al. 2020, 2006.11239): α² = ᾱ, σ² = 1 − ᾱ, τ_i = √((1 − ᾱ_i)/ᾱ_i); between the entries ln τ is linear in i.
    Flow matching (Lipman et al. 2023, 2210.02747; Esser et al. 2024, 2403.03206): α = 1 − s, σ = s, index N s, so that s = τ/(1 + τ).

    Levels outside of the table are asked at its ends. Above the upper end y is scaled so that the model sees the variance that it knows.
    """

    def __init__(self, told: str, bars: Sequence[float] | np.ndarray | None = None, steps: int = 1000):
        """``told``: what the network predicts, one of PREDICTIONS. ``bars``: ᾱ_0 … ᾱ_{N−1}, decreasing; None for flow matching."""
        if told not in PREDICTIONS or (told == FLOW) != (bars is None):
            raise BadValue("prediction_type", told, "one of " + ", ".join(PREDICTIONS[:3]))
        self.told, self.steps = told, steps
        self.table: np.ndarray | None = None
        if bars is not None:
            known = np.asarray(bars, dtype=np.float64)
            known = known[known > 1e-8]  # a last level without signal has no τ
            if len(known) < 2 or not bool((np.diff(known) < 0).all()) or not known[0] < 1:
                raise BadValue("scheduler", "its table of noise levels", "ᾱ that falls from step to step")
            self.table = 0.5 * (np.log1p(-known) - np.log(known))

    @classmethod
    def of(cls, config: Record) -> Levels:
        """From a scheduler's config file; the scheduler's steps are not used. Raises BadValue for kinds without such levels."""
        kind = str(config.get("_class_name", ""))
        steps = whole(config.get("num_train_timesteps", 1000))
        if kind.startswith("FlowMatch"):
            return cls(FLOW, None, steps)
        if "beta_schedule" not in config and config.get("trained_betas") is None:
            raise BadValue("scheduler", kind, "a scheduler with a β table, or FlowMatchEulerDiscreteScheduler")
        from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

        make = cast("Callable[..., DDPMScheduler]", DDPMScheduler)  # it looks at what a config says
        names = ("beta_start", "beta_end", "beta_schedule", "trained_betas", "rescale_betas_zero_snr")
        try:
            table = make(num_train_timesteps=steps, **{k: config[k] for k in names if k in config})
        except (NotImplementedError, TypeError, ValueError) as error:
            raise BadValue("scheduler", kind, f"a β table that is known ({error})") from None
        return cls(str(config.get("prediction_type", "epsilon")), table.alphas_cumprod.double().numpy(), steps)

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest τ that the model knows."""
        if self.table is None:
            return 0.0, float("inf")
        return float(np.exp(self.table[0])), float(np.exp(self.table[-1]))

    def at(self, tau: float) -> Level:
        if self.table is None:
            s = tau / (1 + tau)
            return Level(self.steps * s, 1 / (1 + tau), s, 1.0)
        low, high = self.range
        known = min(max(tau, low), high)
        index = float(np.interp(np.log(known), self.table, np.arange(len(self.table))))
        gain = float(np.sqrt((1 + known**2) / (1 + tau**2))) if tau > high else 1.0
        return Level(index, float((1 + known**2) ** -0.5), float(known * (1 + known**2) ** -0.5), gain)

    def x0(self, x: Tensor, out: Tensor, level: Level) -> Tensor:
        """x̂_0 from the network's output at x = α x_0 + σ ε: (x − σ ε̂)/α, α x − σ v̂ (v = α ε − σ x_0), itself, or x − σ v̂ (flow: v = ε − x_0)."""
        if self.told == "epsilon":
            return (x - level.sigma * out) / level.alpha
        if self.told == "v_prediction":
            return level.alpha * x - level.sigma * out
        return out if self.told == "sample" else x - level.sigma * out

    def note(self, taus: list[float]) -> str:
        """What the page says of levels that the model does not know, '' if it knows all of them."""
        _, high = self.range
        beyond = [tau for tau in taus if tau > high * 1.02]
        if not beyond:
            return ""
        return f"{len(beyond)} of {len(taus)} times: more noise than this model has seen (σ/α up to {high:.3g}); it is asked at that level"


def levels_of(process: LinearProcess, times: list[float]) -> list[float]:
    """τ of a linear process: 1/√(ψᵀΣ⁻¹ψ), which is σ/α for scalar ones."""
    psi, cov = process.mean_and_cov(torch.tensor(times, dtype=torch.float64))
    return (psi[..., None, :] @ torch.linalg.solve(cov, psi[..., None]))[..., 0, 0].rsqrt().tolist()

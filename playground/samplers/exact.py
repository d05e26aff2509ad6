from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.fields import promised
from playground.core.kernel import symmetric_root
from playground.core.placed import beside
from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.sampler import Ending, Sampler
from playground.core.spec import Info
from playground.exact.mixture import MixtureOracle


@dataclass(frozen=True)
class ExactAncestral(Sampler[None]):
    """z_s ~ q(z_s | z_t) = Σ_k r_k(z_t) N(μ_k, V_k), the true denoising distribution of the mixture (math 1.3).

    Exact for any number of steps when started from the true p_T; also in the last step, which draws from p(z_0 | z_t).
    Draws one uniform (component) and one normal a particle and step. One model call a step. Order: none to have.
    """

    info = Info(
        "ExactAncestral",
        "exact ancestral",
        "draws from the true q(x_s | x_t): exact at any number of steps, even one",
        "closed form for mixtures",
        group="exact",
        rank=10,
        nfe=1,
        needs=frozenset({"linear", "mixture"}),
    )
    formula = r"x_s \sim q(x_s\mid x_t)=\textstyle\sum_k r_k(x_t)\,\mathcal N(\mu_k, V_k)"
    from_noise: ClassVar[bool] = True
    unpathed: ClassVar[str] = "draws a component of the mixture besides a normal number"
    exact_step = True
    unprinted = "draws a component and from its normal law: the formula is a law"

    @property
    def ending(self) -> Ending:
        return Ending(2, False, "{x}₀ is a draw from the model’s exact p({x}₀ | {x}_t)")  # a component, and a point of it

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        problem.calls += 1
        oracle = promised(problem.predictor, MixtureOracle, "predictor", "the exact model of a mixture")
        flat = oracle.flatten(z)
        u, noise = rng.uniform_and_normal((flat.shape[0],), tuple(flat.shape))
        edges = torch.softmax(oracle.component_log_prob(flat, t), -1).cumsum(-1)
        k = torch.searchsorted(edges, u[:, None]).clamp_max(edges.shape[1] - 1)[:, 0]
        gain, offset, cov = oracle.bridge(t, s)
        gain, offset, root = beside(flat, gain, offset, symmetric_root(cov))  # V_k is singular as s → t
        out = offset[k] + (gain[k] @ flat[..., None])[..., 0] + (root[k] @ noise[..., None])[..., 0]
        return out.reshape(z.shape), None

    def last(self, problem: Problem, z: Tensor, t: float, carry: None, rng: Rng) -> Tensor:
        return self.step(problem, z, t, 0.0, carry, rng)[0]

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        return {r"t-s": t - s}

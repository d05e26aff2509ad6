from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.spec import Info
from playground.samplers.jumping import Jumping, jumping, over_kernel, tables_of
from playground.spaces.tokens import draw


@dataclass(frozen=True)
class TauLeaping(Jumping):
    """Jumps at the reverse process's rates, held still over the step: x_t → y at r(y) = R_t(y → x_t) p_t(y)/p_t(x_t); none with probability
    e^{−h Σr}, h = t − s, else one, to y with probability r(y)/Σr.

    R is the forward rate; the ratio is Σ_c q_t(y | c) p(x_0 = c | x_t)/q_t(x_t | c). First order in h. The last step draws from
    p(x_0 | x_t), since leaps alone may leave masks. One model call and two uniforms a step.
    Campbell et al. 2022, 2205.14987; Gat et al. 2024, 2407.15595 (one jump a step).
    """

    info = Info(
        "TauLeaping",
        "τ-leaping",
        "jumps at rates that are held still over each step: first order, its error is seen",
        "Campbell et al. 2022; Gat et al. 2024",
        "2205.14987",
        group="jumps",
        rank=84,
        nfe=1,
        needs=frozenset({"jumps", "probabilities"}),
    )
    formula = r"P(\text{jump}) = 1 - e^{-(t-s)\sum_y r(y)},\quad r(y) = R_t(y\to x_t)\,\frac{p_t(y)}{p_t(x_t)}"

    def _leap(self, problem: Problem, z: Tensor, t: float, s: float, rng: Rng) -> Tensor:
        told = problem.probabilities(z, t)
        tables = tables_of(problem, told)
        ratio = over_kernel(told, tables, z, t) @ tables.shares(t)
        rate = (tables.rates(t).mT[z] * ratio).scatter(-1, z[..., None], 0.0)
        total = rate.sum(-1)
        jumps = rng.uniform(tuple(z.shape)).double() < -torch.expm1(-(t - s) * total)
        return torch.where(jumps, draw(rate.where(total[..., None] > 0, 1.0), rng.uniform(tuple(z.shape))), z)

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        return self._leap(problem, z, t, s, rng), None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        process = jumping(problem)
        return {"t-s": t - s, r"\beta(t)": process.rate(t), r"\alpha_t": process.kept(t)}

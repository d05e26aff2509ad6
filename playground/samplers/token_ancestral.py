from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.spec import Info
from playground.samplers.jumping import Jumping, jumping, over_kernel, tables_of
from playground.spaces.tokens import draw


@dataclass(frozen=True)
class TokenAncestral(Jumping):
    """x_s ~ q(x_s | x_t) = p(x_t | x_s) Σ_c q_s(x_s | c) p(x_0 = c | x_t)/q_t(x_t | c), every symbol by itself; the last step draws from p(x_0 | x_t).

    With the exact p(x_0 | x_t) and one symbol this is the true law, whatever the number of steps; of several symbols it draws each by itself,
    which errs where they depend on each other. Under masking: a mask stays one with probability (1 − α_s)/(1 − α_t).
    One model call and one uniform a step. Austin et al. 2021, 2107.03006.
    """

    info = Info(
        "TokenAncestral",
        "ancestral (symbols)",
        "draws each symbol from the true q(x_s | x_t): of a single symbol exact at any number of steps",
        "Austin et al. 2021",
        "2107.03006",
        group="jumps",
        rank=15,
        nfe=1,
        needs=frozenset({"jumps", "probabilities"}),
    )
    formula = (
        r"x_s \sim {q(x_s\mid x_t)}\propto {p(x_t\mid x_s)}{\textstyle\sum_c}\,{q_s(x_s\mid c)}\,\frac{p(x_0{=}c\mid x_t)}{q_t(x_t\mid c)}"
    )

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        told = problem.probabilities(z, t)
        tables = tables_of(problem, told)
        share = tables.between(s, t).mT[z] * (over_kernel(told, tables, z, t) @ tables.shares(s))
        return draw(share, rng.uniform(tuple(z.shape))), None

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        process = jumping(problem)
        kept_t, kept_s = process.kept(t), process.kept(s)
        return {r"\alpha_t": kept_t, r"\alpha_s": kept_s, r"\tfrac{1-\alpha_s}{1-\alpha_t}": (1 - kept_s) / (1 - kept_t)}

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from playground.core.spec import Info
from playground.processes.categorical import CategoricalProcess


@dataclass(frozen=True)
class UniformTokens(CategoricalProcess):
    """A symbol is kept with probability α_t = e^{−∫β}, and else is any of the K symbols, with equal chances.

    So q(x_t | x_0) = α_t [x_t = x_0] + (1 − α_t)/K, and a symbol never is certain: p(x_0 | x_t) ∝ p_0(x_0) q(x_t | x_0).
    Hoogeboom et al. 2021, 2102.05379; Austin et al. 2021, 2107.03006.
    """

    info = Info(
        "UniformTokens",
        "uniform symbols",
        "symbols are replaced by random ones, until nothing is left of the data",
        "Hoogeboom et al. 2021; Austin et al. 2021",
        "2102.05379",
        rank=82,
    )
    formula = r"p(x_t\mid x_0) = \alpha_t\,\delta_{x_0} + (1-\alpha_t)/K,\quad \alpha_t = e^{-\int\beta}"

    def noise(self, symbols: int) -> Tensor:
        return torch.full((symbols,), 1 / symbols, dtype=torch.float64)

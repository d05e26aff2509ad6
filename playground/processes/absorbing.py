from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.spec import Info
from playground.processes.categorical import CategoricalProcess
from playground.spaces.tokens import MASK


@dataclass(frozen=True)
class Absorbing(CategoricalProcess):
    """Masking: a symbol is kept with probability α_t = e^{−∫β}, and else has become the mask, for good.

    Given a symbol that is not masked, x_0 is known; given the mask, p(x_0 | x_t) is p_0, whatever t. Austin et al. 2021, 2107.03006.
    """

    info = Info(
        "Absorbing",
        "absorbing (mask)",
        "symbols turn into a mask one by one and stay so: what masked language models undo",
        "Austin et al. 2021",
        "2107.03006",
        rank=80,
    )
    mask: ClassVar[str] = MASK
    formula = r"p(x_t\mid x_0) = \alpha_t\,\delta_{x_0} + (1-\alpha_t)\,\delta_{\text{mask}},\quad \alpha_t = e^{-\int\beta}"

    def noise(self, symbols: int) -> Tensor:
        m = torch.zeros(symbols + 1, dtype=torch.float64)
        m[-1] = 1
        return m

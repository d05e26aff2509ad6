"""Pairing draws of two distributions by optimal transport inside minibatches."""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

BATCH, PAIRS, SMOOTH = 256, 2048, 0.05


def minibatch_ot(x0: Tensor, x1: Tensor, batch: int = BATCH) -> Tensor:
    """x1 rearranged so that within every ``batch`` rows Σ|x0_i − x1_i|² is smallest (one dimension: by sorting). Tong et al. 2023."""
    out = torch.empty_like(x1)
    for rows in torch.arange(len(x0), device="cpu").split(batch):
        a, b = x0[rows].detach().cpu().double(), x1[rows].detach().cpu().double()
        if a.shape[1] == 1:
            order = torch.empty(len(rows), dtype=torch.long)
            order[a[:, 0].argsort()] = b[:, 0].argsort()
        else:
            _, columns = linear_sum_assignment(torch.cdist(a, b).square().numpy())
            order = torch.as_tensor(np.asarray(columns))
        out[rows] = x1[rows][order]
    return out

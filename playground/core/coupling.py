"""Pairing draws of two distributions by optimal transport inside minibatches."""

from __future__ import annotations

import torch
from torch import Tensor

from .algebra import assignment

BATCH, PAIRS, SMOOTH = 256, 2048, 0.05


def minibatch_ot(x0: Tensor, x1: Tensor, batch: int = BATCH) -> Tensor:
    """x1 rearranged so that within every ``batch`` rows Σ|x0_i − x1_i|² is smallest (one dimension: by sorting). Tong et al. 2023."""
    out = torch.empty_like(x1)
    for rows in torch.split(torch.arange(len(x0), device="cpu"), batch):
        a, b = x0[rows].detach().cpu().double(), x1[rows].detach().cpu().double()
        if a.shape[1] == 1:
            order = torch.empty(len(rows), dtype=torch.long)
            order[a[:, 0].argsort()] = b[:, 0].argsort()
        else:
            order = torch.as_tensor(assignment(torch.cdist(a, b).square().numpy()))
        out[rows] = x1[rows][order]
    return out

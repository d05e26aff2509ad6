"""Numbers of the phase space of CLD: how rough a path is, exactly."""

from __future__ import annotations

import torch
from torch import Tensor

from playground.core.process import LinearProcess, t64


def roughness(process: LinearProcess, second_moment: float, times: Tensor) -> Tensor:
    """E (x_{t_{j+1}} − x_{t_j})² of the forward process, float64 (steps,), for one coordinate of the data; its sum is the
    expected quadratic variation on these times.

        a (A − I) S_s (A − I)ᵀ aᵀ + a Q aᵀ,   S_s = ψ_s ψ_sᵀ E x_0² + Σ_s,   a = (1, 0, …)

    with the transition (A, Q) from s to t. As the times get dense the sum tends to ∫ G_x² dt: ∫ β dt under VP, 0 under CLD, where
    noise enters the velocity only.

    Args: second_moment: E x_0² ≥ 0 (the mean included). times: (steps + 1,), rising, in the process's own t.
    """
    times = t64(times)
    a, q = process.transition(times[:-1], times[1:])
    psi, cov = process.mean_and_cov(times[:-1])
    state = psi[..., :, None] * psi[..., None, :] * second_moment + cov
    row = a[..., 0, :].clone()
    row[..., 0] -= 1
    return torch.einsum("ti,tij,tj->t", row, state, row) + q[..., 0, 0]

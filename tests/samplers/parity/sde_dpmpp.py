import numpy as np
import torch

import playground as pg
from tests.samplers.family import EDM_, F64, FIVE, START, draws, error, ours, x0_at
from tests.samplers.parity.shared import DPM, multistep


def sde_three(monkeypatch, steps):
    """`diffusers` has −½ for +½ in the second difference's coefficient (order 3 there does not converge faster than order 1): the formula with
    +½, written down again and independently of ours, in y with λ = −ln σ.
    """
    rhos = EDM_.sigma(EDM_.time_at(torch.linspace(-np.log(60.0), -np.log(0.02), steps, dtype=F64)))
    noise, y = draws(), START * rhos[0]
    want, past = [y], []
    for i in range(steps - 1):
        d = x0_at(FIVE, rhos[i], y)
        h = float(torch.log(rhos[i] / rhos[i + 1]))
        h_eta = 2 * h
        out = np.exp(-h_eta) * y - np.expm1(-h_eta) * d
        if len(past) >= 2:
            r0, r1 = past[0][1] / h, past[1][1] / h
            d1_0, d1_1 = (d - past[0][0]) / r0, (past[0][0] - past[1][0]) / r1
            d1, d2 = d1_0 + (d1_0 - d1_1) * r0 / (r0 + r1), (d1_0 - d1_1) / (r0 + r1)
            phi_2 = np.expm1(-h_eta) / h_eta + 1
            out = out + phi_2 * d1 - (phi_2 / h_eta - 0.5) * d2
        elif past:  # the second step in `diffusers`' midpoint form
            out = out - 0.5 * np.expm1(-h_eta) * (d - past[0][0]) / (past[0][1] / h)
        past = [(d, h), *past][:2]
        y = out + rhos[i + 1] * float(np.sqrt(-np.expm1(-2 * h))) * noise(y.shape)
        want.append(y)
    sampler = pg.SDEDPMSolverPP(order=3, released=True)
    return error(ours(sampler, EDM_, FIVE, START * rhos[0], rhos, draws()).states, torch.stack(want))


CASES = {
    f"SDEDPMSolverPP {order}": multistep(
        *DPM, pg.SDEDPMSolverPP(order=order), noisy=True, algorithm_type="sde-dpmsolver++", solver_order=order
    )
    for order in (1, 2)
} | {"SDEDPMSolverPP 3 released": sde_three}

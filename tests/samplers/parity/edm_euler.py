import itertools
import math

import torch

import playground as pg
from tests.samplers.family import EDM_, F64, FIVE, START, draws, error, ours, x0_at
from tests.samplers.parity.shared import KARRAS, in_y


def churned(monkeypatch, steps):
    """EDM's stochastic sampler without its second stage (k-diffusion's Euler), from the formulas of algorithm 2; churn between two levels, 0 at last.
    (`diffusers` asks its model at σ where churn has gone up to σ̂: not compared.)"""
    sampler = pg.EDMEuler(churn=8.0, churn_from=0.05, churn_to=30.0, noise_scale=1.02)
    sigmas = [*(60.0 * (0.02 / 60.0) ** (torch.linspace(0, 1, steps, dtype=F64) ** 1.4)).tolist(), 0.0]
    noise, x = draws(), START * sigmas[0]
    want = [x]
    for now, after in itertools.pairwise(sigmas):
        gamma = min(8.0 / steps, math.sqrt(2) - 1) if 0.05 <= now <= 30.0 else 0.0
        high = now * (1 + gamma)
        if gamma > 0:
            x = x + 1.02 * math.sqrt(high**2 - now**2) * noise(x.shape)
        slope = (x - x0_at(FIVE, high, x)) / high
        x = x + slope * (after - high)
        want.append(x)
    return error(ours(sampler, EDM_, FIVE, START * sigmas[0], sigmas, draws()).states, torch.stack(want))


CASES = {
    "EDMEuler": in_y("scheduling_euler_discrete", "EulerDiscreteScheduler", pg.EDMEuler(), **KARRAS),
    "EDMEuler churn k-diffusion": churned,
}

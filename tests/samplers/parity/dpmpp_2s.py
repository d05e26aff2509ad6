import itertools
import math

import torch

import playground as pg
from tests.samplers.family import EDM_, F64, FIVE, START, draws, error, ours, x0_at
from tests.samplers.parity.shared import singlestep


def ancestral(eta):
    """k-diffusion's DPM++ 2S ancestral, from its formulas on σ; levels uneven in ln σ, and 0 at last."""

    def run(monkeypatch, steps):
        sigmas = [*(60.0 * (0.02 / 60.0) ** (torch.linspace(0, 1, steps, dtype=F64) ** 1.4)).tolist(), 0.0]
        noise, x = draws(), START * sigmas[0]
        want = [x]
        for now, after in itertools.pairwise(sigmas):
            told = x0_at(FIVE, now, x)
            if after == 0:  # an Euler step to 0
                want.append(told)
                break
            up = min(after, eta * math.sqrt(after**2 * (now**2 - after**2) / now**2))
            down = math.sqrt(after**2 - up**2)
            there, h = math.exp((math.log(now) + math.log(down)) / 2), math.log(now) - math.log(down)
            inside = there / now * x - math.expm1(-h / 2) * told
            x = down / now * x - math.expm1(-h) * x0_at(FIVE, there, inside) + up * noise(x.shape)
            want.append(x)
        return error(ours(pg.DPMSolverPP2S(eta=eta), EDM_, FIVE, START * sigmas[0], sigmas, draws()).states, torch.stack(want))

    return run


CASES = {
    "DPMSolverPP2S": singlestep(pg.DPMSolverPP2S(), 2, "dpmsolver++"),
    "DPMSolverPP2S η = 0.5 k-diffusion": ancestral(0.5),
    "DPMSolverPP2S η = 1 k-diffusion": ancestral(1.0),
}

import torch

import playground as pg
from tests.samplers.family import FIVE, START, VP_, draws, error, make, ours
from tests.samplers.parity.shared import DPM, multistep, on_vp


def ddim(eta):
    def run(monkeypatch, steps):
        other, _ = make(monkeypatch, "scheduling_ddim", "DDIMScheduler", clip_sample=False, steps_offset=1, prediction_type="sample")
        other.set_timesteps(steps)
        noise = draws()
        bars = other.alphas_cumprod
        x, want = START, [START]
        for t in other.timesteps.tolist():
            rho = ((1 - bars[t]) / bars[t]) ** 0.5
            xi = noise(x.shape) if eta and t != other.timesteps[-1] else torch.zeros_like(x)
            x = other.step(on_vp(x, rho), t, x, eta=eta, variance_noise=xi).prev_sample
            want.append(x)
        rhos = [*(((1 - bars[t]) / bars[t]) ** 0.5 for t in other.timesteps), 0.0]
        return error(ours(pg.DDIM(eta=eta), VP_, FIVE, START, rhos, draws()).states, torch.stack(want))

    return run


CASES = {
    "DDIM": ddim(0.0),
    "DDIM η = 0.6": ddim(0.6),
    "DDIM, DPM-Solver++ 1": multistep(*DPM, pg.DDIM(), solver_order=1),
}

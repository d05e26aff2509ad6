import torch

import playground as pg
from tests.samplers.family import FIVE, START, VP_, draws, error, make, ours
from tests.samplers.parity.shared import on_vp


def ancestral(variance, weight=0.5):
    """DDPMScheduler; 'learned_range' interpolates ln β̃ and ln β with (prediction + 1)/2."""

    def run(monkeypatch, steps):
        kind = {"small": "fixed_small", "large": "fixed_large", "interpolated": "learned_range"}[variance]
        other, module = make(
            monkeypatch, "scheduling_ddpm", "DDPMScheduler", variance_type=kind, clip_sample=False, prediction_type="sample"
        )
        other.set_timesteps(steps)
        noise = draws()
        monkeypatch.setattr(module, "randn_tensor", lambda shape, **_: noise(tuple(shape)))
        bars = other.alphas_cumprod
        x, want = START, [START]
        for t in other.timesteps:
            rho = ((1 - bars[t]) / bars[t]) ** 0.5
            out = on_vp(x, rho)
            if variance == "interpolated":
                out = torch.cat([out, torch.full_like(out, 2 * weight - 1)], 1)
            x = other.step(out, t, x).prev_sample
            want.append(x)
        rhos = [*(((1 - bars[t]) / bars[t]) ** 0.5 for t in other.timesteps), 0.0]
        return error(ours(pg.DDPM(variance=variance, weight=weight), VP_, FIVE, START, rhos, draws()).states, torch.stack(want))

    return run


CASES = {f"DDPM {variance}": ancestral(variance, 0.3) for variance in ("small", "large", "interpolated")}

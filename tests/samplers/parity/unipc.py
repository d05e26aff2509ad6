import torch

import playground as pg
from tests.samplers.family import FIVE, START, VP_, error, make, ours
from tests.samplers.parity.shared import ENDS, on_vp


def unipc(order, variant, lowered, predicts="data"):
    def run(monkeypatch, steps):
        ends = {"final_sigmas_type": "zero"} if lowered else ENDS  # with bh1 their step to σ = 0 is NaN (∞ · 0): it ends above 0
        other, _ = make(
            monkeypatch,
            "scheduling_unipc_multistep",
            "UniPCMultistepScheduler",
            prediction_type="sample",
            solver_order=order,
            solver_type=variant,
            predict_x0=predicts == "data",
            **ends,
        )
        other.set_timesteps(steps)
        x, want = START, [START]
        for i, t in enumerate(other.timesteps):
            x = other.step(on_vp(x, other.sigmas[i]), t, x).prev_sample
            if i:
                want.append(other.last_sample)  # the state after the corrector
        sampler = pg.UniPC(order=order, variant=variant, lower_final=lowered, predicts=predicts)
        return error(ours(sampler, VP_, FIVE, START, other.sigmas).states, torch.stack([*want, x]))

    return run


CASES = (
    {f"UniPC {order} {variant}": unipc(order, variant, variant == "bh2") for order in (1, 2, 3) for variant in ("bh1", "bh2")}
    | {"UniPC 3 bh2, not lowered": unipc(3, "bh2", False)}
    | {
        f"UniPC {order} {variant} noise": unipc(order, variant, False, "noise")
        for order, variant in ((1, "bh2"), (2, "bh1"), (2, "bh2"), (3, "bh1"), (3, "bh2"))
    }
)

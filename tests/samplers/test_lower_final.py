"""Lower order at the end: of a run of few steps the last one has order 1, the one before it 2, then 3; a long one is left alone."""

import pytest
import torch

import playground as pg
from tests.samplers.family import EDM_, F64, FIVE, START, ours

LOWERED = [
    pg.LMS(order=4, lower_final=True),
    pg.LMS(order=3, lower_final=True),
    pg.DEIS(lower_final=True),
    pg.DPMSolver(order=3, variant="multistep", lower_final=True),
]


def plain(sampler, **more):
    return sampler.__class__(**{**{k: v for k, v in sampler.to_dict().items() if k != "kind"}, "lower_final": False, **more})


@pytest.mark.parametrize("sampler", LOWERED, ids=str)
def test_the_last_steps(sampler):
    """The last step is DDIM's; what is lowered are two of order 3 and three of order 4; 15 steps are not lowered. Mutants killed: the limit at 14; steps counted
    from the wrong end."""
    sigmas = (60.0 * (0.02 / 60.0) ** (torch.linspace(0, 1, 15, dtype=F64) ** 1.4)).tolist()  # 14 steps
    low, high = (ours(s, EDM_, FIVE, START * 60, sigmas).states for s in (sampler, plain(sampler)))
    changed = [i for i in range(15) if not torch.equal(low[i], high[i])]
    assert changed == [13, 14] if sampler.order == 3 else changed == [12, 13, 14]
    t, s = sigmas[-2:]
    ddim = ours(pg.DDIM(), EDM_, FIVE, low[-2], [t, s]).states[-1]
    torch.testing.assert_close(low[-1], ddim, rtol=1e-12, atol=1e-12)
    longer = [*sigmas, 0.01]
    assert all(torch.equal(*(ours(s, EDM_, FIVE, START * 60, longer).states[i] for s in (sampler, plain(sampler)))) for i in range(16))


@pytest.mark.parametrize("sampler", LOWERED, ids=str)
def test_only_on_the_way_down(sampler):
    """Where times rise (encoding) there is no end to be careful at. Mutant killed: every step of it lowered to order 1."""
    assert sampler.init(None, None, [0.3, 0.2, 0.1]).lowered == (0.2, 0.3)
    assert sampler.init(None, None, [0.1, 0.2, 0.3]).lowered == ()

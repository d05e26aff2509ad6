"""Our run and a plain `diffusers` loop around the same weights make the same images."""

import pytest
import torch

import playground as pg
from benchmarks.images_speed import experiment, plain_loop
from toy_models.models.trained import CHUNK
from toy_models.networks.checkpoint import load_model

# `diffusers` calls np.array on tensors, of which this numpy complains
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize("sampler", ["DDIM", "DPMSolverPP2M"])
@pytest.mark.parametrize("label", [None, 7])
def test_the_images_of_a_plain_loop(sampler, label):
    """20 steps, 4 images, float32, the network as it is loaded: every pixel within 1e-4 (measured: 2e-5).

    Mutants killed: σ for σ/α as the network's noise level, the null label for the class, the last step's correction, a grid shifted by one timestep.
    """
    noise = torch.randn(4, 1, 28, 28, generator=torch.Generator().manual_seed(5))
    want = plain_loop(sampler, 20, load_model("mnist-unet"), noise, torch.full((4,), 10 if label is None else label))
    got = pg.simulate(experiment(sampler, 20, 4, label), initial=noise)
    torch.testing.assert_close(got.x[-1], want, rtol=0, atol=1e-4)
    assert got.model_calls == 20
    assert float(want.std()) > 0.3  # digits, not a grey field


def test_a_batch_is_cut_into_chunks_that_change_nothing():
    """More images than the network sees at once: as if each part had been run alone. Mutant killed: the parts joined in another order, one left out."""
    count = CHUNK + 3
    noise = torch.randn(count, 1, 28, 28, generator=torch.Generator().manual_seed(6))
    whole = pg.simulate(experiment("DDIM", 2, count), initial=noise).x[-1]
    parts = [pg.simulate(experiment("DDIM", 2, len(part)), initial=part).x[-1] for part in noise.split(11)]
    torch.testing.assert_close(whole, torch.cat(parts), rtol=0, atol=1e-4)

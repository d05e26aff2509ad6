"""The optional FID: an independent implementation of our Fréchet distance, and its absence in words."""

import sys
import types

import pytest
import torch

from playground.core.fields import BadValue
from playground.metrics.fid import fid
from playground.metrics.fidelity import frechet_distance


class Corners(torch.nn.Module):
    """Three numbers of the red channel in place of Inception's features."""

    num_features = 3

    def forward(self, x):
        assert x.dtype == torch.uint8
        assert x.shape[1] == 3
        return x[:, 0, :2, :2].double().flatten(1)[:, :3] / 127.5 - 1


def images(count, seed):
    levels = torch.randint(0, 256, (count, 1, 4, 4), generator=torch.Generator().manual_seed(seed))
    return (levels / 127.5 - 1) * (0.4 + 0.3 * seed)


def test_torchmetrics_agrees_with_our_distance():
    """Same features through `torchmetrics`: our Fréchet distance to 1e-6. Mutants killed: real and fake mixed up in one moment, pixels on [0, 1] cut off
    at bytes, n for n − 1 in the covariance (here or in frechet_distance)."""
    real, fake = images(200, 0), images(150, 1)
    eight = [((x + 1) * 127.5).round() / 127.5 - 1 for x in (real, fake)]
    want = frechet_distance(*(x[:, 0, :2, :2].double().flatten(1)[:, :3] for x in eight))
    assert want > 0.05
    assert fid(real, fake, network=Corners(), batch=64) == pytest.approx(want, rel=1e-6)


def test_what_is_missing_is_said(monkeypatch, tmp_path):
    """No torchmetrics, no torch-fidelity, no weights and no way to download them, too few images, another shape."""
    few, many = images(10, 0), images(2048, 0)
    for bad, field in ((few, "real"), (many[:, 0], "real")):
        with pytest.raises(BadValue) as told:
            fid(bad, many)
        assert told.value.field == field
    with pytest.raises(BadValue, match="weights"):
        fid(many, many, weights=tmp_path / "none.pth")

    def lacks(error):
        def made(*_, **__):
            raise error

        module = types.ModuleType("torchmetrics.image.fid")
        module.FrechetInceptionDistance = made  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "torchmetrics.image.fid", module)

    lacks(ModuleNotFoundError("`Torch-fidelity` is not installed"))
    with pytest.raises(BadValue, match=r"pip install torchmetrics.*Torch-fidelity"):
        fid(many, many)
    lacks(OSError("<urlopen error no address>"))
    with pytest.raises(BadValue, match="no address") as told:
        fid(many, many)
    assert told.value.field == "weights"
    monkeypatch.setitem(sys.modules, "torchmetrics.image.fid", None)
    with pytest.raises(BadValue, match="pip install"):
        fid(many, many)

"""The real FID, for those who have its network: an optional extra."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from playground.core.fields import BadValue

INSTALL = "pip install torchmetrics==1.9.0 torch-fidelity==0.4.0"
LEAST = 2048  # images of each side: with fewer the features' 2048×2048 covariance has not its full rank


def fid(real: Tensor, fake: Tensor, *, weights: str | Path | None = None, network: nn.Module | None = None, batch: int = 64) -> float:
    """FID (Heusel et al. 2017, 1706.08500) of images real (n, 1 or 3, h, w) and fake (m, …) on [−1, 1], by `torchmetrics` with Inception-v3.

    Args:
        weights: file of Inception's weights as torch-fidelity names them; left out, torch-fidelity takes those in its cache or downloads them.
        network: another feature network, uint8 (n, 3, h, w) ↦ (n, features), with ``num_features``. What comes out is then not an FID.
    Raises: BadValue if a package or the weights are missing, or there are fewer than 2,048 images of each side for Inception.
    """
    for name, images in (("real", real), ("fake", fake)):
        if images.dim() != 4 or images.shape[1] not in (1, 3):
            raise BadValue(name, tuple(images.shape), "images (n, 1 or 3, height, width)")
        if network is None and len(images) < LEAST:
            raise BadValue(name, f"{len(images)} images", f"at least {LEAST:,} of them: FID has no meaning for fewer")
    if weights is not None and not Path(weights).is_file():
        raise BadValue("weights", str(weights), "a file of Inception-v3 weights")
    metric = _metric(weights, network)
    with torch.no_grad():
        for images, is_real in ((real, True), (fake, False)):
            for part in images.split(batch):
                bytes_ = ((part.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
                metric.update(bytes_.expand(-1, 3, -1, -1), real=is_real)
    return float(metric.compute())


class FeatureStatistics(Protocol):
    """What is used of torchmetrics' FID."""

    def update(self, images: Tensor, real: bool) -> None: ...
    def compute(self) -> Tensor: ...


def _metric(weights: str | Path | None, network: nn.Module | None) -> FeatureStatistics:
    try:
        from torchmetrics.image.fid import FrechetInceptionDistance  # pyright: ignore[reportMissingImports]

        made = FrechetInceptionDistance(network or 2048, feature_extractor_weights_path=str(weights) if weights else None)
    except ImportError as error:
        raise BadValue("metric", "FID", f"an installation of torchmetrics and torch-fidelity: {INSTALL} ({error})") from None
    except (OSError, RuntimeError) as error:  # no network for the download, or a file of other weights
        raise BadValue("weights", str(weights or "torch-fidelity's own"), f"Inception-v3 weights that can be loaded ({error})") from None
    return made.set_dtype(torch.float64)

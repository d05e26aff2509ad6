"""How good generated images are: fidelity in a classifier's features, memorisation, bits per dimension (math 2.23)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.core.fields import BadValue
from playground.core.problem import Predictor
from playground.core.process import Process
from playground.core.rng import Rng
from playground.metrics.fidelity import frechet_distance, precision_recall
from playground.metrics.likelihood import log_likelihood

BINS = 127.5  # grey values per unit: pixels 0 … 255 lie on [−1, 1]
PART = 25  # images whose flow is integrated together


def fidelity(real: Tensor, fake: Tensor) -> dict[str, float]:
    """Fréchet distance of features real (n, d), fake (m, d); precision and recall (k = 3) of as many of each."""
    n = min(len(real), len(fake))
    near = precision_recall(real[:n], fake[:n])
    return {"frechet": round(frechet_distance(fake, real), 3), "precision": round(near.precision, 3), "recall": round(near.recall, 3)}


def nearest(images: Tensor, training: Tensor) -> Tensor:
    """Euclidean distance over pixels from each image (n, *event) to the nearest of training (m, *event), (n,). Near 0: a copy."""
    flat = training.flatten(1)
    return torch.cat([torch.cdist(part, flat).amin(1) for part in images.flatten(1).split(100)])


def to_another(images: Tensor, most: int = 1000) -> Tensor:
    """Euclidean distance over pixels from each of up to ``most`` evenly chosen images (n, *event) to the nearest other one, (n,)."""
    flat = images.flatten(1)
    count = min(most, len(flat))
    which = torch.arange(count) * len(flat) // count
    out = []
    for part in which.split(100):
        far = torch.cdist(flat[part], flat)
        far[torch.arange(len(part)), part] = math.inf
        out.append(far.amin(1))
    return torch.cat(out)


@dataclass(frozen=True)
class Bits:
    """bits: of each image per dimension, (n,); probe_error: standard error of their mean from Hutchinson's probes alone (NaN for one probe, 0 for
    an exact trace); error: of the mean over images, all causes together; calls: model calls of the longest integration."""

    bits: Tensor
    probe_error: float
    calls: int

    @property
    def mean(self) -> float:
        return float(self.bits.mean())

    @property
    def error(self) -> float:
        return float(self.bits.std() / math.sqrt(len(self.bits)))

    def told(self) -> dict[str, float]:
        return {
            "bits per dimension": round(self.mean, 4),
            "standard error": round(self.error, 4),
            "standard error from the probes": round(self.probe_error, 5),
            "model calls": self.calls,
        }


def bits_per_dim(
    process: Process,
    predictor: Predictor,
    images: Tensor,
    *,
    grey: float = BINS,
    trace: str = "auto",
    probes: int = 2,
    tol: float = 1e-4,
    t0: float = 1e-5,
    seed: int = 0,
) -> Bits:
    """Upper bound on −log₂ P(image)/d of images (n, *event) of grey values k/grey − 1, k = 0 … 2 grey, under the model's probability-flow ODE.

    grey: 127.5 for 8-bit images; scikit-learn's digits, 0 … 16, have 8.
    Uniform dequantisation (Theis et al. 2016, 1511.01844): u fills the bin of a grey value, of width 1/grey, so
    −log₂ P ≤ −E log₂ p_{t0}(x + u) + d log₂ grey with one draw of u an image. (The usual "+ 7" belongs to bins of 1/128.) log p is integrated as
    by Song et al. 2021, 2011.13456; trace, probes, tol and t0 as in ``log_likelihood``: p_{t0} is a density for every t0, so the bound holds for each.
    Raises: BadValue if the images have other values, or as ``log_likelihood``.
    """
    levels = (images.double() + 1) * grey
    if not bool(((levels - levels.round()).abs() < 1e-3).all() and (levels > -0.5).all() and (levels < 2 * grey + 0.5).all()):
        raise BadValue("images", "numbers between grey values", f"images on [−1, 1] of whole grey values: k/{grey:g} − 1")
    place = Rng(seed, dtype=torch.float64).stream("dequantisation").uniform(tuple(images.shape)) - 0.5
    x = (levels.round() + place) / grey - 1
    parts = [
        log_likelihood(process, predictor, part, t0=t0, tol=tol, trace=trace, probes=probes, seed=seed + i)
        for i, part in enumerate(x.split(PART))
    ]
    scale = math.log(2) * math.prod(images.shape[1:])
    error = torch.cat([part.probe_error for part in parts]) / scale
    bits = math.log2(grey) - torch.cat([part.log_p for part in parts]) / scale
    return Bits(bits, float(error.square().sum().sqrt() / len(bits)), max(part.calls for part in parts))

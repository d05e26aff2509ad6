"""Denoisers of a finite set of images that nobody trained: exact formulas D(y, τ) for y = x_0 + τ ε (math 2.25).

"ideal" is E[x_0 | y] if the set were all there is: it memorises. "wiener" is the best affine denoiser. The score machines look at patches
(Kamb & Ganguli 2024, 2412.20292): "local" compares each patch with the same place of all images, "equivariant" with every place of its kind.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from playground.core.catalog import dashed, law_of
from playground.core.denoiser import ImageModel, ModelPredictor
from playground.core.examples import Examples, ExamplesLaw, told_classes
from playground.core.law import Law
from playground.core.mixture import GaussianMixture
from playground.core.placed import Placed
from playground.core.problem import Prediction
from playground.core.process import LinearProcess

ROOM = 4_000_000  # numbers that one block of an evaluation may hold
MOST_PATCHES = 16_384  # of the images that the equivariant machine compares with: it takes images × height × width
SMALLEST, KNEE, SLOPE = 3, 0.5, 5.0  # the rule of the patch size


def patch_size(tau: float, side: int) -> int:
    """The patch's side k, odd, falling with the noise: 3 + 5 ln(τ/0.5), from 3 to the whole image (2·side − 1).

    The paper calibrates k on a trained network for each τ; its table is not available to us. This rule follows the k at which the local machine
    is closest to our own networks on held-out images: 8×8 digits 3, 7, 11, 15 at τ = 0.4, 0.8, 1.5, 3; MNIST 3, 5, 9, 13, 17 at 0.3, 1, 2, 4, 8.
    """
    k = SMALLEST + SLOPE * math.log(max(tau, 1e-12) / KNEE)
    return min(2 * side - 1, 2 * round((max(SMALLEST, k) - 1) / 2) + 1)


class Formula:
    """An exact denoiser of a set of images."""

    def __call__(self, y: Tensor, tau: float) -> Tensor:
        """D(y, τ) of y (batch, *event)."""
        raise NotImplementedError

    def gaussian(self) -> GaussianMixture | None:
        """The law for which D is E[x_0 | y], where there is such a Gaussian."""
        return None


class Ideal(Formula):
    """D = Σ_i softmax_i(−‖y − y_i‖²/2τ²) y_i: the posterior mean of a set of points (Karras et al. 2022, 2206.00364, B.3).

    Computed in float64 about the set's mean: at τ = 0.002 rounding errors of a float32 distance would be tens of nats.
    """

    def __init__(self, images: Examples):
        flat = images.x.flatten(1)
        mean = flat.double().mean(0)
        half = torch.cat([(part.double() - mean).square().sum(1) / 2 for part in flat.split(512)])
        self.count = len(flat)
        self.placed = Placed(flat, mean, half)  # the images in float32: half the memory, and pixels of 8 bits lose nothing by it

    def weights(self, y: Tensor, tau: float) -> Tensor:
        """Posterior weights of the images at y (batch, *event): (batch, count), float64."""
        x, mean, half = self.placed.on(y.device)
        centred = y.flatten(1).double() - mean
        dots = torch.cat([centred @ (part.double() - mean).T for part in x.split(512)], 1)
        return ((dots - half) / tau**2).softmax(1)

    def __call__(self, y: Tensor, tau: float) -> Tensor:
        known, out = self.placed.on(y.device)[0], []
        for rows in y.split(max(1, ROOM // self.count)):
            w = self.weights(rows, tau)
            told = sum((part @ x.double() for part, x in zip(w.split(512, 1), known.split(512), strict=True)), torch.zeros(()))
            out.append(told.to(y.dtype))
        return torch.cat(out).view_as(y)


class Wiener(Formula):
    """D = m + C (C + τ² I)⁻¹ (y − m): E[x_0 | y] of the Gaussian with the set's mean m and covariance C, the best affine denoiser.

    One decomposition for all τ: in C's eigenvectors the factor is λ/(λ + τ²). Wang & Vastola 2023, 2311.10892.
    """

    def __init__(self, images: Examples):
        flat = images.x.flatten(1).double()
        self.mean = flat.mean(0)
        centred = flat - self.mean
        count, dim = centred.shape
        if dim <= count:
            value, self.axes = torch.linalg.eigh(centred.T @ centred / count)
        else:  # fewer images than pixels: the same eigenvectors through the smaller Gram matrix
            value, left = torch.linalg.eigh(centred @ centred.T / count)
            keep = value > 1e-10 * value[-1]
            value, self.axes = value[keep], centred.T @ (left[:, keep] / (count * value[keep]).sqrt())
        self.variances = value.clamp_min(0)
        self.placed = Placed(self.mean, self.axes, self.variances)

    def gaussian(self, floor: float = 1e-4) -> GaussianMixture:
        """The law behind it, N(m, C + floor I): a pixel that never changes in the set keeps a spread of √floor, about one grey level."""
        cov = self.axes @ (self.variances[:, None] * self.axes.T) + floor * torch.eye(len(self.mean), dtype=torch.float64)
        return GaussianMixture(torch.ones(1), self.mean[None], ((cov + cov.T) / 2)[None])

    def __call__(self, y: Tensor, tau: float) -> Tensor:
        mean, axes, lam = self.placed.on(y.device)
        told = (y.flatten(1).double() - mean) @ axes * (lam / (lam + tau**2)) @ axes.T + mean
        return told.to(y.dtype).view_as(y)


def window(size: int, k: int, like: Tensor) -> Tensor:
    """Row p has ones where a patch of side k about p lies within 0 … size − 1: (size, size). What lies outside is zero in both images."""
    place = torch.arange(size, device=like.device)
    return ((place[:, None] - place).abs() <= k // 2).to(like.dtype)


class Local(Formula):
    """LS machine: for each pixel p with its patch Ω_p, D_p = Σ_i w_i y_i(p), w = softmax_i(−‖y_Ωp − y_i,Ωp‖²/2τ²).

    Patches end at the image's border. ``k``: a fixed patch side in place of the rule; from 2·side − 1 on it is the ideal denoiser.
    """

    def __init__(self, images: Examples, k: int = 0):
        self.placed, self.k = Placed(images.x), k

    def __call__(self, y: Tensor, tau: float, k: int = 0) -> Tensor:
        h, w = y.shape[-2:]
        k = k or self.k or patch_size(tau, max(h, w))
        rows, columns = window(h, k, y), window(w, k, y)
        (known,), told = self.placed.on(y.device), []
        for one in y:  # images one by one, the set in blocks: the sum over images with a running maximum
            top, mass, total = y.new_full((h, w), -math.inf), y.new_zeros(h, w), torch.zeros_like(one)
            for part in known.split(max(1, ROOM // one.numel())):
                x = part.to(y.dtype)
                logit = -(rows @ (one - x).square().sum(1) @ columns) / (2 * tau**2)
                new = torch.maximum(top, logit.amax(0))
                weight = (logit - new).exp()
                keep = (top - new).exp()
                mass = mass * keep + weight.sum(0)
                total = total * keep + torch.einsum("nhw,nchw->chw", weight, x)
                top = new
            told.append(total / mass)
        return torch.stack(told)


class Equivariant(Formula):
    """ELS machine: D_p = Σ_{i,q} w_{iq} y_i(q), w = softmax_{i,q}(−‖y_Ωp − y_i,Ωq‖²/2τ²), over images i and places q.

    Boundary-broken: q has p's kind, that is, its patch is cut by the same borders at the same depth; pixels whose patch is not cut are of one
    kind. ``circular``: patches go round the border, all pixels are of one kind, and the machine commutes with shifts. ``k`` as for Local.
    Of a larger set it takes ``taken`` images, evenly spaced.
    """

    def __init__(self, images: Examples, k: int = 0, circular: bool = False):
        count, (h, w) = len(images.x), images.x.shape[-2:]
        self.taken = min(count, max(1, MOST_PATCHES // (h * w)))
        x = images.x[(torch.arange(self.taken) * count) // self.taken]
        self.placed, self.k, self.circular = Placed(x), k, circular
        self.local = Local(Examples(x, None, images.title, images.digest))
        self.held: tuple[int, Tensor] | None = None  # the set's patches at the latest k

    def patches(self, x: Tensor, k: int) -> Tensor:
        """(count, channels, h, w) → (count, h, w, channels·k²), zeros outside."""
        r, (h, w) = k // 2, x.shape[-2:]
        if self.circular:
            down, along = (torch.arange(-r, side + r, device=x.device) % side for side in (h, w))
            x = x[..., down[:, None], along]
        else:
            x = F.pad(x, (r, r, r, r))
        return F.unfold(x, k).mT.reshape(len(x), h, w, -1)

    def __call__(self, y: Tensor, tau: float) -> Tensor:
        count, channels, h, w = y.shape
        k = self.k or patch_size(tau, max(h, w))
        if k > max(h, w) and not self.circular:  # both borders cut every patch: each place is alone of its kind
            return self.local(y, tau, k)
        (x,) = self.placed.like(y)
        held = self.held  # another thread may put its own there meanwhile
        if held is None or held[0] != k or held[1].device != y.device:
            self.held = held = k, self.patches(x, k)
        ours, theirs = self.patches(y, k), held[1].to(y.dtype)
        out = torch.empty_like(y)
        of_rows, of_columns = (placed_kinds(side, 0 if self.circular else k).on(y.device) for side in (h, w))
        for rows in of_rows:
            for columns in of_columns:
                at = (slice(None), rows[:, None], columns)
                asked, known = ours[at].flatten(0, 2), theirs[at].flatten(0, 2)
                values = x[:, :, rows[:, None], columns].permute(0, 2, 3, 1).reshape(-1, channels)
                told = self._mean(asked, known, values, tau).view(count, len(rows), len(columns), channels)
                out[:, :, rows[:, None], columns] = told.permute(0, 3, 1, 2)
        return out

    @staticmethod
    def _mean(asked: Tensor, known: Tensor, values: Tensor, tau: float) -> Tensor:
        """Values (m, channels) of the known patches (m, d), averaged with the posterior weights at each asked one (n, d).

        Distances in float64, as for the ideal denoiser; what is left of them below the largest weight is told well enough by float32.
        """
        exact = known.double()
        half, told = exact.square().sum(1) / 2, []
        for part in asked.split(max(1, ROOM // len(known))):
            logit = part.double() @ exact.T - half
            weight = ((logit - logit.amax(1, keepdim=True)).to(values.dtype) / tau**2).softmax(1)
            told.append(weight @ values)
        return torch.cat(told)


def kinds(size: int, k: int) -> list[Tensor]:
    """Places 0 … size − 1 in groups whose windows of side k are cut by the same borders at the same depth."""
    r, groups = k // 2, {}
    for p in range(size):
        groups.setdefault((min(p, r), min(size - 1 - p, r)), []).append(p)
    return [torch.tensor(g) for g in groups.values()]


@functools.lru_cache(maxsize=256)
def placed_kinds(size: int, k: int) -> Placed:
    """The same, on every device that asks for them."""
    return Placed(*kinds(size, k))


@dataclass(frozen=True)
class Kind:
    """A denoiser by name: ``word`` is what the page calls it, ``tip`` says what it is."""

    make: Callable[[Examples], Formula]
    word: str
    tip: str


RULE = "The patch side k = 3 + 5 ln(τ/0.5), at least 3, is a rule fitted to our own networks, not the paper’s calibrated table."
KINDS = {
    "ideal": Kind(Ideal, "ideal", "E[x₀ | x_t] if these images were all there is: exact, and it memorises. Runs end on training images."),
    "wiener": Kind(Wiener, "Wiener", "The Gaussian with the images' mean and covariance, the best affine denoiser: exact for it."),
    "local": Kind(Local, "local", "Local score machine: each patch against the same place of all images (Kamb & Ganguli 2024). " + RULE),
    "equivariant": Kind(
        Equivariant,
        "equivariant",
        "Equivariant local score machine: each patch against every place that the border cuts alike, of {taken} images (Kamb & Ganguli 2024). "
        + RULE,
    ),
}


def tip_of(kind: str, event: tuple[int, int, int], count: int) -> str:
    """What a denoiser is, in words, with the numbers of this set."""
    taken = min(count, max(1, MOST_PATCHES // (event[1] * event[2])))
    return KINDS[kind].tip.format(taken=f"{taken:,}")


@functools.lru_cache(maxsize=24)
def free_denoiser(data: str, kind: str, label: int | None = None) -> Formula:
    """The denoiser of a law's images, of all or of one class; made once. Raises BadValue where its images cannot be read or it has no such class."""
    images = law_of(data).examples
    return KINDS[kind].make(images if label is None else images.only(label))


class FreeModel(ImageModel):
    """An exact denoiser of a law's images."""

    noun = "a training-free denoiser"
    law: ExamplesLaw

    def __init__(self, law: ExamplesLaw, key: str, label: int | None = None):
        super().__init__(law)
        self.key, self.label, self.asked, kind = key, label, label, KINDS[key]
        self.gives = frozenset({"mean", *["classes"] * (law.classes > 1)})
        self.title, self.word, self.hint = f"{law.title} · {kind.word}", kind.word, "no training"
        self.rank = 20 + list(KINDS).index(key)
        of = told_classes(law.names)
        self.about = tip_of(key, law.event, law.count)
        self.tip = f"No network: {self.about} {law.count:,} images.{' Classes' + of + '.' if of else ''}"

    def only(self, label: int) -> FreeModel:
        return FreeModel(self.law, self.key, label)

    def law_behind(self) -> GaussianMixture | None:
        """A Wiener model is exact for a Gaussian."""
        return self.formula.gaussian()

    @property
    def formula(self) -> Formula:
        """Its denoiser, of all images or of one class."""
        return free_denoiser(self.law.key, self.key, self.asked)

    def denoiser(self, process: LinearProcess) -> FreePredictor:
        return FreePredictor(self, process)


class FreePredictor(ModelPredictor):
    """D(y, τ) of a set at the statistic of z_t."""

    def __init__(self, model: FreeModel, process: LinearProcess):
        super().__init__(model, process)
        self.denoise = model.formula

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        y, tau = self.statistic(z_t, t)
        return Prediction(self.denoise(y, tau))


def models(law: Law) -> list[FreeModel]:
    """All kinds for a law of which images are known."""
    images = law.of_examples()
    return [] if images is None else [FreeModel(images, kind) for kind in KINDS]


def old(data: str) -> tuple[str, str] | None:
    """'<set>-<kind>', as former links have it."""
    return dashed(data, KINDS)

"""The exact model of a mixture, and that of the Gaussian which has the mean and covariance of a set of images."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import torch
from torch import Tensor

from playground.core.catalog import dashed
from playground.core.denoiser import ImageModel
from playground.core.examples import Examples, ExamplesLaw
from playground.core.fields import BadValue
from playground.core.kernel import small_inverse
from playground.core.law import Law, MixtureLaw
from playground.core.legal import EXACT
from playground.core.mixture import GaussianMixture
from playground.core.model import Model
from playground.core.placed import Packed, Placed, Shelf
from playground.core.predictor import BasePredictor
from playground.core.process import LinearProcess, Process, t64
from playground.core.spec import registry
from playground.exact import oracle_for
from playground.exact.mixture import MixtureOracle
from playground.exact.token import TokenOracle
from playground.exact.wrapped import WrappedOracle

FLOOR = 1e-4  # of a variance of pixels in [−1, 1]: one that never changes keeps a spread of about one grey level
MOST_DIM = 256  # numbers of an image: tables grow with their square


class Exact(Model):
    """The exact E[x_0 | z_t] of a law that is a mixture, under every process."""

    key, word, rank = "exact", "exact", 0
    noun = "an exact model"
    gives = EXACT
    tip = "The exact E[x₀ | x_t]: these data are a mixture of Gaussians, so that every noised law and its score are known in closed form."

    def __init__(self, law: Law):
        super().__init__(law)
        self.title = law.title
        self.process = registry("processes")[law.usual]() if law.usual else None

    @property
    def named(self) -> str:
        return self.law.key

    def predictor(self, process: Process) -> BasePredictor:
        return oracle_for(self.law.closed, process)

    def only(self, label: int) -> Exact:
        return type(self)(self.law.only(label))

    def law_behind(self) -> GaussianMixture | None:
        return self.law.mixture


class ExactSymbols(Exact):
    """The exact p(x_0 | x_t) of one token, under every process on symbols."""

    gives = TokenOracle.gives | {"noising"}
    tip = "The exact p(x₀ | x_t): a table of probabilities stays a table under every process on symbols."

    def law_behind(self) -> None:
        return None


class ExactAngles(Exact):
    """The exact ∇ log p_t of a mixture of wrapped normals under Brownian motion."""

    gives = WrappedOracle.gives | {"noising"}
    tip = "The exact ∇ log p_t: under Brownian motion a mixture of wrapped normals stays one, as variances add."

    def law_behind(self) -> None:
        return None


CLOSED: dict[str, type[Exact]] = {"mixture": Exact, "table": ExactSymbols, "wrapped mixture": ExactAngles}
"""By the closed form that a law gives."""


def exact(mixture: GaussianMixture) -> Exact:
    """The exact model of a mixture that somebody gave."""
    return Exact(MixtureLaw(mixture))


class Matched(ImageModel):
    """N(m, C + 10⁻⁴ I) with the mean m and covariance C of a law's images: a mixture of one component, of which everything is exact."""

    key, word, hint, rank = "gaussian", "Gaussian", "exact", 60
    noun = "the exact Gaussian"
    lost = 5.0

    law: ExamplesLaw

    def __init__(self, law: ExamplesLaw, label: int | None = None):
        super().__init__(law)
        self.label, self.asked, self.title = label, label, f"{law.title} · Gaussian"
        self.gives = frozenset({"mean", "mixture", "marginals", "oracle", *["classes"] * (law.classes > 1)})
        self.tip = (
            f"The exact model of the Gaussian with the mean and covariance of {law.count:,} images (and of each class; 10⁻⁴ is added to every variance, about a grey level): what the Wiener filter is "
            "exact for, as a law. Exact ancestral steps, the automatic grid and exact starts need one."
        )

    @property
    def mixture(self) -> GaussianMixture:
        return matched(self.law.examples if self.asked is None else self.law.examples.only(self.asked))

    @property
    def closed(self) -> GaussianMixture:
        return self.mixture

    def law_behind(self) -> GaussianMixture:
        return self.mixture

    def only(self, label: int) -> Matched:
        return Matched(self.law, label)

    def note(self, process: Process, times: list[float]) -> str:
        return ""

    def denoiser(self, process: LinearProcess) -> MatchedOracle:
        return MatchedOracle(self, process)


class MatchedOracle(MixtureOracle):
    """The exact predictor of a Gaussian of images: states keep their shape."""

    def __init__(self, model: Matched, process: LinearProcess):
        super().__init__(model.mixture, process)
        self.model, self.event = model, model.law.space.shape
        self._scores: Shelf[float] = Shelf()

    def beside(self, data: GaussianMixture) -> BasePredictor:
        return MixtureOracle(data, self.process)

    @functools.cached_property
    def _axes(self) -> tuple[Tensor, Placed]:
        """The covariance's eigenvalues (d,) and its eigenvectors as columns (d, d)."""
        values, vectors = torch.linalg.eigh(self.data.covs[0])
        return values, Placed(vectors)

    def prepare(self, times: list[float]) -> None:
        super().prepare(times)
        self._scores.expect([t for t in times if t > 0])

    def exact_score(self, z_t: Tensor, t: float) -> Tensor:
        """−S⁻¹ (z − ψ ⊗ m), S = ψψᵀ ⊗ C + Σ ⊗ I, in z's shape: in the eigenbasis of C that is d matrices of k × k, where the features of a mixture would
        be n (n + 1)/2 products of coordinates."""
        values, placed = self._axes
        mean, precision = self._scores.get(t, z_t, lambda times: Packed([self._score_tables(values, u) for u in times]))
        (vectors,) = placed.like(z_t)
        gap = self.process.split(z_t).flatten(2) - mean
        along = torch.einsum("dkl,bld->bkd", precision, gap @ vectors)
        return -(along @ vectors.mT).reshape(z_t.shape)

    def _score_tables(self, values: Tensor, t: float) -> tuple[Tensor, Tensor]:
        """ψ ⊗ m, (k, d), and S⁻¹ in the eigenbasis, (d, k, k)."""
        psi, sigma = self.process.mean_and_cov(t64(t))
        return psi[:, None] * self.data.means[0], small_inverse(values[:, None, None] * torch.outer(psi, psi) + sigma)

    def only(self, label: int) -> BasePredictor:
        return self.model.only(label).predictor(self.process)

    def turns(self, labels: Sequence[int]) -> BasePredictor:
        return self.model.turns(self.process)


@functools.lru_cache(maxsize=32)
def matched(images: Examples) -> GaussianMixture:
    """N(m, C + 10⁻⁴ I) of images, flattened, as a mixture of one component. Raises BadValue beyond MOST_DIM numbers an image."""
    flat = images.x.flatten(1).double()
    if flat.shape[1] > MOST_DIM:
        raise BadValue("model", Matched.key, f"images of at most {MOST_DIM} numbers; these have {flat.shape[1]:,}")
    mean = flat.mean(0)
    cov = (flat - mean).T @ (flat - mean) / len(flat) + FLOOR * torch.eye(flat.shape[1], dtype=torch.float64)
    return GaussianMixture(torch.ones(1), mean[None], ((cov + cov.T) / 2)[None])


def models(law: Law) -> list[Model]:
    """Who predicts exactly for a law."""
    exact: list[Model] = [make(law) for form, make in CLOSED.items() if form in law.gives]
    images = law.of_examples()
    return exact or ([Matched(images)] if images is not None and images.dim <= MOST_DIM else [])


def old(data: str) -> tuple[str, str] | None:
    """'<set>-gaussian', as ``load_images`` writes it."""
    return dashed(data, [Matched.key])

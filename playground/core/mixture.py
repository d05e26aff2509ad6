"""Gaussian mixtures: the one family of data for which every diffusion quantity is closed form (math: p = Σ π_k N(m_k, C_k))."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from .algebra import cholesky, definite, floats, inverse, nested, wholes
from .fields import BadValue, Record, Whole, check_keywords
from .rng import Rng
from .space import Euclidean

MAX_COMPONENTS = 4096


SHAPES = {"weights": "(K,)", "means": "(K, n)", "covs": "(K, n, n) or (K,)"}


def _numbers(name: str, value: object, shape: str) -> Tensor:
    """What a caller gave as a float64 tensor; BadValue where it is no array of numbers."""
    try:
        return (value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)).to(torch.float64)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise BadValue(name, value, f"numbers of shape {shape}, rows of equal length") from None


def _labels(value: object, k: int) -> Tensor:
    """The classes of k components; all are of class 0 where none are told."""
    return torch.zeros(k) if value is None else _numbers("labels", value, f"({k},)")


COUNT, SEED = Whole(1, 1, 10_000_000), Whole(0, 0, 2**31 - 1)


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """Σ_k w_k N(m_k, C_k) on R^n, in float64.

    Args:
        weights: (K,), positive, made to sum to one. means: (K, n). covs: (K, n, n), symmetric positive definite.
        labels: (K,) whole numbers, the class of each component (default: all 0).
    Raises:
        ValueError naming the field, the value and what is allowed.
    """

    gives: ClassVar[frozenset[str]] = frozenset({"mixture"})
    """What exact models need of a law."""

    weights: Tensor
    means: Tensor
    covs: Tensor
    labels: Tensor = None  # type: ignore[assignment] - filled in below

    def __new__(cls, *args: object, **parts: object) -> GaussianMixture:
        check_keywords(cls, args, parts)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        w, m, c = (_numbers(name, getattr(self, name), words) for name, words in SHAPES.items())
        if m.ndim == 1:
            m = m[:, None]
        if c.ndim == 1:
            c = c[:, None, None].expand(-1, m.shape[-1], m.shape[-1]) * torch.eye(m.shape[-1], dtype=torch.float64)
        k, n = (m.shape[0], m.shape[1]) if m.ndim == 2 else (0, 0)
        if not 1 <= k <= MAX_COMPONENTS or n < 1:
            raise BadValue("means", tuple(m.shape), f"shape (components, dimension) with 1 to {MAX_COMPONENTS} components")
        if w.shape != (k,) or not bool(torch.isfinite(w).all()) or not bool((w > 0).all()):
            raise BadValue("weights", floats(w), f"positive numbers of shape ({k},), one for each of the means")
        if not bool(torch.isfinite(m).all()):
            raise BadValue("means", nested(m), "finite numbers")
        if c.shape != (k, n, n) or not bool(torch.isfinite(c).all()):
            shown = tuple(c.shape) if c.shape != (k, n, n) else "not all finite"
            raise BadValue("covs", shown, f"finite numbers of shape ({k}, {n}, {n}), or variances of shape ({k},)")
        if not torch.allclose(c, c.mT, rtol=1e-9, atol=1e-12) or not definite(c):
            raise BadValue("covs", nested(c), "symmetric positive definite matrices")
        # weights that already sum to one are kept to the last digit, so that a mixture survives a JSON round trip
        told = _labels(self.labels, k)
        if told.shape != (k,) or not bool(((told >= 0) & (told < 2**31) & (told == told.round())).all()):
            raise BadValue("labels", floats(told), f"whole numbers from 0 of shape ({k},), one for each of the means")
        labels = told.long()
        for name, value in (
            ("weights", w if abs(float(w.sum()) - 1) < 1e-12 else w / w.sum()),
            ("means", m),
            ("covs", (c + c.mT) / 2),
            ("labels", labels),
        ):
            object.__setattr__(self, name, value)

    @property
    def components(self) -> int:
        return self.means.shape[0]

    @property
    def space(self) -> Euclidean:
        """Where its points live."""
        return Euclidean(self.dim)

    @property
    def dim(self) -> int:
        return self.means.shape[1]

    def mean(self) -> Tensor:
        """E[z], (n,)."""
        return self.weights @ self.means

    def cov(self) -> Tensor:
        """Cov[z] = Σ w_k (C_k + (m_k − m)(m_k − m)ᵀ), (n, n)."""
        d = self.means - self.mean()
        return torch.einsum("k,kij->ij", self.weights, self.covs + d[:, :, None] * d[:, None, :])

    def only(self, label: int) -> GaussianMixture:
        """The mixture of one class's components: p(z | class)."""
        mine = self.labels == label
        if not bool(mine.any()):
            raise BadValue("label", label, "one of " + ", ".join(str(c) for c in sorted(set(wholes(self.labels)))))
        return GaussianMixture(self.weights[mine], self.means[mine], self.covs[mine], self.labels[mine])

    def affine(self, a: Tensor, q: Tensor | float = 0.0) -> GaussianMixture:
        """Law of A z + N(0, Q): means A m_k, covariances A C_k Aᵀ + Q. ``a`` is (n', n)."""
        a = a.to(torch.float64)
        return GaussianMixture(self.weights, self.means @ a.mT, a @ self.covs @ a.mT + q, self.labels)

    def component_log_prob(self, z: Tensor) -> Tensor:
        """log w_k + log N(z; m_k, C_k), (batch, K); z is (batch, n), computed in z's dtype from centred differences."""
        chol = cholesky(self.covs)
        white = inverse(chol).to(z)
        u = torch.einsum("kij,bkj->bki", white, z[:, None, :] - self.means.to(z))
        logdet = chol.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        const = (self.weights.log() - logdet - 0.5 * self.dim * math.log(2 * math.pi)).to(z)
        return const - 0.5 * (u * u).sum(-1)

    def log_prob(self, z: Tensor) -> Tensor:
        """log p(z), (batch,), by logsumexp."""
        return torch.logsumexp(self.component_log_prob(z), -1)

    def responsibilities(self, z: Tensor) -> Tensor:
        """P(component k | z), (batch, K)."""
        return torch.softmax(self.component_log_prob(z), -1)

    def score(self, z: Tensor) -> Tensor:
        """∇ log p(z) = −Σ_k r_k(z) C_k⁻¹ (z − m_k), (batch, n)."""
        r = self.responsibilities(z)
        pull = torch.einsum("kij,bkj->bki", inverse(self.covs).to(z), z[:, None, :] - self.means.to(z))
        return -(r[..., None] * pull).sum(1)

    def __eq__(self, other: object) -> bool:
        """The same components, to the last digit, in the same order."""
        if not isinstance(other, GaussianMixture):
            return NotImplemented
        pairs = zip(self._parts(), other._parts(), strict=True)
        return self is other or all(a.shape == b.shape and torch.equal(a, b) for a, b in pairs)

    def __hash__(self) -> int:
        return hash((*self.covs.shape, float(self.means.sum()), float(self.weights.square().sum())))

    def _parts(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return self.weights, self.means, self.covs, self.labels

    def sample(self, uniform: Tensor | int, normal: Tensor | None = None, *, seed: int = 0) -> tuple[Tensor, Tensor]:
        """Draws, z (batch, n) and the component of each (batch,): ``sample(n, seed=0)`` n of them in float64; or from given randomness, ``uniform``
        (batch,), which picks the component, and ``normal`` (batch, n), the point in it, in normal's dtype. Raises: BadValue.
        """
        if not isinstance(uniform, Tensor):
            rng = Rng(SEED.clean("seed", seed), dtype=torch.float64).stream("sample")
            return self.draw(COUNT.clean("n", uniform), rng)
        if normal is None:
            raise BadValue("normal", None, f"standard normals of shape {(len(uniform), self.dim)} beside uniform numbers")
        edges = self.weights.cumsum(0).to(uniform)
        k = torch.searchsorted(edges, uniform.contiguous()).clamp_max(self.components - 1)
        chol = cholesky(self.covs).to(normal)
        means = self.means.to(normal)
        return means[k] + torch.einsum("bij,bj->bi", chol[k], normal), k

    def draw(self, n: int, rng: Rng) -> tuple[Tensor, Tensor]:
        """``n`` draws from a stream of random numbers: z (n, dim) in its dtype, component (n,)."""
        return self.sample(rng.uniform((n,)), rng.normal((n, self.dim)))

    def to_dict(self) -> Record:
        return {
            "weights": floats(self.weights),
            "means": nested(self.means),
            "covs": nested(self.covs),
            "labels": wholes(self.labels),
        }

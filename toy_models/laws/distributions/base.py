"""What a toy distribution is: a Gaussian mixture  q(x) = sum_k w_k N(x; m_k, C_k)  in R^1 or R^2.

Because q is a mixture, its noised marginals, its scores and its denoising distributions are mixtures too,
so everything the playground draws for them is exact. Arrays are float64 numpy, in data units.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    import torch

TABLES = Path(__file__).parent / "tables"  # written by `python -m toy_models.laws.distributions.fit`
FIT_POINTS = 2000  # sample size at which every fit error is stated
Draw = Callable[[int, np.random.Generator], np.ndarray]  # (n, rng) -> points (n, d)


@dataclass(frozen=True, eq=False)  # eq=False: compared and hashed by identity, as toys are built once
class Toy:
    """One distribution: K Gaussian components in R^d. The arrays are read-only: every caller shares them."""

    title: str  # "two moons"
    about: str  # what it is, one sentence; of a fitted shape only what the shape is ("a ring of radius 1")
    weights: np.ndarray  # (K,), positive, sums to 1
    means: np.ndarray  # (K, d)
    covs: np.ndarray  # (K, d, d)
    labels: np.ndarray  # (K,) int, the class of each component
    class_names: tuple[str, ...]  # label -> name
    shape: Draw | None = None  # draws of the shape that the mixture is fitted to; None: the mixture is all there is
    key: str = ""  # "moons": used in links and in Python, Experiment(data="moons"); the name of the function that declares it

    @property
    def dim(self) -> int:
        """d, 1 or 2."""
        return self.means.shape[1]

    @property
    def tip(self) -> str:
        """One sentence for the tooltip; for a fitted shape it states the fit."""
        return fit_tip(self.key, len(self.weights), self.dim, self.about) if self.shape else self.about

    @property
    def mean(self) -> np.ndarray:
        """Exact mean of the mixture, (d,)."""
        return self.weights @ self.means

    @property
    def cov(self) -> np.ndarray:
        """Exact covariance of the mixture, (d, d): mean of the covariances + covariance of the means."""
        off = self.means - self.mean
        return np.einsum("k,kij->ij", self.weights, self.covs + off[:, :, None] * off[:, None, :])

    @property
    def diagonal(self) -> bool:
        """True when every component is axis-aligned: its density is a product over the coordinates."""
        return not np.any(self.covs * (1 - np.eye(self.dim)))

    @property
    def isotropic(self) -> bool:
        """True when every component is round: C_k = s_k^2 I."""
        return bool(np.array_equal(self.covs, self.covs[:, :1, :1] * np.eye(self.dim)))

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """n independent draws: points (n, d) and their classes (n,)."""
        k = rng.choice(len(self.weights), size=n, p=self.weights)
        noise = rng.standard_normal((n, self.dim))
        root = np.linalg.cholesky(self.covs)[k]
        return self.means[k] + np.einsum("nij,nj->ni", root, noise), self.labels[k]

    def tensors(
        self, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """(weights, means, covs, labels) copied to torch; float64 unless told otherwise."""
        import torch  # here, so that importing the distributions stays instant

        dtype = dtype or torch.float64
        real = (self.weights, self.means, self.covs)  # tolist: torch warns about read-only arrays
        w, m, c = (torch.tensor(a.tolist(), dtype=dtype, device=device) for a in real)
        return w, m, c, torch.tensor(self.labels.tolist(), device=device)


class Declared(NamedTuple):
    """A toy that is not built yet. ``rank``: its place in menus."""

    rank: int
    build: Callable[[], Toy]


DECLARED: dict[str, Declared] = {}  # by key


def distribution(rank: int = 100) -> Callable[[Callable[[], Toy]], Callable[[], Toy]]:
    """Declares a toy: ``@distribution()`` above a function that returns ``make(...)``; its name is the key. In any module of this package
    that is all: links, menus and Python know it. It is built once, when it is first asked for. Raises ValueError where two have one name."""

    def declare(build: Callable[[], Toy]) -> Callable[[], Toy]:
        key = build.__name__
        if key in DECLARED:
            raise ValueError(f"distribution: {key} is declared twice, in {DECLARED[key].build.__module__} and in {build.__module__}")

        @cache
        @wraps(build)
        def built() -> Toy:
            return replace(build(), key=key)

        DECLARED[key] = Declared(rank, built)
        return built

    return declare


def make(
    title: str,
    about: str,
    means: ArrayLike,  # (K,) in 1D, (K, 2) in 2D
    std: ArrayLike,  # a number, (K,) one per component, or (K, d) one per axis
    weights: ArrayLike = 1.0,  # (K,) up to a common factor; a number means equal weights
    labels: ArrayLike = 0,  # (K,) int
    class_names: tuple[str, ...] = ("all",),
    shape: Draw | None = None,
) -> Toy:
    """Build a Toy of axis-aligned components.

    about: the tooltip of an exact mixture; where the mixture is fitted to a shape (``shape`` draws from it) only what the
    shape is, and the tooltip adds the number of components and the measured error from tables/errors.json.
    """
    m = np.asarray(means, dtype=np.float64)
    m = m[:, None] if m.ndim == 1 else m
    count, dim = m.shape
    s = np.asarray(std, dtype=np.float64)
    s = np.broadcast_to(s[:, None] if s.ndim == 1 else s, (count, dim))
    w = np.broadcast_to(np.asarray(weights, dtype=np.float64), (count,))
    arrays = {
        "weights": w / w.sum(),
        "means": m.copy(),
        "covs": s[:, :, None] ** 2 * np.eye(dim),
        "labels": np.broadcast_to(np.asarray(labels, dtype=np.int64), (count,)).copy(),
    }
    for a in arrays.values():
        a.setflags(write=False)
    return Toy(title=title, about=about, class_names=class_names, shape=shape, **arrays)


def fit_tip(key: str, count: int, dim: int, shape: str) -> str:
    """The tooltip of a fitted shape, with its measured error (see fit.measure)."""
    e = errors().get(key)
    if e is None:  # a new one
        return f"{count} Gaussians fitted to {shape}; not measured yet: python -m toy_models.laws.distributions.fit."
    metric = "W1" if dim == 1 else "sliced W2"
    return f"{count} Gaussians fitted to {shape}; {metric} to the shape {e['error']:.3f} (floor {e['floor']:.3f} at {FIT_POINTS:,} points)."


@cache
def errors() -> dict[str, dict[str, float]]:
    """Measured fit errors and sample-against-sample floors by key; empty before fit.py has run."""
    path = TABLES / "errors.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

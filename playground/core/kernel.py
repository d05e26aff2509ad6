"""The form of p(z_t | x_0). A process has one kernel; the exact model of a law is found by the kernel's ``key`` and by what the law gives.

"linear"       N(ψ x_0, Σ ⊗ I): k × k matrices that act alike on every coordinate (VP, VE, EDM, flows; CLD with k = 2)
"student"      α x_0 + σ ξ of a multivariate Student-t ξ (PFGM++)
"interpolant"  x_0 and an independent x_1 of another law, blended;  "paired": of given pairs
"anisotropic"  N(A x_0, σ² I) with a matrix A between coordinates
"categorical"  a table of probabilities between symbols (tokens);  "wrapped": a normal wound round a circle
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple, Protocol

import torch
from torch import Tensor

from .algebra import eigen, inverse, log_abs_det
from .placed import Shelf, Stacked, beside
from .rng import Rng

MOST_TIMES = 1 << 15  # coefficients that one kernel keeps


def t64(t: float | list[float] | Tensor) -> Tensor:
    """Times as a float64 tensor of their own shape."""
    return torch.as_tensor(t, dtype=torch.float64)


class Kernel:
    """p(z_t | x_0) of one process."""

    key: ClassVar[str]
    shares_noise: ClassVar[bool] = False
    """Is a draw made of x_0 and the very noise from which the prior is made, in the same order?"""

    def draw(self, x0: Tensor, t: float, rng: Rng) -> Tensor:
        """A draw of z_t (batch, *state) given x_0 (batch, *event)."""
        raise NotImplementedError

    def unit(self, shape: tuple[int, ...], rng: Rng) -> Tensor:
        """The noise ξ of x_t = α x_0 + σ ξ, or what Σ^{1/2} is put before: standard normals, unless a kernel has others."""
        return rng.normal(shape)


class LinearForm(Protocol):
    """What describes a linear process dz = F z dt + G dw: k × k matrices at float64 times of any shape."""

    parts: ClassVar[tuple[str, ...]]

    def mean_and_cov(self, t: Tensor) -> tuple[Tensor, Tensor]: ...
    def transition(self, s: Tensor, t: Tensor) -> tuple[Tensor, Tensor]: ...
    def sde(self, t: Tensor) -> tuple[Tensor, Tensor]: ...


class LinearAt(NamedTuple):
    """z_t | x_0 ~ N(ψ x_0, Σ) and the SDE's F, GGᵀ at one time, in float64: psi (k,), cov, precision = Σ⁻¹, drift and noise (k, k)."""

    psi: Tensor
    cov: Tensor
    precision: Tensor
    drift: Tensor
    noise: Tensor

    @property
    def ratio(self) -> float:
        """τ = 1/√(ψᵀΣ⁻¹ψ): what z_t says of x_0 is one number x_0 + τ n with n ~ N(0, 1); σ/α of a process with one noise level."""
        return float(self.psi @ (self.precision @ self.psi)) ** -0.5


class LinearGaussian(Kernel):
    """N(ψ(t) x_0, Σ(t) ⊗ I), and what goes with it: exact steps p(z_t | z_s), draws with a k × k covariance."""

    key = "linear"
    shares_noise = True

    def __init__(self, process: LinearForm):
        self.process = process
        self.k = len(process.parts)
        self._at: dict[float, LinearAt] = {}
        self._shelf: Shelf[float] = Shelf()

    def at(self, t: float) -> LinearAt:
        """The coefficients at one time (kept)."""
        found = self._at.get(t)
        if found is None:
            if len(self._at) > MOST_TIMES:
                self._at.clear()
            psi, cov = self.process.mean_and_cov(t64(t))
            drift, noise = self.process.sde(t64(t))
            found = self._at[t] = LinearAt(psi, cov, small_inverse(cov), drift, noise)
        return found

    def prepare(self, times: list[float]) -> None:
        """These times are about to be asked for: ``beside`` makes their matrices together."""
        self._shelf.expect(times)

    def beside(self, z: Tensor, t: float) -> LinearAt:
        """The same coefficients as they act on z (batch, *state): on its device and in its dtype. For k = 1 as they are, since numbers act anywhere."""
        if self.k == 1:
            return self.at(t)
        return LinearAt(
            *self._shelf.get(t, z, lambda times: Stacked([torch.stack(field) for field in zip(*map(self.at, times), strict=True)]))
        )

    def apply(self, matrix: Tensor, z: Tensor) -> Tensor:
        """(k, k) matrix on the parts of z (batch, *state)."""
        if self.k == 1:
            return z * float(matrix[0, 0])
        return torch.einsum("ij,bj...->bi...", matrix.to(z), z)

    def mean(self, x0: Tensor, t: float) -> Tensor:
        """ψ x_0, (batch, *state), of x_0 (batch, *event)."""
        psi = self.at(t).psi  # numbers of the host
        return x0 * float(psi[0]) if self.k == 1 else torch.stack([x0 * float(p) for p in psi], 1)

    def gaussian(self, cov: Tensor, shape: tuple[int, ...], rng: Rng) -> Tensor:
        """N(0, cov ⊗ I) of a state's shape; cov is (k, k), positive semi-definite."""
        normal = rng.normal(shape)
        return self.apply(self.root(cov), normal)

    def root(self, cov: Tensor) -> Tensor:
        """A root of cov (k, k), positive semi-definite."""
        return semi_cholesky(cov) if self.k > 1 else torch.full_like(cov, float(cov[0, 0].clamp_min(0)) ** 0.5)

    def draw(self, x0: Tensor, t: float, rng: Rng) -> Tensor:
        mean = self.mean(x0, t)
        return mean + self.gaussian(self.at(t).cov, tuple(mean.shape), rng)

    def step(self, z_s: Tensor, s: float, t: float, rng: Rng) -> Tensor:
        """A draw from p(z_t | z_s), s ≤ t, (batch, *state) both: one exact step of the forward SDE."""
        a, q = self.process.transition(t64(s), t64(t))
        a, root = self.near(z_s, a, self.root(q))
        return self.apply(a, z_s) + self.apply(root, rng.normal(tuple(z_s.shape)))

    def near(self, z: Tensor, *matrices: Tensor) -> tuple[Tensor, ...]:
        """(k, k) matrices of one step as they act on z: for k > 1 brought to its device together."""
        return beside(z, *matrices) if self.k > 1 else matrices

    def score(self, z: Tensor, x0: Tensor, t: float) -> Tensor:
        """−Σ⁻¹ (z − ψ x̂_0), (batch, *state): ∇ log p_t where x̂_0 = E[x_0 | z_t]."""
        k = self.beside(z, t)
        if self.k == 1:
            return (z - float(k.psi[0]) * x0) * -float(k.precision[0, 0])
        return self.apply(-k.precision, z - self.mean(x0, t))


def small_inverse(m: Tensor) -> Tensor:
    """Inverse of symmetric (..., k, k) matrices; in closed form for k ≤ 2 (exact for 1, and cheap in large batches)."""
    if m.shape[-1] == 1:
        return 1 / m
    if m.shape[-1] > 2:
        return inverse(m)
    a, b, d = m[..., 0, 0], m[..., 0, 1], m[..., 1, 1]
    adjugate = torch.stack([torch.stack([d, -b], -1), torch.stack([-b, a], -1)], -2)
    return adjugate / (a * d - b * b)[..., None, None]


def small_logdet(m: Tensor) -> Tensor:
    """ln det of symmetric positive definite (..., k, k) matrices; in closed form for k ≤ 2, a tenth of slogdet's time in large batches."""
    if m.shape[-1] == 1:
        return m[..., 0, 0].log()
    if m.shape[-1] > 2:
        return log_abs_det(m)
    return (m[..., 0, 0] * m[..., 1, 1] - m[..., 0, 1].square()).log()


def semi_cholesky(cov: Tensor) -> Tensor:
    """Lower triangular root of a 2×2 positive semi-definite matrix; exact zeros stay zeros."""
    a = cov[0, 0].clamp_min(0).sqrt()
    b = torch.where(a > 0, cov[1, 0] / a.clamp_min(1e-300), torch.zeros_like(a))
    c = (cov[1, 1] - b * b).clamp_min(0).sqrt()
    return torch.stack([torch.stack([a, torch.zeros_like(a)]), torch.stack([b, c])])


def symmetric_root(cov: Tensor) -> Tensor:
    """V √Λ Vᵀ of (..., n, n) positive semi-definite matrices, in float64.

    The one root that does not depend on which eigenvectors LAPACK returns (V √Λ does: on their signs, and on a whole basis where eigenvalues
    meet), so that one seed gives one draw in every precision. In float64, since a root halves the digits of a singular matrix.
    """
    values, vectors = eigen(cov.to(torch.float64))
    return (vectors * values.clamp_min(0).sqrt()[..., None, :]) @ vectors.mT

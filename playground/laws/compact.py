"""A mixture as a short text for links: ``mix2.<numbers>`` in the plane, ``mix1.<numbers>`` on the line, then ``.<classes>`` if there are any.

Every component is a few 16-bit numbers u = 0 … 65535, little-endian, written as base64url without padding:

    plane   weight  w ∝ u, at least 1      centre m_i = (u_i − 32768)/4096      semi-axes a, b = u/8192      angle θ = π u/65536
    line    weight  w ∝ u, at least 1      centre m   = (u − 32768)/4096        deviation  s   = u/8192

with C = R(θ) diag(a², b²) R(θ)ᵀ: twelve bytes, sixteen letters a component in the plane, so 256 components fill 4,100 letters of a link.
Rounding: centres within 1.3e-4 in ±8, axes within 6.1e-5 up to 8, angles within 2.4e-5, weights within 1.6e-5 of the largest one before
normalising. Classes are one byte a component. ``encode(decode(text)) == text`` for whatever ``encode`` wrote. assets/ui/lib/mixture.js is the
page's half of it.
"""

from __future__ import annotations

import base64
import binascii
import math
import re

import numpy as np
import torch
from torch import Tensor

from playground.core.fields import BadValue
from playground.core.mixture import GaussianMixture

MOST = 256  # components
CENTRE, AXIS, TURN = 4096.0, 8192.0, 65536.0  # steps a data unit, a data unit, half a turn
LIMIT = 7.999  # |centre| and axes that fit
LEAST_AXIS = 0.01  # what a hand may narrow a component to
TEXT = re.compile(r"mix([12])\.([A-Za-z0-9_-]+)(?:\.([A-Za-z0-9_-]+))?")


def is_compact(text: str) -> bool:
    return text.startswith(("mix1.", "mix2."))


def _letters(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _raw(letters: str) -> bytes:
    return base64.b64decode(letters + "=" * (-len(letters) % 4), altchars=b"-_", validate=True)


def axes_of(covs: Tensor) -> tuple[Tensor, Tensor]:
    """Semi-axes (K, 2), the longer first, and angle θ in [0, π) of the longer one (K,), of covariances (K, 2, 2)."""
    values, vectors = torch.linalg.eigh(covs)
    first = vectors[:, :, 1]
    angle = torch.atan2(first[:, 1], first[:, 0]).remainder(math.pi)
    round_ = (values[:, 1] - values[:, 0]) <= 1e-12 * values[:, 1]
    return values.flip(-1).clamp_min(0).sqrt(), torch.where(round_, torch.zeros_like(angle), angle)


def covs_of(axes: Tensor, angle: Tensor) -> Tensor:
    """C = R(θ) diag(a², b²) R(θ)ᵀ, (K, 2, 2): the inverse of ``axes_of``."""
    c, s = angle.cos(), angle.sin()
    aa, bb = axes.square().unbind(-1)
    off = (aa - bb) * s * c
    return torch.stack([aa * c * c + bb * s * s, off, off, aa * s * s + bb * c * c], -1).view(-1, 2, 2)


def encode(mixture: GaussianMixture) -> str:
    """The text of a mixture on R or R², rounded as stated above. Raises BadValue for what does not fit."""
    if mixture.components > MOST:
        raise BadValue("data", f"{mixture.components} components", f"at most {MOST} components")
    if mixture.dim > 2:
        raise BadValue("data", f"{mixture.dim} dimensions", "one or two dimensions")
    far = float(mixture.means.abs().max())
    axes, angle = axes_of(mixture.covs) if mixture.dim == 2 else (mixture.covs[:, 0].sqrt(), None)
    if far > LIMIT or float(axes.max()) > LIMIT:
        raise BadValue("data", f"{max(far, float(axes.max())):.4g}", f"centres and axes within ±{LIMIT:g}")
    parts = [mixture.weights[:, None] / mixture.weights.max() * 65535, mixture.means * CENTRE + 32768, axes * AXIS]
    if angle is not None:
        angle = (angle / math.pi * TURN).round() % TURN  # an angle just below π is 0 again, that of what is round now too
        parts.append(torch.where((axes * AXIS).round().diff(dim=-1) == 0, 0.0, angle[:, None]))
    numbers = torch.cat(parts, -1).round()
    numbers[:, 0].clamp_min_(1)
    numbers[:, 1 + mixture.dim : 1 + 2 * mixture.dim].clamp_min_(1)
    text = f"mix{mixture.dim}.{_letters(numbers.numpy().astype('<u2').tobytes())}"
    if bool(mixture.labels.any()):
        text += "." + _letters(bytes(mixture.labels.clamp_max(255).tolist()))
    return text


def decode(text: str, name: str = "data") -> GaussianMixture:
    """The mixture behind a compact text. Raises BadValue naming ``name``."""
    found = TEXT.fullmatch(text)
    allowed = f"a distribution's name, or a mixture of at most {MOST} components as mix1.… or mix2.…"
    if not found:
        raise BadValue(name, text[:60], allowed)
    dim, size = int(found[1]), 12 if found[1] == "2" else 6
    try:
        raw, classes = _raw(found[2]), _raw(found[3]) if found[3] else b""
    except (binascii.Error, ValueError):
        raise BadValue(name, text[:60], allowed) from None
    count = len(raw) // size
    if len(raw) % size or not 1 <= count <= MOST or len(classes) not in (0, count):
        raise BadValue(name, text[:60], f"{size} bytes a component, at most {MOST} components, and one byte a class")
    u = torch.from_numpy(np.frombuffer(raw, "<u2").astype(np.float64)).view(count, -1)
    axes = u[:, 1 + dim : 1 + 2 * dim] / AXIS
    if bool((u[:, 0] < 1).any()) or bool((axes <= 0).any()):
        raise BadValue(name, text[:60], "positive weights and axes")
    covs = covs_of(axes, u[:, 5] / TURN * math.pi) if dim == 2 else axes.square()[:, :, None]
    labels = torch.tensor(list(classes)) if classes else None
    return GaussianMixture(u[:, 0] / u[:, 0].sum(), (u[:, 1 : 1 + dim] - 32768) / CENTRE, covs, labels)  # type: ignore[arg-type]

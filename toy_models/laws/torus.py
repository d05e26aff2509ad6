"""Laws of angles: on the circle and on the torus, as mixtures of wrapped normals."""

from __future__ import annotations

import math
from functools import cache

import torch

from playground.core.law import Law
from playground.spaces.torus import TURN
from playground.spaces.wrapped import WrappedLaw, WrappedMixture


def circle_two() -> WrappedMixture:
    """½ WN(0, 0.3²) + ½ WN(2, 0.2²) on the circle."""
    return WrappedMixture(
        torch.ones(2), torch.tensor([0.0, 2.0], dtype=torch.float64), torch.tensor([0.3, 0.2], dtype=torch.float64), torch.tensor([0, 1])
    )


def torus_peaks() -> WrappedMixture:
    """Five peaks of unequal weight; one lies across the corner, where all four edges meet."""
    means = torch.tensor([[math.pi, math.pi], [0.0, 0.4], [-1.6, -1.3], [1.5, -1.5], [-1.7, 1.4]], dtype=torch.float64)
    stds = torch.tensor([[0.35, 0.35], [0.2, 0.2], [0.3, 0.15], [0.15, 0.4], [0.2, 0.2]], dtype=torch.float64)
    return WrappedMixture(torch.tensor([3.0, 2.0, 1.0, 2.0, 1.0], dtype=torch.float64), means, stds, torch.arange(5))


def torus_winding() -> WrappedMixture:
    """A line that winds once around θ₁ and twice around θ₂, of 48 narrow components: a closed curve that no shrinking removes."""
    along = -math.pi + TURN * (torch.arange(48, dtype=torch.float64) + 0.5) / 48
    return WrappedMixture(
        torch.ones(48), torch.stack([along, 2 * along], 1), torch.full((48, 2), 0.14, dtype=torch.float64), torch.arange(48) // 24
    )


def torus_backbone() -> WrappedMixture:
    """A sketch of a protein's backbone angles (φ, ψ): α-helix, β-sheet, polyproline and left-handed helix."""
    degrees = torch.tensor([[-63.0, -42.0], [-118.0, 133.0], [-68.0, 146.0], [57.0, 42.0]], dtype=torch.float64)
    stds = torch.tensor([[9.0, 10.0], [20.0, 18.0], [11.0, 13.0], [9.0, 11.0]], dtype=torch.float64)
    return WrappedMixture(
        torch.tensor([0.48, 0.27, 0.2, 0.05], dtype=torch.float64), degrees * math.pi / 180, stds * math.pi / 180, torch.arange(4)
    )


@cache
def laws() -> list[Law]:
    peaks = tuple(f"peak {k}" for k in range(1, 6))
    return [
        WrappedLaw(torus_peaks(), "torus_peaks", "torus: five peaks", "Five peaks on the torus; one lies across the corner, where all edges meet.", peaks, 40),
        WrappedLaw(
            torus_winding(), "torus_winding", "torus: a winding line", "A closed line, once around θ₁ and twice around θ₂, of 48 narrow peaks.", ("first half", "second half"), 41
        ),
        WrappedLaw(
            torus_backbone(), "torus_backbone", "torus: backbone angles", "A sketch of the angles (φ, ψ) of a protein's backbone, as four peaks.",
            ("α-helix", "β-sheet", "polyproline", "left-handed helix"), 42,
        ),
    ]  # fmt: skip

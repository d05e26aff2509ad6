"""S_noise, as k-diffusion's samplers with noise have it: declared once for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic

from .fields import above, slider
from .sampler import Carry, Sampler

SYMBOL = r"S_{\mathrm{noise}}"


@dataclass(frozen=True, kw_only=True)
class ScalesNoise(Sampler[Carry], Generic[Carry]):
    """A sampler with an ``eta`` whose draws may be scaled, against what a model's errors take of the spread. At 1, the default, its law is the SDE's."""

    drawn: ClassVar[tuple[str, str]] = (r"u\,z", rf"u\,{SYMBOL}\,z")
    """How its noise stands in its formula, and with the scale."""
    noise_scale: float = slider(1.0, 0.9, 1.1, 0.001, label="S noise", help="scale of the noise put back", when=above("eta", 0))

    def scaled(self, formula: str) -> str:
        """A formula with the scale in it, where that is not 1."""
        return formula if self.noise_scale == 1 else formula.replace(*self.drawn)

    @property
    def printed(self) -> str:
        return self.scaled(self.formula)

    @property
    def scale_terms(self) -> dict[str, float]:
        return {} if self.noise_scale == 1 else {SYMBOL: self.noise_scale}

    @property
    def s_noise(self) -> str:
        """As k-diffusion's functions are told it, after another argument."""
        return "" if self.noise_scale == 1 else f", s_noise={self.noise_scale:g}"

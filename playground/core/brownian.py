"""One Brownian path for all grids and samplers: a step's draws as increments of it, so that runs of one seed with other steps, or another sampler, see the same noise.

The reverse SDE of a process with one noise level is driven by the same motion whatever its coefficients: in the coordinate u = ln(α/σ) it is
λ g dw̄ = λ σ √2 dB(u). The path is B(u), of a seed, for every number of every particle (processes without a noise level: u = √t). A sampler says which integral a step's noise is:
∫ w dB, by its *clock* c(u) with dc = ± w² du. Then

    z = Σ_i w_i ΔB_i / √(Σ_i w_i² Δu_i),    w_i² = |Δc_i|/Δu_i

over the cells of a lattice with CELLS of them in a unit of u; a step's end within a cell cuts it by the Brownian bridge, by halving it DEPTH times at most (a virtual Brownian tree: Li et al.
2020, 2001.01328). So z is exactly N(0, 1), independent over disjoint steps, and √V z is exactly additive over a divided step, V being the clock's own difference read off the lattice by straight
lines, which is (Δu w′/w)²/12 = 1e-6 of it off for an exponential clock. Times are told apart to 2^−(8 + DEPTH) of u.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .algebra import floats
from .fields import BadValue
from .process import Process
from .rng import Rng

if TYPE_CHECKING:
    from .sampler import AnySampler

Clock = Callable[[Tensor], Tensor]
"""c(u) (n,) of u (n,), float64, u = ``Process.evened``: the variance of a step's noise is its difference, up to a factor."""

CELLS, DEPTH = 256, 12
FAR = 16.0  # u beyond which nothing is told apart: σ/α from 1e-7 to 1e7; pure noise lies at −∞
TOGETHER = 16  # cells that are drawn together
MOST = 1_000_000_000  # numbers that the path of one run may have: ten seconds
KEPT = 96_000_000  # bytes of increments that are kept for the next run of the same seed
SPLITS = 1 << DEPTH
UNIT = CELLS * SPLITS


def exponential(rate: float) -> Clock:
    """dc = e^{2 rate u} du: of noise that a step damps like e^{−rate h} before it ends."""
    return lambda u: torch.expm1(2 * rate * u) / (2 * rate) if rate else u


def process_time(process: Process) -> Clock:
    """c = t: of noise G √Δt."""
    return lambda u: process.unevened(u).clamp(0, process.t_max)


class _Kept:
    """Increments that several runs need; the least recently used go first."""

    def __init__(self) -> None:
        self.lock, self.size = threading.Lock(), 0
        self.held: OrderedDict[Hashable, Tensor] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Tensor]) -> Tensor:
        with self.lock:
            if key in self.held:
                self.held.move_to_end(key)
                return self.held[key]
        found = make()
        size = found.numel() * found.element_size()
        if size > KEPT // 8:
            return found
        with self.lock:
            if key not in self.held:
                self.held[key] = found
                self.size += size
            while self.size > KEPT:
                gone = self.held.popitem(last=False)[1]
                self.size -= gone.numel() * gone.element_size()
        return found


_kept = _Kept()


def place(process: Process, t: float) -> int:
    """u of a time in units of the path, whole."""
    return round(min(FAR, max(-FAR, process.evened(t))) * UNIT)


def check_path(process: Process, times: list[float], particles: int, size: int) -> None:
    """BadValue where the path over these times (those above 0) would have more than MOST numbers, or two times are one to it."""
    places = [place(process, t) for t in times if t > 0]
    cells = abs(places[-1] - places[0]) / UNIT * CELLS
    if cells * particles * size > MOST:
        most = max(1, int(MOST / max(1.0, cells * size)))
        raise BadValue(
            "particles", particles, f"at most {most:,} with noise = path: each has {cells * size:,.0f} numbers of its Brownian path here"
        )
    for before, after in itertools.pairwise(places):
        if before == after:
            raise BadValue("noise", "path", f"steps, or levels that are more than {1 / UNIT:.0e} of ln(α/σ) apart")


class BrownianPath(Rng):
    """Draws of a run's steps as increments of the path of ``source``'s seed: in each step (``between``) as many as the sampler's ``noise_times`` have intervals."""

    def __init__(self, source: Rng, process: Process, sampler: AnySampler):
        super().__init__(source.seed, source.device, source.dtype, name=source.name)
        self.source, self.process, self.sampler = source, process, sampler
        self.clock = sampler.noise_clock(process)
        self.left: list[tuple[int, int]] = []
        self.last: tuple[int, tuple[int, ...], Tensor] | None = None

    def between(self, t: float, s: float) -> None:
        places = [] if s == 0 or self.clock is None else [place(self.process, u) for u in self.sampler.noise_times(self.process, t, s)]
        self.left = list(itertools.pairwise(places))

    def normal(self, shape: tuple[int, ...]) -> Tensor:
        if not self.left or self.clock is None:
            raise BadValue("noise", "path", f"steps: {self.sampler.info.title} draws what is no increment of a path")
        self.draws += 1
        return self._over(self.left.pop(0), self.clock, shape).to(self.device, self.dtype)

    def normals(self, count: int, shape: tuple[int, ...]) -> Iterator[Tensor]:
        return (self.normal(shape) for _ in range(count))

    def uniform(self, shape: tuple[int, ...]) -> Tensor:
        raise BadValue("noise", "path", f"steps: {self.sampler.info.title} draws uniforms, of which a Brownian path has none")

    def uniform_and_normal(self, uniform: tuple[int, ...], normal: tuple[int, ...]) -> tuple[Tensor, ...]:
        return self.uniform(uniform), self.normal(normal)

    def _over(self, span: tuple[int, int], clock: Clock, shape: tuple[int, ...]) -> Tensor:
        """z of one interval, float64 on the host."""
        low, high = min(span), max(span)
        first, last = low // SPLITS, (high - 1) // SPLITS
        edges = torch.arange(first, last + 2, dtype=torch.float64) / CELLS
        rates = floats(clock(edges).diff().abs() * CELLS)  # w² of each cell
        total, variance = torch.zeros(shape, dtype=torch.float64), 0.0
        for cell, rate in enumerate(rates, start=first):
            start, stop = max(low, cell * SPLITS), min(high, (cell + 1) * SPLITS)
            weight = math.sqrt(rate)
            variance += rate * (stop - start) / UNIT
            if stop - start == SPLITS:
                total.add_(self._whole(cell, shape), alpha=weight)
            else:
                total.add_(self._inside(cell, stop, shape) - self._inside(cell, start, shape), alpha=weight)
        if not 0 < variance < math.inf:
            raise BadValue("noise", "path", f"steps: the clock of {self.sampler.info.title} stands still between two times")
        return total.div_(math.sqrt(variance))

    def _whole(self, cell: int, shape: tuple[int, ...]) -> Tensor:
        """The increment over a cell, float32."""
        block, at = divmod(cell, TOGETHER)

        def make() -> Tensor:
            rows, *rest = shape
            drawn = self._drawn(f"block {block}", (rows, TOGETHER, *rest))
            return drawn.transpose(0, 1).contiguous().mul_(CELLS**-0.5)

        return _kept.get((self.source.identity, block, shape), make)[at]

    def _inside(self, cell: int, point: int, shape: tuple[int, ...]) -> Tensor:
        """B at a point less B at its cell's start, float64: by halving the cell, the middle of each part being drawn from the bridge between its ends."""
        at = point - cell * SPLITS
        if at == 0:
            return torch.zeros(shape, dtype=torch.float64)
        whole = self._whole(cell, shape).to(torch.float64)
        if at == SPLITS:
            return whole
        if self.last is not None and self.last[:2] == (point, shape):  # a step begins where the one before has ended
            return self.last[2]
        left, right, before, after, node = 0, SPLITS, torch.zeros_like(whole), whole, 1
        while True:
            middle = (left + right) // 2
            z = self._drawn(f"cell {cell} part {node}", shape)
            between = (0.5 * (before + after)).add_(z, alpha=0.5 * math.sqrt((right - left) / UNIT))
            if at == middle:
                self.last = point, shape, between
                return between
            if at < middle:
                right, after, node = middle, between, 2 * node
            else:
                left, before, node = middle, between, 2 * node + 1

    def _drawn(self, label: str, shape: tuple[int, ...]) -> Tensor:
        """Standard normals of one place of the path, float32 on the host: the same whatever was drawn before, and for every number of particles."""
        return self.source.stream(f"brownian {label}")._draw(torch.randn, shape)

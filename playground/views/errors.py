"""The lab "errors": the budget of a run, and what each step adds (docs/packet.md)."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import torch
from torch import Tensor

from playground.core.exact import Exact
from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Json
from playground.core.legal import require
from playground.core.problem import Problem
from playground.core.process import t64
from playground.core.rng import Rng
from playground.engine import grid_times
from playground.metrics.budget import MANY, error_budget, exact_model
from playground.metrics.flow import exact_flow
from playground.metrics.local import HISTORY, StepError, step_error, why_no_local_error
from playground.views.geometry import geometry_of
from playground.views.packet import Packet

MOST_STEPS = 40  # of a run that are measured: evenly thinned beyond
SAMPLES = 96  # draws of p_t for the error over the clock
ROWS = 48  # of the map over (x, t)
SIDE = (28, 22)  # of the map over the plane
MOST = 1e3  # what a step that is not finite counts as
COARSE = 12  # a side where the exact model has many components


def errors_packet(exp: Experiment, params: dict[str, str]) -> Packet:
    """``layer=errors``: the budget, and the local error of every step at draws of p_t."""
    exp = _reverse(exp)
    budget = error_budget(exp)
    header: dict[str, Json] = {
        "kind": "errors",
        "key": exp.key,
        "distance": "W₂" if exact_model(exp).dim == 1 else "sliced W₂",
        "parts": [{"name": p.name, "share": p.share, "se": p.share_se, "alone": p.alone} for p in budget.parts],
    }
    for name in ("total", "total_se", "direct", "direct_se", "floor", "points", "resolved", "stochastic", "lost"):
        header[name] = getattr(budget, name)
    packet = Packet(header)
    reason = why_no_local_error(exp.sampler)
    if not reason:
        try:
            _add_curve(packet, exp)
        except ValueError as error:
            reason = str(error)
    header["reason"] = reason
    return packet


def map_packet(exp: Experiment, params: dict[str, str]) -> Packet:
    """``layer=errors-map``: local error over (x, t) in 1D, over the plane for step ``step`` (from 1) where the state has two numbers."""
    exp = _reverse(exp)
    oracle = exact_model(exp)
    grid = _grid(exp, oracle)
    asked = params.get("step", "1")
    if not asked.isdecimal() or not 1 <= int(asked[:9]) < len(grid):
        raise BadValue("lab.step", asked, f"a whole number from 1 to {len(grid) - 1}")
    step = int(asked)
    header: dict[str, Json] = {"kind": "errors-map", "key": exp.key, "step": -1, "over": "x,t" if oracle.state_dim == 1 else "plane"}
    header["stochastic"] = exp.sampler.declared_order is None
    packet = Packet(header)
    reason = why_no_local_error(exp.sampler)
    if oracle.state_dim > 2:
        reason = "position and velocity of data in the plane are four numbers: no map shows them"
    if not reason:
        try:
            (_add_map_1d if oracle.state_dim == 1 else _add_plane)(packet, exp, oracle, grid, step - 1)
        except ValueError as error:
            reason = str(error)
    header["reason"] = reason
    return packet


def _reverse(exp: Experiment) -> Experiment:
    require(frozenset({"reverse"}), exp)
    return exp


def _grid(exp: Experiment, oracle: Exact) -> list[float]:
    return grid_times(exp, None, None, Problem(exp.process, oracle, oracle))


def _picks(steps: int) -> list[int]:
    """Indices of the steps that are measured."""
    if steps <= MOST_STEPS:
        return list(range(steps))
    return sorted({round(i * (steps - 1) / (MOST_STEPS - 1)) for i in range(MOST_STEPS)})


def _shown(exp: Experiment, error: StepError, s: float) -> tuple[Tensor, Tensor]:
    """Errors in the view's units."""
    scale = float(exp.process.view_scale(t64(s)))
    return scale * error.mean, scale * error.spread


def _add_curve(packet: Packet, exp: Experiment) -> None:
    """Median and 10th and 90th percentile over p_t of each step's error; the states are exact ones on the flow from p_T."""
    oracle = exact_model(exp)
    grid = _grid(exp, oracle)
    states = _trajectory(
        Experiment(data=exp.data, model=exp.model, process=exp.process, guidance=exp.guidance, seed=exp.seed), tuple(grid[:-1])
    )
    rows = []
    with torch.no_grad():
        for i in _picks(len(grid) - 1):
            t, s = grid[i], grid[i + 1]
            mean, spread = _shown(exp, step_error(oracle, exp.sampler, grid, i, states[i], states[max(0, i - HISTORY) : i]), s)
            levels = torch.quantile(torch.nan_to_num(mean, nan=MOST).clamp_max(MOST), t64([0.1, 0.5, 0.9]))
            rows.append([i + 1, t, s, *levels.tolist(), float(torch.nan_to_num(spread, nan=MOST).clamp_max(MOST).median())])
    table = np.array(rows)
    clock = exp.process.clock
    packet.add("step", table[:, 0])
    packet.add("t", table[:, 1])
    packet.add("s", table[:, 2])
    packet.add("from", clock(torch.from_numpy(table[:, 1])).clamp(0, 1))
    packet.add("to", clock(torch.from_numpy(table[:, 2])).clamp(0, 1))
    for column, name in enumerate(("low", "median", "high", "spread"), start=3):
        packet.add(name, table[:, column])


@functools.lru_cache(maxsize=8)
def _trajectory(exp: Experiment, times: tuple[float, ...]) -> list[Tensor]:
    """States (SAMPLES, *state) at the given times: draws of the exact p_t, joined by the exact flow. No choice of a sampler changes them."""
    oracle = exact_model(exp)
    rng = Rng(exp.seed, dtype=torch.float64).stream("local error")
    law = oracle.marginal(times[0])
    count = SAMPLES if len(oracle.weights) <= MANY else SAMPLES // 4
    z = law.sample(rng.uniform((count,)), rng.normal((count, law.dim)))[0].reshape(exp.process.state_shape(count, (oracle.dim,)))
    states = [z]
    with torch.no_grad():
        for t, s in itertools.pairwise(times):
            states.append(exact_flow(oracle, states[-1], t, s))
    return states


def _add_map_1d(packet: Packet, exp: Experiment, oracle: Exact, grid: list[float], index: int) -> None:
    (panel,) = geometry_of(exp.law, exp.process).panels
    ((lo, hi),) = panel.ranges
    x = torch.linspace(hi, lo, 2 * ROWS + 1, dtype=torch.float64)[1::2]  # row 0 is the top
    picks = _picks(len(grid) - 1)
    means, spreads, weights = [], [], []
    with torch.no_grad():
        for i in picks:
            z = (x / float(exp.process.view_scale(t64(grid[i]))))[:, None]
            mean, spread = _shown(exp, step_error(oracle, exp.sampler, grid, i, z), grid[i + 1])
            means.append(mean)
            spreads.append(spread)
            weights.append(oracle.log_prob(z, grid[i]))
    header = packet.header
    header["ranges"] = [[lo, hi]]
    header["labels"] = list(geometry_of(exp.law, exp.process).labels)
    edges = [grid[i] for i in picks] + [grid[-1]]
    packet.add("edges", exp.process.clock(t64(edges)).clamp(0, 1))
    packet.add("t", edges[:-1])
    _add_cells(packet, torch.stack(means, 1), torch.stack(spreads, 1), torch.stack(weights, 1), 0)


def _add_plane(packet: Packet, exp: Experiment, oracle: Exact, grid: list[float], index: int) -> None:
    geo = geometry_of(exp.law, exp.process)
    panel = geo.panels[0]
    (alo, ahi), (blo, bhi) = panel.ranges
    width, height = SIDE if len(oracle.weights) <= MANY else (COARSE, COARSE)
    a = torch.linspace(alo, ahi, 2 * width + 1, dtype=torch.float64)[1::2]
    b = torch.linspace(bhi, blo, 2 * height + 1, dtype=torch.float64)[1::2]  # row 0 is the top
    points = torch.stack([a.repeat(height), b.repeat_interleave(width)], -1)
    z = (points / float(exp.process.view_scale(t64(grid[index])))).reshape(exp.process.state_shape(len(points), (oracle.dim,)))
    with torch.no_grad():
        mean, spread = _shown(exp, step_error(oracle, exp.sampler, grid, index, z), grid[index + 1])
        weight = oracle.log_prob(z, grid[index])
    packet.header.update(
        step=index + 1,
        ranges=[[alo, ahi], [blo, bhi]],
        labels=[geo.labels[0], geo.labels[1]],
        t=[grid[index], grid[index + 1]],
    )
    _add_cells(packet, mean.view(height, width), spread.view(height, width), weight.view(height, width), None)


def _add_cells(packet: Packet, mean: Tensor, spread: Tensor, log_p: Tensor, axis: int | None) -> None:
    """Errors (rows, columns) and p_t over its largest value here, of each column or (``axis`` None) of all cells."""
    top = log_p.max() if axis is None else log_p.amax(axis, keepdim=True)
    for name, values in (("mean", mean), ("spread", spread)):
        packet.add(name, torch.nan_to_num(values, nan=MOST).clamp_max(MOST))
    packet.add("density", (log_p - top).exp())

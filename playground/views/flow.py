"""The exact probability flow of a run's own particles, for the overlay on the stage (docs/packet.md): how far a sampler that draws no noise has come away from it is its global error."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import Tensor

from playground.core.exact import Exact
from playground.core.experiment import Experiment
from playground.core.fields import Json
from playground.core.legal import why_not
from playground.core.process import Process, t64
from playground.engine import Run
from playground.metrics.budget import exact_model
from playground.metrics.flow import any_flow
from playground.views.geometry import geometry_of
from playground.views.packet import Packet

MOST = 1000  # particles that are followed: the first ones
BETWEEN = 48  # moments of the clock at which the flow is told besides those of the run's states: it bends between them
NEEDS = frozenset({"vector", "points", "reverse", "marginals"})


def why_no_flow(exp: Experiment) -> str:
    """Why there is no flow to lay over a run, or ""."""
    if exp.sampler.declared_order is None:
        return f"{exp.sampler.info.title} draws noise on the way, and a flow has none"
    return why_not(NEEDS, exp)


def flow_packet(run: Run) -> Packet:
    """``layer=flow``: states (moments, components, particles) in the view's units of the first particles, carried by the exact flow from where the run began. Computed in
    float64 with the exact score of what the run wants to sample, whoever predicts in the run."""
    exp, process = run.exp, run.process
    reason = why_no_flow(exp)
    header: dict[str, Json] = {"kind": "flow", "key": exp.key, "reason": reason}
    packet = Packet(header)
    if reason:
        return packet
    times = moments(process, run.times)
    z = run.frames[0].z[:MOST].cpu().double()
    states = torch.stack([*flowed(exact_model(exp), z, times)]).flatten(2)
    shown = (states * process.view_scale(t64(times))[:, None, None]).mT
    geo = geometry_of(run.law, process)
    packet.add("flow", shown.numpy().astype(np.float32), "u2", list(geo.lo), list(geo.hi), axis=1)
    packet.add("clock", process.clock(t64(times)).clamp(0, 1))
    return packet


def moments(process: Process, states: Tensor) -> list[float]:
    """The times of a run's states and such as lie evenly over the clock between the first and the last, falling."""
    first, last = (float(process.clock(t)) for t in states[[0, -1]])
    between = process.unclock(torch.linspace(first, last, BETWEEN + 2, dtype=torch.float64)[1:-1])
    return sorted({*states.tolist(), *(t for t in between.tolist() if states[-1] < t < states[0])}, reverse=True)


def flowed(oracle: Exact, z: Tensor, times: list[float]) -> list[Tensor]:
    """States of the exact flow through z at the first time, at each of them."""
    states = [z]
    with torch.no_grad():
        for t, s in itertools.pairwise(times):
            states.append(any_flow(oracle, states[-1], t, s))
    return states

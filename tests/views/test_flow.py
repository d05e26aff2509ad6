"""The exact flow of a run's own particles, as the overlay is told of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from playground.core.experiment import Experiment
from playground.views.flow import flow_packet
from playground.views.packet import Packet
from playground.views.sights import whole

BASE = {"data": "two_modes", "particles": "64", "grid": "UniformLogSNR"}


def told(**query: str) -> tuple[Packet, np.ndarray, np.ndarray]:
    """The packet; the run's states in the view's units; the flow's at the same times."""
    run = whole(Experiment.from_query(BASE | query))
    packet = flow_packet(run)
    shown = torch.stack([f.z for f in run.frames]).flatten(2) * run.process.view_scale(run.times)[:, None, None]
    if packet.header["reason"]:
        return packet, shown.numpy(), np.empty(0)
    read = Packet.from_bytes(packet.to_bytes())
    clocks = run.process.clock(run.times).clamp(0, 1).numpy()
    at = [int(np.abs(read["clock"] - clock).argmin()) for clock in clocks]
    assert np.abs(read["clock"][at] - clocks).max() < 1e-6  # every state of the run has its moment
    return packet, shown.mT.numpy(), read["flow"][at]


@pytest.mark.parametrize("query", [{}, {"data": "moons"}, {"process": "VE", "data": "moons"}], ids=str)
def test_a_run_of_small_steps_stays_on_the_flow_and_one_of_large_steps_leaves_it(query: dict[str, str]) -> None:
    apart = []
    for steps in ("6", "120"):
        _, states, flow = told(sampler="Heun", **{"grid.steps": steps}, **query)
        assert np.abs(states[0] - flow[0]).max() < 1e-3  # the same noise
        apart.append(np.abs(states - flow).mean(axis=(1, 2))[-1])
    assert apart[1] < 4e-3 < 10 * apart[1] + 4e-3 < 14 * apart[0]


def test_a_sampler_that_draws_noise_has_no_flow() -> None:
    packet, _, _ = told(sampler="DDPM", **{"grid.steps": "4"})
    assert "draws noise" in str(packet.header["reason"])
    assert packet.arrays == {}

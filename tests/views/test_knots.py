"""A schedule as knots: the drawn schedule reproduces it within the error that is stated, measured independently."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from playground.core.experiment import Experiment
from playground.core.fields import BadValue
from playground.core.spec import registry
from playground.processes.vp import VP
from playground.schedules.drawn import Drawn
from playground.views.knots import LEVEL, MOST, TILT, fit_knots, knots_packet


@pytest.mark.parametrize("key", [k for k in registry("schedules") if k != "Drawn"])
def test_knots_reproduce_every_schedule_within_the_stated_error(key: str) -> None:
    schedule = registry("schedules")[key]()
    knots, error = fit_knots(schedule)  # type: ignore[arg-type]
    assert len(knots) <= MOST
    for (t0, v0), (t1, v1) in itertools.pairwise(knots):
        assert t0 < t1
        assert v0 > v1
    drawn = VP(schedule=Drawn(knots=tuple(map(tuple, knots))))
    u = np.linspace(0.001, 1, 3001)  # not the points of the fit
    alpha_bar = np.exp(-schedule.integral(torch.as_tensor(u * schedule.t_max)).numpy())  # type: ignore[attr-defined]
    with np.errstate(divide="ignore"):
        wanted = np.clip(np.log(alpha_bar) - np.log1p(-alpha_bar), -LEVEL, LEVEL)
    found = drawn.log_snr(torch.as_tensor(u)).numpy()
    assert np.abs(found - wanted).max() <= error + TILT + 0.01
    assert error < 0.35


def test_linear_beta_is_close() -> None:
    assert fit_knots(VP().schedule)[1] < 0.1


def test_packet_states_the_error_and_refuses_what_has_no_knots() -> None:
    packet = knots_packet(Experiment(), {})
    assert f"{packet.header['error']:.2g}" in packet.header["note"]
    with pytest.raises(BadValue, match="process"):
        knots_packet(Experiment.from_query({"process": "Flow"}), {})

"""What the packet says of moments: which states are kept, where noise was drawn, the numbers of every step."""

import math

import numpy as np
import pytest

import playground as pg
from playground.core.legal import why_illegal
from playground.views.packet import Packet
from playground.views.sights import whole
from playground.views.sights.axes import MOST_FRAMES
from playground.views.stage import file_name, run_packet
from tests.real import real

SAMPLERS = [k for k, s in real("samplers").items() if not why_illegal(s(), pg.VP(), frozenset({"mixture", "mean"}))]


def packet_of(**query: str) -> Packet:
    return Packet.from_bytes(run_packet(whole(pg.Experiment.from_query({"particles": "20", **query}))).to_bytes())


@pytest.mark.parametrize("key", SAMPLERS)
def test_noise_is_told_where_a_step_draws_it(key: str) -> None:
    """Two runs from one start part in exactly the steps that draw noise: what the packet says must be that."""
    exp = pg.Experiment.from_query({"sampler": key, "particles": "20", "grid.steps": "6"})
    noise = packet_of(sampler=key, **{"grid.steps": "6"})["noise"]
    start = pg.simulate(exp).states[0]
    a, b = (pg.simulate(exp.replace(seed=seed), initial=start).states for seed in (0, 1))
    parted = np.array([not np.allclose(x, y, atol=1e-7) for x, y in zip(a, b, strict=True)])
    first = int(noise.argmax()) if noise.any() else len(noise)
    assert not parted[:first].any()
    assert parted[first:].all()
    assert bool(noise.any()) == (exp.sampler.declared_order is None)


def test_churn_is_noise_only_inside_its_interval() -> None:
    noise = packet_of(process="EDM", sampler="EDMHeun", **{"sampler.churn": "20", "sampler.churn_from": "0.5", "sampler.churn_to": "10"})
    assert 0 < noise["noise"].sum() < 12
    grid = noise["grid/t"]
    inside = (grid[:-1] >= 0.5) & (grid[:-1] <= 10)
    assert noise["noise"][1:].astype(bool).tolist() == inside.tolist()


@pytest.mark.parametrize(
    ("process", "drawn"), [("VP", True), ("CLD", True), ("PFGMPP", False), ("Interpolant", False), ("Anisotropic", True)]
)
def test_forward_paths_are_draws_or_smooth(process: str, drawn: bool) -> None:
    assert packet_of(process=process, mode="forward")["noise"][1:].all() == drawn


def test_every_step_has_its_numbers_however_few_states_are_kept() -> None:
    p = packet_of(sampler="DDPM", **{"grid.steps": "1000"})
    assert len(p["clock"]) <= MOST_FRAMES < 1001
    assert p["terms"].shape[1] == len(p["grid/t"]) == len(p["grid/calls"]) == 1001
    assert p["grid/calls"].tolist() == list(range(1001))
    for step in (1, 391, 398, 999):  # x_s = a x_t + b x̂_0 + √v z
        alpha, sigma = ([float(getattr(pg.VP().at(float(p["grid/t"][j])), n)) for j in (step - 1, step)] for n in ("alpha", "sigma"))
        ratio = alpha[0] / alpha[1]
        a = ratio * sigma[1] ** 2 / sigma[0] ** 2
        assert p["terms"][0, step] == pytest.approx(a, rel=2e-4)
    assert math.isnan(p["terms"][0, 0])


def test_an_early_stop_tells_the_steps_of_its_grid() -> None:
    header = packet_of(sampler="Euler", stop_at="0.05", **{"grid.steps": "8"}).header
    assert (header["planned"], header["steps"]) == (8, 5)


def test_a_file_is_named_by_what_it_holds() -> None:
    q = pg.Experiment.from_query
    assert file_name(q({})) == "moons-VP-DPMSolverPP2M-20"
    assert file_name(q({"mode": "forward", "seed": "3"})) == "moons-VP-noising-seed3"
    assert file_name(q({"data": '{"weights":[1],"means":[[0]],"covs":[[[1]]]}'})).startswith("mixture-VP-")

"""``layer=metrics``: one estimator at all times, a floor for each measure, and words for what the particles are compared with."""

from __future__ import annotations

import math

import numpy as np
import pytest

import playground as pg
from playground.core.rng import Rng
from playground.engine import Run
from playground.metrics.truth import compare, exact_draws, projected
from playground.views.distances import metrics_packet
from playground.views.packet import Packet
from playground.views.sights import whole

FORTY = 40


def taken(run: Run) -> tuple[dict, dict[str, np.ndarray]]:
    packet = Packet.from_bytes(metrics_packet(run).to_bytes())
    return packet.header, {name: a for name, (a, _) in packet.arrays.items()}


def test_first_picture_against_forty_draws():
    """At every frame the value and the floor are those of 40 independent exact samples within their errors, and no frame is read by another
    rule: t = 1 is at the floor (0.056 over 0.057) and so is the end (0.045 over 0.043). Mutants killed: one draw for all times, another
    estimator for the last frame, one floor for all measures."""
    run = whole(pg.Experiment())
    _, a = taken(run)
    rng = Rng(4242).stream("forty")
    z = {"w": [], "energy": []}
    for i, frame in enumerate(run.frames):
        exact = exact_draws(run.oracle, frame.t, FORTY, 2000, rng)
        for truth, key in zip(compare(frame.z.numpy(), exact, projected(2)[:2]), z, strict=True):
            assert a[key][i] == pytest.approx(truth.value, rel=0.35)
            assert a[key + "/floor"][i] == pytest.approx(truth.floor, rel=0.35)
            z[key].append((a[key][i] - truth.value) / (truth.error * math.sqrt(FORTY / 5)))
    for key, gaps in z.items():
        assert np.sqrt(np.mean(np.square(gaps))) < 1.9, key  # 1 and the error of the forty
        assert abs(np.mean(gaps)) < 0.8, key  # no common offset: a shared draw has one of about 1
    assert len(a["w"]) == 21
    beyond = a["w"] - a["w/floor"]
    assert np.abs(beyond).max() < 2 * a["w/floor_sd"].max()


@pytest.mark.parametrize(("data", "process"), [("moons", "VP"), ("two_modes", "CLD"), ("rings", "VE")])
def test_exact_laws_are_at_their_floor_at_all_times(data, process):
    """Noised data are exact draws of p_t: value over floor is 1 on average, at the last frame as at the others."""
    ratios = []
    for seed in range(4):
        _, a = taken(whole(pg.Experiment(data=data, process=process, mode="forward", seed=seed, particles=1000)))
        ratios.append([a[k] / a[k + "/floor"] for k in ("w", "energy")])
    mean = np.mean(ratios, axis=(0, 2))
    assert mean == pytest.approx([1, 1], abs=0.12)
    last = np.mean(ratios, axis=0)[:, -1]
    assert last == pytest.approx(mean, abs=0.4)


def test_more_particles_lower_the_floor():
    """All of them are used: the floor falls like 1/√n, and an error that 1,000 particles cannot see is seen by 16,000."""
    few, many = (taken(whole(pg.Experiment(particles=n, sampler="Euler")))[0] for n in (1000, 16_000))
    assert (few["points"], many["points"]) == (1000, 16_000)
    for a, b in zip(few["metrics"], many["metrics"], strict=True):
        assert a["floor"] / b["floor"] == pytest.approx(4, rel=0.35)
    m = many["metrics"][0]
    assert m["final"] > m["floor"] + 2 * m["floor_sd"]
    assert m["beyond"] == pytest.approx(math.sqrt(m["final"] ** 2 - m["floor"] ** 2))


@pytest.mark.parametrize(
    ("changes", "law", "end", "about"),
    [
        ({}, "p_t", "the data", ""),
        ({"stop_at": 0.05, "sampler": "Euler"}, "p_t", "p_t at t = 0.05", ""),
        ({"process": "EDM", "stop_at": 0.5}, "p_t", "p_t at t = ", ""),
        ({"process": "CLD", "data": "two_modes"}, "p_t(x)", "the data", "positions"),
        ({"guidance": {"kind": "ClassifierFree", "label": 1}}, "p_t(x | c)", "p(x | c)", "asked class"),
        ({"mode": "forward"}, "p_t", "p_t at t = 1", ""),
        # noising knows no guidance
        ({"mode": "forward", "guidance": {"kind": "ClassifierFree", "label": 1}}, "p_t", "p_t at t = 1", ""),
    ],
)
def test_the_target_is_said_in_words(changes, law, end, about):
    h, _ = taken(whole(pg.Experiment(**{"particles": 50, **changes})))
    assert (h["law"], h["end"][: len(end)]) == (law, end)
    assert about in h["about"]
    if not about:
        assert h["about"] == ""


@pytest.mark.parametrize(
    ("dim", "freedom", "shown", "missing"),
    [
        (2, 1.0, ["middle"], ["w", "energy"]),
        (2, 2.0, ["middle", "energy"], ["w"]),
        (2, 2.5, ["w", "energy"], []),
        (1, 1.0, ["middle"], ["w", "energy"]),
        (1, 1.5, ["w", "energy"], []),
    ],
)
def test_heavy_tails_have_a_measure_that_exists(dim, freedom, shown, missing):
    """Student-t noise of D degrees of freedom has moments below D only: W₂ needs the second, W₁ and the energy distance the first. What is
    shown then keeps its floor (sliced W₂ was 162 at D = 1) and says why."""
    data = "moons" if dim == 2 else "two_modes"
    h, a = taken(whole(pg.Experiment(data=data, process={"kind": "PFGMPP", "D": freedom}, particles=1500)))
    assert [m["name"] for m in h["metrics"]] == shown
    assert [m["name"] for m in h["missing"]] == missing
    assert all("no finite" in m["reason"] for m in h["missing"])
    assert bool(h["metrics"][0]["why"]) == bool(missing)
    if missing:
        assert a["middle"].max() < 1
        assert np.median(a["middle"] / a["middle/floor"]) == pytest.approx(1, abs=0.35)


def test_a_diverged_run_stays_readable():
    exp = pg.Experiment(process="Flow", sampler="EulerMaruyama", grid=pg.UniformTime(steps=10), particles=300)
    h, a = taken(whole(exp))
    assert all(np.isfinite(v).all() for v in a.values())
    assert 5 < a["w"].max() < 2e3
    assert h["metrics"][0]["floor"] < 0.3


def test_draws_of_one_time_are_independent_of_those_of_another():
    """A heavy-tailed law too: its stream is named by the time."""
    run = whole(pg.Experiment(process={"kind": "PFGMPP", "D": 3}, particles=64))
    rng = Rng(0).stream("truth")
    a, b = (exact_draws(run.oracle, t, 4, 64, rng) for t in (1.0, 2.0))
    assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.2

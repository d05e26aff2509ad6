"""The binary packet and what the stage's packets hold."""

import json

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.process import t64
from playground.core.rng import Rng
from playground.core.spec import registry
from playground.engine import Run
from playground.exact import oracle_for
from playground.metrics.distances import sliced_w2
from playground.metrics.prior import prior_mismatch
from playground.metrics.truth import exact_draws
from playground.views.distances import metrics_packet
from playground.views.fields import fields_packet, lattice, view_moments
from playground.views.guided import fields_key, guided_arrows
from playground.views.packet import Packet
from playground.views.sights import sight_of, whole
from playground.views.stage import add_curves, run_packet
from tests.named import mixture_of

CASES = {
    "2D": {"data": "moons"},
    "1D": {"data": "three_modes"},
    "scaled": {"data": "moons", "process": "EDM"},
    "phase 1D": {"data": "three_modes", "process": "CLD", "sampler": "SSCS", "grid": "Quadratic"},
    "phase 2D": {"data": "cross", "process": "CLD", "sampler": "SSCS", "grid": "Quadratic"},
    "forward": {"data": "moons", "mode": "forward"},
}


def run_of(case: str, **changes) -> Run:
    return whole(pg.Experiment(**{**CASES[case], "particles": 300, "seed": 3, **changes}))


def read(packet: Packet) -> Packet:
    return Packet.from_bytes(packet.to_bytes())


def test_round_trip_and_alignment():
    """Kills: offsets counted from the file's start, wrong quantisation axis."""
    p = Packet({"kind": "x"})
    a = np.array([[0.0, 1.0, 2.0], [-5.0, 0.0, 5.0]])
    p.add("a", a, "u2", [0, -5], [2, 5])
    p.add("b", np.arange(5), "u1")
    p.add("c", np.linspace(0, 1, 3))
    raw = p.to_bytes()
    q = Packet.from_bytes(raw)
    assert np.abs(q["a"] - a).max() < 1e-4
    assert q["b"].tolist() == [0, 1, 2, 3, 4]
    assert q["c"].dtype == np.float32
    head = int.from_bytes(raw[4:8], "little")
    assert (8 + head) % 8 == 0
    for entry in json.loads(raw[8 : 8 + head])["arrays"].values():
        assert entry["offset"] % 8 == 0


def test_values_outside_and_nan_are_clamped():
    p = Packet({})
    p.add("a", np.array([[np.nan, np.inf, -np.inf, 0.5]]), "u2", [0], [1])
    assert read(p)["a"][0] == pytest.approx([0, 1, 0, 0.5], abs=1e-4)


def test_foreign_bytes_are_refused():
    with pytest.raises(ValueError, match="PGP1"):
        Packet.from_bytes(b"HTML" + b"\0" * 20)


@pytest.mark.parametrize("case", CASES)
def test_run_packet_holds_the_trace(case):
    run = run_of(case)
    p = read(run_packet(run, frozenset({"x0"})))
    z = sight_of(run).states()
    lo, hi = np.array(sight_of(run).geometry.lo), np.array(sight_of(run).geometry.hi)
    inside = np.clip(z, lo[:, None], hi[:, None])
    step = (hi - lo).max() / 65535
    assert np.abs(p["z"] - inside).max() <= 0.51 * step + 1e-6
    assert p.header["frames"] == z.shape[0] == len(p["clock"]) == len(p["step"])
    assert p["x0"].shape == (z.shape[0], run.oracle.dim, 300)
    ends = (p["clock"][0], p["clock"][-1])
    assert ends == pytest.approx((0, 1) if case == "forward" else (1, 0), abs=1e-6)
    assert p["label"].max() < len(p.header["classes"])
    json.dumps(p.header, allow_nan=False)


def test_model_calls_do_not_count_the_view():
    run = run_of("2D")
    run_packet(run, frozenset({"x0"}))
    assert run.trace.model_calls == 20


def test_labels_follow_destination_and_origin():
    """In forward mode labels are of the component that each particle came from: the nearest class at t = 0."""
    run = run_of("forward", data="eight_gaussians")
    first = run.trace.x[0]
    nearest = run.oracle.data.labels[run.oracle.data.component_log_prob(first.double()).argmax(-1)].numpy()
    assert (nearest == sight_of(run).labels).mean() > 0.99


@pytest.mark.parametrize("case", ["2D", "scaled", "phase 1D", "phase 2D"])
def test_plane_density_is_the_exact_density(case):
    """Each density picture against the mixture's own log-density at the pixel centres, in view coordinates."""
    run = run_of(case)
    p = read(fields_packet(run.exp, frozenset({"density"})))
    panel = sight_of(run).geometry.panels[0]
    (alo, ahi), (blo, bhi) = panel.ranges
    for f in (5, 24, 40):
        clock = t64(float(p["clock"][f]))
        t = float(run.process.unclock(clock))
        scale = float(run.process.view_scale(t64(t)))
        codes = p[f"density:{panel.id}"][f]
        h, w = codes.shape
        i, j = np.unravel_index(codes.argmax(), codes.shape)
        for row, col in ((i, j), (h // 2, w // 2), (h // 3, w // 4)):
            a = alo + (ahi - alo) * (col + 0.5) / w
            b = bhi - (bhi - blo) * (row + 0.5) / h
            law = run.oracle.marginal(t).affine(torch.eye(run.oracle.state_dim)[[panel.a, panel.b]].double() * scale)
            exact = float(law.log_prob(torch.tensor([[a, b]], dtype=torch.float64)).exp())
            peak = float(p[f"peak:{panel.id}"][f])
            assert codes[row, col] / 255 * peak == pytest.approx(exact, abs=0.6 / 255 * peak + 2e-4 * peak)


def test_correlated_components_use_the_same_density():
    data = {"weights": [0.5, 0.5], "means": [[0, 0], [1, 1]], "covs": [[[1, 0.8], [0.8, 1]], [[0.2, -0.1], [-0.1, 0.3]]]}
    run = whole(pg.Experiment(data=data, particles=50))
    p = read(fields_packet(run.exp, frozenset({"density"})))
    law = run.oracle.marginal(float(run.process.unclock(t64(float(p["clock"][30])))))
    panel = sight_of(run).geometry.panels[0]
    codes = p[f"density:{panel.id}"][30]
    h, w = codes.shape
    (alo, ahi), (blo, bhi) = panel.ranges
    point = torch.tensor([[alo + (ahi - alo) * 80.5 / w, bhi - (bhi - blo) * 40.5 / h]], dtype=torch.float64)
    assert codes[40, 80] / 255 * p["peak:x"][30] == pytest.approx(float(law.log_prob(point).exp()), abs=0.6 / 255 * float(p["peak:x"][30]))


def test_score_arrows_point_along_the_exact_score():
    run = run_of("2D")
    p = read(fields_packet(run.exp, frozenset({"score", "velocity"})))
    t = max(float(run.process.unclock(t64(float(p["clock"][20])))), run.process.t_min)
    cols, rows = p.header["grid"]["arrows"]
    panel = sight_of(run).geometry.panels[0]
    (alo, ahi), (blo, bhi) = panel.ranges
    k = 7 * cols + 9
    point = torch.tensor([[alo + (ahi - alo) * 9.5 / cols, bhi - (bhi - blo) * 7.5 / rows]], dtype=torch.float64)
    exact = run.oracle.marginal(t).score(point)[0].numpy()
    arrow = p["score:x"][20, :, k]
    assert arrow @ exact / np.linalg.norm(arrow) / np.linalg.norm(exact) == pytest.approx(1, abs=1e-4)
    # velocity arrows point along −u in reverse mode: −(f x − g²/2 score), f = −β/2, g² = β
    beta = float(run.process.schedule.beta(t64(t)))
    u = -0.5 * beta * point[0].numpy() - 0.5 * beta * exact
    arrow = p["velocity:x"][20, :, k]
    assert arrow @ -u / np.linalg.norm(arrow) / np.linalg.norm(u) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("key", ["ClassifierFree", "Classifier"])
@pytest.mark.parametrize("process", ["VP", "VE"])
def test_guided_arrows_are_the_exact_linear_combination(process, key):
    """Under guidance score and velocity are those that the sampler follows: s = s_∅ + W (s_c − s_∅), each term from the mixture's own score at
    every arrow; the density stays that of all classes. Mutants killed: W − 1 for W; the arrows of all classes; a score not in view coordinates."""
    exp = pg.Experiment(data="rings", process=process, guidance={"kind": key, "label": 1, "weight": 3.0, "stop": 0.3}, particles=20)
    run, plain = whole(exp), exp.replace(guidance=None)
    p, q = (read(fields_packet(e, frozenset({"density", "score", "velocity"}))) for e in (exp, plain))
    assert fields_key(exp) != fields_key(plain)
    np.testing.assert_array_equal(p["density:x"], q["density:x"])
    data = mixture_of("rings")
    all_, one = (oracle_for(d, exp.process) for d in (data, data.only(1)))
    points = lattice(sight_of(run).geometry.panels[0])
    for f in (8, 24, 40):
        clock = t64(float(p["clock"][f]))
        t = float(exp.process.unclock(clock))
        scale = float(exp.process.view_scale(t64(t)))
        s_all, s_one = (o.marginal(t).score(points / scale) for o in (all_, one))
        weight = 3.0 if clock > 0.3 else (1.0 if key == "ClassifierFree" else 0.0)
        score = s_all + weight * (s_one - s_all)
        _, cov = view_moments(all_, t64([t]))
        spread = float((all_.weights[:, None] * cov[0].diagonal(dim1=-2, dim2=-1)).sum(0).min().sqrt())
        want = score * spread / scale
        want = want * (8 / want.norm(dim=1, keepdim=True)).clamp_max(1)
        np.testing.assert_allclose(p["score:x"][f].T, want.numpy(), atol=2e-3)
        c = exp.process.at(t)
        u = c.dalpha / c.alpha * points / scale - 0.5 * c.g2 * score
        if process == "VP":  # VE's view is rescaled while it moves
            arrow = p["velocity:x"][f].T
            keep = np.linalg.norm(arrow, axis=1) > 0.2
            cosine = (arrow * -u.numpy()).sum(1) / np.linalg.norm(arrow, axis=1) / u.norm(dim=1).numpy()
            np.testing.assert_allclose(cosine[keep], 1, atol=1e-3)
    assert "score and velocity are guided, density is of all classes" in " ".join(run_packet(run).header["notes"])


def test_where_no_guided_arrows_exist_the_picture_says_so():
    """CLD in 2D shows marginals, of which a guided field has none; PFGM++ blends velocities only; noising knows no guidance."""
    for changes, fields, words in (
        ({"data": "moons", "process": "CLD"}, [], "density and score are of all classes"),
        ({"data": "moons", "process": "PFGMPP"}, ["velocity"], "velocity is guided, density and score are of all classes"),
        ({"data": "two_modes", "process": "VP"}, [], "density is of all classes"),
        ({"data": "two_modes", "process": "CLD"}, ["score", "velocity"], "score and velocity are guided"),
        ({"data": "moons", "process": "VP", "mode": "forward"}, [], ""),
    ):
        exp = pg.Experiment(guidance={"kind": "ClassifierFree", "label": 0}, particles=20, **changes)
        assert guided_arrows(exp) == fields
        said = " ".join(run_packet(whole(exp)).header["notes"])
        assert words in said
        assert ("guidance" in said) == bool(words)
        # the layers p(x | c) and tilted law are the guided run's, arrows or not
        assert (fields_key(exp) == fields_key(exp.replace(guidance=None))) == (exp.mode == "forward")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),  # α_T = 0.0066: 3e-4
        ({"process": {"kind": "VP", "schedule": "ZeroTerminalSNR"}}, ""),
        ({"process": "EDM"}, ""),
        (
            {"process": {"kind": "VP", "schedule": {"kind": "LinearBeta", "beta_max": 4.0}}},
            "starts from the prior, not from p_T: sliced W₂",
        ),
        ({"data": "two_modes", "process": {"kind": "VP", "schedule": {"kind": "LinearBeta", "beta_max": 3.0}}}, "not from p_T: W₂"),
        ({"process": {"kind": "VP", "schedule": {"kind": "LinearBeta", "beta_max": 4.0}}, "start": "exact"}, ""),
        ({"start_at": 0.3}, "not from p_t at t = 0.3"),
        ({"start_at": 0.3, "start": "gaussian"}, "starts from a Gaussian, not from p_t at t = 0.3"),
        ({"process": {"kind": "PFGMPP", "D": 3.0}, "start": "gaussian"}, "starts from a Gaussian"),
        ({"process": {"kind": "PFGMPP", "D": 1.0}}, ""),
        ({"process": "Interpolant"}, ""),
        ({"process": {"kind": "Interpolant", "coupling": "minibatch OT"}}, "only approximates"),
        ({"mode": "forward", "process": {"kind": "VP", "schedule": {"kind": "LinearBeta", "beta_max": 4.0}}}, ""),
    ],
)
def test_a_start_that_is_not_p_T_is_told_where_it_matters(changes, said):
    """With its size, and nowhere else. Mutant killed: the sentence always."""
    notes = " · ".join(run_packet(whole(pg.Experiment(**{"particles": 20, **changes}))).header["notes"])
    assert said in notes
    assert ("starts from" in notes) == bool(said)


def test_prior_mismatch_is_that_of_many_draws():
    """Sliced W₂ of p_T and N(0, σ²) of 400,000 points each. β_max 4: 0.066."""
    exp = pg.Experiment(process={"kind": "VP", "schedule": {"kind": "LinearBeta", "beta_max": 4.0}})
    rng = Rng(5)
    x = exact_draws(oracle_for(mixture_of("moons"), exp.process), 1.0, 1, 400_000, rng)[0]
    prior = exp.process.source(400_000, (2,), rng).numpy()
    assert prior_mismatch(exp, 1.0) == pytest.approx(sliced_w2(x, prior), abs=0.004)


def test_column_density_edges_are_prior_and_data():
    run = run_of("1D")
    p = read(fields_packet(run.exp, frozenset({"density"})))
    edge = p["edge:x"]
    lo, hi = sight_of(run).geometry.panels[0].ranges[0]
    dx = (hi - lo) / edge.shape[1]
    assert edge.sum(1) * dx == pytest.approx([1, 1], abs=2e-3)


def test_metrics_floor_and_distance():
    """Exact ancestral from the exact start stays at the floor; two DDIM steps do not."""
    exact = read(metrics_packet(run_of("2D", sampler="ExactAncestral", start="exact", particles=1500))).header["metrics"][0]
    assert exact["final"] < exact["floor"] + 4 * exact["floor_sd"]
    coarse = read(metrics_packet(run_of("2D", sampler="DDIM", grid={"kind": "UniformTime", "steps": 3}, particles=1500))).header["metrics"][
        0
    ]
    assert coarse["final"] > 2 * coarse["floor"]


def test_divergence_is_reported_with_its_step():
    """Euler–Maruyama on the flow's SDE, whose rate 2t/(1 − t) the first of a few uniform steps cannot follow."""
    exp = pg.Experiment(process="Flow", sampler="EulerMaruyama", grid=pg.UniformTime(steps=10), particles=100)
    diverged = run_packet(whole(exp)).header["diverged"]
    assert diverged["step"] == 1
    assert "step 1 of 10" in diverged["message"]
    assert run_packet(whole(exp.replace(sampler=pg.DDIM()))).header["diverged"] is None


def test_payload_of_a_default_run_is_small():
    run = whole(pg.Experiment(data="swiss_roll", grid={"kind": "UniformLogSNR", "steps": 40}))
    size = sum(len(p.to_bytes()) for p in (run_packet(run), fields_packet(run.exp, frozenset({"density", "score"})), metrics_packet(run)))
    assert size <= 2_000_000


@pytest.mark.parametrize("schedule", list(registry("schedules")))
def test_beta_is_drawn_to_a_scale_at_which_it_is_seen(schedule):
    """A β that runs away at the noise end (cosine, zero terminal SNR) leaves the frame; the rest of it fills at least a third of it."""
    process = pg.VP(schedule=registry("schedules")[schedule]())
    packet = Packet({})
    add_curves(packet, process)
    curve = next(c for c in packet.header["curves"] if c["name"] == "beta")
    beta, clock = packet["curves/beta"], packet["curves/clock"]
    scale = float(curve["label"].removeprefix("β / "))
    t = torch.as_tensor(packet["curves/t"], dtype=torch.float64)
    np.testing.assert_allclose(beta * scale, process.schedule.beta(t).numpy(), rtol=6e-3)  # the label's digits
    assert curve["leaves"] == (beta.max() > 1 + 1e-6)
    assert beta[clock <= 0.9].max() > 1 / 3

"""The inspector's packets: every process and sampler, bad pins, paths with the right law."""

from __future__ import annotations

import math

import pytest
import torch

from playground.core.experiment import Experiment
from playground.core.fields import BadValue
from playground.core.legal import why_illegal
from playground.core.process import t64
from playground.core.rng import Rng
from playground.core.spec import registry
from playground.server.jobs import packet
from playground.views.inspect import backward, flow, inspect_packet, paths_packet, pin_of, worst_packet
from playground.views.packet import Packet
from tests.real import real

PIN_1 = {"clock": "0.5", "components": "0", "at": "0.2"}
PIN_2 = {"clock": "0.5", "components": "0,1", "at": "0.2,-0.1"}


@pytest.mark.parametrize("key", sorted(real("samplers")))
def test_every_sampler_says_what_its_step_draws(key):
    for process in ("VP", "CLD"):
        if why_illegal(registry("samplers")[key], registry("processes")[process]):
            continue
        exp = Experiment(data="two_modes", process=process, sampler=key)
        pin = PIN_1 if process == "VP" else PIN_2
        for gap in ("0.3", "1"):
            h = inspect_packet(exp, {**pin, "gap": gap}).header
            assert h["step"]["kind"] in ("gaussian", "point", "other", "exact", "none")
            assert h["step"]["kind"] != "none" or h["step"]["note"]
            if h["step"]["kind"] == "gaussian" and h["step"]["kl"] is not None:  # None: no noise in x, infinitely far
                # the moment-matched Gaussian is the best there is
                assert h["step"]["kl"] >= h["best"]["kl"] - 1e-9 - h["best"]["error"]


LEGAL = [
    (data, key) for data in ("three_modes", "moons") for key in sorted(real("processes")) if (data, key) != ("three_modes", "Anisotropic")
]


@pytest.mark.parametrize(("data", "key"), LEGAL)
def test_every_process(data, key):
    exp = Experiment(data=data, process=key)
    for clock in ("0", "0.01", "0.5", "1"):
        for gap in ("0", "0.3", "1"):
            params = {**(PIN_1 if data == "three_modes" and len(exp.process.parts) == 1 else PIN_2), "clock": clock, "gap": gap}
            made = Packet.from_bytes(inspect_packet(exp, params).to_bytes())  # refuses NaN in the header
            if "why" in made.header:
                assert "linear" not in exp.process.caps
                assert paths_packet(exp, params).header["why"] == worst_packet(exp, {}).header["why"] == made.header["why"]
                return
            assert all(bool(torch.isfinite(torch.from_numpy(made[name].copy())).all()) for name in made.arrays)
            assert made["r"].sum() <= 1 + 1e-6
            assert all(v is not None for row in made.header["point"] for v in row["values"])
            paths = Packet.from_bytes(paths_packet(exp, params).to_bytes())
            assert all(bool(torch.isfinite(torch.from_numpy(paths[name].copy())).all()) for name in paths.arrays)


def test_bad_pins():
    exp = Experiment(data="two_modes")
    for params, field in (
        ({**PIN_1, "at": "nan"}, "lab.at"),
        ({**PIN_1, "at": "1,2"}, "lab.at"),
        ({**PIN_1, "at": "one"}, "lab.at"),
        ({**PIN_1, "components": "3"}, "lab.at"),
        ({**PIN_1, "components": "0,0", "at": "1,1"}, "lab.at"),
        ({**PIN_1, "clock": "2"}, "lab.clock"),
        ({**PIN_1, "clock": "nan"}, "lab.clock"),
        ({**PIN_1, "gap": "-1"}, "lab.gap"),
    ):
        with pytest.raises(BadValue) as caught:
            inspect_packet(exp, params)
        assert caught.value.field == field
    for steps in ("0", "x", "nan", "1e9"):
        with pytest.raises(BadValue):
            worst_packet(exp, {"steps": steps})
    far = pin_of(exp, {**PIN_1, "at": "1e9"})
    assert float(far.z) == pytest.approx(2.4 * 3.4)
    assert "edge" in far.notes[0]
    assert pin_of(exp, {**PIN_1, "clock": "0"}).t == pytest.approx(exp.process.t_min)


def test_the_route_answers():
    made = Packet.from_bytes(packet({"layer": "inspect", "data": "two_modes", "lab.clock": "0.5", "lab.at": "0.1", "lab.components": "0"}))
    assert made.header["modes"] >= 1
    pin = Packet.from_bytes(packet({"layer": "inspect", "data": "two_modes", "lab.suggest": "1"})).header["suggest"].split(",")
    assert abs(float(pin[2])) < 0.3  # between the modes at ±1


def test_the_rest_of_a_state_is_its_conditional_mean():
    """Of phase space in 2D only x is pinned: v is E[v | x], here by brute force over draws near x."""
    exp = Experiment(data="eight_gaussians", process="CLD")
    pin = pin_of(exp, {"clock": "0.3", "components": "0,1", "at": "0.3,0.2"})
    rng = Rng(0, dtype=torch.float64)
    z, _ = pin.oracle.marginal(pin.t).sample(rng.uniform((400_000,)), rng.normal((400_000, 4)))
    near = z[(z[:, :2] - t64([0.3, 0.2])).norm(dim=1) < 0.08]
    error = near[:, 2:].std(0) / len(near) ** 0.5
    assert ((near[:, 2:].mean(0) - pin.z[0, 1]).abs() < 5 * error + 0.02).all()


def test_backward_paths_have_the_law_of_q():
    """At every time of the bundle mean and covariance are those of q(z_s | z_t)."""
    for process, params in (("VP", PIN_1), ("CLD", PIN_2)):
        exp = Experiment(data="three_modes", process=process)
        pin = pin_of(exp, params)
        many = pin.z.expand(60_000, *pin.z.shape[1:])
        times = [pin.t, 0.35, 0.2, 0.05]
        states = backward(pin.oracle, many, times, Rng(1, dtype=torch.float64))
        for s, z in zip([*times[1:], 0.0], states[1:], strict=True):
            log_r, mean, cov = pin.oracle.denoising(pin.oracle.flatten(pin.z), pin.t, s)
            r = log_r[0].exp()
            m = r @ mean[0]
            gap = mean[0] - m
            c = torch.einsum("k,kij->ij", r, cov + gap[:, :, None] * gap[:, None, :])
            flat = z.reshape(len(z), -1)
            assert torch.allclose(flat.mean(0), m, atol=0.02)
            assert torch.allclose(torch.cov(flat.mT).reshape(c.shape), c, atol=0.03)


def test_the_ode_path_is_the_quantile_map():
    """1D: x_s = F_s⁻¹(F_t(x_t)) (math 1.7)."""
    exp = Experiment(data="three_modes")
    pin = pin_of(exp, {**PIN_1, "at": "0.6"})

    def cdf(t, x):
        law = pin.oracle.marginal(t)
        return float(law.weights @ torch.special.ndtr((x - law.means[:, 0]) / law.covs[:, 0, 0].sqrt()))

    c = torch.linspace(1, 0, 28, dtype=torch.float64) ** 1.5
    times = [float(v) for v in 0.001 + (pin.t - 0.001) * c]
    path = flow(pin, times)[:, 0, 0]
    level = cdf(pin.t, float(pin.z))
    for i in (5, 15, 27):
        assert cdf(times[i], float(path[i])) == pytest.approx(level, abs=2e-3)


def test_worst_packet():
    h = worst_packet(Experiment(data="two_modes"), {"steps": "4"}).header
    assert h["every"]
    assert 0.1 < h["kl"] < 1.5
    assert math.isfinite(h["error"])


@pytest.mark.parametrize("clock", ["0.3", "0.4", "0.45", "0.5"])
def test_a_pin_at_the_centre_of_symmetry_sees_all_modes_or_one(clock):
    """Eight equal maxima around the pin (0.45: saddles 4e-5 below them) are one mode or eight, never some of them."""
    params = {"clock": clock, "components": "0,1", "at": "0,0"}
    assert inspect_packet(Experiment(data="eight_gaussians"), params).header["modes"] in (1, 8)


@pytest.mark.parametrize("sampler", ["Euler", "DDIM", "DPMSolverPP2M"])
def test_an_ode_step_is_not_told_as_a_bad_draw(sampler):
    """It goes to one point: no infinite KL against q. Mutant killed: "no noise: a point" beside KL ∞."""
    h = inspect_packet(Experiment(data="two_modes", sampler=sampler), {**PIN_1, "gap": "0.5"}).header
    assert h["step"]["kind"] == "point"
    assert "does not sample q" in h["step"]["note"]

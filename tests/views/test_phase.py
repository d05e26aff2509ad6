"""The phase-space lab: roughness, paths, score excess and solvers against moments, lattices and limits."""

import pytest
import torch

from playground.core.experiment import Experiment
from playground.core.fields import BadValue
from playground.core.mixture import GaussianMixture
from playground.core.rng import Rng
from playground.exact.mixture import MixtureOracle
from playground.processes.cld import CLD
from playground.processes.vp import VP
from playground.views.fields import fields_packet
from playground.views.packet import Packet
from playground.views.phase import paths, phase_packet, roughness, score_excess
from tests.named import mixture_of


@pytest.mark.parametrize("process", [VP(), CLD(), CLD(friction=0.3), CLD(friction=3.0)], ids=str)
def test_roughness_is_that_of_simulated_paths(process):
    """Kills: a forgotten mean in the second moment, A in place of A − I, S_t in place of S_s."""
    n = 40_000
    times = torch.linspace(1e-3, 1.0, 9, dtype=torch.float64)
    rng = Rng(3)
    x0 = 0.7 + 0.5 * rng.normal((n, 1)).double()
    z = process.marginal(x0, float(times[0]), rng)
    exact = roughness(process, 0.7**2 + 0.5**2, times)
    for j in range(8):
        after = process.diffuse(z, float(times[j]), float(times[j + 1]), rng)
        square = (process.project(after) - process.project(z)).square().double()
        assert abs(square.mean() - exact[j]) < 5 * square.std() / n**0.5
        z = after


def test_dense_times_vp_tends_to_the_integral_of_beta_and_cld_to_zero():
    times = torch.linspace(0.0, 1.0, 20_001, dtype=torch.float64)
    vp = VP()
    middle = (times[1:] + times[:-1]) / 2
    assert roughness(vp, 1.0, times).sum() == pytest.approx(float((vp.sde(middle)[1][..., 0, 0]).mean()), rel=2e-3)
    coarse, fine = (float(roughness(CLD(), 1.0, times[::k]).sum()) for k in (20, 10))
    assert fine == pytest.approx(coarse / 2, rel=0.02)


@pytest.mark.parametrize("process", [VP(), CLD(), CLD(friction=0.3), CLD(friction=3.0)], ids=str)
def test_path_moments_follow_the_exact_marginal(process):
    """Kills: a root of Q that is not its Cholesky factor, normals used twice, times shifted by one."""
    n = 40_000
    rng = Rng(5, dtype=torch.float64)
    times = torch.linspace(0, 1, 12, dtype=torch.float64)
    z0 = torch.zeros(len(process.parts), n, dtype=torch.float64)
    z0[0] = 0.8
    if len(process.parts) == 2:
        z0[1] = (process.gamma * process.mass) ** 0.5 * rng.normal((n,))
    z = paths(process, z0, times, rng.normal((n, len(process.parts), 11)).permute(2, 1, 0))
    psi, cov = process.mean_and_cov(times)
    for j in range(1, 12):
        spread = cov[j].diagonal().sqrt()
        assert ((z[j].mean(1) - 0.8 * psi[j]).abs() < 5 * spread / n**0.5).all()
        limit = 8 * torch.outer(spread, spread) / n**0.5
        assert ((torch.cov(z[j]).reshape(cov[j].shape) - cov[j]).abs() < limit).all()


@pytest.mark.parametrize("process", [VP(), CLD(), CLD(friction=0.3)], ids=str)
@pytest.mark.parametrize("t", [0.02, 0.1, 0.4])
def test_score_excess_is_the_excess_fisher_information(process, t):
    """By an independent route: p on a dense lattice, its score by finite differences of log p, C = E s²/(Cov⁻¹)_vv − 1 (Stein)."""
    oracle = MixtureOracle(mixture_of("two_modes"), process)
    law = oracle.marginal(t)
    sd = law.cov().diagonal().sqrt()
    axes = [law.mean()[i] + sd[i] * torch.linspace(-7, 7, 1201, dtype=torch.float64) for i in range(law.dim)]
    lattice = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1)
    logp = torch.cat([law.log_prob(part) for part in lattice.reshape(-1, law.dim).split(100_000)]).view(lattice.shape[:-1])
    cell = torch.stack([a[1] - a[0] for a in axes])
    score = torch.gradient(logp, spacing=(axes[-1],), dim=-1)[0]
    fisher = (logp.exp() * score.square()).sum() * cell.prod()
    expected = float(fisher / torch.linalg.inv(law.cov())[-1, -1] - 1)
    value, error = score_excess(oracle, t)
    assert value == pytest.approx(expected, rel=2e-3, abs=max(1e-4, 3 * error))


def test_score_excess_of_gaussian_data_is_zero_and_cld_starts_from_it():
    gauss = GaussianMixture(torch.ones(1), torch.tensor([[0.4]]), torch.tensor([[[0.3]]]), torch.zeros(1, dtype=torch.long))
    for process in (VP(), CLD()):
        assert abs(score_excess(MixtureOracle(gauss, process), 0.3)[0]) < 1e-12
    data = mixture_of("two_modes")  # v_0 is Gaussian and independent of x_0
    assert score_excess(MixtureOracle(data, CLD()), 1e-3)[0] < 0.5 < score_excess(MixtureOracle(data, VP()), 1e-3)[0]


def test_hamiltonian_and_ornstein_uhlenbeck_arrows_add_up_to_the_velocity():
    exp = Experiment.from_query({"data": "two_modes", "process": "CLD"})
    made = Packet.from_bytes(fields_packet(exp, frozenset({"velocity", "hamiltonian", "ou"})).to_bytes())
    whole, turn, rest = (made[f"{name}:xv"] for name in ("velocity", "hamiltonian", "ou"))
    whole_length, turn_length, rest_length = (((a**2).sum(1, keepdims=True)) ** 0.5 for a in (whole, turn, rest))
    uncut = (whole_length < 7.9) & (turn_length < 7.9) & (rest_length < 7.9)  # longer arrows are drawn shorter
    assert uncut.mean() > 0.1
    assert abs((whole - turn - rest) * uncut).max() < 1e-3  # three times 16 bits of ±8
    assert abs(rest[:, 0]).max() < 1e-3  # noise and friction move v only
    process = exp.process
    z = torch.randn(50, 2, 1, dtype=torch.float64)
    energy = torch.stack([z[:, 0], z[:, 1] / process.mass], 1)
    assert float((process.hamiltonian(z, 0.4) * energy).sum(1).abs().max()) < 1e-12


def test_parts_of_the_lab_and_what_they_refuse():
    exp = Experiment.from_query({"data": "two_modes", "process": "CLD"})
    for part in ("paths", "damping", "numbers"):
        made = Packet.from_bytes(phase_packet(exp, {"part": part}).to_bytes())
        assert made.header["regime"] == "critically damped"
    damping = phase_packet(exp, {"part": "damping"})
    assert [item["friction"] for item in damping.header["items"]] == pytest.approx([0.25, 1.0, 3.0])
    assert (damping["under/paths"][0] == damping["over/paths"][0]).all()  # the same data points and velocities
    few, many = (phase_packet(exp, {"part": "solvers", "steps": s}).header for s in ("8", "200"))
    assert few["error"]["sscs"] < few["error"]["em"]
    assert all(e < many["floor"] + 5 * many["floor_sd"] for e in many["error"].values())
    for params, field in (({"part": "no"}, "lab.part"), ({"part": "solvers", "steps": "1e9"}, "lab.steps")):
        with pytest.raises(BadValue, match=field):
            phase_packet(exp, params)
    with pytest.raises(BadValue, match="process"):
        phase_packet(Experiment.from_query({"data": "two_modes"}), {})

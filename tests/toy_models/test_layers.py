"""The layers of a learned score: what the network says by the formulas of its process alone, and what is wrong with it by the law's own gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.catalog import law_of
from playground.core.process import t64
from playground.views.fields import fields_packet, lattice
from playground.views.geometry import geometry_of
from playground.views.guided import fields_key
from playground.views.layer import unavailable
from playground.views.packet import Packet
from toy_models.models.toys import network_of
from toy_models.training.regression import Frame

WANT = frozenset({"score", "learned", "difference"})


def arrows(exp: pg.Experiment) -> dict[str, np.ndarray]:
    packet = Packet.from_bytes(fields_packet(exp, WANT).to_bytes())
    return {name.split(":")[0]: array for name, (array, _) in packet.arrays.items()}


def test_learned_and_exact_score_and_what_is_between_them() -> None:
    """Mutants killed: a mean for a score, the score of a class for that of all, an error where p_t is nothing, another scale than the exact arrows'."""
    exp = pg.Experiment(data="moons", model="moons-mlp")
    told, law, process = arrows(exp), law_of("moons"), exp.process
    points = lattice(geometry_of(law, process).panels[0])
    network = network_of("moons-mlp")
    for f in (6, 24, 40, 46):
        t = max(float(process.unclock(t64(float(told["clock"][f])))), process.t_min)
        c = process.at(t)
        alpha, sigma = float(c.alpha), float(c.sigma)
        frame = Frame(*(part[0] for part in network.regression.at(t64([t]))))
        with torch.no_grad():
            x0 = network.of(points[:, None].float(), Frame(*(part[None].float() for part in frame)), torch.full((len(points),), 2))
        learned = (alpha * x0.double() - points) / sigma**2
        at = points.clone().requires_grad_()
        log_p = law.mixture.affine(torch.eye(2).double() * alpha, sigma**2 * torch.eye(2).double()).log_prob(at)
        (exact,) = torch.autograd.grad(log_p.sum(), at)
        spread = float(
            (law.mixture.weights[:, None] * (alpha**2 * law.mixture.covs.diagonal(dim1=-2, dim2=-1) + sigma**2)).sum(0).min().sqrt()
        )
        common = (log_p.detach() > log_p.detach().max() + np.log(1e-3))[:, None]
        for name, want in (("score", exact), ("learned", learned), ("difference", (learned - exact) * common)):
            want = want.detach() * spread
            want = want * (8 / want.norm(dim=1, keepdim=True).clamp_min(1e-12)).clamp_max(1)
            np.testing.assert_allclose(told[name][f].T, want.numpy(), atol=4e-3, err_msg=f"{name} at t = {t}")


def test_a_guided_score_is_compared_with_the_exact_guided_one() -> None:
    """Mutant killed: the learned guided score shown as the exact one."""
    guided = {"kind": "ClassifierFree", "label": 1, "weight": 2.0}
    learned, exact = (arrows_of(guided, model) for model in ("moons-mlp", "exact"))
    np.testing.assert_array_equal(learned["score"], exact["score"])
    inside = np.abs(learned["difference"]).sum(1) > 2e-3  # half a code is no error
    for f in (12, 30):
        whole = np.abs(learned["learned"][f]).max(0) < 7.9  # none that was cut
        keep = inside[f] & whole & (np.abs(learned["score"][f]).max(0) < 7.9)
        assert keep.sum() > 50
        between = (learned["learned"][f] - learned["score"][f])[:, keep]
        np.testing.assert_allclose(learned["difference"][f][:, keep], between, atol=2e-3)


def arrows_of(guidance: dict[str, object], model: str) -> dict[str, np.ndarray]:
    exp = pg.Experiment(data="moons", model=model, guidance=guidance)
    want = WANT if model != "exact" else frozenset({"score"})
    packet = Packet.from_bytes(fields_packet(exp, want).to_bytes())
    return {name.split(":")[0]: array for name, (array, _) in packet.arrays.items()}


@pytest.mark.parametrize(("query", "why"), [({}, "network"), ({"model": "moons-mlp"}, "")])
def test_only_a_network_has_them(query: dict[str, str], why: str) -> None:
    told = unavailable(pg.Experiment.from_query({"data": "moons", **query}))
    for key in ("learned", "difference"):
        assert (why in told[key]) if why else key not in told


def test_a_network_trained_again_has_fields_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    exp = pg.Experiment(data="moons", model="moons-mlp")
    before = fields_key(exp)
    monkeypatch.setattr(type(exp.who), "stamp", "another", raising=False)
    monkeypatch.setattr(exp.who, "stamp", "another", raising=False)
    assert fields_key(exp) != before

"""The tilted law of guidance against quadrature and against its definition at the ends of W."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.mixture import GaussianMixture
from playground.core.process import t64
from playground.core.rng import Rng
from playground.metrics.tilted import Tilted
from playground.metrics.truth import compare, projected
from playground.views.distances import metrics_packet
from playground.views.fields import fields_packet
from playground.views.guided import guided_laws
from playground.views.packet import Packet
from playground.views.sights import begin, sight_of, whole
from tests.named import mixture_of


def draws(law: Tilted, n: int, count: int, seed: int = 0) -> np.ndarray:
    rng = Rng(seed)
    return np.stack([law.sample(rng.uniform((n,)), rng.uniform((n, law.dim))) for _ in range(count)])


def weights_of(data: GaussianMixture, label: int, power: float, rng: Rng, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws of p(x | c) and p(c | x)^{W−1}, whose weighted law is the tilted one: p(x) p(c | x)^W = p(c) p(x | c) p(c | x)^{W−1}."""
    one = data.only(label)
    x = one.sample(rng.uniform((n,)), rng.normal((n, data.dim)))[0].double()
    posterior = math.log(float(data.weights[data.labels == label].sum())) + one.log_prob(x) - data.log_prob(x)
    return x.numpy(), ((power - 1) * posterior).exp().numpy()


@pytest.mark.parametrize("data", ["moons", "two_modes", "swiss_roll", "pinwheel"])
@pytest.mark.parametrize("weight", [1.0, 2.5, 7.0])
def test_moments_by_importance_sampling(data, weight):
    """On data blurred so that classes overlap. Mutant killed: p(x | c)^W without the division by p(x)^{W−1}."""
    whole = mixture_of(data)
    if len(set(whole.labels.tolist())) < 2:
        pytest.skip("one class")
    blurred = GaussianMixture(whole.weights, whole.means, whole.covs + 0.15 * torch.eye(whole.dim), whole.labels)
    x, w = weights_of(blurred, 1, weight, Rng(1), 200_000)
    law = Tilted(blurred.only(1), blurred, weight)
    y = draws(law, 200_000, 1)[0]
    mean = w @ x / w.sum()
    assert y.mean(0) == pytest.approx(mean, abs=0.012)
    assert y.std(0) == pytest.approx(np.sqrt(w @ (x - mean) ** 2 / w.sum()), abs=0.012)


def test_the_ends_of_the_weight():
    """W = 1 is p(x | c), W = 0 p(x): draws are at the floor."""
    data = mixture_of("moons")
    for weight, law in ((1.0, data.only(1)), (0.0, data)):
        rng = Rng(3)
        exact = np.stack([law.sample(rng.uniform((2000,)), rng.normal((2000, 2)))[0].numpy() for _ in range(6)])
        values = [compare(x, exact, projected(2)[:1])[0] for x in draws(Tilted(data.only(1), data, weight), 2000, 6)]
        assert np.mean([r.value for r in values]) == pytest.approx(values[0].floor, rel=0.3)


def test_two_gaussians_have_a_gaussian_tilt():
    """N(0, 1)^W N(0, 4)^{1−W} is N(0, 1/(W + (1 − W)/4)): W = 3, variance 0.4."""
    one, other = (GaussianMixture([1.0], [[0.0]], [v]) for v in (1.0, 4.0))  # type: ignore[arg-type]
    law = Tilted(one, other, 3.0)
    (axis,) = law.axes
    assert float(law.share @ axis.square()) == pytest.approx(0.4, rel=1e-5)
    assert draws(law, 100_000, 1).var() == pytest.approx(0.4, rel=0.02)


def test_narrow_components_are_not_missed():
    one = GaussianMixture([0.5, 0.5], [[-3.0, 0.0], [3.0, 1.0]], torch.eye(2).expand(2, 2, 2) * 4e-4)  # type: ignore[arg-type]
    x = draws(Tilted(one, one, 2.0), 20_000, 1)[0]
    assert (x[:, 0] > 0).mean() == pytest.approx(0.5, abs=0.02)
    assert x[x[:, 0] > 0].std(0) == pytest.approx([0.02, 0.02], rel=0.06)


@pytest.mark.parametrize("kind", ["ClassifierFree", "Classifier"])
def test_guidance_at_weight_one_samples_both_and_at_four_neither(kind):
    """W = 1: p(x | c) is the tilted law, and the cloud is at both floors. W = 4: it is far from both (0.54 on moons)."""
    for weight, fits in ((1.0, True), (4.0, False)):
        exp = pg.Experiment(guidance={"kind": kind, "weight": weight}, sampler="Heun", grid={"kind": "UniformLogSNR", "steps": 40})
        h = metrics_packet(whole(exp)).header
        for one in (h["metrics"][0], h["tilted"]):
            assert (one["final"] < one["floor"] + 3 * one["floor_sd"] + 0.01) == fits, one
        if not fits:
            assert h["metrics"][0]["final"] == pytest.approx(0.54, abs=0.06)
            assert h["tilted"]["final"] == pytest.approx(0.54, abs=0.06)


def test_layers_are_the_laws_they_say():
    """At every frame: codes of the class's exact density, and of p_t(x) p_t(c | x)^W over its peak; mass one."""
    exp = pg.Experiment(guidance={"kind": "ClassifierFree", "label": 1, "weight": 3.0})
    p = Packet.from_bytes(fields_packet(exp, frozenset({"conditional", "tilted"})).to_bytes())
    a = {name: array for name, (array, _) in p.arrays.items()}
    panel = sight_of(begin(exp.replace(particles=2))).geometry.panels[0]
    (alo, ahi), (blo, bhi) = panel.ranges
    columns, rows = 140, 100
    x = alo + (ahi - alo) * (torch.arange(columns, dtype=torch.float64) + 0.5) / columns
    y = bhi - (bhi - blo) * (torch.arange(rows, dtype=torch.float64) + 0.5) / rows
    points = torch.stack([x.repeat(rows), y.repeat_interleave(columns)], -1)
    from playground.exact import oracle_for

    data = mixture_of("moons")
    for f in (10, 30, 47):
        t = float(exp.process.unclock(t64(float(a["clock"][f]))))
        main, weak = (oracle_for(law, exp.process) for law in (data.only(1), data))
        one, whole = (o.lifted() if t == 0 else o.marginal(t) for o in (main, weak))
        log_p = 3 * one.log_prob(points) - 2 * whole.log_prob(points)
        for name, exact in (("tilted", log_p), ("conditional", one.log_prob(points))):
            code = a[f"{name}:x"][f].ravel().astype(float)
            assert np.abs(code - 255 * (exact - exact.max()).exp().numpy()).max() < 1.5, (name, f)
            cell = (ahi - alo) * (bhi - blo) / columns / rows
            assert code.sum() / 255 * a[f"{name}/peak:x"][f] * cell == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("data", "process"), [("two_modes", "VP"), ("two_modes", "CLD"), ("moons", "CLD")])
def test_layers_on_the_line_and_in_phase_space(data, process):
    """Columns have mass one. Position's tilt at the data is that of the data alone, whatever the velocity."""
    exp = pg.Experiment(data=data, process=process, guidance={"kind": "ClassifierFree", "label": 1, "weight": 3.0})
    laws = guided_laws(exp)
    p = fields_packet(exp, frozenset({"conditional", "tilted"}))
    assert laws["conditional"] == ""
    assert bool(laws["tilted"]) == (data == "moons") == ("tilted:x" not in p.arrays)
    if data == "two_modes":
        panel = next(q for q in sight_of(begin(exp.replace(particles=2))).geometry.panels if q.kind == "spacetime")
        lo, hi = panel.ranges[0]
        for name in ("conditional", "tilted"):
            edge = p.arrays[f"{name}/edge:x"][0]
            assert edge.sum(1) * (hi - lo) / 160 == pytest.approx([1, 1], abs=0.01)
        law = Tilted(mixture_of(data).only(1), mixture_of(data), 3.0)
        x = hi - (hi - lo) * (np.arange(160) + 0.5) / 160
        mean = (edge[1] * x).sum() / edge[1].sum()
        assert mean == pytest.approx(float(law.share @ law.axes[0]), abs=0.02)


def test_no_reference_without_guidance():
    for exp in (pg.Experiment(particles=30), pg.Experiment(particles=30, mode="forward", guidance="ClassifierFree")):
        assert guided_laws(exp) == {}
        assert metrics_packet(whole(exp)).header["tilted"] is None
        assert fields_packet(exp, frozenset({"conditional", "tilted"})).arrays.keys() == {"clock"}

"""The packets of the lab of errors."""

from __future__ import annotations

import numpy as np
import pytest

from playground.core.experiment import Experiment
from playground.core.fields import BadValue
from playground.views.errors import errors_packet, map_packet
from playground.views.packet import Packet


def exp(**query: str) -> Experiment:
    return Experiment.from_query(query)


def test_errors_packet_survives_the_wire_and_its_parts_add_up() -> None:
    p = Packet.from_bytes(errors_packet(exp(sampler="Euler", **{"grid.steps": "6"}), {}).to_bytes())
    h = p.header
    assert [part["name"] for part in h["parts"]] == ["stop", "steps", "prior"]
    assert sum(part["share"] for part in h["parts"]) == pytest.approx(h["total"], abs=1e-9)
    assert p["from"][0] == 1
    assert p["to"][-1] == 0
    assert np.allclose(p["from"][1:], p["to"][:-1])
    assert len(p["median"]) == 6
    assert (p["low"] <= p["median"]).all()
    assert (p["median"] <= p["high"]).all()


def test_the_map_on_the_line_agrees_with_the_curve() -> None:
    """Both measure the same step: the median over p_t lies within the map's range where p_t is."""
    e = exp(data="two_modes", sampler="Heun", **{"grid.steps": "8"})
    curve, cells = errors_packet(e, {}), map_packet(e, {})
    assert cells.header["over"] == "x,t"
    assert cells["mean"].shape == (48, 8)
    for i in range(8):
        seen = cells["mean"][:, i][cells["density"][:, i] > 0.05]
        assert seen.min() <= curve["median"][i] <= seen.max()


def test_the_map_of_the_plane_is_of_the_step_asked_for() -> None:
    e = exp(sampler="Euler", **{"grid.steps": "8"})
    curve = errors_packet(e, {})
    assert curve["step"].tolist() == list(range(1, 9))
    for step in (1, 4, 8):
        p = map_packet(e, {"step": str(step)})
        assert p.header["step"] == step
        assert p.header["t"] == pytest.approx([curve["t"][step - 1], curve["s"][step - 1]], rel=1e-6)
        assert p["mean"].shape == (22, 28)
        assert np.isfinite(p["mean"]).all()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"sampler": "ExactAncestral"}, "exact"),
        ({"sampler": "PredictorCorrector"}, "all particles"),
        ({"process": "CLD"}, "four numbers"),
        ({"sampler": "AnnealedLangevin", "sampler.repeats": "100"}, "200 normal numbers"),
    ],
)
def test_what_has_no_map_says_why(query: dict[str, str], words: str) -> None:
    p = map_packet(exp(**query), {"step": "2"})
    assert words in p.header["reason"]
    assert "mean" not in p.arrays


@pytest.mark.parametrize("step", ["nan", "1.5", "0", "21", "-1", "__import__('os')", "", "²"])
def test_a_bad_step_is_named(step: str) -> None:
    with pytest.raises(BadValue, match=r"lab\.step"):
        map_packet(exp(), {"step": step})


def test_noising_and_images_are_refused_with_the_reason() -> None:
    with pytest.raises(BadValue, match="mode"):
        errors_packet(exp(mode="forward"), {})
    with pytest.raises(BadValue, match="data"):
        errors_packet(exp(data="mnist-unet"), {})

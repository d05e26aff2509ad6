"""Panels: a space says them, and nothing else of the page knows its name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

import playground as pg
from playground.core.panels import Geometry, Looks, Panel
from playground.core.space import Space
from playground.views import fields
from playground.views.geometry import geometry_of
from playground.views.packet import Packet
from playground.views.sights import kind_of
from playground.views.sights.axes import Axes
from playground.views.sights.pictures import Pictures


def panels_of(exp: pg.Experiment) -> Geometry:
    return geometry_of(exp.law, exp.process)


@dataclass(frozen=True)
class Disc(Space):
    """A space that only this test knows."""

    @property
    def shape(self) -> tuple[int, ...]:
        return (2,)

    def panels(self, looks: Looks) -> Geometry:
        return Geometry(("r", "φ"), ("r", "φ"), (0.0, -4.0), (1.0, 4.0), (Panel("disc", "disc", 0, 1, "", 1.0, ((0, 1), (-4, 4)), True),))


def test_a_new_space_is_seen_without_being_named_anywhere():
    assert kind_of(Disc()) is Axes
    assert kind_of(pg.Experiment(data="digits").law.space) is Pictures
    (panel,) = Disc().panels(Looks()).describe()
    assert (panel["id"], panel["kind"], panel["a"]["label"]) == ("disc", "disc", "r")


def test_density_of_an_unknown_panel_is_that_of_the_exact_model():
    """The lattice of any space against the product form of wrapped normals. Kills: rows from the bottom, axes exchanged."""
    exp = pg.Experiment(data="torus_peaks")
    oracle, (panel,) = exp.who.predictor(exp.process), panels_of(exp).panels
    t = torch.tensor([0.2, 0.6], dtype=torch.float64)
    told = []
    for draw in (fields._lattice, fields._wrapped):
        packet = Packet({})
        draw(fields.FieldsOf(exp, oracle, panels_of(exp), t, packet), panel)
        told.append((packet["density:torus"].astype(float), packet["peak:torus"]))
    (wide, peak), (square, other) = told
    assert wide.shape == (2, 100, 140)
    np.testing.assert_allclose(peak, other, rtol=2e-2)
    at = np.round((np.arange(100) + 0.5) * 1.4 - 0.5).astype(int)  # the columns of the wide lattice next to those of the square one
    gap = np.abs(wide[:, :, at] - square)
    assert gap.mean() < 2
    assert gap.max() < 25  # cells do not coincide: half a cell on the steepest flank


def test_axes_of_every_space():
    kinds = {
        data: [panel.kind for panel in panels_of(pg.Experiment(data=data, **more)).panels]
        for data, more in {"moons": {}, "two_modes": {}, "letters": {}, "torus_peaks": {}}.items()
    }
    assert kinds == {"moons": ["plane"], "two_modes": ["spacetime"], "letters": ["shares", "symbols"], "torus_peaks": ["torus"]}
    phase = panels_of(pg.Experiment(data="two_modes", process=pg.CLD(mass=1.0)))
    assert [panel.kind for panel in phase.panels] == ["plane", "spacetime", "spacetime"]
    assert phase.panels[2].ranges == ((-3.4, 3.4),)  # 3.4 √M
    assert panels_of(pg.Experiment(process=pg.EDM())).labels == ("x₁ / √(1+σ²)", "x₂ / √(1+σ²)")

"""Examples: links that open the page at something worth seeing. A preset is nothing but a query."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """``query`` is what stands after the ? of the address: an experiment and the view's own ``view.*`` names."""

    title: str
    tip: str
    query: str


PRESETS = (
    Preset("Noise becomes two moons", "The first picture: DPM-Solver++ 2M in 20 steps.", ""),
    Preset(
        "One process, five steps: Euler",
        "Straight steps leave the curved paths. Raise the steps or choose Heun and see the distance fall.",
        "data=swiss_roll&sampler=Euler&grid.steps=5",
    ),
    Preset(
        "Randomness repairs: DDIM with η = 1",
        "η = 0 is an ODE, η = 1 the DDPM sampler. Move η and watch the trails.",
        "data=rings&sampler=DDIM&sampler.eta=1&grid.steps=60",
    ),
    Preset(
        "Straight paths: flow",
        "Flow matching's straight interpolation; the marginal velocity field is still curved.",
        "process=Flow&sampler=Euler",
    ),
    Preset(
        "Guidance leaves the data",
        "Classifier-free guidance at weight 4 is not a sample of any tempered class.",
        "guidance=ClassifierFree&guidance.weight=4",
    ),
    Preset(
        "Where the error comes from",
        "Eight Euler steps, stopped early: each part of the distance to the data, and where on the plane a step errs.",
        "sampler=Euler&grid.steps=8&stop_at=0.05&view.lab=errors&view.at=0.3",
    ),
    Preset(
        "DDPM's mean is exact, its variance is not",
        "Ten ancestral steps: one step's mean is that of the true q(x_s | x_t) for any data, only its variance errs.",
        "data=two_modes&sampler=DDPM&grid.steps=10&view.lab=errors&view.at=0.4",
    ),
)

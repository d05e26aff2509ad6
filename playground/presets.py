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
        "Why big steps break Gaussian denoising",
        "Small steps back from the pink pin are bell curves, big ones are not: no Gaussian step can follow. Move the step slider, drag the pin.",
        "data=two_modes&sampler=DDPM&grid.steps=4&view.lab=inspector&view.pin=x,0.4,0.1&view.gap=0.75&view.side=worst&view.at=0.4",
    ),
    Preset(
        "What is known at one point of the plane",
        "All of p(x₀ | x_t), the true step beside its best Gaussian and DDPM's, every parameterisation, paths through the pin.",
        "data=eight_gaussians&sampler=DDPM&view.lab=inspector&view.pin=x,0.35,0.4,0.3&view.gap=0.8&view.at=0.35",
    ),
    Preset(
        "Data and velocity",
        "CLD puts noise into a velocity only: x moves smoothly where VP's path is rough. Below: both from the same data points.",
        "data=two_modes&process=CLD&grid.steps=100&view.lab=phase",
    ),
    Preset(
        "Under, critical, over",
        "One mass, three frictions: too little swings, too much creeps. Drag the point across the line Γ² = 4M.",
        "data=two_modes&process=CLD&grid.steps=100&view.lab=phase&view.phase=damping",
    ),
    Preset(
        "Digits, the same way",
        "A small network's images under the very same process, sampler, grid and seed; they form as the steps are computed.",
        "data=mnist-unet&particles=16&guidance=EachClass",
    ),
    Preset(
        "Data you can hold",
        "Eight Gaussians with handles: drag a centre or an axis, turn the wheel, and the whole run follows.",
        "data=eight_gaussians&view.lab=data",
    ),
    Preset(
        "A painted heart",
        "Painted with the pointer and fitted by 16 Gaussians; the link holds all of it. Paint your own.",
        "data=mix2.qMVVi8F2LQcHAs1FyIUydQl2_gN8ApCy___YeSSSJghZAu_bxccsjh-UwgUiAuzts9B0l92EiwZLAthq7qOvaF-MiQVTAkxi0OLuhLmRKgZNAjo7RbcVe89wZwVdAkS9QNXkbrF7ggZxAj_HVs7GlRqOtQaRAoSv_rlTkqx8rAYRAjhTN8Azaa6D8gZYAoakXfSwboGSGgc1Amwmjdj5f_FqKgPZAjiJduD2f1mLwwOQAvmA07TQhONw6QVWAhZG"
        "&view.lab=data&view.fit=paint,1046,1046,0.03866,0.04755,1046",
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

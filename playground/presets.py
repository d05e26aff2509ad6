"""Examples: links that open the page at something worth seeing, each with what to look at and what to move.

Every sentence is measured: ``tests/test_presets.py`` has one function for each example.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Preset:
    """``query`` is what stands after the ? of the address: an experiment and the view's own ``view.*`` names.

    key: stands in the link (``view.example``). look, move: what the picture shows and what to change next; they stay on the page while it is
    followed, that is while only fields in ``moves`` (and what belongs to them: ``grid`` has ``grid.steps``) differ from the query.
    """

    key: str
    title: str
    look: str
    move: str
    query: str
    moves: tuple[str, ...] = ()

    @property
    def experiment(self) -> dict[str, str]:
        """The query without the view's own names."""
        return {k: v for k, v in parse_qsl(self.query, keep_blank_values=True) if not k.startswith("view.")}

    @property
    def view(self) -> dict[str, str]:
        return {k[5:]: v for k, v in parse_qsl(self.query, keep_blank_values=True) if k.startswith("view.")}


HEART = (
    "mix2.qMVVi8F2LQcHAs1FyIUydQl2_gN8ApCy___YeSSSJghZAu_bxccsjh-UwgUiAuzts9B0l92EiwZLAthq7qOvaF-MiQVTAkxi0OLuhLmRKgZNAjo7RbcVe89wZwVdAkS9QNXkbrF7ggZxAj_HVs7GlRqOtQaRAoSv_rlT"
    "kqx8rAYRAjhTN8Azaa6D8gZYAoakXfSwboGSGgc1Amwmjdj5f_FqKgPZAjiJduD2f1mLwwOQAvmA07TQhONw6QVWAhZG"
)

PRESETS = (
    Preset(
        "moons",
        "Noise becomes two moons",
        "2,000 particles (green) start as noise and reach the moons in 20 model calls; blue is the exact law at the same moment.",
        "Step with ← →. Then set steps to 5: the distance rises far above its floor.",
        "",
        ("grid",),
    ),
    Preset(
        "euler",
        "Five straight steps: Euler",
        "Each step goes straight on where the true path bends: after five the arms of the spiral are blurred.",
        "Raise the steps. At 9 calls Euler is ahead of Heun (5 steps), at 19 calls Heun (10 steps) is.",
        "data=swiss_roll&sampler=Euler&grid.steps=5",
        ("sampler", "grid"),
    ),
    Preset(
        "repair",
        "Randomness repairs a wrong start",
        "With β = 1 the data never drown in noise, so the prior is a wrong start. DDIM with η = 1 draws fresh noise and forgets most of it.",
        "Set η to 0: without noise the start's error stays, about three times the distance.",
        "data=rings&process.schedule=ConstantBeta&process.schedule.rate=1&sampler=DDIM&sampler.eta=1&grid.steps=100",
        ("sampler", "grid", "process.schedule"),
    ),
    Preset(
        "bent",
        "Straight lines cross, so the flow bends",
        "Flow matching joins noise and data by straight lines. Where they cross, the flow is their mean: particles first run to the middle, then turn out.",
        "Choose VP: its paths are far straighter. Or open the next example.",
        "data=eight_gaussians&process=Flow&sampler=Euler&grid=UniformTime&grid.steps=20&view.layers=particles,trails,density,velocity",
        ("process", "grid", "sampler"),
    ),
    Preset(
        "straight",
        "Straight paths: flow with optimal transport",
        "Noise and data are paired so that lines hardly cross: paths are nearly straight, and four Euler steps are enough.",
        "Set coupling to independent: the paths bend and the same four steps miss the moons.",
        "data=moons&process=Interpolant&process.coupling=minibatch+OT&sampler=Euler&grid=UniformTime&grid.steps=4&view.layers=particles,trails,density,velocity",
        ("process.coupling", "grid", "sampler"),
    ),
    Preset(
        "spacing",
        "Same calls, another grid",
        "EDM starts at σ = 80. Ten steps of equal length spend nearly all of them where nothing happens yet.",
        "Choose the spacing Karras: the same 19 calls, a thirtieth of the distance.",
        "data=moons&process=EDM&sampler=EDMHeun&grid=UniformTime&grid.steps=10",
        ("grid", "sampler"),
    ),
    Preset(
        "guidance",
        "Guidance leaves the class",
        "At W = 4 the cloud gathers at the far end of one moon. That is neither the class (blue lines) nor the tilted law p(x) p(c | x)ᵂ (orange), which is almost the class.",
        "Move W: at 1 the cloud is the class, at 8 many particles have left the data.",
        "guidance=ClassifierFree&guidance.weight=4&view.layers=particles,density,conditional,tilted",
        ("guidance",),
    ),
    Preset(
        "big-steps",
        "Why big steps break Gaussian denoising",
        "The true law one DDPM step back from the pink pin has two humps; DDPM draws from one bell between them.",
        "Make the step slider small: the true law becomes a bell. Then drag the pin.",
        "data=two_modes&sampler=DDPM&grid.steps=4&view.lab=inspector&view.pin=x,0.6036,0.1&view.gap=0.88&view.side=worst&view.at=0.6036",
        ("sampler", "grid"),
    ),
    Preset(
        "point",
        "What is known at one point of the plane",
        "At the pin all of p(x₀ | x_t) is known, the true step beside its best Gaussian and DDPM's, and every form of the one score.",
        "Drag the pin to the middle: weights, arrows and numbers follow.",
        "data=eight_gaussians&sampler=DDPM&view.lab=inspector&view.pin=x,0.3553,0.4,0.3&view.gap=0.8&view.at=0.3553",
        ("sampler", "grid"),
    ),
    Preset(
        "cld",
        "Data and velocity",
        "CLD puts noise into a velocity only: x glides where VP's path, from the same data points, is rough.",
        "Change the friction Γ, and compare the two kinds of path below.",
        "data=two_modes&process=CLD&grid.steps=100&view.lab=phase",
        ("process", "sampler", "grid"),
    ),
    Preset(
        "damping",
        "Under, critical, over",
        "One mass, three frictions: too little and the mean swings past zero, too much and it creeps; on the line it does neither.",
        "Drag the point across the line Γ² = 4M.",
        "data=two_modes&process=CLD&grid.steps=100&view.lab=phase&view.phase=damping",
        ("process", "sampler", "grid"),
    ),
    Preset(
        "digits",
        "Digits, the same way",
        "A small network makes digits under the very same process, sampler, grid and seed; they form as the steps are computed.",
        "Set steps to 5, or choose another sampler: the same noise, other images.",
        "data=mnist&particles=16&guidance=EachClass",
        ("sampler", "grid", "guidance", "seed"),
    ),
    Preset(
        "hold",
        "Data you can hold",
        "Eight Gaussians with handles: density, score and all particles follow the data that you hold.",
        "Drag a centre or an axis; the wheel changes a weight.",
        "data=eight_gaussians&view.lab=data",
        ("data",),
    ),
    Preset(
        "heart",
        "A painted heart",
        "Painted with the pointer and fitted by 16 Gaussians; the link holds all of it, and its law is as exact as any.",
        "Take the brush and paint your own.",
        f"data={HEART}&view.lab=data&view.fit=paint,1046,1046,0.03866,0.04755,1046",
        ("data",),
    ),
    Preset(
        "errors",
        "Where the error comes from",
        "Euler on a grid of eight steps, stopped at t = 0.05 after five. The bars part its error: what the steps add, what the early stop leaves.",
        "Raise the steps: their part shrinks, that of the early stop stays.",
        "sampler=Euler&grid.steps=8&stop_at=0.05&view.lab=errors&view.at=0.4415",
        ("grid", "sampler", "stop_at"),
    ),
    Preset(
        "ddpm",
        "DDPM's mean is exact, its variance is not",
        "In each of ten ancestral steps the mean is that of the true q(x_s | x_t), for any data; only the variance errs.",
        "Choose Analytic-DPM with covariance full: the error of the variance goes too.",
        "data=two_modes&sampler=DDPM&grid.steps=10&view.lab=errors&view.at=0.4116",
        ("sampler", "grid"),
    ),
    Preset(
        "learned",
        "What does the network get wrong?",
        "A network of 32 k weights has learned the score. Orange: its error against the exact one, longest at the rim of the law, where few training points came.",
        "Slide the time: the error grows towards the data. Choose exact: the arrows go, the distance hardly falls.",
        "model=moons-mlp&view.layers=particles,density,difference&view.at=0.1051",
        ("model",),
    ),
    Preset(
        "letters",
        "Symbols: a letter forgotten and found",
        "Noise replaces letters by others, at random. The way back, in five steps of τ-leaping: green bars miss the exact ones (black).",
        "Choose ancestral (symbols): of a single letter it is exact in any number of steps. Or raise the steps.",
        "data=letters&process=UniformTokens&sampler=TauLeaping&grid.steps=5",
        ("sampler", "grid"),
    ),
    Preset(
        "torus",
        "Angles go around",
        "Two angles: what leaves the square on one side comes in on the other. Ten random steps along geodesics land beside the five peaks.",
        "Choose geodesic Heun: ten steps of it are a third as far off. Play, and follow a trail across an edge.",
        "data=torus_peaks&sampler=GeodesicEulerMaruyama&grid.steps=10",
        ("sampler", "grid"),
    ),
    Preset(
        "path",
        "One Brownian path, three step sizes",
        "DDPM in 4, 16 and 64 steps, each drawing increments of the same path. Lines join the particles of 4 steps to themselves in 64: about 1 apart, the strong error.",
        "Press 2: the 16 steps end a third as far from the 64. Set noise to steps, and the lines no longer shrink: each run draws its own.",
        "sampler=DDPM&grid=UniformLogSNR&grid.steps=4&particles=300&noise=path&view.compare=*grid.steps:16*grid.steps:64&view.overlay=3&view.at=0",
        ("sampler", "grid", "noise"),
    ),
)


def preset(key: str) -> Preset:
    """The example of this key. Raises KeyError."""
    return next(p for p in PRESETS if p.key == key)

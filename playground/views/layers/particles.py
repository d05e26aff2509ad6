from __future__ import annotations

from playground.views.layer import Layer


class Particles(Layer):
    key = "particles"
    word = "particles"
    name = "particles"
    text = "One dot for each sample: the state x_t of the sampler, or when noising a true path of the forward process; where a step draws noise, a state is held until the next."
    formula = r"x_t"
    role = "sampler"
    mark = '<circle cx="7" cy="5" r="3.6" fill="currentColor"/>'
    rank = 10
    shown = True
    of_images = ""

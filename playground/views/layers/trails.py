from __future__ import annotations

from playground.views.layer import Layer


class Trails(Layer):
    key = "trails"
    word = "trails"
    name = "trails"
    text = "Where 150 particles came from over the last fifth of the clock; drawn over time, the whole paths of 80; dots where noise is drawn, since there is no path between two draws."
    role = "sampler"
    mark = '<path d="M1 8C5 8 6 3 13 2" fill="none" stroke="currentColor" stroke-width="1.8"/>'
    rank = 20
    shown = True
    of_images = ""

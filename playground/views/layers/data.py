from __future__ import annotations

from playground.views.layer import Layer


class Data(Layer):
    key = "data"
    word = "data"
    name = "data"
    text = "600 samples of the data, which sampling should reach."
    formula = r"x_0 \sim p_0"
    role = "data"
    mark = '<g fill="currentColor"><circle cx="3" cy="3.4" r="1.5"/><circle cx="7" cy="7" r="1.5"/><circle cx="11" cy="3.4" r="1.5"/></g>'
    rank = 90
    of_images = "images are no points of this plane; the lab “training-free” shows the nearest of a set"

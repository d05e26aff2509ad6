from __future__ import annotations

from playground.views.layer import Layer


class Prior(Layer):
    key = "prior"
    word = "prior"
    name = "prior"
    text = "600 samples of the law that sampling starts from."
    formula = r"x_T \sim \mathcal N(0,\sigma_T^2 I)"
    role = "noise"
    mark = '<g fill="currentColor"><circle cx="3" cy="6.6" r="1.5"/><circle cx="7" cy="2.8" r="1.5"/><circle cx="11" cy="6" r="1.5"/></g>'
    rank = 80
    of_images = "an image model’s density does not live on a plane; only the toys have exact fields"

from __future__ import annotations

from playground.views.layer import Layer


class Contours(Layer):
    key = "contours"
    word = "contours"
    name = "contours"
    text = "Lines of equal exact density that enclose 20, 40, 60, 80 and 95 % of the probability shown."
    formula = r"\{x : p_t(x) = c\}"
    role = "data"
    needs = frozenset({"plane"})
    mark = '<ellipse cx="7" cy="5" rx="6" ry="4.2" fill="none" stroke="currentColor"/><ellipse cx="7" cy="5" rx="3" ry="1.8" fill="none" stroke="currentColor"/>'
    rank = 40
    arrays = "density"
    of_images = "an image model’s density does not live on a plane; only the toys have exact fields"

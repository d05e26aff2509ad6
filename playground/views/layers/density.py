from __future__ import annotations

from playground.core.panels import Panel
from playground.views.fields import FieldsOf
from playground.views.layer import Layer


class Density(Layer):
    key = "density"
    word = "density p<sub>t</sub>"
    name = "density p_t"
    text = "The exact law of the noised data at this moment, shaded relative to its own peak."
    formula = r"p_t(x) = \int p(x_t\mid x_0)\,p_0(x_0)\,\mathrm dx_0"
    role = "data"
    mark = '<rect x="1" y="0.5" width="12" height="9" rx="3" fill="currentColor" opacity=".55"/>'
    rank = 30
    shown = True
    arrays = "density"
    of_images = "an image model’s density does not live on a plane; only the toys have exact fields"

    def add_fields(self, fields: FieldsOf, panel: Panel) -> None:
        fields.density(panel)

"""What a notebook imports: ``import playground as pg``."""

from __future__ import annotations

from playground.core.experiment import Experiment
from playground.core.fields import BadValue
from playground.core.run import Trace
from playground.core.spec import FAMILIES, registry
from playground.engine import simulate
from playground.images.own import load_images
from toy_models.mixture import GaussianMixture

__all__ = ["BadValue", "Experiment", "GaussianMixture", "Trace", "load_images", "registry", "simulate"]

# every registered choice under its own name: pg.VP, pg.DDIM, pg.LinearBeta, pg.UniformTime, …
for _family in FAMILIES:
    for _cls in registry(_family).values():
        globals()[_cls.__name__] = _cls
        __all__.append(_cls.__name__)

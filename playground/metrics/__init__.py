"""From runs to distances, errors, likelihoods."""

from playground.core.modules import finder

__getattr__ = finder(__name__)

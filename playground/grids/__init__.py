"""Time grids, one a file."""

from playground.core.modules import finder

__getattr__ = finder(__name__)

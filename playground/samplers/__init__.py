"""Samplers, one a file (the textbook solvers share one)."""

from playground.core.modules import finder

__getattr__ = finder(__name__)

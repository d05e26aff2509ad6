"""The nouns and the one loop."""

from playground.core.modules import finder

__getattr__ = finder(__name__)

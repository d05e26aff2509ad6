"""From runs to packets and files."""

from playground.core.modules import finder

__getattr__ = finder(__name__)

"""Spaces of states beside R^n (``playground.core.space``), one a file: they are named by the laws that live in them."""

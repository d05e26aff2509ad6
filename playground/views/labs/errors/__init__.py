"""Where the run's error comes from. Numbers: playground/views/errors.py."""

from __future__ import annotations

from playground.views.errors import errors_packet, map_packet
from playground.views.lab import Lab


class Errors(Lab):
    key = "errors"
    title = "errors"
    text = "Where the run's error comes from (start, steps, early stop, score) and what each single step adds."
    order = 31
    needs = frozenset({"vector", "points", "reverse", "marginals"})
    page = "toys"
    view = ("errors_of",)
    packets = {"errors": errors_packet, "errors-map": map_packet}

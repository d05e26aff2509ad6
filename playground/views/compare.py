"""What several stages beside each other have that no run says by itself."""

from __future__ import annotations

from playground.core.fields import Record

MOST = 6
"""Runs beside each other, on the page and in a page in a file."""
OF_STAGES = frozenset({"compare", "selected", "overlay", "clock"})
"""What of a link's view is said of several of them together."""
UNITS = {"time": "", "steps": "steps", "calls": "calls", "ms": "ms"}
"""What their one clock may count, each with the word behind a number ("": the stages tell it). The menu's words and sentences are the glossary's."""


def config() -> Record:
    """For the page (assets/ui/compare)."""
    return {"most": MOST, "units": [{"key": key, "of": of} for key, of in UNITS.items()]}

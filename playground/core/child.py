"""Python processes that this one starts."""

from __future__ import annotations

import os
import sys


def environment() -> dict[str, str]:
    """Of a process that finds the same packages."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

"""Python processes that this one starts, and how they share a processor."""

from __future__ import annotations

import os
import sys
import threading

CALM = 10  # of nice: whoever looks at a page comes first


def environment() -> dict[str, str]:
    """Of a process that finds the same packages."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def step_back() -> None:
    """What this thread computes gives way to everybody's who looks at a page. Only Linux knows the priority of a thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(CALM, os.getpriority(os.PRIO_PROCESS, thread)))

"""A process that computes cells for ``workers.Process``: orders come in as lines of JSON, results go out as lines."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator

import torch

from playground.core.child import CALM
from playground.core.experiment import Experiment
from playground.core.fields import BadValue
from playground.sweeps.compute import Computer
from playground.sweeps.results import Result
from playground.sweeps.workers import DONE


def answers(computer: Computer, order: bytes) -> Iterator[bytes]:
    """What is said to an order (``workers.order``): a line each cell, and that it is done."""
    asked = json.loads(order)
    at, seeds = tuple(asked["at"]), asked["seeds"]
    try:
        exp = Experiment.from_dict(asked["exp"])
    except BadValue as error:  # a stored set, say, that is on another machine
        results = (Result(at, seed, failed=str(error)[:500]) for seed in seeds)
    else:
        results = computer.cells(at, exp, seeds, asked["measures"])
    for result in results:
        yield json.dumps(result.to_dict()).encode() + b"\n"
    yield DONE + b"\n"


def main() -> None:
    """Until the input ends. What else would write to the output goes to the errors."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who gives the orders decides
    if sys.platform != "win32":
        os.nice(CALM)
    torch.set_num_threads(1)  # one process a core, between its cells too
    computer = Computer()
    out.write(DONE + b"\n")
    for order in sys.stdin.buffer:
        for line in answers(computer, order):
            out.write(line)


if __name__ == "__main__":
    main()

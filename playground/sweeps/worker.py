"""A process that computes cells for ``running.Process``: orders come in as lines of JSON, results go out as lines."""

from __future__ import annotations

import json
import os
import signal
import sys

import torch

from playground.core.experiment import Experiment
from playground.sweeps.compute import Computer
from playground.sweeps.running import DONE

CALM = 10  # of nice: whoever looks at a page comes first


def main() -> None:
    """Until the input ends. What else would write to the output goes to the errors."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who gives the orders decides
    if sys.platform != "win32":
        os.nice(CALM)
    torch.set_num_threads(1)  # one process a core, between its cells too
    computer = Computer()
    for line in sys.stdin.buffer:
        order = json.loads(line)
        for result in computer.cells(tuple(order["at"]), Experiment.from_dict(order["exp"]), order["seeds"], order["measures"]):
            out.write(json.dumps(result.to_dict()).encode() + b"\n")
        out.write(DONE + b"\n")


if __name__ == "__main__":
    main()

"""Memory of a large batch, as the operating system counts it: torch's own allocations are invisible to tracemalloc."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import torch
import playground as pg
torch.set_num_threads(1)
for images in (32, 512):
    pg.simulate(pg.Experiment.from_dict({"data": "mnist-unet", "particles": images, "grid": {"steps": 1}}))
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))  # peak, KiB; getrusage's begins at the parent's
"""


def test_512_images_take_no_more_memory_than_32():
    """The network sees 32 images at a time: 512 of them add 4 MiB to the process's peak (32 alone: 340 MiB with torch), not 16 times the
    activations. Bound: 80 MiB more, 800 MiB at all. Mutant killed: the whole batch through the network at once (700 MiB more)."""
    told = subprocess.run(
        [sys.executable, "-c", RUN], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    few, many = (int(line) // 1024 for line in told.stdout.split())
    assert many - few < 80
    assert many < 800

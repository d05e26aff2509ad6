"""Freed memory stays with the process."""

import platform
import subprocess
import sys

CODE = """
import resource, torch
from playground.core.memory import keep_memory
from toy_models.networks.unet import UNet
took = keep_memory() if {keep} else False
torch.set_num_threads(1)
net, x, label = UNet(), torch.zeros(32, 1, 28, 28), torch.zeros(32, dtype=torch.long)
count = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
with torch.no_grad():
    for turn in range(13):
        before = count() if turn == 3 else 0 if turn < 3 else before
        net(x, torch.zeros(32), label)
print(took, count() - before)
"""


def faults(keep: bool) -> tuple[bool, int]:
    out = subprocess.run([sys.executable, "-c", CODE.format(keep=keep)], check=True, capture_output=True, text=True).stdout.split()
    return out[0] == "True", int(out[1])


def test_the_layers_of_a_network_take_the_same_pages_again() -> None:
    """With glibc freed blocks are reused as they are; other libraries keep their own way and it says so. Mutant killed: thresholds of another sign."""
    took, few = faults(True)
    assert took == (platform.libc_ver()[0] == "glibc")
    if took:
        assert 4 * few < faults(False)[1]

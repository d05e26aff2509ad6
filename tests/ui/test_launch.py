"""A page that is started from a notebook: the choices that were registered there are in its menus, its links and its packets."""

import subprocess
import sys
from pathlib import Path

from playground.views.packet import Packet
from tests.ui.conftest import free_port

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import sys, urllib.request
from dataclasses import dataclass
import playground as pg

@pg.register
@dataclass(frozen=True)
class Damped(pg.Sampler):
    "x_s = x_t + κ (s − t) u."
    info = pg.Info("Damped", "damped Euler", "a part of Euler's step", order=1, nfe=1, needs=frozenset({"velocity", "mean"}))
    kappa: float = pg.slider(1.0, 0.0, 1.0, help="how large a part")

    def step(self, problem, z, t, s, carry, rng):
        return z + self.kappa * (s - t) * problem.velocity(z, t), None

exp = pg.Experiment(sampler=Damped(kappa=0.5), particles=20)
served = pg.launch(exp, port=PORT)
read = lambda url: urllib.request.urlopen(url, timeout=60).read()
page = read(served.url).decode()
print(served.url, page.count("damped Euler") > 0, page.count("how large a part") > 0)
base = served.url.split("?")[0]
open(sys.argv[1], "wb").write(read(base + "live/packet?layer=run&" + served.url.split("?")[1]))
served.close()
"""


def test_a_sampler_of_a_notebook_is_on_its_page(tmp_path):
    """Menu, slider's help, link and packet. Mutant killed: a form that is made before the registration, or a registry that is scanned once."""
    port = free_port()
    code = CODE.replace("PORT", str(port))
    out = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "packet")], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert out.returncode == 0, out.stderr[-3000:]
    url, menu, words = next(line for line in out.stdout.splitlines() if line.startswith("http")).split(" ")
    assert url.endswith("/?sampler=Damped&sampler.kappa=0.5&particles=20")
    assert f":{port}/" in url
    assert (menu, words) == ("True", "True")
    packet = Packet.from_bytes((tmp_path / "packet").read_bytes())
    assert packet.header["sampler"]["title"] == "damped Euler"


CLOSED = """
import os, subprocess, time, urllib.request
from playground.ui.page import build

def workers():
    told = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True).stdout
    return [line for line in told.splitlines() if "playground.server.bench" in line]

def until(true):
    for _ in range(600):
        if true():
            return True
        time.sleep(0.1)
    return False

page = build()
for _ in range(2):
    page.launch(prevent_thread_lock=True, server_port=PORT, inbrowser=False)
    with urllib.request.urlopen(page.local_url + "live/packet?layer=run&particles=20", timeout=60) as answer:
        print("packet", answer.read(4), until(workers))
    page.close()
    print("left", until(lambda: not workers()))
"""


def test_a_page_that_is_closed_leaves_no_worker(tmp_path):
    """Nor one that is opened again and closed. Mutants killed: Gradio's own close, which knows no worker; a line that stays closed."""
    out = subprocess.run(
        [sys.executable, "-c", CLOSED.replace("PORT", str(free_port()))], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert out.returncode == 0, out.stderr[-3000:]
    told = [line for line in out.stdout.splitlines() if line.startswith(("packet", "left"))]
    assert told == ["packet b'PGP1' True", "left True"] * 2

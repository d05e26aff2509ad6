"""What the page copies and saves as code gives the page's numbers, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import playground as pg
from playground.server.jobs import packet
from playground.sweeps import Sweep
from playground.views.packet import Packet
from playground.views.snippet import as_notebook, as_python, as_sweep

ROOT = Path(__file__).resolve().parents[1]
EXPERIMENTS = [
    pg.Experiment(particles=200),
    pg.Experiment(data="rings", process="EDM", sampler="EDMHeun", grid={"kind": "Karras", "steps": 7}, particles=150, seed=3),
    pg.Experiment(data="two_modes", mode="forward", particles=100),
]


def shown(exp):
    """What the page's status line has, of its packets."""
    run, metrics = (Packet.from_bytes(packet({"layer": layer, **exp.to_query()})).header for layer in ("run", "metrics"))
    lines = [f"{run['steps']} steps, {run['model_calls']} model calls"]
    for m in metrics["metrics"]:
        lines.append(
            f"{m['label']} to {metrics['end']}: {m['final']:.4g} ± {m['final_se']:.2g}, floor {m['floor']:.4g} ± {m['floor_sd']:.2g}"
        )
    return lines


@pytest.mark.parametrize("exp", EXPERIMENTS, ids=range(len(EXPERIMENTS)))
def test_the_script_prints_the_page_s_numbers(exp, tmp_path):
    script = tmp_path / "run.py"
    script.write_text(as_python(exp), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    want = shown(exp)
    assert done.stdout.splitlines()[: len(want)] == want
    assert len(want) > 1
    assert ("from diffusers import" in done.stdout) == bool(pg.elsewhere(exp).code)


def test_the_notebook_prints_them_too(tmp_path, monkeypatch):
    exp = EXPERIMENTS[0]
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    book = nbformat.reads(as_notebook(exp), as_version=4)
    nbformat.validate(book)
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    want = shown(exp)
    printed = "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")
    assert printed.splitlines()[: len(want)] == want
    assert any("<iframe" in output.get("data", {}).get("text/html", "") for output in outputs)


@pytest.mark.parametrize("exp", [*EXPERIMENTS[:2], pg.Experiment(sampler="RK45")], ids=["calls", "Heun", "steps"])
def test_the_sweep_is_of_the_experiment(exp):
    told = as_sweep(exp)
    sweep = Sweep.from_json(told)
    assert sweep.base == exp
    (axis,) = json.loads(told)["axes"]
    assert [*axis] == ["grid.steps" if exp.sampler.calls_line() is None else "calls"]
    assert sweep.count > 1

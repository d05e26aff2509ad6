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
from playground.views.snippet import as_compared, as_notebook, as_python, as_sweep

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
    script.write_text(as_python(exp, "x,0.4,0.5,-0.3" if exp.law.dim == 2 else "x,0.4,0.5"), encoding="utf-8")
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
    told = Packet.from_bytes(
        packet({"layer": "inspect", "lab.clock": "0.4", "lab.at": "0.5,-0.3" if exp.law.dim == 2 else "0.5", **exp.to_query()})
    ).header
    point = {one["name"]: one["values"] for one in told["point"]}
    printed = {line.partition(" [")[0]: json.loads("[" + line.partition(" [")[2]) for line in done.stdout.splitlines()[-3:]}
    assert printed["score"][0] == pytest.approx(point["score"], rel=1e-6)
    assert printed["E[x_0 | z_t]"][0] == pytest.approx(point["x̂₀"], rel=1e-6)
    assert printed["p_t(z)"][0] > 0


def test_the_script_of_several_stages_prints_the_numbers_of_each_and_writes_their_page(tmp_path):
    exps = [EXPERIMENTS[0], EXPERIMENTS[0].replace(sampler="DDIM")]
    script = tmp_path / "run.py"
    script.write_text(as_compared(exps), encoding="utf-8")
    env = {"PYTHONPATH": str(ROOT), "PATH": ""}
    done = subprocess.run([sys.executable, str(script)], cwd=tmp_path, env=env, capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout.splitlines() == [line for exp in exps for line in shown(exp)]
    assert (tmp_path / "compare.html").read_text(encoding="utf-8").count('class="pg-viewer-run"') == 2


def test_a_pin_that_is_none_is_not_told():
    """Of a panel that is not there, of pictures, of words."""
    assert "pinned" not in as_python(EXPERIMENTS[0], "v,0.4,0.5,1") + as_python(pg.Experiment(data="digits-unet"), "x,0.4,0,0") + as_python(
        EXPERIMENTS[0], "x"
    )
    with pytest.raises(pg.BadValue, match=r"lab\.at"):
        as_python(EXPERIMENTS[0], "x,0.4,1,__import__('os')")


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

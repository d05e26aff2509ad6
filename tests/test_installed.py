"""An installed copy: the wheel in a fresh environment, used from a folder that has nothing of ours."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import sysconfig
import tomllib
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import playground as pg
from playground.views.packet import Packet
from tests.ui.conftest import free_port

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CODE = """
import sys
import playground as pg
import playground, toy_models
from playground.core.files import ROOT
print(pg.__version__, *(m.__file__.startswith(sys.prefix) for m in (playground, toy_models)), str(ROOT).startswith(sys.prefix), sep="|")
toy = pg.simulate(pg.Experiment(particles=50))
print(float(toy.x[-1].double().sum()))
digits = pg.simulate(pg.Experiment(data="mnist", particles=2, grid=pg.UniformLogSNR(steps=3)))
print(tuple(digits.x.shape))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "-q", "-w", str(folder)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of an environment that has the wheel, and besides it only the libraries of this one."""
    home = tmp_path_factory.mktemp("fresh")
    venv.create(home, with_pip=True)
    bin_ = home / "bin"
    subprocess.run([bin_ / "python", "-m", "pip", "install", "-q", "--no-deps", str(wheel)], check=True, capture_output=True, timeout=300)
    site = next((home / "lib").glob("python*/site-packages"))
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    return bin_


def ask(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return bytes(answer.read())


@contextlib.contextmanager
def command(bin_: Path, folder: Path) -> Iterator[str]:
    """The address that ``diffusion-playground`` serves."""
    port = free_port()
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    env |= {"GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port), "PLAYGROUND_CACHE": str(folder / "cache")}
    with subprocess.Popen([bin_ / "diffusion-playground"], cwd=folder, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = next((line for line in process.stdout if "Diffusion Playground: http" in line), "")
            yield line.split()[-1]
        finally:
            process.terminate()


def test_what_is_in_it(wheel: Path) -> None:
    """All that is tracked of packages and assets, nothing else. Mutant killed: a script, a table or a model that is left out."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    files = {name for name in tracked if name and (ROOT / name).exists()}
    wanted = {name for name in files if name.startswith(("playground/", "toy_models/"))}
    wanted |= {f"playground/shipped/{name}" for name in files if name.startswith(("assets/models/", "assets/ui/", "assets/vendor/"))}
    found = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert wanted <= found
    assert not {name for name in found - wanted if not name.startswith("playground/shipped/docs/")}


def test_it_is_used_from_anywhere(installed: Path, tmp_path: Path) -> None:
    """Import, a toy, a bundled model; the toy's run is that of this checkout."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    out = subprocess.run(
        [installed / "python", "-c", CODE], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=240, check=False
    )
    assert out.returncode == 0, out.stderr[-3000:]
    where, toy, digits = out.stdout.splitlines()
    assert where == f"{pg.__version__}|True|True|True"
    assert float(toy) == pytest.approx(float(pg.simulate(pg.Experiment(particles=50)).x[-1].double().sum()), rel=1e-5)
    assert digits == "(4, 2, 1, 28, 28)"


def test_its_command_serves_the_page(installed: Path, tmp_path: Path) -> None:
    """Page, scripts of stage and labs, styles, documents, a run."""
    with command(installed, tmp_path) as url:
        page = ask(url).decode()
        assert "Diffusion Playground" in page
        for path in ("ui/main.js", "ui/labs/errors/lab.js", "ui/style.css", "vendor/katex/katex.min.css"):
            assert ask(f"{url}live/assets/{path}"), path
        for name in ("glossary", "samplers", "images", "python", "architecture"):
            assert b"<main>" in ask(f"{url}live/docs/{name}"), name
        assert Packet.from_bytes(ask(f"{url}live/packet?layer=run&particles=20")).header["particles"] == 20


@pytest.mark.parametrize(
    ("file", "declared"),
    [
        ("requirements.txt", PROJECT["dependencies"]),
        ("requirements-hub.txt", PROJECT["optional-dependencies"]["hub"]),
        ("requirements-mcp.txt", PROJECT["optional-dependencies"]["mcp"]),
        ("requirements-ray.txt", PROJECT["optional-dependencies"]["ray"]),
    ],
)
def test_what_it_needs_is_what_is_tested(file: str, declared: list[str]) -> None:
    """The same libraries in pyproject.toml and in the file of exact versions, which lie in the declared ranges."""
    from packaging.requirements import Requirement

    lines = [line for line in (ROOT / file).read_text(encoding="utf-8").splitlines() if "==" in line and not line.startswith("#")]
    pinned = {(r := Requirement(line)).name: str(r.specifier).removeprefix("==") for line in lines}
    needs = {(r := Requirement(line)).name: r.specifier for line in declared}
    assert needs.keys() == pinned.keys()
    assert all(needs[name].contains(version) for name, version in pinned.items())


def test_one_version() -> None:
    assert PROJECT["version"] == pg.__version__

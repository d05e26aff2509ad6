"""The Dockerfile without Docker: what it copies is there and is enough, its commands run in a clean folder, its health check tells the truth."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from playground.server import command
from playground.views.packet import Packet
from tests.ui.conftest import ROOT, free_port


def instructions() -> list[tuple[str, str]]:
    """(instruction, what follows) of the Dockerfile, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, " ".join(rest.split())) for word, _, rest in (line.partition(" ") for line in lines)]


def all_of(word: str) -> list[str]:
    return [rest for name, rest in instructions() if name == word]


def ignored(name: str) -> bool:
    """Is a file left out by .dockerignore?"""
    patterns = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    parts = name.split("/")
    heads = ["/".join(parts[: i + 1]) for i in range(len(parts))]
    anywhere = [p.removeprefix("**/") for p in patterns if p.startswith("**/")]
    return any(fnmatch.fnmatch(head, p) for p in patterns for head in heads) or any(
        fnmatch.fnmatch(part, p) for p in anywhere for part in parts
    )


def tracked() -> list[str]:
    out = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in out.split("\0") if name and (ROOT / name).is_file()]


def copied() -> dict[str, str]:
    """Every file of the image: where it is in the tree → where it is beneath /app."""
    out: dict[str, str] = {}
    for rest in all_of("COPY"):
        *sources, target = rest.split()
        for source in sources:
            for name in tracked():
                if ignored(name):
                    continue
                if name == source:
                    out[name] = name if target == "./" else target
                elif name.startswith(source + "/"):
                    out[name] = target + name[len(source) :]
    return out


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for rest in all_of("ENV") for pair in rest.split())


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """/app of the image."""
    folder = tmp_path_factory.mktemp("image")
    for source, target in copied().items():
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, folder / target)
    return folder


def test_what_is_copied_is_there() -> None:
    """Mutant killed: a renamed folder; a pattern that leaves out what is copied."""
    for rest in all_of("COPY"):
        for source in rest.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert any(name == source or name.startswith(source + "/") for name in copied()), source
    files = copied()
    wanted = [n for n in tracked() if n.startswith(("playground/", "toy_models/", "assets/models/", "assets/ui/", "assets/vendor/"))]
    assert set(wanted) <= set(files)
    assert not [n for n in files if n.startswith(("tests/", "assets/pictures/", ".git"))]


def test_libraries_come_from_files_that_are_copied_before() -> None:
    """And torch of another index is the very version of requirements.txt."""
    seen: set[str] = set()
    for word, rest in instructions():
        if word == "COPY":
            seen |= set(rest.split()[:-1])
        elif word == "RUN":
            assert set(re.findall(r"requirements[\w-]*\.txt", rest)) <= seen, rest
    line = subprocess.run(["grep", "^torch==", "requirements.txt"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"torch==[\d.]+\n", line)
    assert all((ROOT / f"requirements-{extra}.txt").exists() for extra in ("hub", "mcp", "ray"))


def test_its_variables_are_known() -> None:
    """Those that the app reads are right ones. Mutant killed: a mistyped name."""
    told = environment()
    command.check(told)
    names = {v.name for v in command.VARIABLES}
    assert {n for n in told if n.startswith(("PLAYGROUND_", "GRADIO_"))} <= names
    assert told["GRADIO_SERVER_NAME"] == "0.0.0.0"
    assert all_of("EXPOSE") == [told["GRADIO_SERVER_PORT"]]
    assert all_of("VOLUME") == [told["PLAYGROUND_CACHE"]]
    volume = told["PLAYGROUND_CACHE"] + "/"  # whatever libraries keep for the next time lies there too
    assert all(told[name].startswith(volume) for name in ("HF_HOME", "MPLCONFIGDIR", "GRADIO_TEMP_DIR"))
    assert all_of("USER") == ["player"]


def test_its_commands_run_in_a_clean_folder(image: Path, tmp_path: Path) -> None:
    """CMD serves the page from what was copied alone; HEALTHCHECK fails before and succeeds after. Mutant killed: a folder that is not copied."""
    port = free_port()
    keep = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH",) and not k.startswith(("PLAYGROUND_", "GRADIO_"))}
    [volume] = all_of("VOLUME")
    set_there = {
        name: str(tmp_path) + value.removeprefix(volume) if value.startswith(volume) else value for name, value in environment().items()
    }
    env = {**keep, **set_there, "GRADIO_SERVER_PORT": str(port)}
    start, check = json.loads(all_of("CMD")[0]), json.loads(all_of("HEALTHCHECK")[0].partition("CMD ")[2])
    assert start[0] == check[0] == "python"
    healthy = [sys.executable, *check[1:]]
    assert subprocess.run(healthy, env=env, capture_output=True, check=False).returncode != 0
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, *start[1:]], cwd=image, env=env, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 120
        while subprocess.run(healthy, env=env, capture_output=True, check=False).returncode != 0:
            assert process.poll() is None, (tmp_path / "log").read_text()[-3000:]
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()[-3000:]
        url = f"http://127.0.0.1:{port}/"
        assert b"Diffusion Playground" in urllib.request.urlopen(url, timeout=30).read()
        packet = urllib.request.urlopen(f"{url}live/packet?layer=run&data=mnist&particles=2&grid.steps=2", timeout=60).read()
        assert Packet.from_bytes(packet).header["particles"] == 2
        assert b"<main>" in urllib.request.urlopen(f"{url}live/docs/glossary", timeout=30).read()
        assert str(image) not in os.environ.get("PYTHONPATH", "")
    finally:
        process.terminate()
        assert process.wait(20) == 0

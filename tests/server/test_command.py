"""The command: help, version, and one line for what is wrong, before the page is built."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from playground import __version__
from playground.core.limits import Limits, declared, variable
from playground.server import command

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "server.md"


def app(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PLAYGROUND_", "GRADIO_"))}
    return subprocess.run(
        [sys.executable, "app.py", *words], cwd=ROOT, env={**env, **more}, capture_output=True, text=True, timeout=120, check=False
    )


def test_help_tells_every_argument_and_variable() -> None:
    """Mutant killed: a limit that only its file knows."""
    out = app("--help")
    assert (out.returncode, out.stderr) == (0, "")
    for argument in ("--host", "--port", "--root-path", "--workers", "--share", "--browser", "--version"):
        assert argument in out.stdout
    words = " ".join(out.stdout.split())
    for known in command.VARIABLES:
        assert f"{known.name} {known.help}" in words
    for name, limit in declared().items():
        assert f"{variable(name)} {limit.help} ({limit.default:,} {limit.unit}; {limit.lo:,.0f} to {limit.hi:,.0f})" in words


def test_version() -> None:
    assert app("--version").stdout == f"diffusion-playground {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "environment", "told"),
    [
        (["--port", "0"], {}, "argument --port: '0' cannot be used; allowed: a whole number from 1 to 65535"),
        (["--port", "http"], {}, "argument --port: 'http' cannot be used; allowed: a whole number from 1 to 65535"),
        (["--workers", "-1"], {}, "argument --workers: '-1' cannot be used; allowed: a whole number from 0 to 256 (workers)"),
        (["--nonsense"], {}, "unrecognized arguments: --nonsense"),
        ([], {"PLAYGROUND_RUNS": "many"}, "PLAYGROUND_RUNS = 'many' cannot be used; allowed: a whole number from 1 to 100,000 (runs)"),
        ([], {"PLAYGROUND_WORK": "1e99"}, "PLAYGROUND_WORK = '1e99' cannot be used; allowed: a whole number from 2,000,000 to"),
        (["--host", "nowhere.invalid"], {}, "argument --host: 'nowhere.invalid' cannot be used; allowed: an address of this machine"),
        (["--root-path", "play"], {}, "argument --root-path: 'play' cannot be used; allowed: a prefix that begins with a slash"),
        ([], {"GRADIO_SERVER_NAME": "999.1.1.1"}, "GRADIO_SERVER_NAME = '999.1.1.1' cannot be used; allowed: an address of this machine"),
        ([], {"GRADIO_ROOT_PATH": "ftp://x"}, "GRADIO_ROOT_PATH = 'ftp://x' cannot be used; allowed: a prefix"),
        ([], {"GRADIO_TEMP_DIR": "/dev/null/x"}, "GRADIO_TEMP_DIR = '/dev/null/x' cannot be used; allowed: a folder that may be written"),
        ([], {"PLAYGROUND_CACHE": "/dev/null/x"}, "PLAYGROUND_CACHE = '/dev/null/x' cannot be used; allowed: a folder that may be written"),
        ([], {"GRADIO_SERVER_PORT": "70000"}, "GRADIO_SERVER_PORT = '70000' cannot be used; allowed: a whole number from 1 to 65535"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(arguments: list[str], environment: dict[str, str], told: str) -> None:
    """No traceback, no page. Mutant killed: limits that are first read where the page is built."""
    out = app(*arguments, **environment)
    assert out.returncode != 0
    assert out.stdout == ""
    assert "Traceback" not in out.stderr
    assert told in out.stderr.splitlines()[-1]
    assert len(out.stderr.splitlines()) == 1 or arguments  # argparse tells the usage before


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        out = app("--port", str(port := taken.getsockname()[1]))
    assert out.returncode == 1
    assert [line for line in out.stderr.splitlines() if line] == [out.stderr.strip()]
    assert f"{port}" in out.stderr


def test_arguments_become_what_the_page_is_launched_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what was told: the rest goes by the environment, as it did. Mutant killed: a default that hides GRADIO_SERVER_NAME."""
    monkeypatch.delenv("PLAYGROUND_WORKERS", raising=False)
    assert command.read([]) == {}
    told = command.read(["--host", "0.0.0.0", "--port", "7000", "--root-path", "/play", "--workers", "3", "--share", "--browser"])
    assert told == {"server_name": "0.0.0.0", "server_port": 7000, "root_path": "/play", "share": True, "inbrowser": True}
    assert Limits.read(os.environ).workers == 3


def test_a_folder_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    command.check({"PLAYGROUND_MODELS": f"{ROOT}{os.pathsep}/nowhere"})
    assert capsys.readouterr().err == "diffusion-playground: there is no folder /nowhere (PLAYGROUND_MODELS) yet\n"


def test_a_mistyped_variable_is_asked_about(capsys: pytest.CaptureFixture[str]) -> None:
    """And starts nevertheless: others may have variables of that prefix (PLAYGROUND_PORT of a cluster's service)."""
    command.check({"PLAYGROUND_SETBYTES": "1", "PLAYGROUND_PORT": "tcp://10.0.0.1:80", "PLAYGROUND_SERVICE_HOST": "10.0.0.1"})
    assert capsys.readouterr().err == "diffusion-playground: PLAYGROUND_SETBYTES is none of its variables; is PLAYGROUND_SET_BYTES meant?\n"


def test_the_document_has_every_variable_and_argument() -> None:
    """Run ``python -m docs.server`` after a change. Mutant killed: a table that is kept by hand."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert command.table() in text
    assert len(re.findall(r"^\| `(?:PLAYGROUND|GRADIO)_\w+` \|", text, re.M)) == len(command.VARIABLES) + len(declared())
    for argument in re.findall(r"--[a-z-]+", command.parser().format_usage()):
        assert f"`{argument}" in text, argument

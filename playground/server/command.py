"""The app's command: its arguments, its environment variables, and what is said when one of them is wrong, before anything heavy is imported.

``diffusion-playground --help``, ``python app.py --help``; docs/server.md.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import importlib.util
import os
import re
import signal
import socket
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TypedDict, TypeVar, cast

from playground import __version__
from playground.core.fields import BadValue, Whole
from playground.core.limits import PREFIX, Limit, Limits, declared, variable

T = TypeVar("T")
NAME = "diffusion-playground"
PORT = Whole(7860, 1, 65535)
WORKERS = variable("workers")


def address(name: str, value: str) -> str:
    """An address of this machine to listen at. Raises BadValue."""
    try:
        family, kind, _, _, found = socket.getaddrinfo(value, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as one:
            one.bind(found)
    except (OSError, UnicodeError):
        raise BadValue(name, value, "an address of this machine, as 127.0.0.1, or 0.0.0.0 for all of them") from None
    return value


def root(name: str, value: str) -> str:
    """A prefix of paths, or a whole address. Raises BadValue."""
    if not re.fullmatch(r"(https?://[\w.:\[\]-]+)?(/[\w.~%+-]+)*/?", value, re.ASCII):
        raise BadValue(name, value, "a prefix that begins with a slash, as /play, or an address that begins with http:// or https://")
    return value


def folder(name: str, value: str) -> str:
    """A folder that can be written to; it is made. Raises BadValue."""
    place = Path(value).expanduser()
    try:
        place.mkdir(parents=True, exist_ok=True)
        if os.access(place, os.W_OK):
            return value
    except OSError:
        pass
    raise BadValue(name, value, "a folder that may be written to, or made")


def folders(name: str, value: str) -> str:
    """Folders, of which one that is not there is told: it may come later."""
    for one in filter(None, value.split(os.pathsep)):
        if not Path(one).expanduser().is_dir():
            sys.stderr.write(f"{NAME}: there is no folder {one} ({name}) yet\n")
    return value


def cluster(name: str, value: str) -> str:
    """A cluster of Ray; it need not answer yet. Raises BadValue."""
    if importlib.util.find_spec("ray") is None:
        raise BadValue(name, value, "a cluster once the package ray is there: pip install -r requirements-ray.txt")
    if value != "auto" and not re.fullmatch(r"[\w.-]+:\d{1,5}", value, re.ASCII):
        raise BadValue(name, value, "auto, or HOST:PORT of a cluster's head")
    return value


@dataclass(frozen=True)
class Variable:
    """An environment variable that is no limit: what it is without it, and what it says. ``check`` raises BadValue."""

    name: str
    default: str
    help: str
    check: Callable[[str, str], object]


VARIABLES = (
    Variable("GRADIO_SERVER_NAME", "127.0.0.1", "address to listen at; 0.0.0.0: every one of this machine", address),
    Variable("GRADIO_SERVER_PORT", "7860, or the next free one", "port to listen at", PORT.clean),
    Variable("GRADIO_ROOT_PATH", "", "prefix that a proxy keeps in the path (/play), or the whole public address", root),
    Variable("PLAYGROUND_CACHE", "~/.cache/diffusion-playground", "folder of stored sets of images; equal servers share one", folder),
    Variable(
        "GRADIO_TEMP_DIR", "gradio, where temporary files are", "folder of pictures drawn for programs; equal servers share one", folder
    ),
    Variable(
        "PLAYGROUND_RAY",
        "",
        "cluster of Ray that computes the board's sweeps: HOST:PORT of its head, or auto, the one of this machine",
        cluster,
    ),
    Variable(
        "PLAYGROUND_TRAINED",
        "~/.local/share/diffusion-playground/models",
        "folder of models that were trained here; equal servers share one",
        folder,
    ),
    Variable("PLAYGROUND_MODELS", "", f"folders of models that the page may read, separated by {os.pathsep!r}", folders),
)


class Options(TypedDict, total=False):
    """What ``launch`` is given: only what was told, so that what was not goes by the environment."""

    server_name: str
    server_port: int
    root_path: str
    share: bool
    inbrowser: bool


def read(arguments: Sequence[str]) -> Options:
    """What the arguments say. Ends the process for ``--help``, ``--version``, and in one line for what is wrong in them or in the environment."""
    told = vars(parser().parse_args(arguments))
    if "workers" in told:
        os.environ[WORKERS] = str(told.pop("workers"))
    check(os.environ)
    return cast("Options", told)


def check(environment: Mapping[str, str]) -> None:
    """Ends the process in one line where a variable is wrong; a name that looks mistyped is told on the error stream."""
    try:
        Limits.read(environment)
        for known in VARIABLES:
            if value := environment.get(known.name, "").strip():
                known.check(known.name, value)
    except BadValue as error:
        raise SystemExit(f"{NAME}: {error}") from None
    names = [v.name.removeprefix(PREFIX) for v in VARIABLES] + [name.upper() for name in declared()]
    for name in (n.removeprefix(PREFIX) for n in environment if n.startswith(PREFIX)):
        if name not in names and (near := difflib.get_close_matches(name, names, 1, 0.8)):
            sys.stderr.write(f"{NAME}: {PREFIX}{name} is none of its variables; is {PREFIX}{near[0]} meant?\n")


def stopped(number: int, frame: FrameType | None) -> None:
    """By Ctrl-C, or by whoever started the process: a container, a service."""
    raise SystemExit(0)


def serve(options: Options) -> None:
    """Builds the page and serves it until it is stopped."""
    for number in (signal.SIGINT, signal.SIGTERM):  # as the first process of a container it would not hear of one that it does not handle
        signal.signal(number, stopped)
    code = 0
    try:
        importlib.import_module("playground.ui.app").main(options)  # by its name: to import it takes seconds, and --help none
    except SystemExit:
        pass
    except OSError as error:  # the port is taken, or is none of ours
        sys.stderr.write(f"{NAME}: {error}\n")
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(
        code
    )  # at once: threads that still compute have nobody to compute for, and torch aborts the process if Python ends beneath them


def main() -> None:
    """``diffusion-playground``."""
    serve(read(sys.argv[1:]))


def _told(check: Callable[[str, str], T], name: str) -> Callable[[str], T]:
    def clean(value: str) -> T:
        try:
            return check(name, value)
        except BadValue as error:
            raise argparse.ArgumentTypeError(f"{value!r} cannot be used; allowed: {error.allowed}") from None

    return clean


def parser() -> argparse.ArgumentParser:
    """Arguments and, behind them, every environment variable."""
    out = argparse.ArgumentParser(
        prog=NAME,
        description="Serves the diffusion playground.",
        epilog=_variables(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
    )
    add = out.add_argument  # where each is kept: the name that ``launch`` has for it
    add(
        "--host",
        dest="server_name",
        metavar="ADDRESS",
        type=_told(address, "host"),
        help="address to listen at (127.0.0.1); 0.0.0.0: every one of this machine",
    )
    add(
        "--port",
        dest="server_port",
        metavar="N",
        type=_told(PORT.clean, "port"),
        help="port to listen at (the first free one from 7860 on)",
    )
    add("--root-path", metavar="PATH", type=_told(root, "root path"), help="prefix that a reverse proxy keeps in the path, as /play")
    add("--workers", metavar="N", type=_told(declared()["workers"].clean, "workers"), help=f"as {WORKERS}")
    add("--share", action="store_true", help="also through a public address of Gradio's (their server sees the traffic)")
    add("--browser", dest="inbrowser", action="store_true", help="open the page in a browser")
    add("--version", action="version", version=f"{NAME} {__version__}")
    return out


def _variables() -> str:
    lines = ["environment variables (docs/server.md):"]
    for known in VARIABLES:
        lines += _entry(known.name, known.help, known.default)
    for name, limit in declared().items():
        lines += _entry(variable(name), limit.help, _value(limit))
    return "\n".join(lines)


def _entry(name: str, words: str, default: str) -> list[str]:
    told = f"{words} ({default})" if default else words
    return [f"  {name}", *textwrap.wrap(told, 100, initial_indent=" " * 6, subsequent_indent=" " * 6)]


def _value(limit: Limit) -> str:
    return f"{limit.default:,} {limit.unit}; {limit.lo:,.0f} to {limit.hi:,.0f}"


def table() -> str:
    """Every variable as docs/server.md shows it: Markdown, a table a group."""
    lines = ["| variable | default | what it says |", "|---|---|---|"]
    lines += [f"| `{v.name}` | {v.default and f'`{v.default}`'} | {v.help} |" for v in VARIABLES]
    groups: dict[str, list[str]] = {}
    for name, limit in declared().items():
        row = f"| `{variable(name)}` | {limit.default:,} {limit.unit} | {limit.lo:,.0f} to {limit.hi:,.0f} | {limit.help} |"
        groups.setdefault(limit.group, ["| limit | default | may be | of what |", "|---|---|---|---|"]).append(row)
    for title, rows in groups.items():
        lines += ["", f"**{title}**", "", *rows]
    return "\n".join(lines)

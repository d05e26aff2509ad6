"""Files that the page is made of."""

from __future__ import annotations

import functools
import gzip
import hashlib
import mimetypes
import re
from pathlib import Path

import brotli
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from playground.core.files import ASSETS
from playground.views import lab
from playground.views.lab import FOLDER as LAB_FILES

PLACE = "/live/assets/"
TREE = re.compile("[0-9a-f]{12}/")
TEXT = {".js", ".css", ".svg", ".json", ".md"}  # what becomes shorter when packed
QUALITY = 6  # of Brotli's packing: all scripts in 20 ms; at 9 they take 540 ms and are a fifth of a percent shorter
SHEET = ASSETS / "ui" / "page.css"
"""All style sheets of the page in one answer: a browser asks for six files at a time, and there are a hundred scripts."""
SHEETS = (
    "style.css",
    "words.css",
    "stage.css",
    "compare.css",
    "images.css",
    "curves.css",
    "labs.css",
    *lab.files("lab.css"),
    "hub.css",
    "board.css",
)  # as they come to count
PLOTLY = ASSETS / "vendor" / "plotly" / "plotly-basic.min.js"


@functools.cache
def tree() -> str:
    """A name of what the page's files are now, as the first part of their addresses: relative imports between scripts stay within it, and a browser may keep
    them for ever."""
    digest = hashlib.blake2b(digest_size=6)
    for root in (ASSETS / "ui", LAB_FILES):
        for file in sorted(root.rglob("*")):
            if file.suffix in (".js", ".css"):
                digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def asset_file(path: str) -> Path | None:
    """A file beneath assets/, or of a lab as ui/labs/<key>/<file>, or ``SHEET``; None for any other address, whatever its letters are. ``tree()`` may stand
    before it, or that of another version."""
    path = path.removeprefix(match[0]) if (match := TREE.match(path)) else path
    place = path.removeprefix("ui/labs/")
    root = ASSETS if place == path else LAB_FILES
    try:
        file = (root / place).resolve()
        return file if file.is_relative_to(root) and (file.is_file() or file == SHEET) and file.suffix not in (".py", ".pyc") else None
    except (OSError, ValueError):  # too long for the file system, or a letter that no name has
        return None


@functools.cache
def _parts(file: Path) -> list[Path]:
    """The files that a file's bytes stand in."""
    if file != SHEET:
        return [file]
    found = {name: asset_file(f"ui/{name}") for name in SHEETS}
    if missing := [name for name, part in found.items() if part is None]:
        raise FileNotFoundError(f"{', '.join(missing)}, which the page lists")
    return [part for part in found.values() if part is not None]


def _changed(file: Path) -> int:
    """When it was last changed."""
    return max(part.stat().st_mtime_ns for part in _parts(file))


@functools.lru_cache(maxsize=1024)
def _packed(file: Path, changed: int, coding: str) -> bytes:
    """A file's bytes in a content coding; ``changed`` tells its versions apart."""
    raw = b"\n".join(part.read_bytes() for part in _parts(file))
    if coding == "br":
        return brotli.compress(raw, quality=QUALITY)
    return gzip.compress(raw, 9, mtime=0) if coding else raw


def coding_of(accepted: str) -> str:
    """The shortest content coding that an Accept-Encoding header takes: "br", "gzip" or "" (as it is)."""
    names = {part.partition(";")[0].strip() for part in accepted.split(",") if not re.search(r";\s*q=0(\.0*)?\s*$", part)}
    return next((name for name in ("br", "gzip") if name in names), "")


def _sent(file: Path, request: Request, keep: str) -> Response:
    """A file's answer; texts are packed once for everybody. ``keep``: for how long a browser may keep it."""
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    if file.suffix not in TEXT:
        return Response(file.read_bytes(), media_type=kind, headers={"Cache-Control": keep})
    coding = coding_of(request.headers.get("accept-encoding", ""))
    headers = {"Cache-Control": keep, "Vary": "Accept-Encoding"} | ({"Content-Encoding": coding} if coding else {})
    return Response(_packed(file, _changed(file), coding), media_type=kind, headers=headers)


def asset(request: Request) -> Response:
    """The file of an address, whatever stands before its ``/live/assets/``."""
    path = request.scope["path"].partition(PLACE)[2]
    file = asset_file(path)
    if file is None:
        return JSONResponse({"error": {"message": "there is no such file"}}, status_code=404)
    own = path.startswith(f"{tree()}/")  # a file of another version has no such address
    return _sent(file, request, "max-age=31536000, immutable" if own else "max-age=3600")


class Files:
    """Middleware that answers for files before all others: a page asks for a hundred of them, and each would go through every layer of Gradio's."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and PLACE in scope["path"]:
            await asset(Request(scope))(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def plotly_js(request: Request) -> Response:
    return _sent(PLOTLY, request, "max-age=86400")


def routes() -> list[Route]:
    return [Route("/live/plotly.js", plotly_js), Route("/live/assets/{path:path}", asset)]

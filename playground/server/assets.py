"""Files that the page is made of."""

from __future__ import annotations

import functools
import gzip
import hashlib
import mimetypes
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from playground.core.files import ASSETS
from playground.views.lab import FOLDER as LAB_FILES

TREE = re.compile("[0-9a-f]{12}/")


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
    """A file beneath assets/, or of a lab as ui/labs/<key>/<file>; None for any other address, whatever its letters are. ``tree()`` may stand before it, or
    that of another version."""
    path = path.removeprefix(match[0]) if (match := TREE.match(path)) else path
    place = path.removeprefix("ui/labs/")
    root = ASSETS if place == path else LAB_FILES
    try:
        file = (root / place).resolve()
        return file if file.is_relative_to(root) and file.is_file() and file.suffix not in (".py", ".pyc") else None
    except (OSError, ValueError):  # too long for the file system, or a letter that no name has
        return None


@functools.cache
def _plotly() -> tuple[bytes, bytes]:
    import plotly

    raw = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()
    return raw, gzip.compress(raw, 6)


def asset(request: Request) -> Response:
    file = asset_file(request.path_params["path"])
    if file is None:
        return JSONResponse({"error": {"message": "there is no such file"}}, status_code=404)
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    own = request.path_params["path"].startswith(f"{tree()}/")  # a file of another version has no such address
    return Response(file.read_bytes(), media_type=kind, headers={"Cache-Control": "max-age=31536000, immutable" if own else "max-age=3600"})


def plotly_js(request: Request) -> Response:
    raw, zipped = _plotly()
    headers = {"Cache-Control": "max-age=86400"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(zipped, media_type="text/javascript", headers={**headers, "Content-Encoding": "gzip"})
    return Response(raw, media_type="text/javascript", headers=headers)


def routes() -> list[Route]:
    return [Route("/live/plotly.js", plotly_js), Route("/live/assets/{path:path}", asset)]

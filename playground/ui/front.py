"""How the page comes onto the app that Gradio makes for it, wherever that is served: alone, behind a proxy that keeps or strips a prefix, mounted.

``App.create_app`` is the one place through which ``launch()`` and ``gr.mount_gradio_app`` both go; it is wrapped here for pages that have
``on_app``. ``Front`` stands before Gradio's routes: it tells the page's address from its prefix and completes the document.
"""

from __future__ import annotations

import functools
import gzip
import re
from collections.abc import Callable
from typing import Protocol, runtime_checkable
from urllib.parse import quote, unquote_plus, urlsplit

import brotli
from gradio import Blocks
from gradio.routes import App
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.core.fields import Record
from playground.server.assets import Files, coding_of

PREFIX = re.compile(r"(/[\w.~%+-]+)+")
OF_GRADIO = ("page", "deep_link")  # names of its own in the document's query: a page that there is not is its error 500

# The page's address is where it was found: whatever a proxy has cut off is in it. Without a slash at its end relative addresses would lose its
# last part (what a proxy strips is not seen here, so that no redirect can mend it); a page in a frame without an origin may not change its address, and gets a base instead.
FIRST = b"""<script>(() => {
  const path = location.pathname;
  if (path.endsWith("/")) return;
  try { history.replaceState(history.state, "", path + "/" + location.search + location.hash); } catch { document.write('<base href="' + path + '/">'); }
})();</script>"""
ROOT = b"""<script>if (window.gradio_config) window.gradio_config.root = document.baseURI.replace(/[?#].*$/s, "").replace(/\\/+$/, "");</script>"""
# Gradio's reset (`.gradio-container-6-31-0 button {padding: 0}` …) is stronger than any single class and comes last. In a layer of
# its own it is weaker than all of our styles; the link stays, switched off, or Gradio's loader would add it again.
RESET = re.compile(rb'<link rel="stylesheet" crossorigin href="(\./assets/index-[^"]+\.css)">')
LAYERED = rb'<style>@import url("\1") layer(gradio);</style><link rel="stylesheet" crossorigin media="not all" href="\1">'
# stands where the header will, until it is there (assets/ui/form/mounts.js)
SHELL = b'<div id="pg-shell" aria-hidden="true">Diffusion Playground</div>'
BODY = re.compile(rb"<body[^>]*>")
GRADIOS_ROOT = re.compile(rb'const root = "[^"\n]*";')


@functools.lru_cache(maxsize=16)
def sent(page: bytes, insert: bytes, coding: str) -> bytes:
    """The completed document in a content coding; Gradio gives the same page to everybody who asks at the same address."""
    whole = complete(page, insert)
    if coding == "br":
        return brotli.compress(whole, quality=5)
    return gzip.compress(whole, 6, mtime=0) if coding else whole


def complete(page: bytes, insert: bytes) -> bytes:
    """Gradio's document with ``insert`` in its head and the page's name in its body. Gradio's own ``head=`` is added by its script, half a second after the page is
    there."""
    page = RESET.sub(LAYERED, page).replace(b"<head>", b"<head>" + FIRST, 1).replace(b"<style>", insert + b"\n<style>", 1)
    page = page.replace(b"<script data-gradio-mode>", ROOT + b"<script data-gradio-mode>", 1)
    page = GRADIOS_ROOT.sub(b"const root = window.gradio_config.root;", page, count=1)
    page = BODY.sub(lambda match: match[0] + SHELL, page, count=1)
    return page.replace(b'href="/manifest.json"', b'href="./manifest.json"', 1)


@runtime_checkable
class OnApp(Protocol):
    """A page that has a word in the app that is made for it."""

    def on_app(self, given: Record | None) -> Record: ...


class Front:
    """Middleware. ``insert`` gives the lines of the document's head, ``mount`` where the app was mounted ('' if it was not)."""

    def __init__(self, app: ASGIApp, insert: Callable[[], str], mount: Callable[[], str]):
        self.app, self.insert, self.mount = app, insert, mount

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = {**scope, **located(scope, self.mount())}
        if scope["path"] == scope["root_path"]:  # relative, for a proxy may have another host and more before the prefix
            query = scope["query_string"] and b"?" + scope["query_string"]
            last = quote(scope["path"].rpartition("/")[2]).encode()
            await send(
                {"type": "http.response.start", "status": 307, "headers": [(b"location", last + b"/" + query), (b"content-length", b"0")]}
            )
            await send({"type": "http.response.body", "body": b""})
            return
        if scope["path"].removeprefix(scope["root_path"]) != "/" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        scope["query_string"] = b"&".join(
            part for part in scope["query_string"].split(b"&") if unquote_plus(part.partition(b"=")[0].decode("latin-1")) not in OF_GRADIO
        )
        coding = coding_of(next((v for k, v in scope["headers"] if k.lower() == b"accept-encoding"), b"").decode("latin-1"))
        start: Message = {}
        parts: list[bytes] = []

        async def tap(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    page = sent(b"".join(parts), self.insert().encode(), coding)
                    headers = [(k, v) for k, v in start["headers"] if k.lower() != b"content-length"] + [(b"vary", b"Accept-Encoding")]
                    headers += [(b"content-encoding", coding.encode())] if coding else []
                    await send({**start, "headers": [*headers, (b"content-length", str(len(page)).encode())]})
                    await send({"type": "http.response.body", "body": page})
            else:
                await send(message)

        await self.app(scope, receive, tap)


def located(scope: Scope, mount: str) -> dict[str, str]:
    """``root_path`` and ``path`` of a request as routes need them: the prefix without a slash at its end, and a path that begins with it or is free
    of it.

    The prefix is told by GRADIO_ROOT_PATH (a path or a whole address), by the app that this one is mounted on, or by a proxy's X-Forwarded-Prefix.
    """
    root, path = scope.get("root_path", ""), scope["path"]
    if re.match(r"https?://", root):
        root = urlsplit(root).path
    if not root:
        told = next((v for k, v in scope["headers"] if k.lower() == b"x-forwarded-prefix"), b"").decode("latin-1").partition(",")[0].strip()
        root = told.rstrip("/") if PREFIX.fullmatch(told.rstrip("/")) else ""
    root = "/" + root.strip("/") if root.strip("/") else ""
    mount = "/" + mount.strip("/") if mount.strip("/") else ""
    if mount and path != root and not path.startswith(root + "/") and (path == mount or path.startswith(mount + "/")):
        path = root + path[len(mount) :]
    return {"root_path": root, "path": path or "/"}


def _wrapped(create: Callable[..., App]) -> Callable[..., App]:
    @functools.wraps(create)
    def create_app(blocks: Blocks, app: App | None = None, app_kwargs: Record | None = None, *args: object, **kwargs: object) -> App:
        if not isinstance(blocks, OnApp):
            return create(blocks, app, app_kwargs, *args, **kwargs)
        made = create(blocks, app, blocks.on_app(app_kwargs), *args, **kwargs)
        made.add_middleware(Files)  # after Gradio's own, which it comes before
        return made

    create_app.of_the_page = True  # type: ignore[attr-defined]
    return create_app


if not hasattr(App.create_app, "of_the_page"):
    App.create_app = staticmethod(_wrapped(App.create_app))

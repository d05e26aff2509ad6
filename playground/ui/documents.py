"""Our own documents as pages, for the header's help menu: ``/live/docs/samplers`` is docs/samplers.md."""

from __future__ import annotations

import functools
import re

from markdown_it import MarkdownIt
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from playground.core.files import DOCS

TITLES = {
    "glossary": "Glossary as a page",
    "samplers": "Samplers, measured",
    "images": "Image models, measured",
    "python": "From Python",
    "architecture": "How it is built",
}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<link rel="stylesheet" href="../assets/ui/document.css"><link rel="stylesheet" href="../assets/vendor/katex/katex.min.css"><main>{body}</main>
<script src="../assets/vendor/katex/katex.min.js"></script>
<script>for (const node of document.querySelectorAll(".tex")) katex.render(node.textContent, node, {{ throwOnError: false, strict: "ignore" }})</script></html>"""
MATH = re.compile(r"\$<code>(.*?)</code>\$")  # $`…`$, as GitHub writes it
LINKED = re.compile(r'(<a href=")(?:docs/)?(\w+)\.md"')


@functools.cache
def page(name: str) -> str:
    """A document as HTML; raw HTML in it is shown as text, links between documents stay within the app."""
    text = (DOCS / f"{name}.md").read_text(encoding="utf-8").replace("<br>", " · ")
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    body = MATH.sub(r'<span class="tex">\1</span>', body)
    body = LINKED.sub(lambda m: f'{m[1]}{m[2]}"' if m[2] in TITLES else m[0], body)
    return PAGE.format(title=f"{TITLES[name]} · Diffusion Playground", body=body)


def document(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in TITLES:
        return JSONResponse({"error": {"message": f"no document {name[:60]}; there are {', '.join(TITLES)}"}}, status_code=404)
    return HTMLResponse(page(name))


def routes() -> list[Route]:
    return [Route("/live/docs/{name}", document)]

"""The page: one screen with the form on the left, the stage in the middle, what happens in this step on the right.

``build()`` returns a ``gr.Blocks`` whose ``launch()`` needs no arguments. The work is done in the browser (``assets/ui/form/form.js``):
components change → flat query → binary packet from ``/live/packet`` → stage. Python is asked only to restore a link.
"""

from __future__ import annotations

import functools
import html
import json
import os
import re
import sys
import threading
from dataclasses import asdict
from typing import Any, Literal, TypedDict

import gradio as gr
from gradio.routes import App
from gradio.themes import Base, Default
from starlette.middleware import Middleware

from playground import origin
from playground.core import files
from playground.core.catalog import laws
from playground.core.experiment import Experiment
from playground.core.fields import Record
from playground.core.limits import limits
from playground.glossary import INTRO, glossary
from playground.images.source import serve
from playground.presets import PRESETS, Preset
from playground.server import answers, asked, assets, health, jobs, telemetry
from playground.server.asked import experiment_part
from playground.server.calls import Calls
from playground.server.routes import Live
from playground.server.scheduler import Scheduler
from playground.server.zero import workers
from playground.sweeps.presets import presets
from playground.ui import documents, hub, reach
from playground.ui.form import BATCH, Form, explain, repair
from playground.ui.front import Front
from playground.viewer.scripts import entry
from playground.views import board, compare, distances, lab, layer
from playground.views.compare import MOST
from playground.views.snippet import as_compared, as_notebook, as_python, as_sweep

ASSETS = files.ASSETS / "ui"
SAID = {"set_bytes", "set_images", "table_bytes", "table_rows"}  # limits that a script tells before anything is sent
TITLE = "Diffusion Playground"
FIRST = ("theme.js", "boot.js")
"""Scripts that stand in the document itself."""

WHAT = "Watch noise become data, beside the exact truth"
EXAMPLE = '<a role="menuitem" href="?{query}" data-example="{key}"><b>{title}</b><small>{look}</small></a>'
HEADER = """
<p class="pg-what pg-what-phone">{what}</p>
<div class="pg-bar">
  <h1>Diffusion Playground</h1>
  <p class="pg-what">{what}</p>
  <nav aria-label="Pages"><a class="on" aria-current="page" data-page="toys" href="?">Toys</a><a data-page="images" href="?data={image}&amp;guidance=EachClass&amp;particles={batch}">Images</a><a data-page="board" href="?view.board={board}">Board</a></nav>
  <div class="pg-tools">
    <span class="pg-menu">
      <button type="button" data-do="menu" aria-haspopup="menu" aria-expanded="false" title="Pictures worth seeing, each one a link">Examples <span aria-hidden="true">▾</span></button>
      <span class="pg-menu-list pg-examples" role="menu" aria-label="Examples" hidden>{examples}</span>
    </span>
    <button type="button" data-do="drawer" class="pg-narrow" aria-expanded="false" aria-controls="pg-left">Controls</button>
    <button type="button" data-do="shelf" class="pg-wide" title="What you have kept in this browser">Shelf</button>
    <button type="button" data-do="link" class="pg-wide" title="Copies the address of exactly this picture">Copy link</button>
    <button type="button" data-do="python" class="pg-wide" title="Copies Python code that gives the same numbers">Copy as Python</button>
    <span class="pg-menu">
      <button type="button" data-do="menu" aria-haspopup="menu" aria-expanded="false"><span class="pg-narrow-hides">Export <span aria-hidden="true">▾</span></span><span class="pg-narrow" role="img" aria-label="More">⋯</span></button>
      <span class="pg-menu-list" role="menu" aria-label="Copy, export, help" hidden>
        <button type="button" role="menuitem" data-do="intro" class="pg-narrow">What am I looking at?</button>
        <button type="button" role="menuitem" data-do="glossary" class="pg-narrow">Glossary</button>
        <button type="button" role="menuitem" data-do="shelf" class="pg-narrow" title="What you have kept in this browser">Shelf</button>
        <button type="button" role="menuitem" data-do="more-link" class="pg-narrow" title="Copies the address of exactly this picture">Copy link</button>
        <button type="button" role="menuitem" data-do="more-python" class="pg-narrow" title="Copies Python code that gives the same numbers">Copy as Python</button>
        <button type="button" role="menuitem" data-do="png" title="The stage as it is now">PNG picture</button>
        <button type="button" role="menuitem" data-do="gif" title="The whole run as a moving picture">GIF animation</button>
        <button type="button" role="menuitem" data-do="mp4" title="The whole run as a film (H.264)">MP4 film</button>
        <button type="button" role="menuitem" data-do="page" title="One file that plays, scrubs and shows its layers without a server">Page (.html)</button>
        <button type="button" role="menuitem" data-do="csv" title="Every state of every particle: CSV, or .npz of images">States as numbers</button>
        <button type="button" role="menuitem" data-do="json" title="What is chosen, as pg.Experiment.from_json takes it in Python">Save as JSON</button>
        <button type="button" role="menuitem" data-do="notebook" title="Jupyter: this stage in a cell, and its numbers">Notebook (.ipynb)</button>
        <button type="button" role="menuitem" data-do="sweep" title="This experiment from few model calls to many, as python -m playground.sweeps run takes it">Sweep (.json)</button>
        <button type="button" role="menuitem" data-do="open" class="pg-menu-apart" title="Shows again what a saved PNG, GIF, MP4, SVG, page, CSV, npz or JSON was made of. It can be dropped anywhere on the page, too. The file stays in this browser.">Open a file…</button>
      </span>
    </span>
    <span class="pg-menu pg-wide">
      <button type="button" data-do="menu" class="pg-help-button" aria-haspopup="menu" aria-expanded="false" aria-label="Help" title="What this is, a glossary, the keys, the documentation">?</button>
      <span class="pg-menu-list" role="menu" aria-label="Help" hidden>
        <button type="button" role="menuitem" data-do="intro">What am I looking at?</button>
        <button type="button" role="menuitem" data-do="glossary">Glossary</button>
        <button type="button" role="menuitem" data-do="keys">Keyboard</button>
        {links}
      </span>
    </span>
    <button type="button" data-do="theme" class="pg-theme" title="Light or dark" aria-label="Light or dark">◐</button>
  </div>
</div>
"""
LINK = '<a role="menuitem" tabindex="-1" href="{href}" target="_blank" rel="noopener">{word}</a>'


class Quiet(TypedDict):
    """How our events are: nothing of them is seen."""

    queue: bool
    show_progress: Literal["full", "minimal", "hidden"]
    api_visibility: Literal["public", "private", "undocumented"]


class Page(gr.Blocks):
    """Blocks that launch themselves rightly, also when Spaces or ``gradio app.py`` call ``launch()``."""

    form: Form
    warming: threading.Event | None = None

    @functools.cached_property
    def head_lines(self) -> str:
        return head(self.form)

    @functools.cached_property
    def live(self) -> Live:
        return Live(lambda: Scheduler(*workers()))

    def open(self) -> None:
        """The workers start, and the first picture is computed."""
        self.live.open()
        telemetry.telemetry.watch("line", lambda: telemetry.line(self.live.scheduler.stats()))
        self.warming = health.health.warm_up(self.live.warm)

    def close(self, verbose: bool = True) -> None:
        """The page is served no more, and its workers end. ``launch`` serves it again."""
        if self.warming is not None:
            self.warming.set()
        self.live.close()
        super().close(verbose)

    def on_app(self, given: Record | None) -> Record:
        """What the app is made with (front.py): our routes before Gradio's, so that no visitor can come before them, and the document's head.

        Mounted on another app it never launches: what ``launch`` sees to is seen to here.
        """
        if self.custom_mount_path is not None:
            if type(self.theme) is Default:
                self.theme = theme()
            self.footer_links, self.run_history = [], False
            self.config = self.get_config_file()
            self._set_html_css_theme_variables()
            self.open()
        given = given or {}
        front = Middleware(Front, insert=lambda: self.head_lines, mount=lambda: self.custom_mount_path or "")
        ours = [*self.live.routes(), *hub.routes(), *documents.routes(), *health.routes(), *telemetry.routes()]
        counted = Middleware(telemetry.Counted, kinds=telemetry.kinds(ours), layers=frozenset(jobs.packets()))
        return {
            **given,
            "routes": [*ours, *_listed(given, "routes")],
            "middleware": [Middleware(Calls), front, counted, *_listed(given, "middleware")],
        }

    def launch(self, *args: Any, prevent_thread_lock: bool = False, **kwargs: Any) -> tuple[App, str, str]:  # Gradio has 42 of them
        options = {
            "theme": theme(),
            "ssr_mode": False,  # Spaces would turn it on
            "run_history": False,  # would copy outputs into localStorage
            "footer_links": [],
            "favicon_path": str(ASSETS / "favicon.png"),
            "quiet": True,
            "mcp_server": reach.agents(),
            **kwargs,
        }
        assert self.head_lines  # made before anybody waits for it
        self.open()
        answer = super().launch(*args, prevent_thread_lock=True, **options)
        sys.stdout.write(f"{TITLE}: {self.local_url}\n")
        sys.stdout.flush()
        if not prevent_thread_lock:
            self.block_thread()
        return answer


def _listed(given: Record, name: str) -> list[object]:
    told = given.get(name)
    return told if isinstance(told, list) else []


def theme() -> Base:
    """Gradio's own theme with fonts of the system: nothing is fetched from elsewhere."""
    return Base(
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "monospace"],
        text_size="sm",
        spacing_size="sm",
        radius_size="sm",
    )


def build() -> Page:
    serve()  # names of data come from strangers now
    with Page(title=TITLE, fill_width=True, fill_height=True, analytics_enabled=False) as demo:
        _slot("header", header())
        with gr.Row(elem_id="pg-main"):
            with gr.Column(elem_id="pg-left", min_width=0):
                _slot("editing")
                demo.form = form = Form()
            with gr.Column(elem_id="pg-center", min_width=0):
                _slot("summary", '<div class="pg-chips" role="group" aria-label="What is chosen"></div>')
                _slot("lesson")
                _slot("stage")
                _slot("labs")
            with gr.Column(elem_id="pg-right", min_width=0):
                _slot("panel")
        _slot("board")
        _slot("status")
        bridge = gr.HTML(
            None,
            html_template="<i></i>",
            js_on_load="window.PG.bridge({element, props, server})",
            apply_default_css=False,
            server_functions=[*demo.live.doors(), python_of, compared_of, notebook_of, sweep_of, told_of],
            elem_id="pg-bridge",
            visible="hidden",
        )
        notice = gr.Textbox(elem_id="pg-link-notice", visible="hidden", interactive=False)
        _wire(demo, form, bridge, notice)
        reach.offer(demo.live)
    return demo


def header() -> str:
    examples = "".join(_example(p) for p in PRESETS)
    links = "".join(LINK.format(href=href, word=word) for href, word in links_out())
    return HEADER.format(
        what=WHAT,
        board=next(iter(presets())),
        image=next(law.key for law in laws() if law.space.pictures),
        batch=BATCH,
        examples=examples,
        links=links,
    )


def links_out() -> list[tuple[str, str]]:
    """What the help menu leads to: our own documents, and the source where the host says its address (Spaces)."""
    space = os.environ.get("SPACE_ID", "")
    source = [(f"https://huggingface.co/spaces/{space}/tree/main", "Source")] if re.fullmatch(r"[\w.-]+/[\w.-]+", space) else []
    return [(f"live/docs/{name}", word) for name, word in documents.TITLES.items()] + source


def _example(preset: Preset) -> str:
    query = f"{preset.query}&" * bool(preset.query) + f"view.example={preset.key}"
    told = {"query": query, "key": preset.key, "title": preset.title, "look": preset.look}
    told = {name: html.escape(value, quote=True) for name, value in told.items()}
    return EXAMPLE.format(**told | {"look": re.sub(r"_(\w{1,3})\b", r"<sub>\1</sub>", told["look"])})


def _slot(name: str, template: str = "<div></div>") -> None:
    gr.HTML(
        None,
        html_template=template,
        js_on_load=f"window.PG.mount('{name}', element)",
        apply_default_css=False,
        elem_id=f"pg-{name}",
        elem_classes="pg-slot",
    )


def _wire(demo: Page, form: Form, bridge: gr.HTML, notice: gr.Textbox) -> None:
    quiet: Quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    controls = form.components

    def restore(query: dict[str, str]) -> list[object]:
        exp, errors = repair(query)
        return [*form.values(exp), explain(errors)]

    def arrive(request: gr.Request) -> list[object]:
        query = {str(k): str(v) for k, v in dict(request.query_params).items()}
        if not experiment_part(query):
            return [*(gr.skip() for _ in controls), ""]
        return restore(query)

    def back(value: object) -> list[object]:
        query = value.get("query") if isinstance(value, dict) else None
        return restore({str(k)[:200]: str(v)[:200_000] for k, v in (query or {}).items()})

    # each tells only of itself: Gradio takes half a millisecond to gather one value, and there are a hundred controls.
    # "multiple" loses no value: the script itself keeps one request in flight and the newest waiting ("once" leaves stale pictures)
    for control in form.controls:
        js = f"(v) => {{ window.PG.form.changed('{control.id}', v) }}"
        control.component.change(fn=None, js=js, inputs=[control.component], trigger_mode="multiple", **quiet)
    done = "(...v) => { window.PG.form.restored(v) }"
    demo.load(arrive, None, [*controls, notice], **quiet).then(fn=None, js=done, inputs=[*controls, notice], **quiet)
    bridge.change(back, [bridge], [*controls, notice], **quiet).then(fn=None, js=done, inputs=[*controls, notice], **quiet)


def told_of(file: dict[str, str]) -> Record:
    """An experiment for the browser, told by ``file["text"]``, a link's query or JSON, which a file says: as both. It is only read, nothing is computed."""
    try:
        exp = answers.asked(file.get("text", ""))
    except ValueError as error:
        return {"error": {"message": str(error)}}
    return {"query": exp.to_query(), "json": exp.to_json()}


def _asked(query: dict[str, str]) -> Experiment:
    return Experiment.from_query(experiment_part({str(k): str(v) for k, v in query.items()}))


def python_of(query: dict[str, str]) -> Record:
    """The code for "Copy as Python", for the browser; with its view, whose pin it tells of."""
    try:
        return {"code": as_python(_asked(query), str(query.get("view.pin", "")))}
    except ValueError as error:
        return {"error": {"message": str(error)}}


def compared_of(stages: list[dict[str, str]]) -> Record:
    """The same of several stages."""
    try:
        return {"code": as_compared([_asked(query) for query in stages[:MOST]])}
    except ValueError as error:
        return {"error": {"message": str(error)}}


def notebook_of(query: dict[str, str]) -> Record:
    """The same as a notebook."""
    try:
        return {"text": as_notebook(_asked(query))}
    except ValueError as error:
        return {"error": {"message": str(error)}}


def sweep_of(query: dict[str, str]) -> Record:
    """A sweep of the experiment, as JSON."""
    try:
        return {"text": as_sweep(_asked(query))}
    except ValueError as error:
        return {"error": {"message": str(error)}}


# -- the document's head -----------------------------------------------------------------------------------------------------------


def told(form: Form) -> Record:
    """What Python tells the page's scripts: ``config`` of assets/ui/lib/start.js."""
    return {
        **form.config(),
        "layers": layer.config(),
        "labs": lab.config(),
        "measures": distances.config(),
        "intro": INTRO,
        "examples": [_told(p) for p in PRESETS],
        "glossary": glossary(),
        "kept": origin.config(),
        "board": board.config(),
        "compare": compare.config(),
        "elsewhere": asked.config(),
        "limits": {name: value for name, value in asdict(limits()).items() if name in SAID},
    }


def head(form: Form) -> str:
    """Scripts and styles as files of our own route, and a few lines that ask for the first picture before anything else is loaded."""
    config = json.dumps(told(form), ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    scripts = "".join((ASSETS / name).read_text(encoding="utf-8") for name in FIRST)
    lines = [
        f"<style>{(ASSETS / 'boot.css').read_text(encoding='utf-8')}</style>",
        f"<script>window.PG_START={{config:{config}}};\n{scripts}</script>",
    ]
    lines.append(f'<link rel="icon" href="{_url("favicon.png")}">')  # without it a browser asks the host, which may be another's
    lines.append(f'<link rel="stylesheet" href="{_url(assets.SHEET.name)}">')
    # the run of the first picture and Gradio's own first script are on their way before these hundred
    lines += [f'<link rel="modulepreload" fetchpriority="low" href="{_url(name)}">' for name in [*modules(), *opened()]]
    return "\n".join([*lines, f'<script type="module">{entry("main.js", lambda name: f"./{_url(name)}")}</script>'])


def modules() -> list[str]:
    """The page's scripts but for those of labs: all of them at once, whoever imports them. Not those of a page without a server."""
    names = {file.relative_to(ASSETS).as_posix() for file in ASSETS.rglob("*.js")}
    return sorted(name for name in names - set(FIRST) if not name.startswith("viewer/"))


def opened() -> list[str]:
    """The scripts of the first lab, which opens with the page, and what of theirs is shared among labs: else they would come one level of imports after another."""
    key = next(iter(lab.labs()))
    own = sorted((lab.FOLDER / key).glob("*.js"))
    shared = {name for file in own for name in re.findall(r'^import .*"\.\./(\w+\.js)";$', file.read_text(encoding="utf-8"), re.MULTILINE)}
    return [*(f"labs/{key}/{file.name}" for file in own), *(f"labs/{name}" for name in sorted(shared))]


def _told(preset: Preset) -> Record:
    """An example for words.js, which keeps its sentence on the page."""
    names = ("key", "title", "look", "move", "query", "view", "moves")
    whole = Experiment.from_query(preset.experiment).to_query()  # as the form says it
    return {**{name: getattr(preset, name) for name in names}, "told": preset.experiment, "whole": whole}


def _url(name: str) -> str:
    if assets.asset_file(f"ui/{name}") is None:
        raise FileNotFoundError(f"assets/ui/{name}, which the page lists")
    return f"live/assets/{assets.tree()}/ui/{name}"

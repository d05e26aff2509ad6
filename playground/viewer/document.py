"""One page of one run or more that needs no server: HTML with packets, scripts and styles inside. It asks for nothing (its own policy forbids it), carries the link of what it shows
(origin.py), and is at most ``MOST`` bytes long: what does not fit is thinned, and the page says so."""

from __future__ import annotations

import base64
import functools
import gzip
import html
import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from playground import __version__, origin
from playground.core.fields import Json, Record
from playground.core.files import ASSETS
from playground.engine import Run
from playground.glossary import INTRO, glossary
from playground.origin import link_of
from playground.viewer.scripts import HOME, entry, import_map
from playground.viewer.thin import shape_for, thinned
from playground.views import compare, distances, layer
from playground.views.compare import OF_STAGES
from playground.views.fields import fields_packet
from playground.views.geometry import geometry_of
from playground.views.packet import Packet
from playground.views.snippet import as_python
from playground.views.stage import run_packet

MOST = 3_000_000
"""Bytes of a page."""
LEVEL = 6
"""Of gzip: at 9 it takes twice as long and is a hundredth shorter."""
ROOM_FOR_WORDS = 8_000
"""Of them for each run's link, words and code."""
SMALLEST = 1e-4
"""The smallest share of a run's packet."""
SAID = ("layers", "color", "at", "time", "speed", "loop", "pin")
"""What of a link's view a page shows."""
STYLES = ("style.css", "words.css", "stage.css", "curves.css", "images.css", "viewer/viewer.css")
WORDS = ("layer.", "number.", "word.")
"""The beginnings of the glossary's entries that a page has."""
MAIN = "viewer/main.js"
POLICY = "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"

HEAD = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">{{more}}
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{title}}</title>
<link rel="icon" href="data:,">
<style>
{{style}}
</style>
</head>
"""
"""Of every page in a file: it asks for nothing. ``more``: meta elements of its own."""
ORIGIN = '\n<meta name="{field}" content="{origin}">'
PAGE = (
    HEAD
    + """<body class="pg-viewer">
<header><h1>{heading}</h1><button type="button" class="pg-viewer-theme" title="Light or dark" aria-label="Light or dark">◐</button></header>
<main>
{runs}
</main>
<footer>
<p>{made}</p>
<details><summary>How to make it again</summary>
{again}
</details>
</footer>
<noscript>The picture is drawn by scripts in this file, which this browser does not run.</noscript>
<script>window.PG_START={{config:{config}}};
{theme}</script>
<script type="importmap">{modules}</script>
<script type="application/json" id="pg-sent">{sent}</script>
<script type="module">{entry}</script>
</body>
</html>
"""
)
RUN = """<section class="pg-viewer-run" aria-label="{title}">
<p class="pg-viewer-said">{said}</p>
<div class="pg-viewer-stage"></div>
<div class="pg-viewer-status"></div>
</section>"""


class Packed(NamedTuple):
    """A packet, and its bytes by gzip as base64."""

    packet: Packet
    text: str

    @classmethod
    def of(cls, packet: Packet) -> Packed:
        return cls(packet, base64.b64encode(gzip.compress(packet.to_bytes(), LEVEL, mtime=0)).decode())


def layers_of(view: Mapping[str, str]) -> list[str]:
    """Keys of the layers that are on."""
    said = view.get("layers", "")
    return [key for key in said.split(",") if key in layer.layers()] if said else [key for key, one in layer.layers().items() if one.shown]


def inline(told: object) -> str:
    """JSON that can stand within a script."""
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def config() -> Record:
    """What the scripts are told: of what the page is told (ui/page.py) that which needs no form. Formulas are left out: what sets them is no part of the file."""
    words = {key: {n: v for n, v in told.items() if n != "formula"} for key, told in glossary().items() if key.startswith(WORDS)}
    told: Record = {
        "layers": layer.config(),
        "measures": distances.config(),
        "intro": INTRO[:2],
        "glossary": words,
        "help": {},
        "examples": [],
    }
    return told | {"kept": origin.config(), "compare": compare.config()}


def style() -> str:
    return "\n".join((ASSETS / "ui" / name).read_text(encoding="utf-8") for name in STYLES).replace("</", "<\\/")


@dataclass(frozen=True)
class Sent:
    """What a page shows of a run: its particles or images (``want``: layers whose arrays are with them), its distances unless it is of images, a packet of exact fields a layer."""

    run: Run
    own: Packed
    metrics: Packed | None
    want: frozenset[str] = frozenset()
    fields: tuple[Packed, ...] = ()

    @classmethod
    def of(cls, run: Run, want: frozenset[str]) -> Sent:
        metrics = None if run.exp.law.space.pictures else Packed.of(distances.metrics_packet(run))
        return cls(run, Packed.of(run_packet(run, want)), metrics, want)

    @property
    def told(self) -> dict[str, Json]:
        return {"run": self.own.text, "fields": [one.text for one in self.fields], "metrics": self.metrics and self.metrics.text}

    @property
    def size(self) -> int:
        return sum(len(one.text) for one in (self.own, self.metrics, *self.fields) if one)

    def wider(self, one: layer.Layer) -> Sent:
        """With the arrays of another layer."""
        if one.packet == "run":
            want = self.want | {one.key}
            return replace(self, own=Packed.of(run_packet(self.run, want)), want=want)
        return replace(self, fields=(*self.fields, Packed.of(fields_packet(self.run.exp, frozenset({one.key})))))

    def thinner(self, room: int) -> Sent:
        """With as many particles and states as fit into ``room`` bytes."""
        out, share, whole = self, 1.0, self.own
        while (over := out.size - room) > 0 and share > SMALLEST:
            share *= max(0.05, 0.97 - over / len(out.own.text))
            out = replace(self, own=Packed.of(thinned(whole.packet, *shape_for(whole.packet, share))))
        return out

    def lacking(self, keys: Iterable[str], pins: bool) -> Sent:
        """Its header says of these layers that they are not here, and whether points can be pinned: there is nothing beside the stage that would tell of them."""
        exp = self.run.exp
        reasons = {**layer.unavailable(exp), **dict.fromkeys(keys, "there was no room for it in this file")}
        told = self.own.packet.header
        panels = (
            told["panels"] if exp.law.space.pictures else [{**one, "pins": pins} for one in geometry_of(exp.law, exp.process).describe()]
        )
        header = {**told, "unavailable": reasons, "panels": panels}
        return replace(self, own=Packed.of(Packet(header, self.own.packet.arrays)))


def sent_of(run: Run, view: Mapping[str, str], room: int) -> Generator[None, None, Sent]:
    """What of a finished run fits into ``room`` bytes: its particles, the layers that are on and its distances, thinned where need be; then as many of the layers that can be turned
    on as there is room for. Raises BadValue."""
    exp = run.exp
    reasons, on = layer.unavailable(exp), set(layers_of(view))
    can = {key: one for key, one in layer.layers().items() if key not in reasons and not one.pointless(exp)}
    drawn = {one.arrays for key, one in can.items() if key in on}
    own = [one for key, one in can.items() if one.arrays == key]
    sent, lacking = Sent.of(run, frozenset(one.key for one in own if one.packet == "run" and one.key in drawn)), set[str]()
    yield
    for one in own:
        if one.packet == "fields" and one.key in drawn:
            sent = sent.wider(one)
            yield
    fits = sent.size < room
    sent = sent.thinner(room)
    for one in own:
        if one.key not in drawn:
            more = sent.wider(one) if fits else sent
            if more is sent or more.size > room:
                lacking.add(one.key)
            else:
                sent = more
            yield
    return sent.lacking((key for key, one in can.items() if one.arrays in lacking), "pin" in view)


def made_of(sent: Sent) -> str:
    """What a run was made with, in words."""
    run, exp = sent.run, sent.run.exp
    how = "noising" if exp.mode == "forward" else f"{exp.sampler.info.title}, {run.steps} steps, {run.frames[-1].calls:,} model calls"
    many = f"{exp.particles:,} {'images' if exp.law.space.pictures else 'particles'}"
    return f"{exp.who.title} · {exp.process.info.title} · {how} · {many} · seed {exp.seed}"


def page(runs: Sequence[Run], view: Mapping[str, str], base: str = "") -> Generator[None, None, str]:
    """The page of finished runs, one beside the other, with one cursor. ``view``: how they are looked at, names as in a link without "view."; ``base``: the address of a server that
    opens the link. None after every piece of work; raises BadValue."""
    shell = document([], view, base)
    room = (MOST - len(shell.encode()) - ROOM_FOR_WORDS * len(runs)) // max(1, len(runs))
    all_sent = []
    for run in runs:
        all_sent.append((yield from sent_of(run, view, room)))
    return document(all_sent, view, base)


def document(runs: Sequence[Sent], view: Mapping[str, str], base: str) -> str:
    """HTML of what was chosen for it."""
    safe = functools.partial(html.escape, quote=True)
    made, links = [made_of(sent) for sent in runs], _links(runs, view) or ["?"]
    title = " | ".join(made) or origin.APP
    anchors = [f'<a href="{safe(base + link)}">{safe(link)}</a>' if base else f"<code>{safe(link)}</code>" for link in links]
    return PAGE.format(
        more=ORIGIN.format(field=origin.FIELD, origin=safe(origin.origin(links[0]))),
        title=safe(title),
        heading=safe(origin.APP),
        style=style(),
        runs="\n".join(RUN.format(title=safe(words), said=safe(words)) for words in made),
        made=f"Made by {origin.APP} {__version__}. Open again: {', '.join(anchors)}"
        + ("" if base else "; or drop this file on the app’s page."),
        again="\n".join(f"<pre>{safe(as_python(sent.run.exp))}</pre>" for sent in runs),
        config=inline(config()),
        theme=(ASSETS / "ui" / "theme.js").read_text(encoding="utf-8"),
        modules=import_map(MAIN),
        sent=inline({"runs": [sent.told for sent in runs], "view": {name: view[name] for name in SAID if name in view}}),
        entry=entry(MAIN, lambda name: HOME + name),
    )


def _links(runs: Sequence[Sent], view: Mapping[str, str]) -> list[str]:
    """The first run's has all that the view says, also of the runs beside it; each other one is of its run alone."""
    alone = {name: value for name, value in view.items() if name not in OF_STAGES}
    return [link_of({**sent.run.exp.to_query(), **_named(alone if n else view)}) for n, sent in enumerate(runs)]


def _named(view: Mapping[str, str]) -> dict[str, str]:
    return {f"view.{name}": value for name, value in view.items()}

"""Every word, layer, curve and number of the page in one plain sentence, with a formula and a reference where they help.

``glossary.toml`` holds the words; what is declared where it is computed (processes, schedules, samplers, guidance, grids and all their
parameters, measures, layers, labs) is read from there. The page shows an entry on hover, focus, tap and long press, and all of them under "?"; ``docs/glossary.md``
is written from here by ``python -m docs.generate``.
"""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import TypedDict, cast

from playground.core.experiment import Experiment
from playground.core.fields import params
from playground.core.space import Euclidean
from playground.core.spec import registry, until_registered
from playground.views import lab, layer

FILE = Path(__file__).with_suffix(".toml")
GROUPS = {
    "word": "Words",
    "layer": "Layers of the picture",
    "curve": "Curves",
    "number": "Numbers",
    "lab": "Labs",
    "clock": "What the clock of several stages counts",
}
FAMILIES = {
    "processes": "Forward processes",
    "schedules": "Noise schedules",
    "samplers": "Samplers",
    "guidance": "Guidance",
    "grids": "Time grids",
    "measures": "Measures",
}
INTRO = (
    ("What moves", "All that is green starts as pure noise and is carried, step by step, to where data could lie."),
    ("What is true", "Blue shade and arrows are exact. Where green misses blue, the sampler errs, not the picture."),
    ("Try", "Set steps to 5 and watch, or open one of the examples above."),
)
"""What moves, what is true, what to try: the first visit's words, and again under "?"."""
DECLARED = {"layer": layer.entries, "lab": lab.entries}


class Word(TypedDict):
    """What every entry has."""

    group: str
    name: str
    text: str


class Entry(Word, total=False):
    """What an entry may have besides."""

    formula: str
    ref: str
    arxiv: str
    also: str
    params: list[dict[str, str]]


FIELDS = {"name", "text", "formula", "ref", "arxiv", "also"}


@until_registered
@functools.cache
def glossary() -> dict[str, Entry]:
    """Entries by key (``word.score``, ``layer.density``, ``samplers.DDIM``): group, name, text and where there are such also (other names),
    formula (LaTeX), ref, arxiv, params ([{label, help}]). Raises ValueError for an entry that is not complete."""
    out: dict[str, Entry] = {}
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))
    for kind, group in GROUPS.items():
        for key, entry in {**DECLARED.get(kind, dict)(), **told.pop(kind, {})}.items():
            if not {"name", "text"} <= set(entry) <= FIELDS or not str(entry["text"]).endswith("."):
                raise ValueError(f"glossary.toml: {kind}.{key} needs name and text (a sentence), and may have {', '.join(sorted(FIELDS))}")
            out[f"{kind}.{key}"] = cast("Entry", {"group": group, **entry})
    if told:
        raise ValueError(f"glossary.toml: no such part: {', '.join(told)}")
    for family, group in FAMILIES.items():
        for key, cls in registry(family).items():
            info = cls.info
            entry = {
                "group": group,
                "name": info.title,
                "text": sentence(info.tip),
                "formula": cls.formula,
                "ref": info.paper,
                "arxiv": info.arxiv,
                "params": [{"label": p.label or name.replace("_", " "), "help": p.help} for name, p in params(cls).items() if p.help],
            }
            out[f"{family}.{key}"] = cast("Entry", {k: v for k, v in entry.items() if v})
    for key, cls in registry("measures").items():
        if unit := cls().unit_in(Euclidean(2)):
            out[f"measures.{key}"]["text"] += f" Unit: {unit}."
    run = [{"label": p.label or name.replace("_", " "), "help": p.help} for name, p in params(Experiment).items() if not p.below()]
    out["run"] = {"group": "The run", "name": "run", "text": "What else is chosen for a run.", "params": run}
    return out


def sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else words + "."


def document() -> str:
    """docs/glossary.md."""
    lines = [
        "# Glossary",
        "",
        "Written by `python -m docs.generate` from `playground/glossary.toml` and from what processes, samplers, grids, layers and labs declare.",
        "",
    ]
    group = ""
    for entry in glossary().values():
        if entry["group"] != group:
            group = entry["group"]
            lines += [f"## {group}", ""]
        also = f" ({entry['also']})" if "also" in entry else ""
        lines.append(f"**{entry['name']}**{also}: {entry['text']}")
        if "formula" in entry:
            lines += ["", f"$`{entry['formula']}`$"]
        if "params" in entry:
            lines += ["", *(f"- *{p['label']}*: {p['help']}" for p in entry["params"])]
        if "ref" in entry:
            lines += ["", f"[{entry['ref']}](https://arxiv.org/abs/{entry.get('arxiv')})" if entry.get("arxiv") else entry["ref"]]
        lines.append("")
    return "\n".join(lines)

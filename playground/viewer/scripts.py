"""The page's modules within a document: those that an entry imports, statically, as an import map of data: addresses. Nothing is fetched, and none of them is changed but for
the names of what it imports."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote

from playground.core.files import ASSETS
from playground.views.layer import layers

UI = ASSETS / "ui"
HOME = "pg/"
"""How the modules' names begin in the map."""
IMPORT = re.compile(r'^((?:import|export)\b[^;"\'`]*?\bfrom\s*|import\s*)"(\.[^"\n]+)"', re.MULTILINE)
"""An import, or an export from elsewhere, of a relative address; what asks for a module while it runs (``import(…)``) is none."""


def imported(name: str) -> list[str]:
    """What a module of assets/ui imports, by their names there."""
    text = (UI / name).read_text(encoding="utf-8")
    return [posixpath.normpath(posixpath.join(posixpath.dirname(name), address)) for _, address in IMPORT.findall(text)]


def needed(entries: Iterable[str]) -> list[str]:
    """All modules that these import, they themselves included, in the order of their names."""
    found: set[str] = set()
    left = list(entries)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += imported(name)
    return sorted(found)


def within(name: str) -> str:
    """A module's text, with the names of the map for what it imports."""

    def named(match: re.Match[str]) -> str:
        return f'{match[1]}"{HOME}{posixpath.normpath(posixpath.join(posixpath.dirname(name), match[2]))}"'

    return IMPORT.sub(named, (UI / name).read_text(encoding="utf-8"))


def entry(main: str, address: Callable[[str], str]) -> str:
    """The first module: ``start`` of ``main`` with every layer's drawing. Static imports, so that all is there when it begins."""
    keys = list(layers())
    lines = [f'import {{ start }} from "{address(main)}";']
    lines += [f'import layer{n} from "{address(f"stage/layers/{key}.js")}";' for n, key in enumerate(keys)]
    told = ", ".join(f"{json.dumps(key)}: layer{n}" for n, key in enumerate(keys))
    return "\n".join([*lines, f"start({{ {told} }});"])


def import_map(main: str) -> str:
    """JSON for ``<script type="importmap">``: every module that ``main`` and the layers' drawings need."""
    names = needed([main, *(f"stage/layers/{key}.js" for key in layers())])
    return json.dumps({"imports": {HOME + name: "data:text/javascript;charset=utf-8," + quote(within(name), safe=SAFE) for name in names}})


SAFE = "!*'(),;:@&=+$/?-_.~ {}[]|^`"
"""Letters that stand as they are in an address behind "data:"."""

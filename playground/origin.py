"""What a file that leaves the page says of where it comes from: the app's version and the link that shows the same again. The one place that knows the form.

PNG: a tEXt chunk under ``FIELD``; GIF: a comment; MP4: the tag "comment"; SVG: a metadata element with the id ``FIELD``; npz: a zero-dimensional array of that
name (np.load needs no pickle for it); CSV of states: its first two lines; of a board: a column of that
name, in its first row; Parquet: a key of the file's metadata. The page reads them again (assets/ui/keep/read.js): what is dropped on it stays in the browser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from playground import __version__
from playground.core.fields import BadValue, Record

FIELD = "diffusion-playground"
"""The name of the text, where a file has names for such."""
APP = "Diffusion Playground"
LONGEST = 200_000
"""Letters of a link."""
LINK = re.compile(r"\?[!-~]*")  # percent-encoded: neither spaces nor other letters
ALLOWED = f"a page's query, from ? on, percent-encoded, at most {LONGEST:,} characters"


def link_of(query: Mapping[str, str]) -> str:
    """A query as the page's address has it: "?data=rings&view.at=0.5", "?" where nothing differs from the defaults."""
    return f"?{urlencode(query)}"


def origin(link: str) -> str:
    """The text in a file: "Diffusion Playground 0.1.0 ?data=rings&view.at=0.5". Raises BadValue for what is no link."""
    if len(link) > LONGEST or not LINK.fullmatch(link):
        raise BadValue("link", link[:60], ALLOWED)
    return f"{APP} {__version__} {link}"


def config() -> Record:
    """The same for the page's scripts, which write PNG and SVG and read all of them."""
    return {"field": FIELD, "app": APP, "version": __version__, "longest": LONGEST}

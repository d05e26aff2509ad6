"""Which names of a query are the experiment's, and what a page asks for first."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from playground.core.fields import BadValue
from playground.server import answers, jobs
from playground.views import layer

LINK = {"data": "rings", "process": "CLD", "particles": "7"}
OTHERS = {"view.at": "0.5", "lab.step": "3", "__theme": "dark", "utm_source": "x", "fbclid": "y", "seq": "4"}


def test_links_and_requests_leave_the_same_names_out() -> None:
    """A page's address is read alike wherever it goes. Mutant killed: a list of one's own for packets, or for programs."""
    exp = answers.asked(urlencode({**LINK, **OTHERS}))
    assert exp.to_query() == LINK
    for name in ("run", "metrics", "fields", "errors"):
        assert jobs.packet_job({**LINK, **OTHERS, "layer": name}).exp == exp
    assert jobs.RunFilm({**LINK, **OTHERS, "film": "gif"}).exp == exp
    with pytest.raises(BadValue, match=r"^particle = '7'.*particles"):
        answers.asked("particle=7")
    with pytest.raises(BadValue, match=r"^particle = '7'.*particles"):
        jobs.packet_job({"particle": "7"})


def test_what_a_page_asks_first_are_the_layers_that_it_shows() -> None:
    """By what the page's scripts are told. Mutant killed: a list that knows nothing of a layer that is on from the start."""
    wants = {told["arrays"] for told in layer.config() if told["shown"] and told["packet"] == "fields" and told["arrays"]}
    asked = {query["layer"]: query.get("want", "") for query in jobs.first()}
    assert set(asked["fields"].split(",")) == wants
    assert list(asked) == ["run", "fields", "metrics"]
    assert all(jobs.packet_job(query).kept for query in jobs.first())  # so that it is there for whoever comes

"""What of a query is an experiment, and whether this server computes it: the one place that knows which names are somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Record, params
from playground.core.limits import limits
from playground.views.compare import MOST

PAGE = "view."  # the page's own
STRANGERS = ("__", "utm_")  # what hosts and trackers add to a link
STRANGE = ("fbclid", "gclid", "logs", "ssr")
LAB = "lab."  # what a lab asks with
BESIDE = PAGE + "beside."  # and the number of a further stage: its experiment, as a link
OURS = {"layer", "want", "seq", "film"}  # what a request asks with


def experiment_part(query: Mapping[str, str]) -> dict[str, str]:
    """A link without the view's own names (``view.at``) and what hosts and trackers add (``__theme``, ``utm_source``)."""
    known = set(params(Experiment))
    return {k: v for k, v in query.items() if k.split(".")[0] in known or not (k.startswith((PAGE, *STRANGERS)) or k in STRANGE)}


def config() -> Record:
    """The same for the page's scripts: how names begin that are not the experiment's, and such names."""
    return {"begin": [PAGE, *STRANGERS], "names": list(STRANGE)}


def view_part(query: Mapping[str, str]) -> dict[str, str]:
    """How the page looks at the experiment: what a file of it keeps beside the experiment."""
    return {k: v for k, v in query.items() if k.startswith(PAGE) and not k.startswith(BESIDE)}


def beside_of(query: Mapping[str, str]) -> list[Experiment]:
    """The experiments of further stages, in their order; each is said as a link. Raises BadValue."""
    told = [query[name] for n in range(2, MOST + 1) if (name := f"{BESIDE}{n}") in query]
    return [experiment_of(dict(parse_qsl(link, keep_blank_values=True))) for link in told]


def experiment_of(query: Mapping[str, str]) -> Experiment:
    """The experiment of a link or of a request. Raises BadValue."""
    return admitted(Experiment.from_query(experiment_part({k: v for k, v in query.items() if k not in OURS and not k.startswith(LAB)})))


def lab_part(query: Mapping[str, str]) -> dict[str, str]:
    """What a lab asks with, without the names' prefix."""
    return {k.removeprefix(LAB): v for k, v in query.items() if k.startswith(LAB)}


def admitted(exp: Experiment) -> Experiment:
    """The experiment, if this server computes as many particles and steps. Raises BadValue naming ``particles`` or ``grid.steps``."""
    most = limits()
    if exp.particles > most.particles:
        raise BadValue("particles", exp.particles, f"at most {most.particles:,} on this server")
    if exp.grid.steps > most.steps:
        raise BadValue("grid.steps", exp.grid.steps, f"at most {most.steps:,} on this server")
    return exp

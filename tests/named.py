"""Laws and models by the names that an Experiment takes, in a word."""

from playground.core import catalog
from playground.server.jobs import StoreSet, parts_of
from playground.ui.sets import stored_record


def mixture_of(data):
    """The exact mixture of a toy or of a text."""
    return catalog.law_of(data).mixture


def images_of(data):
    """The examples of a set."""
    return catalog.law_of(data).examples


def model_named(data, model=""):
    """Who predicts: of data and model, or of a former name that says both."""
    data, model = catalog.resolve("data", data, model)
    return catalog.model_named(catalog.law_of(data), model)


def store_record(title, body):
    """What the page is told of an upload."""
    return stored_record(b"".join(parts_of(StoreSet({"title": title}, body))))

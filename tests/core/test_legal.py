"""The judge: whatever is put together is a sentence or an Experiment, and what can be made runs or says why not in a BadValue."""

import dataclasses
import itertools
import math
import random
import re
from pathlib import Path

import playground as pg
from playground.core.experiment import Experiment
from playground.core.fields import BadValue
from playground.core.legal import FAMILIES, REASONS, REMEDIES, SLOTS, WORDS, complaint, legal, why_illegal
from playground.core.spec import registry
from playground.engine import simulate
from tests.real import real

ROOT = Path(__file__).resolve().parents[2]
DATA = ["moons", "two_modes", "grid25", "checkerboard", "word", "mnist-unet", "mnist-cld", "digits-unet", "digits-ideal", "digits-wiener"]
# numbers that decide what fits, besides every choice as it is
MORE = {
    "process": [
        {"kind": "Interpolant", "origin": "moons"},
        {"kind": "Interpolant", "origin": "two_modes", "gamma": 0.5},
        {"kind": "Interpolant", "origin": "checkerboard"},
        {"kind": "Interpolant", "origin": "checkerboard", "coupling": "minibatch OT"},
        {"kind": "PFGMPP", "D": 1.5},
        {"kind": "VP", "schedule": "Cosine"},
    ],
    "sampler": [
        {"kind": "DDIM", "eta": 0.5},
        {"kind": "EDMHeun", "churn": 5.0},
        {"kind": "PredictorCorrector", "predictor": "SSCS"},
        {"kind": "PredictorCorrector", "predictor": "ExactAncestral"},
        {"kind": "PredictorCorrector", "predictor": "DDIM", "corrector_steps": 0},
        {"kind": "RK45", "log_tol": -2},
    ],
    "grid": [
        {"kind": "Custom", "unit": "log-SNR", "levels": [-4.0, 0.0, 6.0]},
        {"kind": "Custom", "unit": "log-SNR", "levels": [-400.0, 0.0, 6.0]},
        {"kind": "Custom", "unit": "times", "levels": [60.0, 1.0, 0.1]},
        {"kind": "Custom", "unit": "clock", "levels": [1.0, 0.5, 0.2]},
    ],
    "guidance": [
        {"kind": "ClassifierFree", "label": 1},
        {"kind": "ClassifierFree", "label": 7},
        {"kind": "Autoguidance", "label": 1},
        {"kind": "Classifier", "label": 9},
        {"kind": "EachClass", "weight": 0.0},
        {"kind": "Prompt", "prompt": "a cat"},
    ],
}
RECORDS, MADE, RUN = 400, 100, 60


def own_mixture(rng):
    """In one or two dimensions, of classes that need not begin at 0."""
    d, k, first = rng.choice((1, 2)), rng.choice((1, 3)), rng.choice((0, 2))
    means = [[rng.uniform(-1, 1) for _ in range(d)] for _ in range(k)]
    covs = [[[0.1 * (i == j) for j in range(d)] for i in range(d)] for _ in range(k)]
    return {"weights": [1.0] * k, "means": means, "covs": covs, "labels": [first + i for i in range(k)]}


def records(count, seed=0):
    """Partial records: each slot is left out, or any of its choices, as it is or with numbers that decide."""
    rng = random.Random(seed)
    choices = {slot: [*registry(family), *MORE[slot]] for slot, family in FAMILIES.items()}
    for _ in range(count):
        record = {"data": rng.choice([*DATA, own_mixture(rng)])} if rng.random() < 0.8 else {}
        for slot in SLOTS:
            if rng.random() < 0.6:
                record[slot] = rng.choice(WORDS[slot] if slot in WORDS else choices[slot])
        yield record


def own_reasons(told, record):
    """Why this record's own choices cannot be made together."""
    kind = lambda value: value["kind"] if isinstance(value, dict) else value  # noqa: E731
    return {slot: told[slot][kind(value)] for slot, value in record.items() if slot != "data" and told[slot][kind(value)]}


def attempt(make):
    """What is made, or the BadValue that says why not; anything else is an error."""
    try:
        return make()
    except BadValue as error:
        return error


def small(exp):
    """The same with four steps, where they can be said, and four particles."""
    grid = exp.grid if exp.grid.info.key == "Custom" else dataclasses.replace(exp.grid, steps=4)
    return exp.replace(particles=4, grid=grid)


def test_every_record_is_a_sentence_or_an_experiment_that_runs():
    """legal answers for any record; an Experiment is made of it exactly where none of its choices has a reason, and the complaint names one of those that
    have; what is made runs. Mutants killed: a slot that is not judged, a reason without a refusal, a run that asserts."""
    made, refused, words, ran = [], 0, set(), 0
    for record in records(RECORDS):
        told = legal(record)
        why = own_reasons(told, record)
        assert set(told) >= {"data", *SLOTS}
        exp = attempt(lambda: Experiment(**record))  # noqa: B023
        if isinstance(exp, BadValue):
            assert why, (record, exp)
            assert exp.field.split(".")[0] in {"data", *why}, (record, exp, why)
            refused += 1
            words |= set(why.values())
            continue
        assert not why, (record, why)
        assert legal(exp) == told, record
        made.append(exp)
    assert (len(made) + refused, len(made) > MADE, refused > MADE) == (RECORDS, True, True)
    assert all(word[0].islower() and word.split()[0] in ("needs", "adds", "measures", "is", "differs") for word in words)
    for exp in made[:: len(made) // RUN]:
        assert len(simulate(small(exp)).states[-1]) == 4
        ran += 1
    assert ran >= RUN


def test_every_combination_of_kinds():
    """process × sampler × grid × guidance × data × mode × start × noise, as they are: each is an Experiment or a sentence of the vocabulary."""
    count = legal_ones = 0
    slots = [FAMILIES[slot] for slot in ("process", "sampler", "grid", "guidance")]
    turns = itertools.cycle(itertools.product(("moons", "two_modes", "mnist-unet", "digits-wiener"), *WORDS.values()))
    for process, sampler, grid, guidance in itertools.product(*map(registry, slots)):
        data, *words = next(turns)
        kinds = {"process": process, "sampler": sampler, "grid": grid, "guidance": guidance}
        no = complaint({"data": data, **kinds, **dict(zip(WORDS, words, strict=True))})
        assert no is None or (no.allowed and no.field.split(".")[0] in {"data", *SLOTS})
        count, legal_ones = count + 1, legal_ones + (no is None)
    assert count == math.prod(len(registry(family)) for family in slots) > 10_000
    assert count // 20 < legal_ones < count


def test_words_are_declared_once():
    """Every need of every choice is in the vocabulary, and every word of it is needed by one or given by another."""
    needs = set()
    for family in FAMILIES.values():
        for cls in registry(family).values():
            needs |= cls().needs
    assert needs <= set(REASONS)
    assert all(words[0].islower() and not words.endswith(".") for words in REASONS.values())


def test_moving_in_a_space_is_a_need():
    """A sampler writes z + h u unless it says otherwise: one that moves along geodesics is refused where only vectors are."""

    class Geodesic(pg.Euler):
        moves = frozenset({"tangent"})

    assert all("vector" in cls().needs for cls in real("samplers").values())
    assert not any("vector" in cls().needs for key, cls in registry("samplers").items() if key not in real("samplers"))
    assert "vector" not in Geodesic().needs
    assert why_illegal(pg.Euler, pg.VP) == ""
    assert why_illegal(Geodesic(), pg.VP) != ""


REASON = re.compile(
    r"needs (?:an? |the |both |two |at most |guidance|data|sampling|states|one )|noising (?:knows|makes|asks)|no exact law|has one class"
)


def test_no_reason_is_written_in_a_script():
    """The page's scripts show what the server says; none of the judge's sentences, nor any like them, stands in one."""
    files = [path for root in ("assets/ui", "playground") for path in (ROOT / root).rglob("*.js") if "vendor" not in path.parts]
    assert len(files) > 40
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not [words for words in (*REASONS.values(), *REMEDIES.values()) if words.format(who="") in text], path
        strings = re.findall(r'"[^"\n]*"|`[^`]*`', re.sub(r"//.*|/\*.*?\*/", "", text))
        assert not [told for told in strings if REASON.search(told)], path

"""What programs are told of an experiment: the same numbers that Python has, bounded, and the same words for what is wrong."""

from __future__ import annotations

import io
import json
from urllib.parse import urlencode

import pytest
import torch
from PIL import Image

import playground as pg
from playground.core.fields import BadValue
from playground.core.legal import legal
from playground.core.limits import Limits
from playground.server import answers, asked
from playground.views.sights import whole

RINGS = pg.Experiment(data="rings", process=pg.CLD(), particles=60, seed=3)


@pytest.mark.parametrize(
    "link",
    [
        "data=rings&process=CLD&particles=60&seed=3",
        "?data=rings&process=CLD&particles=60&seed=3&view.at=0.5&lab.x=1",
        "https://example.org/play/?data=rings&process=CLD&particles=60&seed=3#top",
        RINGS.to_json(),
        " " + json.dumps(RINGS.to_dict()),
        "?" + urlencode(RINGS.to_query()),
    ],
)
def test_a_link_a_query_or_json(link: str) -> None:
    assert answers.asked(link) == RINGS


def test_nothing_is_the_default() -> None:
    assert answers.asked("") == pg.Experiment()
    assert answers.asked("https://example.org/play/?") == pg.Experiment()


@pytest.mark.parametrize(
    ("link", "field"),
    [
        ("data=nothing", "data"),
        ("particles=0", "particles"),
        ("wrong=1", "wrong"),
        ("{", "experiment"),
        ('{"data": ' + "[" * 5000, "experiment"),
        ("data=" + "x" * 200_001, "link"),
        ("process=CLD&sampler=DDIM", "sampler"),
        ("data=__import__('os')", "data"),
    ],
)
def test_what_is_wrong_in_a_link(link: str, field: str) -> None:
    with pytest.raises(BadValue) as told:
        answers.asked(link)
    assert told.value.field == field


def test_a_server_of_lower_limits_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "limits", lambda: Limits(particles=2000))
    with pytest.raises(BadValue, match="at most 2,000 on this server"):
        answers.asked("particles=2001")


@pytest.mark.parametrize("exp", [RINGS, pg.Experiment(particles=50), pg.Experiment(data="comb", particles=50, mode="forward")])
def test_the_summary_is_the_run(exp: pg.Experiment) -> None:
    """Mutants killed: the mean of all frames; a deviation with n − 1; states of CLD in place of positions."""
    told, trace = answers.summary(whole(exp), 4), pg.simulate(exp)
    x = trace.x[-1].double()
    assert told["states"] == [[pytest.approx(v, rel=1e-6) for v in row] for row in x[:4].tolist()]
    assert told["mean"] == pytest.approx(x.mean(0).tolist(), rel=1e-5)
    assert told["deviation"] == pytest.approx(x.std(0, correction=0).tolist(), rel=1e-5)
    assert (told["particles"], told["steps"], told["model_calls"]) == (exp.particles, len(trace.grid) - 1, trace.model_calls)
    assert told["times"] == pytest.approx(trace.grid.tolist(), rel=1e-6)
    assert told["data_deviation"] == pytest.approx(exp.law.mixture.cov().diagonal().sqrt().tolist(), rel=1e-6)
    assert pg.Experiment.from_dict(told["experiment"]) == exp  # type: ignore[arg-type]
    assert answers.asked(str(told["link"])) == exp
    names: dict[str, object] = {}
    exec(str(told["python"]).replace("pg.simulate(exp)", "exp"), names)
    assert names["exp"] == exp
    json.dumps(told, allow_nan=False)


def test_images_symbols_and_what_diverged() -> None:
    digits = answers.summary(whole(pg.Experiment(data="digits", particles=2, grid=pg.UniformLogSNR(steps=3))), 2)
    assert torch.tensor(digits["states"]).shape == (2, 1, 8, 8)
    assert "mean" not in digits
    symbols = answers.summary(whole(pg.Experiment(data="letters", process="Absorbing", particles=5)), 5)
    assert all(row == [int(v) for v in row] for row in symbols["states"])  # type: ignore[union-attr]
    assert "mean" not in symbols
    lost = answers.summary(
        whole(pg.Experiment(data="moons", sampler=pg.AnnealedLangevin(size=1.0), grid=pg.UniformTime(steps=100), particles=20)), 3
    )
    json.dumps(lost, allow_nan=False)


@pytest.mark.parametrize("states", [-1, 1001, 10**9, 2.5, "many", None])
def test_answers_are_bounded(states: object) -> None:
    exp = pg.Experiment(particles=1000)
    assert answers.counted(exp, 1000) == 1000
    assert answers.counted(exp.replace(particles=200_000), 5000) == 5000
    with pytest.raises(BadValue, match=r"^states = .* from 0 to 1000$"):
        answers.counted(exp, states)
    with pytest.raises(BadValue, match="from 0 to 5000"):
        answers.counted(exp.replace(particles=200_000), 5001)


def test_long_runs_tell_few_times() -> None:
    told = answers.summary(whole(pg.Experiment(particles=5, grid=pg.UniformTime(steps=1000))))
    assert len(told["times"]) <= answers.MOST_TIMES + 1  # type: ignore[arg-type]
    assert (told["times"][0], told["times"][-1]) == (1.0, 0.0)  # type: ignore[index]


def test_distances_are_those_of_the_page() -> None:
    """Value, error and floor as ``layer=metrics`` has them. Mutant killed: a seed or a number of draws of its own."""
    from playground.views.distances import metrics_packet

    run = whole(RINGS)
    told, page = answers.distances(run)["distances"], metrics_packet(run).header["metrics"]
    assert [(d["title"], d["value"], d["error"], d["floor"], d["floor_sd"]) for d in told] == [  # type: ignore[union-attr,index,call-overload]
        (m["label"], m["final"], m["final_se"], m["floor"], m["floor_sd"])  # type: ignore[index,call-overload]
        for m in page  # type: ignore[union-attr]
    ]


def test_what_has_no_distance_says_so() -> None:
    with pytest.raises(BadValue, match=r"^data = 'mnist' cannot be used; allowed: data with an exact law"):
        answers.distances(whole(pg.Experiment(data="mnist", particles=2, grid=pg.UniformLogSNR(steps=2))))


@pytest.mark.parametrize("exp", [RINGS, pg.Experiment(data="comb", particles=50), pg.Experiment(data="digits", particles=4)])
def test_a_picture_is_of_its_moment(exp: pg.Experiment) -> None:
    """A PNG that changes with the clock. Mutant killed: the last frame whatever is asked."""
    run = whole(exp)
    seen = [Image.open(io.BytesIO(answers.picture(run, at))) for at in (1.0, 0.5, 0.0)]
    assert "view.at=0.5" in seen[1].info["diffusion-playground"]
    assert answers.asked(seen[1].info["diffusion-playground"]) == exp
    assert {p.format for p in seen} == {"PNG"}
    assert {p.size for p in seen} == {(700, 500)}
    assert len({p.tobytes() for p in seen}) == 3
    assert len(run.frames) == len(whole(exp).frames)


@pytest.mark.parametrize("at", [-0.1, 1.1, float("nan"), "noise"])
def test_no_picture_of_another_time(at: float) -> None:
    with pytest.raises(BadValue, match="a number from 0 to 1"):
        answers.picture(whole(pg.Experiment(particles=5)), at)


def test_what_cannot_be_drawn_says_so() -> None:
    with pytest.raises(BadValue, match="a run on the line, in the plane, or of images"):
        answers.picture(whole(pg.Experiment(data="letters", process="Absorbing", particles=5)))


def test_choices_are_the_judges() -> None:
    told = answers.choices(RINGS)["slots"]
    assert {slot: {c["key"]: c["reason"] for c in some} for slot, some in told.items()} == legal(RINGS)  # type: ignore[union-attr,index,call-overload]
    only = answers.choices(RINGS, "sampler")["slots"]
    assert list(only) == ["sampler"]  # type: ignore[arg-type]
    assert {"key": "SSCS", "title": "SSCS", "reason": ""} in only["sampler"]  # type: ignore[index,operator,call-overload]
    assert any(c["reason"] for c in only["sampler"])  # type: ignore[union-attr,index,call-overload]


def test_parameters_are_what_a_link_takes() -> None:
    """Each can be written into a link again. Mutant killed: a name without its choice."""
    told = answers.choices(RINGS)["parameters"]
    names = {p["name"] for p in told}  # type: ignore[union-attr,index,call-overload]
    assert {"particles", "seed", "grid.steps", "process.friction", "process.schedule.rate"} <= names
    link = "&".join(f"{p['name']}={p['value']}" for p in told)  # type: ignore[union-attr,index,call-overload]
    assert answers.asked(f"process=CLD&{link}") == RINGS


def test_no_such_slot() -> None:
    with pytest.raises(BadValue, match=r"^slot = 'smapler' cannot be used; allowed: sampler \(closest\)"):
        answers.choices(RINGS, "smapler")

"""A server's limits: one place, changed by the environment, wrong values refused in a sentence."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import playground as pg
from playground.core.fields import BadValue
from playground.core.limits import Limits, declared, megabytes, variable
from playground.server import asked as server

ROOT = Path(__file__).resolve().parents[2]


def test_the_environment_changes_them():
    """Mutants killed: an empty variable that is read as 0; numbers that only int() reads."""
    assert Limits.read({}) == Limits()
    told = Limits.read({"PLAYGROUND_RUNS": " 3 ", "PLAYGROUND_SET_BYTES": "10e6", "PLAYGROUND_SETS": "", "SETS": "5"})
    assert told == Limits(runs=3, set_bytes=10_000_000)
    assert type(told.set_bytes) is int


@pytest.mark.parametrize("name", declared())
@pytest.mark.parametrize("wrong", ["abc", "-1", "2.5", "nan", "inf", "1e99", "0x10", "__import__('os')"])
def test_a_wrong_value_is_told(name, wrong):
    limit = declared()[name]
    with pytest.raises(BadValue) as told:
        Limits.read({variable(name): wrong})
    assert (told.value.field, told.value.value) == (variable(name), repr(wrong))
    assert f"from {limit.lo:,.0f} to {limit.hi:,.0f} ({limit.unit})" in str(told.value)


@pytest.mark.parametrize("name", declared())
def test_the_ends_can_be_chosen(name):
    limit = declared()[name]
    for end in (limit.lo, limit.hi, limit.default):
        assert getattr(Limits.read({variable(name): str(int(end))}), name) == end
    for beyond in (limit.lo - 1, limit.hi + 1):
        with pytest.raises(BadValue, match=variable(name)):
            Limits.read({variable(name): str(int(beyond))})


def test_sizes_in_words():
    assert [megabytes(n) for n in (64_000_000, 500_000, 60e9, 1000)] == ["64 MB", "0.5 MB", "60,000 MB", "0.001 MB"]


def test_a_server_with_lower_ones_refuses_what_a_link_may_say(monkeypatch):
    """The link stays what it is; only the server does not compute it. Mutant killed: the grammar's own bound is changed."""
    monkeypatch.setattr(server, "limits", lambda: Limits(particles=5000, steps=30))
    for within in (pg.Experiment(particles=5000), pg.Experiment(particles=1, grid=pg.UniformTime(steps=30))):
        assert server.admitted(within) is within
    with pytest.raises(BadValue, match=r"^particles = 5001 .* at most 5,000 on this server"):
        server.admitted(pg.Experiment(particles=5001))
    with pytest.raises(BadValue, match=r"^grid\.steps = 31 .* at most 30 on this server"):
        server.admitted(pg.Experiment(grid=pg.UniformTime(steps=31), particles=10))


LOWER = """
import io, json
from playground.core.limits import limits, declared, variable
from playground.images import own, read, upload, source
from playground.laws import table
from playground.views import export, film
from playground.views.sights import axes, pictures
print(json.dumps([own.MOST_IMAGES, own.MOST_BYTES, own.MOST_UNPACKED, own.KEPT_SETS, read.MOST_PIXELS, upload.MOST_BYTES, source.MOST_BYTES,
    table.MOST_ROWS, table.MOST_BYTES, export.MOST_ROWS, film.MOST_BYTES, film.MOST_PICTURES, film.MOST_FRAMES, axes.Axes.most_work, pictures.Pictures.most_work]))
print(own.LIMITS)
"""
READ = ["set_images", "set_bytes", "unpacked_bytes", "sets", "pixels", "upload_bytes", "hub_bytes", "table_rows", "table_bytes", "csv_rows", "film_bytes", "film_pictures", "film_frames", "work", "image_work"]  # fmt: skip


def test_every_room_reads_its_own():
    """In a process of its own, since they are read once. Mutant killed: a number that a room goes on to hold itself."""
    values = {name: int(declared()[name].default) // 2 + i for i, name in enumerate(READ)}
    env = {**os.environ, **{variable(name): str(value) for name, value in values.items()}}
    out = subprocess.run([sys.executable, "-c", LOWER], cwd=ROOT, env=env, capture_output=True, text=True, check=True, timeout=120)
    numbers, words = out.stdout.splitlines()
    assert numbers == str([*values.values()])
    assert f"{values['set_images']:,} images" in words
    assert f"{values['set_bytes'] / 1e6:.12g} MB together" in words


def test_none_is_idle():
    """Each limit is read somewhere. Mutant killed: a variable that is documented and does nothing."""
    places = [
        p for folder in ("playground", "toy_models") for p in (ROOT / folder).rglob("*.py") if p.name != "limits.py" or "server" in p.parts
    ]
    read = set(re.findall(r"\b(?:limits\(\)|most)\.(\w+)", "\n".join(p.read_text(encoding="utf-8") for p in places)))
    assert declared().keys() - read == set()

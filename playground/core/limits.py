"""What one server does at most: every limit that a server's owner can change, each in one line, by an environment variable.

``PLAYGROUND_`` and the name in capitals: ``PLAYGROUND_SET_BYTES=10e6``. What an Experiment may be at all (200,000 particles, 1,000 steps, …) is no limit of a
server but the grammar of links, and stands with each parameter: a link means the same everywhere, and a server with lower limits refuses it in a sentence.
None is less than what the page opens with. Rooms take the numbers from ``limits()``; docs/server.md shows them all.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass

from .fields import Whole, declare, made

PREFIX = "PLAYGROUND_"


@dataclass(frozen=True)
class Limit(Whole):
    """A whole number of ``unit``, in a ``group`` of limits; a text may be "64000000" or "64e6"."""

    unit: str = ""
    group: str = ""

    def allowed(self) -> str:
        return f"a whole number from {self.lo:,.0f} to {self.hi:,.0f} ({self.unit})"

    def told(self, value: float | None = None) -> str:
        """The default, or a value, as people read it: "64,000,000 bytes"."""
        return f"{self.default if value is None else value:,} {self.unit}"


class Group:
    """Limits that stand together in the documents."""

    def __init__(self, title: str):
        self.title = title

    def most(self, default: int, lo: int, hi: int, unit: str, help: str) -> int:
        """A limit of this group: its default, from the least to the most that it can be changed to."""
        return declare(Limit(default, lo, hi, 1, help=help, unit=unit, group=self.title), default)


RUN, KEPT, LINE = Group("One experiment"), Group("Kept in memory"), Group("The line")
SWEEPS = Group("Sweeps")
UPLOADS, FILES, HUB = Group("Uploads"), Group("Films and files"), Group("Models of the hub")


@dataclass(frozen=True)
class Limits:
    """All of them, as they are now. Raises BadValue naming the variable, its value and what is allowed."""

    particles: int = RUN.most(200_000, 2000, 200_000, "particles", "particles of one run")
    steps: int = RUN.most(1000, 20, 1000, "steps", "steps of one run's grid")
    work: int = RUN.most(
        3 * 10**9,
        2 * 10**6,
        10**15,
        "products",
        "particles × model calls × components of one run of a toy: the default takes seconds on two cores",
    )
    image_work: int = RUN.most(51_200, 1000, 10**12, "evaluations", "images × model calls of one run or task of images")
    seconds: int = RUN.most(3600, 1, 10**6, "seconds", "computing for one answer; then it ends with a sentence")

    runs: int = KEPT.most(12, 1, 100_000, "runs", "whole runs that each worker keeps, the least recently used goes first")
    run_bytes: int = KEPT.most(
        256_000_000,
        0,
        10**12,
        "bytes",
        "all kept runs together, and as much again of runs of images on the way; each worker keeps its newest, whatever its size",
    )
    parts: int = KEPT.most(4, 1, 10_000, "runs", "runs of images that were left on the way, at each worker")
    fields: int = KEPT.most(32, 1, 100_000, "packets", "densities and scores that each worker keeps")
    field_bytes: int = KEPT.most(64_000_000, 0, 10**12, "bytes", "all of these together")

    answers: int = KEPT.most(512, 1, 100_000, "packets", "answers that are kept for whoever asks the same")
    answer_bytes: int = KEPT.most(64_000_000, 0, 10**12, "bytes", "all of these together")

    workers: int = LINE.most(0, 0, 256, "workers", "that compute side by side; 0: the server chooses by the machine's cores")
    waiting: int = LINE.most(1000, 1, 10**6, "requests", "that wait to be computed, in all")
    waiting_each: int = LINE.most(64, 1, 10**6, "requests", "of one person that wait")
    gpu_seconds: int = LINE.most(60, 1, 3600, "seconds", "for which a Space with ZeroGPU is asked to lend its GPU for one answer")

    cells: int = SWEEPS.most(20_000, 1, 10**7, "cells", "of one sweep: combinations of its axes × seeds")
    cell_bytes: int = SWEEPS.most(
        64_000_000, 0, 10**12, "bytes", "numbers of cells that are kept on disk, the least recently used go first; 0: none"
    )

    board_particles: int = SWEEPS.most(20_000, 2000, 200_000, "particles", "of one cell of a sweep that the page's board asks for")
    board_seconds: int = SWEEPS.most(
        1800, 10, 10**6, "seconds", "computing for one asking of the board; asked again it goes on from the cells that are kept"
    )

    upload_bytes: int = UPLOADS.most(4_000_000, 1000, 10**9, "bytes", "pictures that are sent for a task")
    pixels: int = UPLOADS.most(20_000_000, 1000, 10**9, "pixels", "of one picture, read from its head before it is decoded")
    table_bytes: int = UPLOADS.most(8_000_000, 1000, 10**9, "bytes", "a table of points")
    table_rows: int = UPLOADS.most(100_000, 10, 10**8, "rows", "of a table of points")
    set_images: int = UPLOADS.most(4000, 2, 10**6, "images", "of one set of images")
    call_bytes: int = UPLOADS.most(2_000_000, 300_000, 10**9, "bytes", "one call of the API, or of the page's own parts")
    set_bytes: int = UPLOADS.most(64_000_000, 1000, 10**10, "bytes", "the files of one set of images together")
    unpacked_bytes: int = UPLOADS.most(256_000_000, 1000, 10**11, "bytes", "an .npz when it is unpacked")
    sets: int = UPLOADS.most(64, 1, 10**6, "sets", "stored sets of images, the oldest goes first")

    board_bytes: int = UPLOADS.most(
        32_000_000, 100_000, 10**10, "bytes", "a results file that is shown on the board, or of which a table is made"
    )

    film_bytes: int = FILES.most(96_000_000, 1000, 10**10, "bytes", "pictures that are sent for a film")
    film_pictures: int = FILES.most(300, 1, 100_000, "pictures", "of one film")
    film_frames: int = FILES.most(1200, 1, 100_000, "frames", "of one film")
    csv_rows: int = FILES.most(5_000_000, 400_000, 10**9, "rows", "of a table of states; beyond, states are thinned evenly")
    pictures: int = FILES.most(200, 1, 10**6, "files", "pictures drawn for programs that are kept, the oldest goes first")

    hub_bytes: int = HUB.most(60 * 10**9, 0, 10**13, "bytes", "downloaded for one model; 0: none is downloaded")

    def __post_init__(self) -> None:
        for name, limit in declared().items():
            object.__setattr__(self, name, limit.clean(variable(name), getattr(self, name)))

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Limits:
        """The limits that an environment tells; an empty variable is one that is not there. Raises BadValue."""
        told = {name: environment.get(variable(name), "").strip() for name in declared()}
        return made(cls, {name: value for name, value in told.items() if value})


def declared() -> dict[str, Limit]:
    """Every limit by its name, in order."""
    return {f.name: f.metadata["param"] for f in dataclasses.fields(Limits)}


def variable(name: str) -> str:
    """The environment variable of a limit."""
    return PREFIX + name.upper()


def megabytes(count: float) -> str:
    """Bytes as people read them: "64 MB", "0.5 MB"."""
    return f"{count / 1e6:,.12g} MB"


@functools.cache
def limits() -> Limits:
    """The limits of this process, read once. Raises BadValue."""
    return Limits.read(os.environ)

"""What can be computed: one class a kind of answer. A job is a stream of steps; who runs it (scheduler.py) may stop between any two of them.

``Job(query, body)`` reads and checks what is asked, without computing (raises BadValue). ``steps()`` computes: it gives a part of the answer (bytes) as
soon as there is one, and None after a step that gives nothing to send yet; what it returns is the last part. It is called where jobs are computed:
in this process or in a worker's (worker.py), which has runs and fields of its own that it computed lately.
"""

from __future__ import annotations

import base64
import functools
import gc
import itertools
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from enum import IntEnum
from typing import ClassVar, TypeAlias
from weakref import WeakValueDictionary

from PIL.Image import Image

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Json, is_record, one_of
from playground.core.limits import limits, megabytes
from playground.core.spec import edition
from playground.engine import Run
from playground.images.own import store_upload
from playground.images.source import PREFIX as HUB
from playground.images.upload import parts
from playground.laws.table import ALLOWED, MOST_BYTES, Table
from playground.origin import link_of, origin
from playground.server import answers
from playground.server.asked import PAGE, beside_of, experiment_of, lab_part, view_part
from playground.server.asked_sweep import computable, sweep_of
from playground.server.cache import Cache
from playground.server.refusal import CONTROLS
from playground.sweeps.cluster import of_server
from playground.sweeps.export import FORMATS, Shown
from playground.sweeps.record import Sweep, read_json
from playground.sweeps.results import Results
from playground.viewer.document import page
from playground.views import board
from playground.views.distances import metrics_packet
from playground.views.fields import fields_packet
from playground.views.film import KINDS as FILMS
from playground.views.film import decoded, film, sent
from playground.views.flow import flow_packet
from playground.views.guided import fields_key
from playground.views.image_files import MS as IMAGE_MS
from playground.views.judged import beyond
from playground.views.knots import knots_packet
from playground.views.lab import Params, labs
from playground.views.layer import layers
from playground.views.mixture import fit_asked, fit_record
from playground.views.packet import Packet, numbered
from playground.views.sights import begin, sight_of
from playground.views.stage import run_packet, step_packet
from playground.views.tasks import task_packets

Steps: TypeAlias = Generator["bytes | None", None, "bytes | None"]
PIECE = 1_000_000  # bytes of a table that are read in one step


class Kind(IntEnum):
    """How urgent a job is: the smaller the sooner."""

    RUN = 0
    FIELDS = 1
    MEASURES = 2
    LAB = 3
    FILE = 4
    SWEEP = 5


# -- what was computed lately, here ----------------------------------------------------------------------------------------------------

runs: Cache[str, Run] = Cache(limits().runs, limits().run_bytes)
forming: Cache[str, Run] = Cache(limits().parts, limits().run_bytes)
"""Image runs that are not done: under way, or left there by a reader who may come back."""
under_way: WeakValueDictionary[str, Run] = WeakValueDictionary()
"""Runs that some job is computing: another that needs one goes on with it."""
field_packets: Cache[tuple[str, int, frozenset[str]], Packet] = Cache(limits().fields, limits().field_bytes)


def name_of(exp: Experiment) -> str:
    """What an experiment's run and answers are kept by: its key, and which choices and weights names mean now (``edition``, ``Model.stamp``)."""
    return " ".join(filter(None, (exp.key, str(edition() or ""), exp.who.stamp)))


def again_of(exp: Experiment, query: dict[str, str]) -> str:
    """The link of a file: the experiment, and how the page that asks for it looks at it."""
    return link_of({**exp.to_query(), **view_part(query)})


def _begun(exp: Experiment, name: str) -> Run:
    """A run to be read step by step: the one that was begun, if it did not fail, or a new one."""
    run = forming.get(name) or under_way.get(name)
    if run is None or run.error is not None:
        run = begin(exp)
        under_way[name] = run
        if exp.law.space.pictures:
            size = exp.particles * run.process.states(run.space).dim * 4
            forming.put(name, run, 2 * size * len(run.grid))
    return run


def _keep(run: Run, name: str) -> None:
    frame = run.frames[0].z
    forming.drop(name)
    runs.put(name, run, len(run.frames) * frame.numel() * frame.element_size())


# -- jobs ------------------------------------------------------------------------------------------------------------------------------


class Job(ABC):
    """Something that is asked for. ``query``: the address's names; ``body``: of the request.

    kind: how urgent. key: equal for jobs that have the same answer, "" for one that is like no other. kept: may the answer be kept for the next who
    asks? run: the key of the run that it reads, "" for none: best computed where that run is. models: does it ask any, which a GPU is lent for?
    """

    kind: ClassVar[Kind]
    kept: ClassVar[bool] = False
    run: str = ""
    key: str = ""
    models: ClassVar[bool] = True

    def __init__(self, query: dict[str, str], body: bytes = b""):
        self.query, self.body = query, body
        self.read()

    @abstractmethod
    def read(self) -> None:
        """Reads and checks what is asked. Raises BadValue."""

    @abstractmethod
    def steps(self) -> Steps:
        """Computes."""

    def finish(self, raw: bytes) -> bytes:
        """What this asker gets of an answer that may be others' too."""
        return raw

    def complaint(self, error: dict[str, Json]) -> bytes:
        """What ends an answer that has begun and cannot go on; nothing: it is cut off."""
        return b""

    @property
    def data(self) -> str:
        """The data that it asks for."""
        return self.query.get("data", "")

    @property
    def here(self) -> bool:
        """Must it be computed where the models of the hub are?"""
        return self.data.startswith(HUB)

    @property
    def params(self) -> Params:
        return lab_part(self.query)


def run_of(exp: Experiment, name: str) -> Generator[None, None, Run]:
    """The whole run of an experiment, step by step, kept by its name (``name_of``)."""
    run = runs.get(name)
    if run is None:
        run = _begun(exp, name)
        for _ in run:
            yield
        _keep(run, name)
    return run


def framed(packet: Packet) -> bytes:
    """A packet of a stream, after its length (4 bytes, little endian)."""
    raw = packet.to_bytes()
    return len(raw).to_bytes(4, "little") + raw


class RunPacket(Job):
    """``layer=run``."""

    kind = Kind.RUN
    kept = True

    def read(self) -> None:
        self.want, self.seq = _want(self.query), _seq(self.query)
        self.exp = experiment_of(self.query)
        self.run = name_of(self.exp)
        self.key = f"run {self.run} {sorted(self.want)}"

    def steps(self) -> Steps:
        return _run_bytes((yield from run_of(self.exp, self.run)), self.want)

    def finish(self, raw: bytes) -> bytes:
        return numbered(raw, self.seq)


class PartPacket(RunPacket):
    """``layer=part``: what is there of an image run that was left on the way; of any other the whole."""

    kept = False

    def read(self) -> None:
        super().read()
        self.key = ""

    def steps(self) -> Steps:
        part = forming.get(self.run)
        return _run_bytes(part or (yield from run_of(self.exp, self.run)), self.want)


def _run_bytes(run: Run, want: frozenset[str]) -> bytes:
    made = run_packet(run, want)
    made.header["legal"] = beyond(run.exp)
    return made.to_bytes()


def _want(query: dict[str, str]) -> frozenset[str]:
    want = frozenset(w for w in query.get("want", "").split(",") if w)
    known = [one.key for one in layers().values() if one.arrays == one.key]
    if not want <= set(known):
        raise BadValue("want", query["want"], "some of " + ", ".join(known))
    return want


def _seq(query: dict[str, str]) -> int:
    seq = query.get("seq", "0")
    if not re.fullmatch("[0-9]{1,15}", seq):  # isdigit() is also true of "²"
        raise BadValue("seq", seq, "a whole number")
    return int(seq)


class FieldsPacket(Job):
    """``layer=fields``."""

    kind = Kind.FIELDS
    kept = True

    def read(self) -> None:
        self.want, _ = _want(self.query), _seq(self.query)
        self.exp = experiment_of(self.query)
        self.edition = edition()
        self.key = f"fields {name_of(self.exp)} {sorted(self.want)}"

    def steps(self) -> Steps:
        yield from ()
        key = (fields_key(self.exp), self.edition, self.want)
        made = field_packets.get(key)
        if made is None:
            made = fields_packet(self.exp, self.want)
            field_packets.put(key, made, sum(a.nbytes for a, _ in made.arrays.values()))
        made.header["key"] = self.exp.key
        return made.to_bytes()


class MeasuresPacket(Job):
    """``layer=metrics``."""

    kind = Kind.MEASURES
    kept = True

    def read(self) -> None:
        _want(self.query)
        _seq(self.query)
        self.exp = experiment_of(self.query)
        self.run = name_of(self.exp)
        self.key = f"metrics {self.run}"

    def steps(self) -> Steps:
        return metrics_packet((yield from run_of(self.exp, self.run))).to_bytes()


class FlowPacket(Job):
    """``layer=flow``."""

    kind = Kind.LAB
    kept = True

    def read(self) -> None:
        self.exp = experiment_of(self.query)
        self.run = name_of(self.exp)
        self.key = f"flow {self.run}"

    def steps(self) -> Steps:
        return flow_packet((yield from run_of(self.exp, self.run))).to_bytes()


class LabPacket(Job):
    """A layer of a lab: of the experiment and the query's "lab." names."""

    kind = Kind.LAB
    kept = True

    def read(self) -> None:
        self.exp = experiment_of(self.query)
        self.key = f"{self.query['layer']} {name_of(self.exp)} {sorted(self.params.items())}"

    def steps(self) -> Steps:
        yield from ()
        return of_labs()[self.query["layer"]](self.exp, self.params).to_bytes()


class RunLabPacket(LabPacket):
    """A layer of a lab, of the stage's run."""

    def read(self) -> None:
        super().read()
        self.run = name_of(self.exp)

    def steps(self) -> Steps:
        return of_runs()[self.query["layer"]]((yield from run_of(self.exp, self.run)), self.params).to_bytes()


class FormPacket(LabPacket):
    """What the form's drawn schedule asks for."""

    kind = Kind.FIELDS

    def steps(self) -> Steps:
        yield from ()
        return OF_FORM[self.query["layer"]](self.exp, self.params).to_bytes()


OF_FORM: dict[str, Callable[[Experiment, Params], Packet]] = {"knots": knots_packet}


@functools.cache
def of_labs() -> dict[str, Callable[[Experiment, Params], Packet]]:
    """Layers of labs: (experiment, the query's "lab." names without the prefix) → packet."""
    return {name: make for lab in labs().values() for name, make in lab.packets.items()}


@functools.cache
def of_runs() -> dict[str, Callable[[Run, Params], Packet]]:
    """The same from the stage's run of images."""
    return {name: make for lab in labs().values() for name, make in lab.of_images.items()}


@functools.cache
def packets() -> dict[str, type[Job]]:
    """Who answers for a layer."""
    stage: dict[str, type[Job]] = {
        "run": RunPacket,
        "part": PartPacket,
        "fields": FieldsPacket,
        "metrics": MeasuresPacket,
        "flow": FlowPacket,
    }
    return {
        **stage,
        **dict.fromkeys(OF_FORM, FormPacket),
        **dict.fromkeys(of_labs(), LabPacket),
        **dict.fromkeys(of_runs(), RunLabPacket),
    }


def packet_job(query: dict[str, str]) -> Job:
    """The packet that a query asks for. Raises BadValue."""
    layer = query.get("layer", "run")
    if layer not in packets():
        raise BadValue("layer", layer, "one of " + ", ".join(packets()))
    return packets()[layer](query)


def packet(query: dict[str, str]) -> bytes:
    """The same, computed by who asks."""
    job = packet_job(query)
    return job.finish(b"".join(parts_of(job)))


def parts_of(job: Job) -> Iterator[bytes]:
    """The parts of an answer, computed one by one by who reads them."""
    steps = job.steps()
    while True:
        try:
            part = next(steps)
        except StopIteration as end:
            if end.value is not None:
                yield end.value
            return
        if part is not None:
            yield part


class PacketStream(Job):
    """Packets, each after its length; what fails on the way is the last of them."""

    def complaint(self, error: dict[str, Json]) -> bytes:
        return framed(Packet({"kind": "error", "error": error}))


class ImageRun(PacketStream):
    """``/live/images``: packets of an image run as its steps are computed; none if it is known already.

    A reader that goes away pauses the run within a step: who asks again gets the steps that are there, and then the rest.
    """

    kind = Kind.RUN

    def read(self) -> None:
        self.exp = experiment_of(self.query)
        self.run = name_of(self.exp)

    def steps(self) -> Steps:
        if runs.get(self.run) is not None:
            return None
        run = _begun(self.exp, self.run)
        for frame, told in run.told():
            yield framed(step_packet(run, frame, told))
        _keep(run, self.run)
        return None


class ImageTask(PacketStream):
    """``/live/task``: packets of a task of the image lab; ``body``: its pictures."""

    kind = Kind.LAB

    def read(self) -> None:
        self.exp, self.files = experiment_of(self.query), parts(self.body)

    def steps(self) -> Steps:
        for made in task_packets(self.exp, self.params, self.files):
            yield framed(made)
        return None


class States(Job):
    """``/live/states.csv``; ``body``: the page's address, for the link that its second line tells."""

    kind = Kind.FILE

    def read(self) -> None:
        self.exp = experiment_of(self.query)
        self.run = name_of(self.exp)

    def steps(self) -> Steps:
        run = yield from run_of(self.exp, self.run)
        again = None if len(run.frames) > run.steps else iter(Run(self.exp, max_frames=2))
        rows = sight_of(run).csv(again, self.body.decode() + again_of(self.exp, self.query))
        head = list(itertools.islice(rows, 4))
        yield "".join(head).encode()
        for row in rows:
            yield row.encode()
        return None

    def complaint(self, error: dict[str, Json]) -> bytes:
        return f"# {CONTROLS.sub(' ', str(error['message']))}\n".encode()


class Arrays(Job):
    """``/live/states.npz``."""

    kind = Kind.FILE

    def read(self) -> None:
        self.exp = experiment_of(self.query)
        self.run = name_of(self.exp)

    def steps(self) -> Steps:
        return sight_of((yield from run_of(self.exp, self.run))).npz(origin(again_of(self.exp, self.query)))


class PageFile(Job):
    """``/live/page.html``: a page that needs no server; ``body``: this page's address, to which its link leads."""

    kind = Kind.FILE

    def read(self) -> None:
        self.exp = experiment_of(self.query)
        self.run = name_of(self.exp)
        self.beside = beside_of(self.query)
        self.view = {name.removeprefix(PAGE): value for name, value in view_part(self.query).items()}

    def steps(self) -> Steps:
        runs = [(yield from run_of(self.exp, self.run))]
        for exp in self.beside:
            runs.append((yield from run_of(exp, name_of(exp))))
        return (yield from page(runs, self.view, self.body.decode())).encode()


class Film(Job):
    """Lines of JSON: {"done", "of"} after each picture, at last {"film": base64, "type"}. ``query["film"]``: of ``views.film.KINDS``."""

    kind = Kind.FILE

    def complaint(self, error: dict[str, Json]) -> bytes:
        return (json.dumps({"error": error}) + "\n").encode()

    def lines(self, pictures: Iterator[Image], of: int, ms: int, says: str, colours: Image | None = None) -> Steps:
        kind = self.query["film"]
        for done, raw in enumerate(film(pictures, kind, ms, colours, says), 1):
            line = {"done": done, "of": of} if raw is None else {"film": base64.b64encode(raw).decode(), "type": FILMS[kind].media_type}
            yield (json.dumps(line) + "\n").encode()
        return None


class RunFilm(Film):
    """``GET /live/film.gif``, ``.mp4``: of an image run."""

    def read(self) -> None:
        self.exp = experiment_of(self.query)
        self.run = name_of(self.exp)
        self.says = origin(again_of(self.exp, self.query))
        self.key = f"film {self.query['film']} {self.run} {self.says}"

    def steps(self) -> Steps:
        sight = sight_of((yield from run_of(self.exp, self.run)))
        return (yield from self.lines(sight.moments(), len(sight.frames), IMAGE_MS, self.says))


class DrawnFilm(Film):
    """``POST /live/film.gif``, ``.mp4``: of pictures that the page has drawn, ``body``; ``query["link"]``: the page's, which the file keeps."""

    models = False

    def read(self) -> None:
        ms = self.query.get("ms", "50")
        if not ms.isdecimal() or not 20 <= int(ms[:6]) <= 1000:
            raise BadValue("ms", ms[:20], "milliseconds of a frame, from 20 to 1000")
        self.says = origin(self.query["link"]) if "link" in self.query else ""
        self.ms, self.pictures = int(ms), sent(self.body, self.query.get("times", ""))

    def steps(self) -> Steps:
        yield
        colours = FILMS[self.query["film"]].colours(self.pictures)
        return (yield from self.lines(decoded(self.pictures), sum(n for _, n in self.pictures), self.ms, self.says, colours))


class Fit(Job):
    """``/live/fit``: a table of points, ``body``, as a mixture: JSON."""

    kind = Kind.LAB
    models = False

    def read(self) -> None:
        """What the table says is read where it is fitted."""
        self.components, self.scale = fit_asked(self.query.get("components", "0"), self.query.get("scale", "1"))
        if len(self.body) > MOST_BYTES:
            raise BadValue("file", f"more than {megabytes(MOST_BYTES)}", ALLOWED)

    def steps(self) -> Steps:
        table = Table()
        for at in range(0, len(self.body), PIECE):
            table.feed(self.body[at : at + PIECE])
            yield None
        return json.dumps(fit_record(table.points(), self.components, self.scale)).encode()


class StoreSet(Job):
    """``POST /live/sets``: images of one's own, ``body``, stored: JSON with the set's name and what was done to its images."""

    kind = Kind.LAB
    models = False

    def read(self) -> None:
        """What the files are is seen where they are stored."""

    def steps(self) -> Steps:
        yield
        stored = store_upload(self.query.get("title", ""), self.body)
        return json.dumps({"name": stored.name, "notes": stored.notes}).encode()


class Board(Job):
    """``/live/board``: the lines of a sweep (playground/views/board.py), ``body`` or the query's; ``query["plan"]``: without computing."""

    kind = Kind.SWEEP
    models = False

    def read(self) -> None:
        self.sweep, self.plan = sweep_of(self.query, self.body), self.query.get("plan", "") == "true"
        self.key = f"board {self.sweep.key} {edition()} {self.plan}"

    def steps(self) -> Steps:
        yield from board.running(self.sweep, computable, self.plan, of_server())
        return None

    def complaint(self, error: dict[str, Json]) -> bytes:
        return board.complaint(error)


class BoardRead(Board):
    """``/live/board/read``: the same lines of a results file, ``body``; of a sweep's JSON its plan."""

    kind = Kind.FILE

    def read(self) -> None:
        """What the file says is read where it is shown."""

    def steps(self) -> Steps:
        yield
        record = read_json("results", self.body, limits().board_bytes)
        if is_record(record) and "axes" in record and "cells" not in record:  # a sweep alone
            yield from board.running(Sweep.from_dict(record), computable, plan=True)
        else:
            yield from board.shown(Results.from_dict(record))
        return None


class BoardFile(Job):
    """``/live/board/file``: of a results file, ``body``, a table or a picture; ``query["kind"]``: of ``FORMATS``, ``measure`` and ``cost``: of a picture."""

    kind = Kind.FILE
    models = False

    def read(self) -> None:
        self.kind_of = self.query.get("kind", "")
        if self.kind_of not in FORMATS:
            raise BadValue("kind", self.kind_of, one_of(self.kind_of, FORMATS))

    def steps(self) -> Steps:
        yield
        results = Results.from_dict(read_json("results", self.body, limits().board_bytes))
        shown = Shown(self.query.get("measure"), self.query.get("cost", "calls"))
        yield
        return FORMATS[self.kind_of].made(results, shown)


class Answered(Job):
    """What programs ask of a run (answers.py). ``query``: "link", and what else is asked, each as JSON."""

    kind = Kind.LAB

    @classmethod
    def asked(cls, link: object, **more: object) -> Answered:
        """Raises BadValue."""
        return cls({name: json.dumps(value) for name, value in {"link": link, **more}.items()})

    def read(self) -> None:
        self.more = {name: json.loads(value) for name, value in self.query.items()}
        self.exp = answers.asked(self.more["link"])
        self.run = name_of(self.exp)

    @property
    def data(self) -> str:
        return self.exp.data


class Summary(Answered):
    """A run in numbers."""

    def read(self) -> None:
        super().read()
        self.states = answers.counted(self.exp, self.more["states"])

    def steps(self) -> Steps:
        return json.dumps(answers.summary((yield from run_of(self.exp, self.run)), self.states)).encode()


class Distances(Answered):
    """How far its last points are from exact draws."""

    def steps(self) -> Steps:
        return json.dumps(answers.distances((yield from run_of(self.exp, self.run)))).encode()


class Picture(Answered):
    """A PNG of it at one moment."""

    def read(self) -> None:
        super().read()
        self.at = answers.AT.clean("at", self.more["at"])

    def steps(self) -> Steps:
        return answers.picture((yield from run_of(self.exp, self.run)), self.at)


JOBS: dict[str, type[Job]] = {
    made.__name__: made
    for made in (
        *(RunPacket, PartPacket, FieldsPacket, MeasuresPacket, FlowPacket, LabPacket, RunLabPacket, FormPacket),
        *(ImageRun, ImageTask, States, Arrays, PageFile, RunFilm, DrawnFilm, Fit, StoreSet, Summary, Distances, Picture),
        *(Board, BoardRead, BoardFile),
    )
}
"""By the names under which workers are told of them."""


def first() -> list[dict[str, str]]:
    """What a page asks for first: a run, the fields of the layers that are on where a link says nothing, the distances."""
    want = dict.fromkeys(one.arrays for one in layers().values() if one.shown and one.arrays and one.packet == "fields")
    return [{"layer": "run"}, {"layer": "fields", "want": ",".join(want)}, {"layer": "metrics"}]


def warm() -> None:
    """Computes the default picture once: the first visitor then does not wait for torch to wake up."""
    for query in first():
        packet(query)
    settle()


def settle() -> None:
    """What lives now lives on: the garbage collector, whose walk through it held every request up for 0.3 s now and then, need not look at it."""
    gc.freeze()
    gc.enable()

"""The live routes: stateless, each a pure function of the experiment in its query.

GET /live/packet?layer=run|fields|metrics&want=density,score&<experiment>   binary packet (docs/packet.md)
GET /live/packet?layer=<a lab's>&lab.<name>=…&<experiment>                   binary packet of a lab
POST /live/fit?components=&scale=  (body: a table of points)                  points as a mixture: JSON
POST /live/sets?title=  (body: files, each after its name and length)         images of one's own, stored: JSON, playground/ui/sets.py
GET /live/sets?name=                                                         what the page says of a stored set: JSON
GET /live/images?<experiment>                                                an image run while it is computed: packets, each after its length
GET /live/packet?layer=part&<experiment>                                      what is there of an image run that was left on the way
POST /live/task?lab.task=inpaint&lab.…&<experiment>  (body: pictures)          a task of the image lab: packets, each after its length
GET /live/states.csv?<experiment>                                            states of toys as CSV
GET /live/states.npz?<experiment>                                            states of images as .npz
GET /live/film.gif?<experiment>, /live/film.mp4?<experiment>                 a film of an image run: lines of JSON, {"done", "of"} …, at last {"film": base64, "type"}
POST /live/film.gif?times=&ms=, /live/film.mp4?times=&ms=  (body: pictures)    the same of pictures that the page has drawn
GET /live/assets/<path>                                                      our own scripts, styles and fonts
GET /live/plotly.js                                                          the plotly.js of the installed plotly package
"""

from __future__ import annotations

import base64
import functools
import gc
import gzip
import json
import logging
import mimetypes
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlencode

import torch
from PIL.Image import Image
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Json, Record
from playground.core.files import ASSETS
from playground.core.memory import keep_memory
from playground.core.run import Frame
from playground.engine import Run
from playground.images.messages import out_of_memory
from playground.images.upload import ALLOWED as UPLOADS
from playground.images.upload import MOST_BYTES as MOST_UPLOAD
from playground.images.upload import parts
from playground.laws.table import ALLOWED, MOST_BYTES, Table
from playground.server.limits import admitted, limits
from playground.ui.judged import beyond
from playground.ui.sets import announced, read_body, set_record, store_record
from playground.views.distances import metrics_packet
from playground.views.fields import fields_packet
from playground.views.film import ALLOWED as FILMS
from playground.views.film import KINDS, decoded, film, sent
from playground.views.film import MOST_BYTES as MOST_FILM
from playground.views.guided import fields_key
from playground.views.image_files import MS as IMAGE_MS
from playground.views.knots import knots_packet
from playground.views.lab import FOLDER as LAB_FILES
from playground.views.lab import Params, labs
from playground.views.layer import layers
from playground.views.mixture import fit_record
from playground.views.packet import Packet
from playground.views.sights import begin, sight_of
from playground.views.stage import file_name, run_packet, step_packet
from playground.views.tasks import task_packets

log = logging.getLogger("playground")
LAYERS = ("run", "part", "fields", "metrics")
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # that a link could write into the log
OURS = {"layer", "want", "seq"}  # query names that are not the experiment's; "view.*" is the page's own, "lab.*" a lab's
OF_FORM: dict[str, Callable[[Experiment, Params], Packet]] = {"knots": knots_packet}  # what the form's drawn schedule asks for


@functools.cache
def beside() -> dict[str, Callable[[Experiment, Params], Packet]]:
    """What labs and the form ask for beside the stage: (experiment, the query's "lab." names without the prefix) → packet."""
    out = dict(OF_FORM)
    for lab in labs().values():
        out |= lab.packets
        out |= {name: functools.partial(_of_run, make) for name, make in lab.of_images.items()}
    return out


def _of_run(make: Callable[[Run, Params], Packet], exp: Experiment, params: Params) -> Packet:
    """What a lab makes of the stage's run: the thread that computes has it, or makes it."""
    return make(worker.submit(run_of, exp).result(), params)


Key = TypeVar("Key")
Kept = TypeVar("Kept")


class Cache(Generic[Key, Kept]):
    """Runs and packets that were computed lately, least recently used thrown out first."""

    def __init__(self, entries: int, size: int):
        self.entries, self.size, self.used = entries, size, 0
        self.items: OrderedDict[Key, tuple[Kept, int]] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, key: Key) -> Kept | None:
        with self.lock:
            if key not in self.items:
                return None
            self.items.move_to_end(key)
            return self.items[key][0]

    def drop(self, key: Key) -> None:
        with self.lock:
            if key in self.items:
                self.used -= self.items.pop(key)[1]

    def put(self, key: Key, value: Kept, size: int) -> None:
        self.drop(key)
        with self.lock:
            self.items[key] = (value, size)
            self.used += size
            while self.items and (len(self.items) > self.entries or self.used > self.size):
                self.used -= self.items.popitem(last=False)[1][1]


runs: Cache[str, Run] = Cache(limits().runs, limits().run_bytes)
forming: Cache[str, Run] = Cache(
    limits().parts, limits().run_bytes
)  # image runs that are not done: under way, or left there by a reader who may come back
field_packets: Cache[tuple[str, frozenset[str]], Packet] = Cache(limits().fields, limits().field_bytes)
# One computation at a time, always in the same thread: OpenMP keeps a team of threads for each thread that asks, and a second team on
# the same cores makes every operation of torch twice as slow. Thus no other thread of the server may have a team. One core is left to
# Python and to a browser beside it: on two busy cores, two threads that wait for each other took 75 ms where one takes 35.
CORES = torch.get_num_threads()
torch.set_num_threads(1)
keep_memory()


def _prepare_worker() -> None:
    torch.set_num_threads(max(1, CORES - 1))
    # softmax over thousands of components leaves weights below 1e-38: as denormal numbers they make the products after it twice as slow
    torch.set_flush_denormal(True)


worker = ThreadPoolExecutor(1, thread_name_prefix="compute", initializer=_prepare_worker)


def _prepare_aside() -> None:
    torch.set_num_threads(1)  # no second team
    torch.set_flush_denormal(True)


# Labs compute beside the stage: a budget of errors takes a second, and a control that moves meanwhile must not wait for it.
aside = ThreadPoolExecutor(1, thread_name_prefix="labs", initializer=_prepare_aside)


def experiment_of(query: dict[str, str]) -> Experiment:
    return admitted(Experiment.from_query({k: v for k, v in query.items() if k not in OURS and not k.startswith(("view.", "lab."))}))


def run_of(exp: Experiment) -> Run:
    """The whole run of an experiment."""
    run = runs.get(exp.key)
    if run is None:
        run = (_forming(exp) or begin(exp)).finish()
        keep(run)
    return run


def _forming(exp: Experiment) -> Run | None:
    """The run that was begun and left; none if it failed, for then it is made anew."""
    run = forming.get(exp.key)
    return None if run is None or run.error is not None else run


def _begun(exp: Experiment) -> Run:
    """A run to be read step by step: the one that was begun, or a new one."""
    run = _forming(exp)
    if run is None:
        run = begin(exp)
        size = exp.particles * run.process.states(run.space).dim * 4
        forming.put(exp.key, run, 2 * size * len(run.grid))
    return run


def keep(run: Run) -> None:
    frame = run.frames[0].z
    forming.drop(run.exp.key)
    runs.put(run.exp.key, run, len(run.frames) * frame.numel() * frame.element_size())


def run_steps(exp: Experiment) -> Iterator[bytes]:
    """Packets of a run, each after its length (4 bytes, little endian), as its steps are computed; nothing if it is known already.

    Between two steps the thread that computes is free for others. A reader that goes away pauses the run within a step: who asks again
    gets the steps that are there, and then the rest. Raises BadValue at once.
    """
    if worker.submit(runs.get, exp.key).result() is not None:
        return iter(())
    run = worker.submit(_begun, exp).result()

    def packets() -> Iterator[Packet]:
        for frame, told in run.told():
            yield step_packet(run, frame, told)
        keep(run)

    return framed(packets(), worker)


def framed(packets: Iterator[Packet], where: ThreadPoolExecutor) -> Generator[bytes]:
    """Packets, each after its length (4 bytes, little endian), computed one by one ``where`` such work is done. An error on the way is the
    last of them: by then the answer has begun."""

    def one() -> bytes | None:
        made = next(packets, None)
        return None if made is None else made.to_bytes()

    try:
        while (raw := where.submit(one).result()) is not None:
            yield len(raw).to_bytes(4, "little") + raw
    except Exception as error:
        logged(error)
        raw = Packet({"kind": "error", "error": blame(error)}).to_bytes()
        yield len(raw).to_bytes(4, "little") + raw


def task_steps(query: dict[str, str], files: list[bytes]) -> Generator[bytes]:
    """Packets of a task of the image lab, each after its length, computed one by one; between two of them the thread is free for the stage. A reader that goes away ends it within
    a step. Raises BadValue at once."""
    params = {k[4:]: v for k, v in query.items() if k.startswith("lab.")}
    return framed(worker.submit(lambda: task_packets(experiment_of(query), params, files)).result(), worker)


def packet(query: dict[str, str]) -> bytes:
    """The packet that a query asks for. Raises BadValue."""
    layer = query.get("layer", "run")
    if layer in beside():
        params = {k[4:]: v for k, v in query.items() if k.startswith("lab.")}
        return aside.submit(lambda exp: beside()[layer](exp, params).to_bytes(), experiment_of(query)).result()
    if layer not in LAYERS:
        raise BadValue("layer", layer, "one of " + ", ".join([*LAYERS, *beside()]))
    want = frozenset(w for w in query.get("want", "").split(",") if w)
    known = [one.key for one in layers().values() if one.arrays == one.key]
    if not want <= set(known):
        raise BadValue("want", query["want"], "some of " + ", ".join(known))
    seq = query.get("seq", "0")
    if not re.fullmatch("[0-9]{1,15}", seq):  # isdigit() is also true of "²"
        raise BadValue("seq", seq, "a whole number")
    return worker.submit(_packet, experiment_of(query), layer, want, int(seq)).result()


def _packet(exp: Experiment, layer: str, want: frozenset[str], seq: int) -> bytes:
    if layer in ("run", "part"):
        run = (forming.get(exp.key) if layer == "part" else None) or run_of(exp)
        made = run_packet(run, want, seq)
        made.header["legal"] = beyond(exp)
        return made.to_bytes()
    if layer == "metrics":
        return metrics_packet(run_of(exp)).to_bytes()
    key = (fields_key(exp), want)
    made = field_packets.get(key)
    if made is None:
        made = fields_packet(exp, want)
        field_packets.put(key, made, sum(a.nbytes for a, _ in made.arrays.values()))
    made.header["key"] = exp.key
    return made.to_bytes()


def complaint(error: Exception) -> Record:
    """An error as the page shows it: {"error": …}."""
    return {"error": blame(error)}


def blame(error: Exception) -> dict[str, Json]:
    """Field, value, what is allowed and all of it in a sentence; anything unexpected is named only by its kind."""
    if isinstance(error, BadValue):
        return {"field": error.field, "value": error.value, "allowed": error.allowed, "message": str(error)}
    if out_of_memory(error):
        message = "There was too little memory for this. Take fewer images or particles, or fewer steps; the last good picture is kept."
        return {"field": "particles", "value": "", "allowed": "", "message": message}
    kind = type(error).__name__
    message = f"The server could not compute this ({kind}). The last good picture is kept; change a control or try again."
    return {"field": "", "value": "", "allowed": "", "message": message}


def logged(error: Exception) -> int:
    """One line in the log; the status to answer with."""
    words = CONTROLS.sub(" ", str(error))[:600]
    if isinstance(error, BadValue):
        log.warning("refused: %s", words)
        return 400
    log.error("failed: %s: %s", type(error).__name__, words[:300])
    return 500


class Refusal(JSONResponse):
    """The answer to what cannot be done, in ASCII: half of a surrogate pair, which JSON can hold, has no UTF-8."""

    def __init__(self, error: Exception):
        super().__init__(complaint(error), status_code=logged(error))

    def render(self, content: object) -> bytes:
        return json.dumps(content, separators=(",", ":")).encode()


def packet_base64(query: dict[str, str]) -> Record:
    """The same packets through Gradio's own server functions, for hosts where the routes cannot be reached."""
    try:
        return {"packet": base64.b64encode(packet({str(k): str(v) for k, v in query.items()})).decode()}
    except Exception as error:
        logged(error)
        return complaint(error)


def fit_table(table: Table, components: str, scale: str) -> Record:
    """A table that has been read, as a mixture. Raises BadValue."""
    return {**worker.submit(fit_record, table.points(), components, scale).result()}


def fit_text(asked: dict[str, str]) -> Record:
    """The same through Gradio's own server functions: ``text`` is the file."""
    try:
        table = Table()
        table.feed(str(asked.get("text", ""))[: MOST_BYTES + 1].encode())
        return fit_table(table, str(asked.get("components", "0")), str(asked.get("scale", "1")))
    except Exception as error:
        logged(error)
        return complaint(error)


def asset_file(path: str) -> Path | None:
    """A file beneath assets/, or of a lab as ui/labs/<key>/<file>; None for any other address, whatever its letters are."""
    place = path.removeprefix("ui/labs/")
    root = ASSETS if place == path else LAB_FILES
    try:
        file = (root / place).resolve()
        return file if file.is_relative_to(root) and file.is_file() and file.suffix not in (".py", ".pyc") else None
    except (OSError, ValueError):  # too long for the file system, or a letter that no name has
        return None


@functools.cache
def _plotly() -> tuple[bytes, bytes]:
    import plotly

    raw = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()
    return raw, gzip.compress(raw, 6)


def warm() -> None:
    """Computes the default picture once: the first visitor then does not wait for torch to wake up.

    What lives by then lives on: it is kept from the garbage collector, whose walk through it held every request up for 0.3 s now and then.
    """
    for layer in ({"layer": "run"}, {"layer": "fields", "want": "density,score"}, {"layer": "metrics"}):
        packet(layer)
    gc.freeze()
    gc.enable()


def all_states(exp: Experiment) -> Iterator[Frame]:
    """Every state of a run, computed again, one by one where such work is done."""
    frames = iter(worker.submit(lambda: Run(exp, max_frames=2)).result())
    while (frame := worker.submit(next, frames, None).result()) is not None:
        yield frame


def named(exp: Experiment, ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{file_name(exp)}.{ending}"'}


def routes() -> list[Route]:
    """The routes, to be given to the app when it is made: they are there from its first request on, and in front of Gradio's own."""

    def answer(make: Callable[[], Response]) -> Response:
        try:
            return make()
        except Exception as error:
            return Refusal(error)

    def live_packet(request: Request) -> Response:
        def make() -> Response:
            started = time.perf_counter()
            body = packet(dict(request.query_params))
            spent = f"compute;dur={1000 * (time.perf_counter() - started):.1f}"
            return Response(body, media_type="application/octet-stream", headers={"Server-Timing": spent, "Cache-Control": "no-store"})

        return answer(make)

    async def fit(request: Request) -> Response:
        """Reads the body piece by piece: what is wrong or too long is no longer kept, and the rest of a body within the limit is thrown away."""
        try:
            if announced(request) > MOST_BYTES:
                raise BadValue("file", f"{announced(request):,} bytes", ALLOWED)
            table, bad, size = Table(), None, 0
            async for piece in request.stream():
                size += len(piece)
                if size > MOST_BYTES:
                    raise BadValue("file", f"more than {MOST_BYTES // 1_000_000} MB", ALLOWED)
                try:
                    if bad is None:
                        table.feed(piece)
                except BadValue as error:
                    bad = error
            if bad is not None:
                raise bad
            query = request.query_params
            return JSONResponse(await run_in_threadpool(fit_table, table, query.get("components", "0"), query.get("scale", "1")))
        except Exception as error:
            return Refusal(error)

    async def sets(request: Request) -> Response:
        try:
            if request.method == "GET":
                return JSONResponse(set_record(request.query_params.get("name", "")))
            body = await read_body(request)
            return JSONResponse(await run_in_threadpool(store_record, request.query_params.get("title", ""), body))
        except Exception as error:
            return Refusal(error)

    def live_images(request: Request) -> Response:
        def make() -> Response:
            packets = run_steps(experiment_of(dict(request.query_params)))
            return StreamingResponse(packets, media_type="application/octet-stream", headers={"Cache-Control": "no-store"})

        return answer(make)

    async def task(request: Request) -> Response:
        """Reads the pictures of the body, each after its length (4 bytes, little endian), up to the limit."""
        try:
            body = bytearray()
            if announced(request) > MOST_UPLOAD:
                raise BadValue("image", f"{announced(request):,} bytes", UPLOADS)
            async for piece in request.stream():
                body += piece
                if len(body) > MOST_UPLOAD:
                    raise BadValue("image", f"more than {MOST_UPLOAD} bytes", UPLOADS)
            packets = await run_in_threadpool(task_steps, dict(request.query_params), parts(bytes(body)))
            return StreamingResponse(packets, media_type="application/octet-stream", headers={"Cache-Control": "no-store"})
        except Exception as error:
            return Refusal(error)

    def states_csv(request: Request) -> Response:
        def make() -> Response:
            exp = experiment_of(dict(request.query_params))
            run = worker.submit(run_of, exp).result()
            link = f"{request.base_url}?{urlencode(exp.to_query())}"
            rows = sight_of(run).csv(None if len(run.frames) > run.steps else all_states(exp), link)
            return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=named(exp, "csv"))

        return answer(make)

    def states_npz(request: Request) -> Response:
        def make() -> Response:
            exp = experiment_of(dict(request.query_params))
            raw = sight_of(worker.submit(run_of, exp).result()).npz()
            return Response(raw, media_type="application/octet-stream", headers=named(exp, "npz"))

        return answer(make)

    def film_lines(pictures: Iterator[Image], of: int, kind: str, ms: int, colours: Image | None = None) -> Iterator[str]:
        try:
            for done, raw in enumerate(film(pictures, kind, ms, colours), 1):
                line = {"done": done, "of": of} if raw is None else {"film": base64.b64encode(raw).decode(), "type": KINDS[kind].media_type}
                yield json.dumps(line) + "\n"
        except Exception as error:  # on the way: by then the answer has begun
            logged(error)
            yield json.dumps(complaint(error)) + "\n"

    def run_film(kind: str, request: Request) -> Response:
        def make() -> Response:
            exp = experiment_of(dict(request.query_params))
            sight = sight_of(worker.submit(run_of, exp).result())
            lines = film_lines(sight.moments(), len(sight.frames), kind, IMAGE_MS)
            return StreamingResponse(lines, media_type="application/x-ndjson")

        return answer(make)

    async def drawn_film(kind: str, request: Request) -> Response:
        """Reads pictures up to the limit and joins them to a film."""
        try:
            body, query = bytearray(), request.query_params
            ms = query.get("ms", "50")
            if announced(request) > MOST_FILM:
                raise BadValue("film", f"{announced(request):,} bytes", FILMS)
            if not ms.isdecimal() or not 20 <= int(ms[:6]) <= 1000:
                raise BadValue("ms", ms[:20], "milliseconds of a frame, from 20 to 1000")
            async for piece in request.stream():
                body += piece
                if len(body) > MOST_FILM:
                    raise BadValue("film", f"more than {MOST_FILM} bytes", FILMS)
            pictures = sent(bytes(body), query.get("times", ""))
            colours = await run_in_threadpool(KINDS[kind].colours, pictures)
            lines = film_lines(decoded(pictures), sum(n for _, n in pictures), kind, int(ms), colours)
            return StreamingResponse(lines, media_type="application/x-ndjson")
        except Exception as error:
            return Refusal(error)

    def asset(request: Request) -> Response:
        file = asset_file(request.path_params["path"])
        if file is None:
            return JSONResponse({"error": {"message": "there is no such file"}}, status_code=404)
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return Response(file.read_bytes(), media_type=kind, headers={"Cache-Control": "max-age=3600"})

    def plotly_js(request: Request) -> Response:
        raw, zipped = _plotly()
        headers = {"Cache-Control": "max-age=86400"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(zipped, media_type="text/javascript", headers={**headers, "Content-Encoding": "gzip"})
        return Response(raw, media_type="text/javascript", headers=headers)

    return [
        Route("/live/packet", live_packet),
        Route("/live/fit", fit, methods=["POST"]),
        Route("/live/images", live_images),
        Route("/live/task", task, methods=["POST"]),
        Route("/live/sets", sets, methods=["GET", "POST"]),
        Route("/live/states.csv", states_csv),
        Route("/live/states.npz", states_npz),
        *(Route(f"/live/film.{kind}", functools.partial(run_film, kind)) for kind in KINDS),
        *(Route(f"/live/film.{kind}", functools.partial(drawn_film, kind), methods=["POST"]) for kind in KINDS),
        Route("/live/plotly.js", plotly_js),
        Route("/live/assets/{path:path}", asset),
    ]

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
import json
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

from PIL.Image import Image
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Record
from playground.images.upload import ALLOWED as UPLOADS
from playground.images.upload import MOST_BYTES as MOST_UPLOAD
from playground.images.upload import parts
from playground.laws.table import ALLOWED, MOST_BYTES, Table
from playground.server import assets
from playground.server.jobs import all_states, experiment_of, fit_table, packet, run_of, run_steps, task_steps, worker
from playground.server.refusal import Refusal, complaint, logged
from playground.ui.sets import announced, read_body, set_record, store_record
from playground.views.film import ALLOWED as FILMS
from playground.views.film import KINDS, decoded, film, sent
from playground.views.film import MOST_BYTES as MOST_FILM
from playground.views.image_files import MS as IMAGE_MS
from playground.views.sights import sight_of
from playground.views.stage import file_name


def packet_base64(query: dict[str, str]) -> Record:
    """The same packets through Gradio's own server functions, for hosts where the routes cannot be reached."""
    try:
        return {"packet": base64.b64encode(packet({str(k): str(v) for k, v in query.items()})).decode()}
    except Exception as error:
        logged(error)
        return complaint(error)


def fit_text(asked: dict[str, str]) -> Record:
    """The same through Gradio's own server functions: ``text`` is the file."""
    try:
        table = Table()
        table.feed(str(asked.get("text", ""))[: MOST_BYTES + 1].encode())
        return fit_table(table, str(asked.get("components", "0")), str(asked.get("scale", "1")))
    except Exception as error:
        logged(error)
        return complaint(error)


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
        *assets.routes(),
    ]

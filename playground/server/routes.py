"""The live routes: stateless, each a pure function of the experiment in its query. What is asked for becomes a job (jobs.py) in the line of the server's
scheduler; what nobody waits for any more leaves it.

GET /live/packet?layer=run|fields|metrics&want=density,score&<experiment>   binary packet (docs/packet.md)
GET /live/packet?layer=<a lab's>&lab.<name>=…&<experiment>                   binary packet of a lab
POST /live/fit?components=&scale=  (body: a table of points)                  points as a mixture: JSON
POST /live/sets?title=  (body: files, each after its name and length)         images of one's own, stored: JSON, playground/ui/sets.py
GET /live/sets?name=                                                         what the page says of a stored set: JSON
GET /live/images?<experiment>                                                an image run while it is computed: packets, each after its length
GET /live/packet?layer=part&<experiment>                                      what is there of an image run that was left on the way
POST /live/task?lab.task=inpaint&lab.…&<experiment>  (body: pictures)          a task of the image lab: packets, each after its length
GET /live/board?preset=&seeds=&measures=&<experiment>, or ?sweep=, or POST     cells of a sweep as they are computed: lines of JSON (playground/views/board.py); plan=true: none
POST /live/board/read  (body: a results file)                                the same lines of a file
POST /live/board/file?kind=csv&measure=&cost=  (body: a results file)        a table or a figure of it
GET /live/states.csv?<experiment>                                            states of toys as CSV
GET /live/states.npz?<experiment>                                            states of images as .npz
GET /live/page.html?<experiment>                                             a page of it that needs no server (playground/viewer)
GET /live/film.gif?<experiment>, /live/film.mp4?<experiment>                 a film of an image run: lines of JSON, {"done", "of"} …, at last {"film": base64, "type"}
POST /live/film.gif?times=&ms=, /live/film.mp4?times=&ms=  (body: pictures)    the same of pictures that the page has drawn
GET /live/assets/<path>                                                      our own scripts, styles and fonts
GET /live/plotly.js                                                          Plotly, which draws the curves (assets/vendor/plotly)
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import re
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from playground.core.experiment import Experiment
from playground.core.fields import Record
from playground.core.limits import limits, megabytes, variable
from playground.images import own, upload
from playground.laws import table
from playground.server import assets
from playground.server.bench import Here
from playground.server.jobs import (
    Arrays,
    Board,
    BoardFile,
    BoardRead,
    DrawnFilm,
    Fit,
    ImageRun,
    ImageTask,
    Job,
    PageFile,
    RunFilm,
    States,
    StoreSet,
    first,
    packet_job,
    settle,
)
from playground.server.refusal import Refusal, failure_of, log, logged
from playground.server.replies import Gone, Reply, Stream, answer_of, read_body
from playground.server.scheduler import Scheduler
from playground.sweeps.export import FORMATS
from playground.ui.sets import set_record, stored_record
from playground.views import film
from playground.views.stage import file_name

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None
FILES = 65_536
MOST_SWEEP = 1_000_000  # bytes of a sweep's JSON
BINARY, LINES = "application/octet-stream", "application/x-ndjson"
FRESH = {"Cache-Control": "no-store"}
TAB = re.compile(r"[\w-]{1,64}", re.ASCII)  # what a page calls its tab, in the header X-Playground-Tab

Door = Callable[[dict[str, str]], Awaitable[Record]]


def person_of(request: Request) -> str:
    """Who asks: the page's tab, or else the address that the request came from, which behind a proxy is the proxy's for all. It decides whose turn it is and how
    many of their requests may wait."""
    tab = request.headers.get("x-playground-tab", "")
    return f"tab {tab}" if TAB.fullmatch(tab) else f"at {request.client.host if request.client else ''}"


def query_of(request: Request) -> dict[str, str]:
    return dict(request.query_params)


def named(exp: Experiment, ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{file_name(exp)}.{ending}"'}


async def board_body(request: Request) -> bytes:
    """A results file."""
    most = limits().board_bytes
    return await read_body(request, most, "results", f"a results file of at most {megabytes(most)}; {variable('board_bytes')} changes that")


def threads() -> Scheduler:
    """A line for which threads of this process compute."""
    return Scheduler([Here(), Here()], Here())


class Live:
    """The routes of one page and the line that computes for them: ``make()``, and another when it is opened again after it was closed."""

    def __init__(self, make: Callable[[], Scheduler] = threads):
        self.make, self.scheduler = make, make()

    # -- what a request is answered with ---------------------------------------------------------------------------------------------

    async def whole(self, request: Request, job: Job, media_type: str, headers: dict[str, str]) -> Response:
        """The answer of a job, in one piece."""
        reply = Reply(request, self.scheduler.ask(job, person_of(request)))
        answer = await reply.whole()
        told = {**headers, "Server-Timing": f"compute;dur={reply.waited:.1f}"}
        return Response(job.finish(answer), media_type=media_type, headers=told)

    async def stream(self, request: Request, job: Job, media_type: str, headers: dict[str, str]) -> Response:
        """The parts of a job's answer as they come. What fails before the first is refused as a whole."""
        reply = Reply(request, self.scheduler.ask(job, person_of(request)))
        try:
            return Stream(await reply.next(), reply, media_type, headers)
        except BaseException:
            reply.close()
            raise

    async def packet(self, request: Request) -> Response:
        return await self.whole(request, packet_job(query_of(request)), BINARY, FRESH)

    async def images(self, request: Request) -> Response:
        return await self.stream(request, ImageRun(query_of(request)), BINARY, FRESH)

    async def task(self, request: Request) -> Response:
        body = await read_body(request, upload.MOST_BYTES, "image", upload.ALLOWED)
        return await self.stream(request, ImageTask(query_of(request), body), BINARY, FRESH)

    async def fit(self, request: Request) -> Response:
        body = await read_body(request, table.MOST_BYTES, "file", table.ALLOWED)
        return await self.whole(request, Fit(query_of(request), body), "application/json", {})

    async def store(self, request: Request) -> Response:
        body = await read_body(request, own.MOST_BYTES, "images", own.LIMITS)
        reply = Reply(request, self.scheduler.ask(StoreSet(query_of(request), body), person_of(request)))
        return JSONResponse(await run_in_threadpool(stored_record, await reply.whole()))

    async def stored(self, request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(set_record, request.query_params.get("name", "")))

    async def csv(self, request: Request) -> Response:
        job = States(query_of(request), str(request.base_url).encode())
        return await self.stream(request, job, "text/csv; charset=utf-8", named(job.exp, "csv"))

    async def npz(self, request: Request) -> Response:
        job = Arrays(query_of(request))
        return await self.whole(request, job, BINARY, named(job.exp, "npz"))

    async def page(self, request: Request) -> Response:
        job = PageFile(query_of(request), str(request.base_url).encode())
        return await self.whole(request, job, "text/html; charset=utf-8", named(job.exp, "html"))

    async def run_film(self, request: Request) -> Response:
        return await self.stream(request, RunFilm({**query_of(request), "film": request.url.path.rpartition(".")[2]}), LINES, {})

    async def drawn_film(self, request: Request) -> Response:
        body = await read_body(request, film.MOST_BYTES, "film", film.ALLOWED)
        return await self.stream(request, DrawnFilm({**query_of(request), "film": request.url.path.rpartition(".")[2]}, body), LINES, {})

    async def board(self, request: Request) -> Response:
        body = await read_body(request, MOST_SWEEP, "sweep", f"JSON of at most {MOST_SWEEP:,} bytes")
        return await self.stream(request, Board(query_of(request), body), LINES, FRESH)

    async def board_read(self, request: Request) -> Response:
        return await self.stream(request, BoardRead(query_of(request), await board_body(request)), LINES, FRESH)

    async def board_file(self, request: Request) -> Response:
        job = BoardFile(query_of(request), await board_body(request))
        return await self.whole(request, job, FORMATS[job.kind_of].media_type, FRESH)

    def routes(self) -> list[Route]:
        """The routes, to be given to the app when it is made: they are there from its first request on, and in front of Gradio's own."""
        return [
            Route("/live/packet", refusing(self.packet)),
            Route("/live/fit", refusing(self.fit), methods=["POST"]),
            Route("/live/images", refusing(self.images)),
            Route("/live/task", refusing(self.task), methods=["POST"]),
            Route("/live/sets", refusing(self.stored)),
            Route("/live/sets", refusing(self.store), methods=["POST"]),
            Route("/live/board", refusing(self.board), methods=["GET", "POST"]),
            Route("/live/board/read", refusing(self.board_read), methods=["POST"]),
            Route("/live/board/file", refusing(self.board_file), methods=["POST"]),
            Route("/live/states.csv", refusing(self.csv)),
            Route("/live/states.npz", refusing(self.npz)),
            Route("/live/page.html", refusing(self.page)),
            *(Route(f"/live/film.{kind}", refusing(self.run_film)) for kind in film.KINDS),
            *(Route(f"/live/film.{kind}", refusing(self.drawn_film), methods=["POST"]) for kind in film.KINDS),
            *assets.routes(),
        ]

    # -- the same through Gradio's own server functions, for hosts where the routes cannot be reached --------------------------------

    def doors(self) -> tuple[Door, Door]:
        """``packet_base64(query)``, a packet as text, and ``fit_text({"text": the file, "components", "scale"})``, a mixture for a table."""

        async def packet_base64(query: dict[str, str]) -> Record:
            job = packet_job({str(k): str(v) for k, v in query.items()})
            raw = await answer_of(self.scheduler.ask(job, "gradio"))
            return {"packet": base64.b64encode(job.finish(raw)).decode()}

        async def fit_text(asked: dict[str, str]) -> Record:
            query = {name: str(asked[name]) for name in ("components", "scale") if name in asked}
            body = str(asked.get("text", ""))[: table.MOST_BYTES + 1].encode()
            return json.loads(await answer_of(self.scheduler.ask(Fit(query, body), "gradio")))

        return told(packet_base64), told(fit_text)

    # -- the server's life -----------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Starts the workers and does not wait for them. A thousand connections need as many files open: what the system allows is taken."""
        if resource is not None:
            most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, FILES) if most > 0 else FILES, most))
        if self.scheduler.closed:
            self.scheduler = self.make()
        self.scheduler.open()

    def close(self) -> None:
        """Ends the workers. What is asked now is refused until it is opened again."""
        self.scheduler.close()

    def warm(self) -> None:
        """Has the page's first picture computed: the first visitor then waits for nothing."""
        try:
            for query in first():
                self.scheduler.ask(packet_job(query), "the server").whole()
        finally:
            settle()


def told(make: Door) -> Door:
    """A function of the page that says what cannot be done in words."""

    @functools.wraps(make)  # Gradio knows it by its name
    async def door(asked: dict[str, str]) -> Record:
        try:
            return await make(asked)
        except Exception as error:
            return logged(failure_of(error))

    return door


def refusing(make: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """A route that answers what cannot be done in words; nothing where nobody listens any more."""

    async def endpoint(request: Request) -> Response:
        try:
            return await make(request)
        except Gone:
            return Response(status_code=499)
        except ClientDisconnect:
            log.warning("left: a body that did not end")
            return Response(status_code=499)
        except Exception as error:
            return Refusal(failure_of(error))

    return endpoint

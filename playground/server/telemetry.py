"""What a server did, as Prometheus reads it: GET /live/metrics (and /metrics). Only counts: nothing of what anybody chose or sent is in a label.

``Counted`` stands before the routes and observes each answer; what lasts (health, caches, the line) is read when it is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qs

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground import __version__
from playground.server.health import STATES, Health, health
from playground.server.scheduler import Stats

SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300)
OTHER = "other"
UNCOUNTED = {"health", "metrics"}  # asked by machines, all the time
GONE = "gone"  # the reader went away before all of it was sent
OUTCOMES = {429: "busy", 499: GONE, 503: "busy"}  # of a status; else by its hundred
HUNDREDS = {4: "refused", 5: "failed"}


class Level(NamedTuple):
    """A number that lasts, as it is now: its name without ``playground_``, what it is, its values by one label ("" for none). ``rises``: it only grows."""

    name: str
    help: str
    label: str
    values: Mapping[str, float]
    rises: bool = False


class Levels(Collector):
    """Levels, read when Prometheus asks."""

    def __init__(self) -> None:
        self.sources: dict[str, Callable[[], Iterable[Level]]] = {}

    def collect(self) -> Iterable[Metric]:
        for level in (level for source in self.sources.values() for level in source()):
            kind = CounterMetricFamily if level.rises else GaugeMetricFamily
            family = kind(f"playground_{level.name}", level.help, labels=[level.label] if level.label else [])
            for key, value in level.values.items():
                family.add_metric([key] if level.label else [], value)
            yield family


class Telemetry:
    """The counts of one server."""

    def __init__(self, health: Health):
        disable_created_metrics()  # one more series beside each, of no use here
        self.registry = CollectorRegistry()
        self.levels, self.health = Levels(), health
        self.levels.sources["own"] = self._own
        for collector in (self.levels, ProcessCollector(registry=None), PlatformCollector(registry=None)):
            self.registry.register(collector)
        told = {"namespace": "playground", "registry": self.registry}
        self.requests = Counter("requests", "answers by what was asked for and how it ended", ["kind", "outcome"], **told)
        self.seconds = Histogram(
            "request_seconds", "from a request's head to the last byte of its answer", ["kind"], buckets=SECONDS, **told
        )
        self.first = Histogram(
            "first_byte_seconds", "from a request's head to the first byte of its answer", ["kind"], buckets=SECONDS, **told
        )
        self.bytes = Counter("sent_bytes", "bytes of answers", ["kind"], **told)
        self.open = Gauge("open_requests", "requests that are being answered", ["kind"], **told)

    def _own(self) -> Iterable[Level]:
        yield Level("up_seconds", "since this process has been serving", "", {"": self.health.uptime})
        yield Level("state", "1 of the state that it is in", "state", {s: float(s == self.health.state) for s in STATES})
        yield Level("build", "the version that is served", "version", {__version__: 1.0})

    def watch(self, name: str, source: Callable[[], Iterable[Level]]) -> None:
        """Reads levels from ``source`` whenever it is asked, in place of an earlier one of this name."""
        self.levels.sources[name] = source

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)


telemetry = Telemetry(health)


def line(stats: Stats) -> Iterable[Level]:
    """What the line of jobs (scheduler.py) tells."""
    yield Level("jobs_waiting", "jobs that wait to be computed, or to be computed on", "kind", stats.waiting)
    yield Level("jobs_running", "jobs that are being computed at this moment", "kind", stats.running)
    yield Level("jobs_done", "jobs that were computed", "kind", stats.done, True)
    yield Level("jobs_failed", "jobs that could not be computed", "kind", stats.failed, True)
    yield Level("jobs_dropped", "jobs that nobody read to their end", "kind", stats.dropped, True)
    yield Level("computed_seconds", "seconds of computing", "kind", stats.seconds, True)
    yield Level("shared_requests", "answered by what another was being computed", "", {"": stats.shared}, True)
    yield Level("kept_answers", "answered by what was computed before", "", {"": stats.kept}, True)
    yield Level("turned_away", "refused for want of room in the line", "", {"": stats.refused}, True)
    yield Level("answers", "answers that are kept", "", {"": stats.answers})
    yield Level("answers_bytes", "bytes of answers that are kept", "", {"": stats.answer_bytes})
    yield Level("people", "who asked within the last minute", "", {"": stats.people})
    yield Level("workers", "workers that can compute now", "", {"": stats.workers})
    yield Level("replaced_workers", "workers that died and were started anew", "", {"": stats.replaced}, True)
    yield Level("worker_memory_bytes", "resident memory of each worker", "worker", {str(n): size for n, size in enumerate(stats.memory)})


class Counted:
    """Middleware: counts the answers of our routes. ``kinds``: names of routes (the first part of the path after live/), ``layers``: what a packet may be of.

    Whatever else is asked for is one kind, so that nobody can make labels.
    """

    def __init__(self, app: ASGIApp, kinds: frozenset[str], layers: frozenset[str], told: Telemetry = telemetry):
        self.app, self.kinds, self.layers, self.told = app, kinds, layers, told

    def kind(self, scope: Scope) -> str:
        """What is asked for: "packet:run", "images", "assets"; "" of what is not ours."""
        parts = scope["path"].removeprefix(scope.get("root_path", "")).split("/")
        if len(parts) < 3 or parts[1] != "live":
            return ""
        first = parts[2]
        if first in UNCOUNTED:
            return ""
        if first != "packet":
            return first if first in self.kinds else OTHER
        layer = parse_qs(scope["query_string"].decode("latin-1")).get("layer", ["run"])[-1]
        return f"packet:{layer if layer in self.layers else OTHER}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = self.kind(scope) if scope["type"] == "http" else ""
        if not kind:
            await self.app(scope, receive, send)
            return
        started, told = time.perf_counter(), self.told
        status, whole, begun = 500, False, False

        async def tap(message: Message) -> None:
            nonlocal status, whole, begun
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                if not begun:
                    told.first.labels(kind).observe(time.perf_counter() - started)
                    begun = True
                told.bytes.labels(kind).inc(len(message.get("body", b"")))
            await send(message)
            whole = message["type"] == "http.response.body" and not message.get("more_body", False)

        told.open.labels(kind).inc()
        try:
            await self.app(scope, receive, tap)
        finally:
            told.open.labels(kind).dec()
            told.seconds.labels(kind).observe(time.perf_counter() - started)
            outcome = OUTCOMES.get(status) or HUNDREDS.get(status // 100, "ok")
            told.requests.labels(kind, outcome if whole else GONE if begun else "failed").inc()


async def answer(request: Request) -> Response:
    return Response(telemetry.text(), headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})


def routes() -> list[Route]:
    return [Route(path, answer) for path in ("/live/metrics", "/metrics")]


def kinds(routes: Iterable[Route]) -> frozenset[str]:
    """The kinds of requests that routes beneath /live answer."""
    return frozenset(route.path.split("/")[2] for route in routes if route.path.startswith("/live/"))

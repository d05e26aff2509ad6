"""A class at one server, as JSON: ``python -m benchmarks.crowd``. On loopback only, with its own server in a process of its own.

Every person changes a control every 2.5 s and asks as the page does (assets/ui/form): the run, then the fields if they depend on what was changed, and 250 ms after
the last run the distances; what is no longer wanted is given up by closing its connection. A latency runs from the change (or, of fields and distances,
from the question) to the last byte. Every header is compared with what was asked: key and number.

    python -m benchmarks.crowd                      1, 8 and 32 people, 32 beside one heavy run, 32 who open one link; benchmarks/results/crowd.json
    python -m benchmarks.crowd --people 32 --seconds 20 --no-save
    python -m benchmarks.crowd --url http://127.0.0.1:8000/       a server that runs already, or a proxy before several
    python -m benchmarks.crowd --tree ../other      the server of another checkout, for pairs
    python -m benchmarks.crowd --soak 20            memory of the server over minutes
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import platform
import random
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import torch

from benchmarks.live import ROOT, cpu, free_port, save, summary, wait_for
from playground.core.experiment import Experiment
from playground.views.guided import fields_key

EVERY, QUIET = 2.5, 0.25  # seconds: between two changes, and from a run to its distances
TOYS = ("moons", "swiss_roll", "rings", "checkerboard", "pinwheel", "diamond", "three_modes", "two_modes")
HEAVY = {"data": "moons", "particles": "200000", "grid.steps": "300", "seed": "7"}
WANT = "density,score"
LIMIT = 120.0  # seconds for one answer

Query = dict[str, str]


@dataclass
class Seen:
    """What was measured: milliseconds by kind; answers given up, refused, and wrong ones."""

    spent: dict[str, list[float]] = field(default_factory=lambda: {"run": [], "fields": [], "metrics": []})
    given_up: int = 0
    failed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def told(self) -> dict[str, object]:
        out: dict[str, object] = {f"{kind}, ms": summary(values) for kind, values in self.spent.items() if values}
        return {
            **out,
            "given up": self.given_up,
            "failed": len(self.failed),
            "of another": len(self.wrong),
            "first failures": self.failed[:3],
        }


class Wire:
    """One connection that is kept, as a browser keeps it."""

    def __init__(self, base: str, tab: str):
        parts = urlsplit(base)
        self.host, self.port, self.root, self.tab = parts.hostname or "", parts.port or 80, parts.path.rstrip("/"), tab
        self.pair: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str, query: Query) -> tuple[int, bytes]:
        """Status, and the first bytes of the answer, which is read to its end."""
        try:
            return await asyncio.wait_for(self._get(path, query), LIMIT)
        except BaseException:
            self.close()
            raise

    async def _get(self, path: str, query: Query) -> tuple[int, bytes]:
        if self.pair is None:
            self.pair = await asyncio.open_connection(self.host, self.port, limit=2**20)
        reader, writer = self.pair
        head = (
            f"GET {self.root}/{path}?{urlencode(query)} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nX-Playground-Tab: {self.tab}\r\n\r\n"
        )
        writer.write(head.encode())
        told = await reader.readuntil(b"\r\n\r\n")
        status = int(told.split(None, 2)[1])
        size = re.search(rb"content-length: *(\d+)", told, re.IGNORECASE)
        if size is None:  # a stream: to its end
            body = await reader.read()
            self.close()
            return status, body[:4000]
        left, body = int(size[1]), b""
        while left:
            piece = await reader.read(min(left, 2**20))
            if not piece:
                raise ConnectionError("cut off")
            body += piece[: 4000 - len(body)] if len(body) < 4000 else b""
            left -= len(piece)
        return status, body

    def close(self) -> None:
        if self.pair is not None:
            self.pair[1].close()
            self.pair = None


def changes(person: int, count: int) -> list[Query]:
    """What one person chooses, one change after another; nobody's is another's."""
    draw, chosen = random.Random(person), {"data": TOYS[person % len(TOYS)], "seed": str(1000 * person)}
    made = []
    for n in range(count):
        what = draw.choice(("seed", "grid.steps", "sampler", "process.schedule.beta_max", "data"))
        if what == "seed":
            chosen = {**chosen, "seed": str(1000 * person + n + 1)}
        elif what == "grid.steps":
            chosen = {**chosen, "grid.steps": str(draw.randint(10, 40))}
        elif what == "sampler":
            chosen = {**chosen, "sampler": draw.choice(("DDIM", "DDPM", "DPMSolverPP2M"))}
        elif what == "data":
            chosen = {**chosen, "data": draw.choice(TOYS)}
        else:
            chosen = {**chosen, "process.schedule.beta_max": f"{draw.uniform(8, 25):.3f}"}
        made.append(chosen)
    return made


class Person:
    """One page: at most one run is in flight, and the newest change waits."""

    def __init__(self, number: int, base: str, seconds: float, seen: Seen):
        self.number, self.seen, self.seconds = number, seen, seconds
        self.todo = [(query, Experiment.from_query(query)) for query in changes(number, round(seconds / EVERY))]
        self.stage, self.beside = (Wire(base, f"person-{number}") for _ in range(2))
        self.asked = 0
        self.after: asyncio.Task[None] | None = None
        self.fields = ""

    async def ask(self, wire: Wire, kind: str, query: Query, key: str, since: float) -> None:
        self.asked += 1
        more = {"want": WANT} if kind == "fields" else {}
        status, body = await wire.get("live/packet", {"layer": kind, **more, "seq": str(self.asked), **query})
        self.seen.spent[kind].append(1000 * (time.perf_counter() - since))
        if status != 200:
            self.seen.failed.append(f"{kind} {status}: {body[:200].decode(errors='replace')}")
        elif f'"key":"{key}"'.encode() not in body or (kind == "run" and f'"seq":{self.asked},'.encode() not in body):
            self.seen.wrong.append(f"{kind} of {query}: {body[:200]!r}")

    async def live(self) -> None:
        began = time.perf_counter()
        await asyncio.sleep(EVERY * random.Random(-1 - self.number).random())
        first = time.perf_counter()
        for n, (query, exp) in enumerate(self.todo):
            late = first + n * EVERY - time.perf_counter()
            if late > 0:
                await asyncio.sleep(late)
            elif -late > EVERY and n + 1 < len(self.todo):
                continue  # a newer one waits already
            await self._give_up()
            since = max(first + n * EVERY, began)
            try:
                await self.ask(self.stage, "run", query, exp.key, since)
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                self.seen.failed.append(f"run: {error!r}")
                continue
            self.after = asyncio.create_task(self._after(query, exp))
        if self.after:
            await self.after
        self.stage.close()
        self.beside.close()

    async def _after(self, query: Query, exp: Experiment) -> None:
        """Fields and distances, until the next change."""
        try:
            if (key := fields_key(exp)) != self.fields:
                await self.ask(self.beside, "fields", query, exp.key, time.perf_counter())
                self.fields = key
            await asyncio.sleep(QUIET)
            await self.ask(self.beside, "metrics", query, exp.key, time.perf_counter())
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            self.seen.failed.append(f"{error!r}")

    async def _give_up(self) -> None:
        if self.after and not self.after.done():
            self.after.cancel()
            self.seen.given_up += 1
        if self.after:
            with contextlib.suppress(asyncio.CancelledError):
                await self.after


async def crowd(base: str, people: int, seconds: float, heavy: bool = False) -> dict[str, object]:
    """So many people for so long; ``heavy``: beside one legal run of 200,000 particles and 300 steps, asked for again and again."""
    seen = Seen()
    everybody = [Person(n, base, seconds, seen) for n in range(people)]
    runs: list[float] = []

    async def burden() -> None:
        wire = Wire(base, "heavy")
        for seed in range(1000):
            since = time.perf_counter()
            await wire.get("live/packet", {**HEAVY, "seed": str(seed)})
            runs.append(round(time.perf_counter() - since, 1))

    weight = asyncio.create_task(burden()) if heavy else None
    if heavy:
        await asyncio.sleep(1)
    await asyncio.gather(*(person.live() for person in everybody))
    if weight:
        weight.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await weight
    return {"people": people, **seen.told(), **({"heavy runs done, s": runs} if heavy else {})}


async def one_link(base: str, people: int) -> dict[str, object]:
    """Everybody opens one address at once."""
    query = {"data": "rings", "sampler": "DDPM", "grid.steps": "100", "seed": str(random.randrange(10**9))}
    key = Experiment.from_query(query).key
    before = counted(base)
    seen: list[float] = []

    async def one(n: int) -> None:
        wire, since = Wire(base, f"link-{n}"), time.perf_counter()
        status, body = await wire.get("live/packet", {"layer": "run", **query})
        assert status == 200
        assert key.encode() in body
        seen.append(1000 * (time.perf_counter() - since))
        wire.close()

    await asyncio.gather(*(one(n) for n in range(people)))
    after = counted(base)
    return {"people": people, "run, ms": summary(seen), "runs computed": after - before if after >= 0 else "no metrics"}


def counted(base: str) -> int:
    """Runs that the server has computed, by its metrics; -1 where it has none."""
    with contextlib.suppress(OSError):
        text = urllib.request.urlopen(f"{base}/live/metrics", timeout=20).read().decode()
        if found := re.search(r'^playground_jobs_done_total\{kind="run"\} ([\d.e+]+)', text, re.MULTILINE):
            return round(float(found[1]))
    return -1


@contextlib.contextmanager
def served(tree: Path) -> Iterator[tuple[str, int]]:
    """The address and the process of a tree's server, which is ended afterwards."""
    port = free_port()
    env = {**os.environ, "GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1"}
    process = subprocess.Popen([sys.executable, "app.py"], cwd=tree, env=env, stdout=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}"
        wait_for(base)
        urllib.request.urlopen(f"{base}/live/packet?layer=metrics&seed=1").read()
        time.sleep(6)  # all of its workers are there
        yield base, process.pid
    finally:
        process.terminate()
        process.wait(20)


def memory(pid: int) -> float:
    """MB of a process and of those that it started: what is theirs alone, and their part of what they share."""
    total, todo = 0.0, [pid]
    while todo:
        one = todo.pop()
        with contextlib.suppress(OSError):
            todo += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
            total += sum(
                int(line.split()[1]) for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines() if line.startswith("Pss:")
            )
    return total / 1000


async def soak(base: str, pid: int, minutes: float, people: int) -> dict[str, object]:
    """A crowd for minutes; the server's memory, of which the first five (or quarter) are not counted."""
    sizes: list[tuple[float, float]] = []
    began = time.monotonic()

    async def watch() -> None:
        while True:
            sizes.append((time.monotonic() - began, memory(pid)))
            await asyncio.sleep(5)

    watching = asyncio.create_task(watch())
    told = await crowd(base, people, 60 * minutes)
    watching.cancel()
    settled = min(300, 15 * minutes)
    start = next(size for at, size in sizes if at >= settled)
    later = [size for at, size in sizes if at >= settled]
    return {
        **told,
        "minutes": minutes,
        "memory after the start, MB": round(start),
        "most later, MB": round(max(later)),
        "grown by, %": round(100 * (max(later) / start - 1), 1),
    }


async def measure(base: str, people: list[int], seconds: float, heavy: bool, link: bool) -> AsyncIterator[tuple[str, object]]:
    for count in people:
        yield f"{count} people", await crowd(base, count, seconds)
    if heavy:
        yield f"{people[-1]} people beside a heavy run", await crowd(base, people[-1], seconds, heavy=True)
    if link:
        yield f"{people[-1]} people open one link", await one_link(base, people[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--url", help="of a server that runs already")
    parser.add_argument("--tree", type=Path, default=ROOT)
    parser.add_argument("--soak", type=float, metavar="MINUTES")
    parser.add_argument("--no-heavy", action="store_true")
    parser.add_argument("--no-link", action="store_true")
    parser.add_argument("--no-save", action="store_true")
    args = parser.parse_args()
    machine = {
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "load before": round(os.getloadavg()[0], 2),
    }
    out: dict[str, object] = {"machine": machine}

    async def run(base: str, pid: int) -> None:
        if args.soak:
            out["soak"] = await soak(base, pid, args.soak, args.people[-1])
            return
        async for name, told in measure(base, args.people, args.seconds, not args.no_heavy, not args.no_link):
            out[name] = told
            print(name, told, file=sys.stderr, flush=True)

    if args.url:
        asyncio.run(run(args.url.rstrip("/"), 0))
    else:
        with served(args.tree.resolve()) as (base, pid):
            asyncio.run(run(base, pid))
    if args.no_save:
        print(out)
    else:
        save("crowd_soak" if args.soak else "crowd", out)


if __name__ == "__main__":
    main()

"""Two equal servers behind one address, asked by turns: every route gives the right answer whichever gets the request, and one alone goes on.

What they share is a folder of stored sets (PLAYGROUND_CACHE) and one of Gradio's files (GRADIO_TEMP_DIR). What lies in one server's memory alone, a run of images
that was left on the way, is computed anew by the other.
"""

from __future__ import annotations

import base64
import io
import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import av
import httpx
import numpy as np
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from PIL import Image

import playground as pg
from playground.server import answers, health, telemetry
from playground.server.routes import Live
from playground.ui import documents, hub
from playground.views.packet import Packet
from playground.views.sights import whole
from playground.views.stage import run_packet
from tests import loop
from tests.proxy import SERVED_BY, proxy, works
from tests.ui.conftest import Site, Started

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
)
IMAGES = "data=digits-unet&particles=4&grid.steps=5&seed={seed}"
CLOCKED = {"compute_ms", "ms", "seconds"}  # how long it took


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {name: str(tmp_path_factory.mktemp(name.lower())) for name in ("PLAYGROUND_CACHE", "GRADIO_TEMP_DIR")}


@pytest.fixture
def two(started: Started, shared: dict[str, str]) -> list[str]:
    return [started("/live/health", "app.py", TWIN=twin, **shared) for twin in ("1", "2")]


@pytest.fixture
def front(two: list[str], serve: Callable[[Any], str]) -> str:
    """The one address."""
    return serve(proxy(two))


def picture(seed: int, size: tuple[int, int] = (8, 8)) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (*size, 3), np.uint8)).save(out, "PNG")
    return out.getvalue()


def sized(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "little") + part for part in parts)


def unframed(body: bytes) -> list[bytes]:
    parts = []
    while body:
        size = int.from_bytes(body[:4], "little")
        parts.append(body[4 : 4 + size])
        body = body[4 + size :]
    return parts


def untimed(value: Any) -> Any:
    """Without what a clock says."""
    if isinstance(value, dict):
        return {k: untimed(v) for k, v in value.items() if k not in CLOCKED and not k.endswith("_ms")}
    return [untimed(v) for v in value] if isinstance(value, list) else value


def told(raw: bytes) -> Any:
    """What a packet says."""
    packet = Packet.from_bytes(raw)
    return untimed(packet.header), {name: array.tobytes() for name, (array, _) in packet.arrays.items()}


def frames(raw: bytes) -> list[tuple[int, int]]:
    """Of an MP4: the size of every frame. Its bytes are the encoder's, which promises no two films alike."""
    with av.open(io.BytesIO(base64.b64decode(json.loads(raw.splitlines()[-1])["film"]))) as film:
        return [(f.width, f.height) for f in film.decode(video=0)]


SET = sized(b"a/1.png", picture(1), b"a/2.png", picture(2), b"b/3.png", picture(3))
FILM = sized(picture(4, (48, 64)), picture(5, (48, 64)))
DIGIT = picture(6, (28, 28))
LIVE: dict[str, tuple[str, str, bytes, Callable[[bytes], Any]]] = {  # route → method, what is asked, body, what the answer says
    "/live/packet": ("GET", "layer=run&data=rings&process=CLD&particles=60", b"", told),
    "/live/packet fields": ("GET", "layer=fields&want=density,score&data=rings", b"", told),
    "/live/packet metrics": ("GET", "layer=metrics&data=rings&particles=60", b"", told),
    "/live/packet errors": ("GET", "layer=errors&data=moons&particles=60&grid.steps=5", b"", told),
    "/live/packet phase": ("GET", "layer=phase&data=moons&process=CLD&particles=60", b"", told),
    "/live/fit": ("POST", "components=2&scale=1", b"".join(b"%d,%d\n" % (i % 7, i % 5) for i in range(100)), json.loads),
    "/live/images": ("GET", IMAGES.format(seed="SEED"), b"", lambda raw: [told(p)[1] for p in unframed(raw)]),
    "/live/task": (
        "POST",
        "data=mnist-unet&particles=1&grid.steps=3&lab.task=inpaint&lab.r=1&lab.variants=2",
        sized(DIGIT, picture(7, (28, 28))),
        lambda raw: [told(p) for p in unframed(raw)],
    ),
    "/live/sets": ("POST", "title=mine", SET, json.loads),
    "/live/states.csv": ("GET", "particles=20&grid.steps=4", b"", lambda raw: re.sub(rb"# http.*\n", b"", raw)),
    "/live/states.npz": ("GET", IMAGES.format(seed=1), b"", lambda raw: {k: v.tobytes() for k, v in np.load(io.BytesIO(raw)).items()}),
    "/live/film.gif": ("GET", IMAGES.format(seed=1), b"", lambda raw: base64.b64decode(json.loads(raw.splitlines()[-1])["film"])),
    "/live/film.mp4": ("POST", "times=2,2&ms=50", FILM, frames),
    "/live/page.html": ("GET", "particles=20&grid.steps=4", b"", lambda raw: re.findall(rb"<title>.*?</title>|<meta[^>]*>", raw)),
    "/live/board": (
        "GET",
        "preset=samplers&seeds=2&particles=50&plan=true",
        b"",
        lambda raw: [untimed(json.loads(line)) for line in raw.splitlines() if line],
    ),
    "/live/hub": ("GET", "", b"", json.loads),
    "/live/docs/glossary": ("GET", "", b"", bytes),
    "/live/plotly.js": ("GET", "", b"", bytes),
    "/live/assets/ui/style.css": ("GET", "", b"", bytes),
}


def test_every_live_route_is_among_them() -> None:
    """Mutant killed: a new route that nobody asks at two servers."""
    kinds = telemetry.kinds([*Live().routes(), *hub.routes(), *documents.routes()])
    assert {"/".join(name.split()[0].split("/")[:3]) for name in LIVE} == {f"/live/{kind}" for kind in kinds}
    assert not telemetry.kinds([*health.routes(), *telemetry.routes()]) & kinds


@pytest.mark.parametrize("route", LIVE)
def test_whichever_answers_says_the_same(route: str, front: str) -> None:
    method, query, body, read = LIVE[route]
    with httpx.Client(base_url=front, timeout=120) as client:
        seen: dict[str, Any] = {}
        for seed in "345":  # an image run streams only while it is computed: a new one each time, the same for both
            for _ in range(2):
                answer = client.request(method, f"{route.split()[0]}?{query.replace('SEED', seed)}", content=body or None)
                assert answer.status_code == 200, answer.text[:300]
                seen.setdefault(seed + answer.headers[SERVED_BY], read(answer.content))
    assert len(seen) == 6
    assert all(seen[f"{seed}0"] == seen[f"{seed}1"] for seed in "345")


def test_the_run_is_that_of_python(front: str) -> None:
    """Not only equal: right."""
    exp = pg.Experiment(data="rings", process="CLD", particles=60)
    want = told(httpx.get(f"{front}/live/packet?layer=run&data=rings&process=CLD&particles=60").content)[1]
    assert want == told(run_packet(whole(exp)).to_bytes())[1]


def test_a_set_that_one_stored_the_other_has(front: str) -> None:
    """Model and law of it too, at once. Mutant killed: names that only the memory of one knows."""
    with httpx.Client(base_url=front, timeout=120) as client:
        body = sized(b"k/1.png", picture(11), b"k/2.png", picture(12))
        stored = client.post("/live/sets?title=ours", content=body)
        name = stored.json()["name"]
        by = [stored.headers[SERVED_BY]]
        for _ in range(2):
            answer = client.get(f"/live/sets?name={name}")
            assert answer.json()["title"] == stored.json()["title"]
            by.append(answer.headers[SERVED_BY])
            run = client.get(f"/live/packet?layer=run&data={name}-ideal&particles=3&grid.steps=3")
            assert run.status_code == 200, run.text
            by.append(run.headers[SERVED_BY])
        assert by == ["0", "1", "0", "1", "0"] or by == ["1", "0", "1", "0", "1"]


def test_a_run_that_was_left_on_the_way_is_right_at_the_other(two: list[str]) -> None:
    """What one has in its memory cannot be shared: the other computes the whole run, and says the same states."""
    query = IMAGES.format(seed=77).replace("grid.steps=5", "grid.steps=40")
    with httpx.stream("GET", f"{two[0]}/live/images?{query}", timeout=60) as answer:
        next(answer.iter_raw())
    part = told(httpx.get(f"{two[1]}/live/packet?layer=part&{query}", timeout=120).content)
    assert part[0]["steps"] == 40
    whole_run = told(httpx.get(f"{two[0]}/live/packet?layer=run&{query}", timeout=120).content)
    assert part[1] == whole_run[1]


def test_a_stream_comes_through_as_it_is_computed(front: str) -> None:
    """The first packet before the last is there. Mutant killed: a proxy, or a server, that gathers the answer."""
    query = IMAGES.format(seed=78).replace("grid.steps=5", "grid.steps=60").replace("particles=4", "particles=16")
    pieces = 0
    with httpx.stream("GET", f"{front}/live/images?{query}", timeout=60) as answer:
        for _ in answer.iter_raw():
            pieces += 1
    assert pieces > 20


def test_the_page_s_own_functions_know_no_session(front: str) -> None:
    """Gradio's events and functions of the page, asked by turns with one session's name. Mutant killed: a queue, whose answer only one server has."""
    with httpx.Client(base_url=front, timeout=60) as client:
        config = client.get("/config").json()
        bridge = next(c for c in config["components"] if c["props"].get("elem_id") == "pg-bridge")
        by = set()
        for _ in range(4):
            asked = {"data": {"data": "rings"}, "component_id": bridge["id"], "fn_name": "python_of", "session_hash": "one"}
            answer = client.post("/gradio_api/component_server", json=asked)
            assert "data='rings'" in answer.json()["code"]
            by.add(answer.headers[SERVED_BY])
        assert by == {"0", "1"}
        assert all(not d["queue"] for d in config["dependencies"] if d["backend_fn"])


def test_programs_by_turns(front: str) -> None:
    """Plain requests through the one address: answers, and a file that the other has written. Mutant killed: an answer to be fetched from a queue."""
    want = json.loads(json.dumps(answers.summary(whole(answers.asked("particles=40")), 1)))
    by = set()
    with httpx.Client(base_url=front, timeout=60) as client:
        for turn in range(4):
            for answer in [client.post("/gradio_api/run/simulate", json={"data": ["particles=40", 1]}) for _ in range(2)]:
                assert answer.json()["data"][0] == want
                by.add(answer.headers[SERVED_BY])
            drawn = client.post("/gradio_api/run/picture", json={"data": ["particles=40", turn / 4]})
            path = drawn.json()["data"][0]["path"]
            files = [client.get(f"/gradio_api/file={path}") for _ in range(2)]
            assert {f.headers[SERVED_BY] for f in files} == {"0", "1"}
            assert {f.content[:4] for f in files} == {b"\x89PNG"}
    assert by == {"0", "1"}


def test_agents_by_turns(front: str) -> None:
    """Each message of the protocol may go to another server. Mutant killed: a session that only one knows."""

    async def talk() -> None:
        async with streamable_http_client(f"{front}/gradio_api/mcp/") as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            for seed in range(3):
                told = await session.call_tool("simulate", {"link": f"particles=40&seed={seed}"})
                assert not told.isError
                assert f"'seed': {seed}" in told.content[0].text  # type: ignore[union-attr]

    loop.run(talk())


def test_many_at_once_and_nobody_sees_anothers(front: str) -> None:
    """32 people with seeds of their own, each three runs: every answer is the asker's."""

    def ask(seed: int) -> bool:
        with httpx.Client(base_url=front, timeout=120) as client:
            for steps in (3, 4, 5):
                raw = client.get(f"/live/packet?layer=run&particles=50&seed={seed}&grid.steps={steps}&seq={seed}").content
                header = Packet.from_bytes(raw).header
                if (
                    header["key"] != pg.Experiment.from_query({"particles": "50", "seed": str(seed), "grid.steps": str(steps)}).key
                    or header["seq"] != seed
                ):
                    return False
        return True

    with ThreadPoolExecutor(32) as people:
        assert all(people.map(ask, range(32)))


def test_health_and_metrics_are_each_servers_own(two: list[str]) -> None:
    for address in two:
        assert httpx.get(f"{address}/health").json()["status"] == "ready"
        assert 'playground_state{state="ready"} 1.0' in httpx.get(f"{address}/metrics").text


@pytest.mark.browser
def test_one_that_is_killed_in_the_middle(chromium: Any, started: Started, shared: dict[str, str], serve: Callable[[Any], str]) -> None:
    """Under a path that is stripped, by turns: picture, control, lab, stream, link. People ask all the time; one server dies; nobody gets a wrong answer, those who
    ask again get a right one, and the page goes on. Mutant killed: anything that only the server of the first request can answer."""
    two = [started("/live/health", "app.py", TWIN=twin, **shared) for twin in ("3", "4")]
    address = serve(proxy(two, "/play", strip=True)) + "/play"
    works(chromium, f"{address}/")
    dead, wrong, right = threading.Event(), [], []

    def ask(seed: int) -> None:
        with httpx.Client(base_url=address, timeout=120) as client:
            for turn in range(30):
                if turn == 10 and seed == 0:
                    started.kill(two[0])
                    dead.set()
                answer = client.get(f"/live/packet?layer=run&particles=50&seed={seed}&grid.steps={2 + turn}")
                (right if answer.status_code == 200 and Packet.from_bytes(answer.content).header["particles"] == 50 else wrong).append(seed)

    with ThreadPoolExecutor(8) as people:
        list(people.map(ask, range(8)))
    assert dead.is_set()
    assert wrong == []
    assert len(right) == 240
    works(chromium, f"{address}/")
    site = Site(chromium, f"{address}/")
    try:
        site.open("?seed=5")
        started.kill(two[1])
        site.page.locator("#pg-sampler .pg-combo").click()
        site.page.locator(".pg-option[data-key=Heun]").click()
        site.page.wait_for_function(
            "document.querySelector('#pg-stage .pg-toast')?.innerText.length > 10"
        )  # none is left: said, and the picture stays
        assert site.stage()
    finally:
        site.close()

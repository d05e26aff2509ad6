"""What strangers may send to the routes: refused in words or answered, never an error of the server or a broken connection."""

from __future__ import annotations

import json
import logging
import random
import socket
import urllib.error
import urllib.request
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from playground.server.calls import Calls
from playground.server.routes import Live
from playground.ui import hub

WORDS = [
    *("", " ", "nan", "inf", "-1", "1e999", "²", "٣", "0x10", "1_000", "9" * 4000, "\0", "\ufffd", "[]", "{}", '{"a":', "null", "true"),
    *("a," * 900, "../../etc/passwd", "<script>alert(1)</script>", "a\nINFO forged line", "0.5", "3", "-0", "%", "é" * 900, "[" * 900),
    *(
        '{"weights":[1],"means":[["\\ud800"]]}',
        '{"\\ud800":1}',
        "1e-320",
        "set:00000000-ideal",
        "hub:../..",
        "hub:a/b",
        "digits-wiener",
        "moons",
    ),
]
NAMES = [
    *("particles", "seed", "grid.steps", "grid", "process", "process.schedule", "sampler", "sampler.eta", "guidance", "guidance.label"),
    *("guidance.weight", "data", "start", "stop", "mode", "predictor", "layer", "want", "seq", "view.color", "a.b.c", "", "\0", "x" * 3000),
    *(
        "lab.of",
        "lab.t",
        "lab.steps",
        "lab.c",
        "lab.part",
        "lab.task",
        "lab.r",
        "lab.jump",
        "lab.points",
        "lab.x",
        "lab.suggest",
        "lab.invert",
    ),
]
LAYERS = [
    "run",
    "fields",
    "metrics",
    "part",
    "inspect",
    "paths",
    "worst",
    "knots",
    "mixture",
    "phase",
    "numbers",
    "free",
    "repaint",
    "nope",
]
SMALL = "particles=20&grid.steps=2"


@pytest.fixture(scope="module")
def client():
    with TestClient(Starlette(routes=[*Live().routes(), *hub.routes()]), raise_server_exceptions=False) as c:
        yield c


def pairs(draw: random.Random) -> str:
    """Up to three hostile pairs after harmless ones; the harmless again last, so that nothing large is computed."""
    told = [f"{quote(draw.choice(NAMES))}={quote(draw.choice(WORDS))}" for _ in range(draw.randint(1, 3))]
    if draw.random() < 0.2:
        told += [*told[:1], "%ff%fe=%c3%28", "&&=", "lonely"]
    return "&".join([*told, SMALL] if draw.random() < 0.8 else [SMALL, *told])


def answered(answer) -> None:
    assert answer.status_code < 500, answer.text[:300]
    if answer.status_code == 400:
        error = answer.json()["error"]
        assert error["message"]
        assert "Traceback" not in error["message"]


def test_two_hundred_hostile_requests(client, caplog):
    """Each is answered, below 500, with one line in the log. Mutants killed: isdigit() of "²"; UTF-8 of half a surrogate pair; a forged line."""
    draw = random.Random(7)
    posts = [b"", b"\0" * 40, b"\xff" * 40, b"1,2\n3,4\n", b'{"source": "\\ud800"}', b"[" * 1900, b"\x04\0\0\0abcd", b"\xff\xff\xff\xff"]
    with caplog.at_level(logging.WARNING, "playground"):
        for _ in range(200):
            query, kind = pairs(draw), draw.random()
            if kind < 0.6:
                answered(client.get(f"/live/packet?layer={draw.choice(LAYERS)}&{query}"))
            elif kind < 0.75:
                path = draw.choice(["images", "states.csv", "states.npz", "sets", "film.gif", "hub", "fit", "task"])
                answered(
                    client.get(
                        f"/live/{path}?data=digits-wiener&{query}"
                        if path in ("images", "states.npz")
                        else f"/live/{path}?sampler=NOPE&{query}"
                    )
                )
            else:
                path = draw.choice(
                    ["fit?components=", "sets?title=", "task?lab.task=", "hub?", "packet?", "fit?scale=", "film.gif?ms=", "film.mp4?times="]
                )
                answered(client.post(f"/live/{path}{quote(draw.choice(WORDS))}&{query}", content=draw.choice(posts)))
    for record in caplog.records:
        assert record.levelno < logging.ERROR, record.getMessage()
        assert "\n" not in record.getMessage()
        assert len(record.getMessage()) < 700


ADDRESSES = [
    "%00", "a%00b.js", "a" * 5000, "a/" * 2500, "..", "../app.py", "%2e%2e/app.py", "..%2fapp.py", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "", ".", "ui", "ui/",
    "ui%2f",  "%ff%fe", "%c3%28", "ui/style.css/x", "ui%5cstyle.css", "C:%5c", "~root", "ui/style.css%00.png", "%2fetc%2fpasswd", "é" * 300,
]  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_address_that_is_no_file_is_404(client, method):
    """A NUL byte and 5,000 letters were 500. Mutants killed: resolve() outside the try; a directory that is read."""
    for address in ADDRESSES:
        answer = client.request(method, f"/live/assets/{quote(address, safe='/%')}")
        assert answer.status_code in (404, 400), (address, answer.status_code)
    for address in ("ui/style.css", "ui%2fstyle.css", "ui/../ui/style.css"):
        assert client.request(method, f"/live/assets/{address}").status_code == 200


def test_ranges_methods_and_headers_of_assets(client):
    for headers in (
        {"range": "bytes=0-9"},
        {"range": "bytes=9999999-"},
        {"range": "lines=x"},
        {"if-none-match": "*"},
        {"accept-encoding": "x"},
    ):
        assert client.get("/live/assets/ui/style.css", headers=headers).status_code in (200, 206, 304, 416)
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        for path in ("assets/ui/style.css", "packet", "plotly.js", "images", "states.csv"):
            assert client.request(method, f"/live/{path}").status_code == 405
    for length in (b"\xb2", b"-1", b"1e9", b"a"):  # "²" is a digit to isdigit()
        for path in ("fit", "sets", "task", "hub"):
            answered(client.post(f"/live/{path}", content=b"", headers=[(b"content-length", length)]))


def raw(server: str, request: bytes) -> bytes:
    """The first line of the answer to bytes that no client library would send."""
    host, port = server.removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as wire:
        wire.sendall(request)
        return wire.recv(64).split(b"\r\n")[0]


def test_a_real_server_stays_up(server):
    """The same over a wire, where a failure would be a connection that is cut."""
    host = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for address in ADDRESSES:
        line = raw(server, b"GET /live/assets/" + quote(address, safe="/%").encode() + host)
        assert line.split()[1] in (b"404", b"400", b"307"), (address, line)
    for head in (b"GET /?page=x", b"GET /?deep_link=%00", b"HEAD /?page=x", b"GET /live/packet?particles=10"):
        assert raw(server, head + host).split()[1] == b"200"
    for body in (b"{", b"\xff", b"[" * 1900, json.dumps({"source": "x" * 3000}).encode()):
        request = urllib.request.Request(server + "live/hub", body, method="POST")
        with pytest.raises(urllib.error.HTTPError, match="400") as caught:
            urllib.request.urlopen(request, timeout=20)
        caught.value.close()


def test_a_call_of_gradios_is_bounded():
    """By its length where it says one, and as it comes. Mutants killed: a gigabyte that is read whole before it is refused; a limit that nothing counts."""
    read = []

    async def echo(request):
        async for piece in request.stream():
            read.append(len(piece))
        return PlainTextResponse("read")

    page = Calls(Starlette(routes=[Route("/{path:path}", echo, methods=["POST"])]))
    with TestClient(page) as client:
        for path in ("run/simulate", "queue/join", "component_server"):
            told = client.post(f"/gradio_api/{path}", headers={"content-length": "1000000000"}, content=b"{}")
            assert (told.status_code, told.json()["error"]["field"]) == (400, "body")
            assert not read
            told = client.post(f"/play/gradio_api/{path}", content=(b"a" * 100_000 for _ in range(1000)))
            assert (told.status_code, told.text) == (413, "at most 2 MB in one call on this server")
            assert sum(read) <= 2_000_000
            read.clear()
            assert client.post(f"/gradio_api/{path}", content=b"{}").text == "read"
            read.clear()
        assert (
            client.post("/gradio_api/upload?upload_id=1", content=(b"a" * 100_000 for _ in range(30))).text == "read"
        )  # Gradio's own bound

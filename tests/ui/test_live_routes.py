"""The live routes, over HTTP, without a browser."""

import base64
import io
import json
import logging
from urllib.parse import parse_qsl, urlencode

import av
import numpy as np
import pytest
import torch
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient

import playground as pg
from playground.server.asked import experiment_part
from playground.server.routes import Live
from playground.views.film import REST
from playground.views.packet import Packet
from tests import loop
from toy_models.models.trained import TrainedPredictor

LIVE = Live()
packet_base64, fit_text = (lambda asked, door=door: loop.run(door(asked)) for door in LIVE.doors())
BAD = {
    "sampler=NOPE": "sampler",
    "sampler=SSCS": "sampler",
    "particles=-3": "particles",
    "particles=nan": "particles",
    "particles=2000000": "particles",
    "grid.steps=0": "grid.steps",
    "sampler=DDIM&sampler.eta=2": "sampler.eta",
    "sampler=DDIM&sampler.eta=__import__('os')": "sampler.eta",
    "process.schedule.beta_max=1e9": "process.schedule.beta_max",
    "foo=1": "foo",
    "data=nope": "data",
    "data={broken": "data",
    'data={"weights":[1],"means":[[0,0]],"covs":[[[1,2],[2,1]]]}': "data.covs",
    "a.b.c.d.e.f=1": "a.b.c.d.e.f",
    "layer=everything": "layer",
    "want=password": "want",
    "particles=200000&grid.steps=1000": "particles",
    "grid=UniformLogSNR&process=CLD&sampler=SSCS": "grid",
}


@pytest.fixture(scope="module")
def client():
    with TestClient(Starlette(routes=LIVE.routes())) as c:
        yield c


def test_packets_of_all_layers(client):
    for layer in ("run", "fields&want=density", "metrics"):
        answer = client.get(f"/live/packet?particles=200&layer={layer}")
        assert answer.status_code == 200
        header = Packet.from_bytes(answer.content).header
        assert header["key"] == pg.Experiment(particles=200).key
        assert "Server-Timing" in answer.headers


@pytest.mark.parametrize("query", BAD)
def test_bad_input_names_field_value_and_what_is_allowed(client, query, caplog):
    """One line in the log, a 400 with the field's name, no traceback."""
    with caplog.at_level(logging.WARNING, "playground"):
        answer = client.get("/live/packet?" + query)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["field"] == BAD[query]
    assert error["allowed"]
    assert error["message"].startswith(error["field"])
    assert len(caplog.records) == 1
    assert "\n" not in caplog.records[0].getMessage()
    assert caplog.records[0].exc_info is None


def test_an_unexpected_failure_is_one_line_too(client, caplog, monkeypatch):
    def broken(exp, name):
        raise RuntimeError("out\nof memory")

    monkeypatch.setattr("playground.server.jobs.run_of", broken)
    answer = client.get("/live/packet?seed=77")
    assert answer.status_code == 500
    assert "RuntimeError" in answer.json()["error"]["message"]
    assert len(caplog.records) == 1
    assert "\n" not in caplog.records[0].getMessage()


def test_the_server_function_door_gives_the_same_bytes(client):
    query = {"layer": "run", "particles": "50", "seed": "5"}
    direct = Packet.from_bytes(client.get("/live/packet", params=query).content)
    other = Packet.from_bytes(base64.b64decode(packet_base64(query)["packet"]))
    assert (direct["z"] == other["z"]).all()
    assert packet_base64({"sampler": "NOPE"})["error"]["field"] == "sampler"


def test_csv_holds_the_states(client):
    answer = client.get("/live/states.csv?particles=4&grid.steps=3&seed=2")
    told, lines = ([line for line in answer.text.strip().split("\n") if line.startswith("#") == mark] for mark in (True, False))
    assert "DPM-Solver++ 2M" in told[0]
    query = dict(parse_qsl(told[1].split("/?")[1]))
    assert pg.Experiment.from_query(query) == pg.Experiment(particles=4, grid=pg.UniformLogSNR(steps=3), seed=2)
    assert told[2] == "# all states: after each of steps 0 to 3"
    assert answer.headers["content-disposition"] == 'attachment; filename="moons-VP-DPMSolverPP2M-3-seed2.csv"'
    assert lines[0] == "step,t,particle,class,x1,x2"
    assert len(lines) == 1 + 4 * 4
    trace = pg.simulate(pg.Experiment(particles=4, grid=pg.UniformLogSNR(steps=3), seed=2))
    last = [float(v) for v in lines[-1].split(",")]
    assert last[4:] == pytest.approx(trace.x[-1, 3].tolist(), rel=1e-6)


@pytest.mark.parametrize(
    "query", ["particles=3&grid.steps=150&sampler=DDPM", "particles=3&process=CLD&grid.steps=140", "particles=3&mode=forward"]
)
def test_csv_has_every_step(client, query):
    """Of runs whose trace is thinned too: each row is the engine's own number."""
    lines = [line for line in client.get(f"/live/states.csv?{query}").text.strip().split("\n") if not line.startswith("#")]
    trace = pg.simulate(pg.Experiment.from_query(dict(part.split("=") for part in query.split("&"))))
    rows = np.array([[float(v) for v in line.split(",")] for line in lines[1:]])
    assert np.unique(rows[:, 0]).tolist() == list(range(len(trace.grid)))
    assert rows[:, 4:] == pytest.approx(trace.states.flatten(2).flatten(0, 1).numpy(), rel=1e-6)
    assert rows[::3, 1] == pytest.approx(trace.times.numpy())


def test_csv_says_what_it_leaves_out(client, monkeypatch):
    monkeypatch.setattr("playground.views.export.MOST_ROWS", 100)
    lines = client.get("/live/states.csv?particles=10&grid.steps=40&sampler=DDPM").text.strip().split("\n")
    steps = sorted({int(line.split(",")[0]) for line in lines if line[0].isdigit()})
    assert steps == [0, 5, 10, 15, 20, 25, 30, 35, 40]
    assert "not all states: after every 5th step and the last" in lines[2]
    assert len(lines) < 100
    lines = client.get("/live/states.csv?particles=50&grid.steps=3&sampler=DDPM").text.strip().split("\n")
    assert "not all states: after steps 0, 3, since" in lines[2]
    assert len([line for line in lines if line[0].isdigit()]) == 100


def drawn(kind: str = "PNG", sizes: tuple[tuple[int, int], ...] = ((64, 48),) * 3) -> bytes:
    out = b""
    for n, size in enumerate(sizes):
        file = io.BytesIO()
        Image.new("RGB", size, (40 * n, 90, 200)).save(file, kind, quality=95)
        out += len(file.getvalue()).to_bytes(4, "little") + file.getvalue()
    return out


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_pictures_of_the_page_become_a_film(client, kind):
    answer = client.post("/live/film.mp4?times=2,5,1&ms=50", content=drawn(kind))
    lines = [json.loads(line) for line in answer.text.strip().split("\n")]
    assert lines[-2] == {"done": 8, "of": 8}
    with av.open(io.BytesIO(base64.b64decode(lines[-1]["film"]))) as file:
        frames = [f.to_ndarray(format="rgb24") for f in file.decode(video=0)]
        assert file.streams.video[0].average_rate == 20
    assert len(frames) == 8 + REST
    assert [int(f[20, 20, 0]) for f in frames[:8]] == pytest.approx([0, 0, 40, 40, 40, 40, 40, 80], abs=12)
    answer = client.post("/live/film.gif?times=2,5,1&ms=80", content=drawn(kind))
    gif = Image.open(io.BytesIO(base64.b64decode(json.loads(answer.text.strip().split("\n")[-1])["film"])))
    assert gif.size == (64, 48)
    assert [(gif.seek(n), gif.info["duration"])[1] for n in range(gif.n_frames)] == [160, 400, 80 * REST]


@pytest.mark.parametrize(
    ("body", "query", "words"),
    [
        (b"", "times=1", "0 pictures"),
        (drawn()[:-3], "times=1,1,1", "ends after 2 pictures"),
        (b"\x00\x00\x00\x00", "times=1", "ends after 0"),
        (drawn(), "times=1,1", "3 whole numbers"),
        (drawn(), "times=1,1,999999", "3 whole numbers"),
        (drawn(), "times=1,x,1", "3 whole numbers"),
        (drawn(), "times=1,1,1&ms=0", "from 20 to 1000"),
        (drawn(sizes=((64, 48), (64, 50))), "times=1,1", "of one size"),
        (drawn(sizes=((4000, 48),)), "times=1", "1920"),
        (drawn("GIF", ((64, 48),)), "times=1", "damaged"),
        ((8).to_bytes(4, "little") + b"\x89PNG\r\n\x1a\n", "times=1", "damaged"),
    ],
)
def test_a_film_of_something_else_is_refused_in_words(client, body, query, words):
    answer = client.post(f"/live/film.mp4?{query}", content=body)
    assert words in answer.text
    assert json.loads(answer.text.strip().split("\n")[-1])["error"]["field"] in ("film", "times", "ms")


def film(client, address):
    lines = [json.loads(line) for line in client.get(address).text.strip().split("\n")]
    assert [line["done"] for line in lines[:-1]] == list(range(1, len(lines)))
    return base64.b64decode(lines[-1]["film"])


def test_films_of_toys_are_drawn_by_the_page(client):
    answer = client.get("/live/film.gif?data=three_modes")
    assert answer.status_code == 400
    assert "the page itself draws" in answer.json()["error"]["message"]


def test_a_film_of_images_as_mp4(client):
    """Decoded again: a frame a step and the rest, the first frame grey noise, the last one white digits on black."""
    raw = film(client, "/live/film.mp4?data=mnist-unet&particles=4&grid.steps=6&seed=1")
    with av.open(io.BytesIO(raw)) as file:
        frames = [f.to_ndarray(format="gray") for f in file.decode(video=0)]
    assert len(frames) == 7 + REST
    assert frames[0].mean() > 90 > frames[-1].mean()
    assert abs(frames[-1].astype(int) - frames[-2]).max() < 12  # it rests


VIEW = {"view.at": "0.5", "view.pin": "main,0.5,1,2"}
SAYS = "data=digits-ideal&particles=4&grid.steps=6&seed=1&view.at=0.5&view.pin=main%2C0.5%2C1%2C2"


def said(text):
    """What a file's text tells: the app's version, experiment and view of its link."""
    words, link = text.rsplit(" ", 1)
    assert words == f"Diffusion Playground {pg.__version__}"
    query = dict(parse_qsl(link.removeprefix("?")))
    return pg.Experiment.from_query(experiment_part(query)), {k: v for k, v in query.items() if k.startswith("view.")}


def comment_of(raw):
    """Of a GIF or an MP4."""
    if raw.startswith(b"GIF8"):
        return Image.open(io.BytesIO(raw)).info["comment"].decode()
    with av.open(io.BytesIO(raw)) as file:
        return file.metadata["comment"]


@pytest.mark.parametrize("kind", ["gif", "mp4"])
def test_a_film_says_its_link(client, kind):
    exp = pg.Experiment.from_query(experiment_part(dict(parse_qsl(SAYS))))
    assert said(comment_of(film(client, f"/live/film.{kind}?{SAYS}"))) == (exp, VIEW)
    assert said(comment_of(film(client, f"/live/film.{kind}?data=digits-ideal&particles=4&grid.steps=6&seed=1"))) == (
        exp,
        {},
    )  # not the one before
    answer = client.post(f"/live/film.{kind}", params={"times": "2,5,1", "ms": "50", "link": f"?{SAYS}"}, content=drawn())
    raw = base64.b64decode(json.loads(answer.text.strip().split("\n")[-1])["film"])
    assert said(comment_of(raw)) == (exp, VIEW)


@pytest.mark.parametrize("link", ["", "data=rings", "?a b", "?<script>\n"])
def test_a_film_says_no_other_text(client, link):
    path = "/live/film.gif?times=2,5,1&" + urlencode({"link": link})
    answer = client.post(path, content=drawn())
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == "link"


def test_numbers_say_their_link(client):
    with np.load(io.BytesIO(client.get(f"/live/states.npz?{SAYS}").content)) as told:  # without pickle
        assert told["diffusion-playground"].shape == ()
        assert said(str(told["diffusion-playground"])) == (pg.Experiment.from_query(experiment_part(dict(parse_qsl(SAYS)))), VIEW)
    first, second, *_ = client.get("/live/states.csv?particles=4&grid.steps=3&view.at=0.5&view.pin=main,0.5,1,2").text.split("\n")
    assert first.startswith(f"# Diffusion Playground {pg.__version__} · ")
    assert dict(parse_qsl(second.split("?")[1])) == {"particles": "4", "grid": "UniformLogSNR", "grid.steps": "3", **VIEW}


def unframe(body):
    out = []
    while body:
        size = int.from_bytes(body[:4], "little")
        out.append(Packet.from_bytes(body[4 : 4 + size]))
        body = body[4 + size :]
    return out


def test_too_little_memory_on_the_way_is_told_in_the_stream(client, monkeypatch):
    """The steps until then arrive, the last packet is the complaint, and the next run works. Mutant killed: an error that only cuts the stream."""
    ask, calls = TrainedPredictor.__call__, []

    def scarce(self, z, t):
        calls.append(t)
        if len(calls) == 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return ask(self, z, t)

    address = "/live/images?data=mnist-unet&particles=2&grid.steps=5&seed=41"
    monkeypatch.setattr(TrainedPredictor, "__call__", scarce)
    *steps, last = unframe(client.get(address).content)
    assert [p.header["step"] for p in steps] == [0, 1, 2]
    assert "too little memory" in last.header["error"]["message"]
    assert last.header["error"]["field"] == "particles"
    monkeypatch.undo()
    assert [p.header["step"] for p in unframe(client.get(address).content)] == list(range(6))


def test_assets_stay_in_their_folder(client):
    assert client.get("/live/assets/%2e%2e/app.py").status_code == 404
    assert client.get("/live/assets/../../etc/passwd").status_code == 404
    assert client.get("/live/plotly.js").status_code == 200


TABLE = "x,y\n" + "\n".join(f"{i % 7},{i % 5}" for i in range(300))


def test_a_table_becomes_a_mixture(client):
    """The answer's data is a legal experiment; the page's other door says the same."""
    answer = client.post("/live/fit?components=4", content=TABLE)
    assert answer.status_code == 200
    record = answer.json()
    assert record["components"] <= 4
    assert record["rows"] == 300
    assert len(record["columns"]) == 2
    assert pg.Experiment(data=record["data"]).data == record["data"]
    assert fit_text({"text": TABLE, "components": "4", "scale": "1"}) == record
    header = Packet.from_bytes(client.get("/live/packet?layer=mixture&data=" + record["data"]).content).header
    assert header["text"] == record["data"]


@pytest.mark.parametrize(
    ("body", "query", "field"),
    [
        ("1,2\n3,abc\n", "", "row 2"),
        ("1,2\n", "", "rows"),
        (b"\x00" * 5000, "", "row 1"),
        ("1\n2\n" * 60_000, "", "rows"),
        (b"1" * 8_000_001, "", "file"),
        ("1,2\n3,4\n", "components=1000", "components"),
        ("1,2\n3,4\n", "components=-1", "components"),
        ("1,2\n3,4\n", "scale=yes", "scale"),
    ],
)
def test_bad_tables_are_refused_by_name(client, body, query, field):
    answer = client.post("/live/fit?" + query, content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field
    if not query:
        assert fit_text({"text": body if isinstance(body, str) else body.decode()})["error"]["field"] == (
            "file" if field == "file" else field
        )


def test_a_gigabyte_is_not_read(client):
    """With a length it is refused at once; without one reading stops at the limit. Mutant killed: ``await request.body()``."""
    endpoint = next(r.endpoint for r in LIVE.routes() if getattr(r, "path", "") == "/live/fit")
    for headers, most in (([(b"content-length", b"1000000000")], 0), ([], 9)):
        scope = {"type": "http", "method": "POST", "path": "/live/fit", "query_string": b"", "headers": headers}
        asked = []

        async def receive(asked=asked):
            asked.append(1)
            return {"type": "http.request", "body": b"1,2\n" * 250_000, "more_body": len(asked) < 1000}

        request = Request(scope, receive)
        answer = loop.run(endpoint(request))
        assert answer.status_code == 400
        assert "8 MB" in json.loads(answer.body)["error"]["allowed"]
        assert len(asked) <= most

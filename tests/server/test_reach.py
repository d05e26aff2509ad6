"""The page's functions for programs, asked at a running server: by ``gradio_client``, by curl's plain requests, and as tools of agents (MCP)."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

import playground as pg
from playground.server import answers
from playground.ui import reach
from playground.views.sights import whole
from tests import loop
from tests.ui.conftest import ROOT, served

LINK = "data=rings&process=CLD&particles=60&seed=3&grid.steps=5"
PNG = b"\x89PNG"
WRONG = "data = 'spiral' cannot be used; allowed: 1D: two_modes"
# the client leaves event loops and connections to the collector
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("reach")
    with served(ROOT, folder, folder / "models") as address:
        yield address


@pytest.fixture(scope="module")
def client(url: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(url, verbose=False, analytics_enabled=False, download_files=str(tmp_path_factory.mktemp("files")))


def ask(url: str, name: str, *data: object) -> httpx.Response:
    return httpx.post(f"{url}gradio_api/run/{name}", json={"data": list(data)}, timeout=60)


def test_simulate_by_the_client(client: Client) -> None:
    told = client.predict(link=LINK, states=2, api_name="/simulate")
    assert told == json.loads(json.dumps(answers.summary(whole(answers.asked(LINK)), 2)))
    assert client.predict(api_name="/simulate")["experiment"] == pg.Experiment().to_dict()


def test_distances_and_choices_by_the_client(client: Client) -> None:
    assert client.predict(LINK, api_name="/distances") == json.loads(json.dumps(answers.distances(whole(answers.asked(LINK)))))
    assert client.predict(LINK, "grid", api_name="/choices") == json.loads(json.dumps(answers.choices(answers.asked(LINK), "grid")))


def test_a_picture_by_the_client(client: Client) -> None:
    told = client.predict(LINK, 0.5, api_name="/picture")
    path = told if isinstance(told, str) else told["path"]
    assert Path(path).read_bytes()[:4] == PNG


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("simulate", ("data=spiral", 0), WRONG),
        ("simulate", (LINK, 100), "states = 100 cannot be used; allowed: a whole number from 0 to 60"),
        ("distances", ("data=spiral",), WRONG),
        ("picture", ("data=letters&process=Absorbing&particles=5", 0), "what = 'a run of points of shape"),
        ("picture", (LINK, 7), "at = 7 cannot be used; allowed: a number from 0 to 1"),
        ("choices", (LINK, "x"), "slot = 'x' cannot be used; allowed: one of data, model"),
    ],
)
def test_what_is_wrong_is_said_as_on_the_page(client: Client, url: str, name: str, arguments: tuple[object, ...], words: str) -> None:
    with pytest.raises(AppError) as told:
        client.predict(*arguments, api_name=f"/{name}")
    assert str(told.value).startswith(words)
    answer = ask(url, name, *arguments)
    assert answer.status_code == 500
    assert answer.json()["error"].startswith(words)


@pytest.mark.parametrize("data", [[5, 0], [None, 0], [["a"], 0], [{"data": "rings"}, 0], [LINK, "x"], [LINK, [1]], [LINK, None]])
def test_values_of_another_type(url: str, data: list[object]) -> None:
    """Whatever JSON holds. Mutant killed: an AttributeError's name as the answer."""
    answer = ask(url, "simulate", *data)
    assert answer.status_code == 500
    assert "cannot be used; allowed: " in answer.json()["error"]


def test_no_file_of_the_server_is_read(url: str) -> None:
    """Gradio itself refuses; whatever it says, nothing of the file is in it."""
    answer = ask(url, "simulate", {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}, 0)
    assert answer.status_code == 500
    assert "root:" not in answer.text


def test_one_plain_request(url: str) -> None:
    """As docs/server.md has it for curl; nothing is to be fetched from a queue."""
    told = ask(url, "simulate", LINK, 1).json()["data"][0]
    assert told["particles"] == 60
    picture = ask(url, "picture", LINK, 0).json()["data"][0]
    assert httpx.get(picture["url"], timeout=30).content[:4] == PNG


def test_what_is_public(client: Client) -> None:
    """These four and nothing of the page's own events."""
    api: Any = client.view_api(return_format="dict", print_info=False)
    assert set(api["named_endpoints"]) == {"/simulate", "/distances", "/picture", "/choices"}
    assert api["unnamed_endpoints"] == {}
    for told in api["named_endpoints"].values():
        assert told["description"]
        assert all(p["type"]["type"] in ("string", "integer", "number") and p["parameter_has_default"] for p in told["parameters"])


def test_tools_of_agents(url: str) -> None:
    """Names, words of every parameter, an answer, a picture, and a refusal."""

    async def talk() -> None:
        async with streamable_http_client(f"{url}gradio_api/mcp/") as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            assert set(tools) == {"simulate", "distances", "picture", "choices"}
            for tool in tools.values():
                assert len(tool.description or "") > 100
                assert all(p["description"] and p["type"] for p in tool.inputSchema["properties"].values())
            told = await session.call_tool("simulate", {"link": LINK})
            assert not told.isError
            assert "'particles': 60" in told.content[0].text  # type: ignore[union-attr]
            told = await session.call_tool("picture", {"link": LINK, "at": 0.5})
            assert not told.isError
            assert base64.b64decode(told.content[0].data)[:4] == PNG  # type: ignore[union-attr]
            told = await session.call_tool("distances", {"link": "data=spiral"})
            assert told.isError
            assert WRONG in told.content[0].text  # type: ignore[union-attr]

    loop.run(talk())


def test_pictures_that_are_kept_are_few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from playground.core.limits import Limits

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(reach, "limits", lambda: Limits(pictures=3))
    made = []
    for i in range(5):
        made.append(Path(str(reach.kept(b"%d" % i)["path"])))
        os.utime(made[-1], (i, i))
    assert [p.exists() for p in made] == [False, False, True, True, True]
    assert reach.kept(b"4")["path"] == str(made[4])


@pytest.mark.parametrize(("told", "on"), [("", True), ("True", True), ("False", False), ("0", False)])
def test_agents_can_be_turned_off(monkeypatch: pytest.MonkeyPatch, told: str, on: bool) -> None:
    monkeypatch.setenv("GRADIO_MCP_SERVER", told)
    assert reach.agents() is on


def test_without_the_optional_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not reach.agents()

"""A real server in a process of its own and a real browser, shared by the page's tests."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextlib.contextmanager
def served(root: Path, folder: Path, models: Path) -> Iterator[str]:
    """The address of ``python app.py`` of a tree, running. ``folder``: for its log and cache, ``models``: what the page may read of the disk."""
    port = free_port()
    log = folder / "log"
    env = {
        **os.environ,
        "PLAYGROUND_CACHE": str(folder / "cache"),
        "PLAYGROUND_MODELS": str(models),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
    }
    with log.open("w") as out:
        process = subprocess.Popen([sys.executable, "app.py"], cwd=root, env=env, stdout=out, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}/"
    try:
        deadline = time.monotonic() + 120
        while "Diffusion Playground: http" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.1)  # a process of its own: there is nothing to wait on but its log
        urllib.request.urlopen(url, timeout=30).read()
        yield url
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running ``python app.py``."""
    with served(ROOT, tmp_path_factory.mktemp("server"), tmp_path_factory.getbasetemp() / "models") as url:
        yield url


class Started:
    """``started(path, argv, env)``: a process, and its address once ``path`` answers; the same one for the same arguments. ``kill(address)`` ends it at once."""

    def __init__(self, factory: pytest.TempPathFactory):
        self.factory = factory
        self.running: dict[Any, tuple[subprocess.Popen[bytes], str]] = {}

    def __call__(self, path: str, *argv: str, **more: str) -> str:
        key = (path, argv, tuple(more.items()))
        if key not in self.running:
            port = free_port()
            env = {**os.environ, "GRADIO_SERVER_PORT": str(port), "PLAYGROUND_CACHE": str(self.factory.mktemp("cache")), **more}
            with (self.factory.mktemp("log") / "log").open("w") as log:
                words = [sys.executable, *(a.replace("PORT", str(port)) for a in argv)]
                process = subprocess.Popen(words, cwd=ROOT, env=env, stdout=log, stderr=log)
            self.running[key] = (process, f"http://127.0.0.1:{port}")
            deadline = time.monotonic() + 120
            while True:  # a process of its own: there is nothing to wait on but its answer
                try:
                    httpx.get(self.running[key][1] + path, timeout=30).raise_for_status()
                    break
                except httpx.HTTPError:
                    assert process.poll() is None, Path(log.name).read_text()[-3000:]
                    assert time.monotonic() < deadline, Path(log.name).read_text()[-3000:]
                    time.sleep(0.1)
        return self.running[key][1]

    def kill(self, address: str) -> None:
        key = next(key for key, (_, url) in self.running.items() if url == address)
        process, _ = self.running.pop(key)
        process.kill()
        process.wait(20)

    def close(self) -> None:
        for process, _ in self.running.values():
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    made = Started(tmp_path_factory)
    yield made
    made.close()


@pytest.fixture
def serve() -> Iterator[Callable[[Any], str]]:
    """``serve(app)``: the address of an ASGI app of this process."""
    servers = []

    def start(app: Any, port: int = 0) -> str:
        port = port or free_port()
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        servers.append((server, thread))
        while not server.started:
            time.sleep(0.02)
        return f"http://127.0.0.1:{port}"

    yield start
    for server, thread in servers:
        server.should_exit = True
        thread.join(20)


class Site:
    """One fresh browser profile on the page, with what it asked for and complained about."""

    def __init__(
        self, chromium: Any, url: str, width: int = 1440, height: int = 900, newcomer: bool = False, script: str = "", **options: Any
    ):
        """newcomer: a first visit, with the words that it gets. script: runs before any of the page's."""
        self.url = url
        options = {"reduced_motion": "reduce", **options}  # a stage at rest: pictures can be compared, and two cores are enough
        self.context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        if not newcomer:
            self.context.add_init_script("try { localStorage.setItem('pg-met', '1') } catch {}")
        if script:
            self.context.add_init_script(script)
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.requests: list[str] = []
        self.problems: list[str] = []
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("pageerror", lambda e: self.problems.append(str(e)))
        self.page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" and "400 (Bad Request)" not in m.text else None)

    def open(self, query: str = "") -> Site:
        self.page.goto(self.url + query)
        self.ready()
        return self

    def ready(self) -> None:
        self.page.wait_for_function("window.__pg && __pg.ready && __pg.painted > 0")
        self.settle()

    def settle(self) -> None:
        """Until everything that was asked for is shown and the address is written."""
        self.page.wait_for_timeout(40)  # a frame or two, in which the change event is on its way
        self.page.wait_for_function("__pg.settled")

    def query(self) -> dict[str, str]:
        """The experiment's part of the address."""
        return self.page.evaluate("Object.fromEntries([...new URLSearchParams(location.search)].filter(([k]) => !k.startsWith('view.')))")

    def until(self, query: dict[str, str]) -> None:
        """Until the address holds exactly this experiment and all of it is shown. A drop would wait for ever: it fails after 30 s."""
        self.page.wait_for_function(
            """(e) => {
                const q = Object.entries(Object.fromEntries(new URLSearchParams(location.search))).filter(([k]) => !k.startsWith('view.'));
                return __pg.settled && q.length === Object.keys(e).length && q.every(([k, v]) => e[k] === v);
            }""",
            arg=query,
        )

    def runs(self) -> int:
        return sum("layer=run" in r for r in self.requests)

    def foreign(self) -> list[str]:
        return [r for r in self.requests if not r.startswith((self.url, "data:", "blob:"))]

    def stage(self) -> str:
        """A short mark of the stage's pixels at the data end."""
        return self.page.evaluate(
            """async () => {
                const stage = window.__pgStage;
                stage?.pause?.(); stage?.seek?.(0);
                await new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)));
                let sum = '';
                for (const canvas of document.querySelectorAll('#pg-stage canvas')) {
                    const d = canvas.getContext('2d').getImageData(0, 0, canvas.width || 1, canvas.height || 1).data;
                    let h = 0, lit = 0;
                    for (let i = 0; i < d.length; i += 4) { const v = d[i] * 65536 + d[i + 1] * 256 + d[i + 2]; h = (h * 31 + v) | 0; lit += d[i + 3] > 0; }
                    sum += `${h}/${lit} `;
                }
                return sum;
            }"""
        )

    def notice(self) -> str:
        return self.page.evaluate(
            "(() => { const n = document.querySelector('#pg-stage .pg-toast'); return n && !n.hidden ? n.innerText : ''; })()"
        )

    def close(self) -> None:
        self.context.close()


@pytest.fixture
def visit(chromium: Any, server: str) -> Iterator[Any]:
    """``visit("?data=rings", width=390, height=844)`` opens the page."""
    sites: list[Site] = []

    def go(query: str = "", **options: Any) -> Site:
        sites.append(Site(chromium, server, **options))
        return sites[-1].open(query)

    yield go
    for site in sites:
        site.close()

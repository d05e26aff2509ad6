"""A small client of WebDriver BiDi, the protocol by which Firefox is driven: https://w3c.github.io/webdriver-bidi/."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict

import websocket

PREFERENCES = 'user_pref("ui.prefersReducedMotion", 1);\n'  # a stage at rest, as in the other browser's tests
SECONDS = 60  # how long any answer may take


class Action(TypedDict, total=False):
    """One action of a device: pointerMove, pointerDown, pointerUp, keyDown or keyUp."""

    type: str
    x: int
    y: int
    button: int
    value: str


class Firefox:
    """A headless Firefox with a profile of its own. One tab; ``problems`` holds what its console was told: errors and warnings."""

    def __init__(self, address: str, width: int, height: int):
        self.socket = websocket.create_connection(address + "/session", timeout=SECONDS, suppress_origin=True)
        self.sent = 0
        self.problems: list[str] = []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])
        self.tab: str = self.ask("browsingContext.getTree")["contexts"][0]["context"]
        self.ask("browsingContext.setViewport", context=self.tab, viewport={"width": width, "height": height})

    def ask(self, method: str, **params: Any) -> Any:
        """The result of a command. What the browser tells meanwhile is heard."""
        self.sent += 1
        self.socket.send(json.dumps({"id": self.sent, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv())
            if message["type"] == "event":
                self.hear(message["params"])
            elif message["id"] == self.sent:
                assert message["type"] == "success", message
                return message["result"]

    def hear(self, entry: dict[str, Any]) -> None:
        if entry["level"] in ("error", "warn"):
            self.problems.append(f"{entry['level']}: {entry['text']}")

    def open(self, url: str) -> None:
        self.ask("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of the page, or of what it promises, as JSON tells it."""
        wrapped = f"(async () => JSON.stringify((await ({expression})) ?? null))()"
        told = self.ask("script.evaluate", expression=wrapped, target={"context": self.tab}, awaitPromise=True)
        assert told["type"] == "success", told["exceptionDetails"]["text"]
        return json.loads(told["result"]["value"])

    def until(self, condition: str) -> None:
        """Returns once the page's expression is true; fails after 30 s."""
        deadline = time.monotonic() + SECONDS / 2
        while not self.evaluate(condition):
            assert time.monotonic() < deadline, f"never true: {condition}"
            time.sleep(0.03)

    def press(self, key: str) -> None:
        """A key that has a character: of WebDriver's for keys without (``"\\ue012"``: left arrow)."""
        self.act("key", {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key})

    def drag(self, selector: str, start: float, end: float) -> None:
        """With the mouse along an element, from one share of its width to another."""
        box = self.evaluate(f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()")
        y = round(box["y"] + box["height"] / 2)
        shares = [start + (end - start) * i / 10 for i in range(11)]
        first, *others = ({"type": "pointerMove", "x": round(box["x"] + s * box["width"]), "y": y} for s in shares)
        self.act("pointer", first, {"type": "pointerDown", "button": 0}, *others, {"type": "pointerUp", "button": 0})

    def act(self, device: str, *actions: Action) -> None:
        self.ask("input.performActions", context=self.tab, actions=[{"type": device, "id": device, "actions": actions}])

    def screenshot(self) -> str:
        """A PNG in base64."""
        return self.ask("browsingContext.captureScreenshot", context=self.tab)["data"]


@contextlib.contextmanager
def firefox(program: str, profile: Path, width: int = 1440, height: int = 900) -> Iterator[Firefox]:
    """A running Firefox. profile: an empty folder, which also is its home; it writes its address there."""
    (profile / "user.js").write_text(PREFERENCES)
    address = profile / "WebDriverBiDiServer.json"
    words = [program, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", str(profile), "about:blank"]
    with (profile / "log").open("w") as log:
        process = subprocess.Popen(words, env={**os.environ, "HOME": str(profile)}, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + SECONDS
        while not address.exists() or not address.read_text():
            assert process.poll() is None, (profile / "log").read_text()[-3000:]
            assert time.monotonic() < deadline, (profile / "log").read_text()[-3000:]
            time.sleep(0.1)  # a process of its own: there is nothing to wait on but its file
        told = json.loads(address.read_text())
        browser = Firefox(f"ws://{told['ws_host']}:{told['ws_port']}", width, height)
        with contextlib.closing(browser.socket):
            yield browser
    finally:
        process.terminate()
        process.wait(20)

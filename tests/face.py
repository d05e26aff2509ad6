"""A language server as an editor runs it: what it completes, shows and underlines in a text. Shared by the tests of the notebook's face."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class Editor:
    """pyright's language server on the repository, with one unsaved file. ``with Editor(text) as editor: editor.completions(line, column)``."""

    def __init__(self, text: str):
        self.text, self.asked = text, 0
        self.uri = (ROOT / "unsaved.py").as_uri()
        self.problems: list[dict[str, Any]] | None = None

    def __enter__(self) -> Editor:
        server = Path(sys.executable).parent / "pyright-langserver"
        self.process = subprocess.Popen(
            [str(server if server.exists() else shutil.which("pyright-langserver")), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        plain = {"documentationFormat": ["plaintext"]}
        abilities = {"signatureHelp": {"signatureInformation": plain}, "completion": {"completionItem": plain}, "publishDiagnostics": {}}
        folder = {"uri": ROOT.as_uri(), "name": "repository"}
        self.ask("initialize", processId=None, rootUri=ROOT.as_uri(), capabilities={"textDocument": abilities}, workspaceFolders=[folder])
        self._send(method="initialized", params={})
        document = {"uri": self.uri, "languageId": "python", "version": 1, "text": self.text}
        self._send(method="textDocument/didOpen", params={"textDocument": document})
        return self

    def __exit__(self, *_: Any) -> None:
        self.process.kill()
        self.process.communicate()

    def completions(self, line: int, column: int) -> list[str]:
        """What may follow at a place (counted from 0)."""
        told = self._at("completion", line, column)
        return [item["label"] for item in (told["items"] if isinstance(told, dict) else told)]

    def signature(self, line: int, column: int) -> tuple[str, str]:
        """The signature shown within a call's brackets, and its help."""
        told = self._at("signatureHelp", line, column)["signatures"][0]
        return told["label"], told.get("documentation", {}).get("value", "")

    def hover(self, line: int, column: int) -> str:
        return self._at("hover", line, column)["contents"]["value"]

    def diagnostics(self) -> list[tuple[int, str]]:
        """What is underlined: line and words."""
        while self.problems is None:
            self._receive()
        return [(p["range"]["start"]["line"], p["message"]) for p in self.problems]

    def ask(self, method: str, **params: Any) -> Any:
        self.asked += 1
        self._send(id=self.asked, method=method, params=params)
        while True:
            told = self._receive()
            if told.get("id") == self.asked and "method" not in told:
                return told["result"]

    def _at(self, what: str, line: int, column: int) -> Any:
        return self.ask(f"textDocument/{what}", textDocument={"uri": self.uri}, position={"line": line, "character": column})

    def _send(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        length = 0
        assert self.process.stdout
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        told = json.loads(self.process.stdout.read(length))
        if told.get("method") == "textDocument/publishDiagnostics" and told["params"]["uri"] == self.uri:
            self.problems = told["params"]["diagnostics"]
        if told.get("method") == "workspace/configuration":
            self._send(
                id=told["id"],
                result=[{"pythonPath": sys.executable} if i.get("section") == "python" else {} for i in told["params"]["items"]],
            )
        elif "method" in told and "id" in told:
            self._send(id=told["id"], result=None)
        return told

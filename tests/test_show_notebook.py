"""The notebook of docs/ runs as it stands, in a kernel of its own, and shows what it says."""

import html
import os
import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient

import playground as pg

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "docs" / "show.ipynb"


def test_the_notebook(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PLAYGROUND_CACHE", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    book = nbformat.read(BOOK, as_version=4)
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = [output.data["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert len(shown) == 3
    for one in shown:
        assert re.match(r'<iframe srcdoc="[^"]*" sandbox="allow-scripts"', one)
        assert html.unescape(one).count("</html>") == 1
    one, two, table = map(html.unescape, shown)
    assert (one.count('class="pg-viewer-run"'), two.count('class="pg-viewer-run"')) == (1, 2)
    assert table.count("<tr>") == 1 + 2 * 3
    assert "<svg" in table
    told = [output.data["text/plain"] for output in outputs if "text/html" not in output.get("data", {})]
    exp = pg.Experiment(data="moons", particles=500, grid=pg.UniformLogSNR(steps=10))
    assert told == [str(pg.numbers(exp))]

"""What is counted of the code itself, by rules that are written here; ``python -m tests.core.counts`` prints the figures and the places.

**Any**: every time the name ``Any`` stands in the code (imports too), per 1,000 lines of all lines.

**Behaviour switches**: code that asks what an object *is* where the object could say what is to be done:

- ``isinstance`` and ``issubclass`` with a class of ours or of a library, and ``type(x) is C``;
- ``hasattr(x, …)``, ``getattr(x, "name")``, ``getattr(x, name, default)``; not ``getattr(x, name)``, which reads a declared field by its name;
- a comparison of a ``key``, ``kind``, ``slot``, ``family`` or ``name`` (a variable or an attribute of that name) with words: ``==``, ``!=``, ``in``, ``not in``, ``match``.

It is no switch but parsing where the classes are those of plain values (``PLAIN``: what JSON, a link, an array or an error may be), and in the
functions of ``BORDERS``, where something from outside is read. Asserts (``assert isinstance(…)``) decide nothing; they tell what a type did not, and are counted apart.

**Circles**: strongly connected sets of modules by the imports that run when a module is loaded; those under ``TYPE_CHECKING`` do not. **Lazy** imports of our
own modules stand inside functions; circles with these are found as well.
"""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("playground", "toy_models")
PLAIN = {
    *("str", "int", "float", "bool", "bytes", "tuple", "list", "dict", "set", "frozenset", "type", "object", "complex"),
    *("Iterator", "Iterable", "Sequence", "Mapping", "Callable", "Tensor", "ndarray", "integer", "floating", "dtype", "Path"),
}
NAMES = {"key", "kind", "slot", "family", "name"}
BORDERS = {
    "playground/core/spec.py:from_dict": "reads a record of a link, a file or a person",
    "playground/core/spec.py:register": "whatever a notebook brings as a class",
    "playground/core/fields.py:declared_in": "a class statement that the dataclass decorator has not read",
    "playground/core/spec.py:_class_name": "words for something that is no choice",
    "playground/core/spec.py:clean": "whatever a caller gives for a choice",
    "playground/core/spec.py:_registry": "whatever the files of a package hold",
    "playground/core/catalog.py:check_data": "whatever a caller gives for data",
    "playground/core/predictor.py:*": "whatever a caller brings as a predictor",
    "playground/core/fields.py:promised": "tells the types what capabilities have promised; it raises, and decides nothing",
    "playground/engine.py:check_experiment": "whatever a notebook gives for an Experiment",
    "playground/engine.py:check_law": "whatever a notebook gives for data",
    "playground/measures/two_samples.py:distance": "whatever a notebook gives: a run, points, a law",
    "playground/measures/two_samples.py:named": "whatever a notebook gives for a measure",
    "playground/metrics/distances.py:_rows": "arrays of points from outside",
    "playground/notebook.py:*": "whatever a notebook gives for a law, for points, for a run",
    "playground/core/mixture.py:__eq__": "anything may be compared",
    "playground/core/rng.py:Draws": "whatever a caller brings as noise",
    "playground/core/fields.py:number_list": "lists, arrays and tensors of numbers from outside",
    "playground/images/messages.py:*": "errors of other libraries",
    "playground/images/read.py:*": "image files",
    "playground/images/source.py:*": "answers of the hub",
    "playground/images/codecs.py:*": "configurations of the hub's models",
    "playground/ui/front.py:*": "the server's library",
    "playground/ui/page.py:on_app": "the server's library",
    "toy_models/laws/pixels.py:*": "arrays of pixels from outside",
    "toy_models/networks/card.py:*": "cards of models: JSON",
    "toy_models/networks/checkpoint.py:own_process": "a card of a model: JSON",
}


def files() -> list[Path]:
    return [ROOT / "app.py", *sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))]


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines() -> int:
    return sum(len(p.read_text(encoding="utf-8").splitlines()) for p in files())


def anys() -> list[str]:
    """``file:line`` of every ``Any``."""
    found = []
    for path in files():
        with path.open("rb") as file:
            found += [
                f"{short(path)}:{t.start[0]}" for t in tokenize.tokenize(file.readline) if t.type == tokenize.NAME and t.string == "Any"
            ]
    return found


def ignores() -> list[str]:
    """``file:line`` of every comment that silences the type checker."""
    words = ("type: ignore", "pyright: ignore")
    return [
        f"{short(p)}:{i}"
        for p in files()
        for i, line in enumerate(p.read_text(encoding="utf-8").splitlines(), 1)
        if any(w in line for w in words)
    ]


def _last(node: ast.expr) -> str:
    """``C`` of ``C`` and of ``module.C``."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _plain(node: ast.expr) -> bool:
    """Is this class, or are all of this tuple or union, those of plain values or errors?"""
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return all(map(_plain, node.elts))
    if isinstance(node, ast.BinOp):
        return _plain(node.left) and _plain(node.right)
    name = _last(node)
    if isinstance(node, ast.Constant):
        return node.value is None
    return name in PLAIN or name.endswith(("Error", "Exception")) or name == "BadValue"


def _words(node: ast.expr) -> bool:
    """A text, or texts between brackets."""
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return bool(node.elts) and all(map(_words, node.elts))
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_switch(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, classes]):
            return not _plain(classes)
        case ast.Call(func=ast.Name(id="hasattr")):
            return True
        case ast.Call(func=ast.Name(id="getattr"), args=[_, name, *rest]):
            return bool(rest) or _words(name)
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [left, *others]
            if any(isinstance(s, ast.Call) and isinstance(s.func, ast.Name) and s.func.id == "type" and len(s.args) == 1 for s in sides):
                return not any(_plain(s) for s in sides)
            asked = any(isinstance(s, (ast.Name, ast.Attribute)) and _last(s) in NAMES and "dtype" not in ast.dump(s) for s in sides)
            return asked and any(map(_words, sides)) and all(isinstance(op, (ast.Eq, ast.NotEq, ast.In, ast.NotIn)) for op in ops)
        case ast.Match(subject=subject):
            return isinstance(subject, (ast.Name, ast.Attribute)) and _last(subject) in NAMES
    return False


def _walk(node: ast.AST, where: tuple[str, ...] = (), asserted: bool = False) -> Iterator[tuple[ast.AST, tuple[str, ...], bool]]:
    for child in ast.iter_child_nodes(node):
        named = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        inside = (*where, child.name) if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) else where
        told = isinstance(child, ast.Assert) or (asserted and not named)
        yield child, inside, told
        yield from _walk(child, inside, told)


def switches() -> tuple[list[str], list[str]]:
    """``file:line code`` of every line with a behaviour switch, and of every assert of that form."""
    decides, asserts = [], []
    for path in files():
        source = path.read_text(encoding="utf-8")
        rows = source.splitlines()
        for node, where, asserted in _walk(ast.parse(source)):
            border = any(f"{short(path)}:{name}" in BORDERS for name in ("*", *where))
            if _is_switch(node) and not border:
                line = getattr(node, "lineno", 0)
                (asserts if asserted else decides).append(f"{short(path)}:{line} {rows[line - 1].strip()}")
    return list(dict.fromkeys(decides)), list(dict.fromkeys(asserts))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _loaded(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports of a module that run when it is loaded."""
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, ast.If):
            if _last(node.test) != "TYPE_CHECKING":
                yield from _loaded(node.body)
            yield from _loaded(node.orelse)
        elif isinstance(node, ast.Try):
            yield from _loaded([*node.body, *(s for h in node.handlers for s in h.body), *node.orelse, *node.finalbody])
        elif isinstance(node, (ast.With, ast.ClassDef, ast.For)):
            yield from _loaded(node.body)


def _targets(node: ast.Import | ast.ImportFrom, path: Path, known: set[str]) -> set[str]:
    """The modules of ours that an import names."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names} & known
    base = node.module or ""
    if node.level:
        parts = path.relative_to(ROOT).with_suffix("").parts[: -node.level]
        base = ".".join([*parts, *([base] if base else [])])
    inner = {f"{base}.{alias.name}" for alias in node.names} & known
    # `from package import module` needs of the package only that it has begun
    return inner if len(inner) == len(node.names) else inner | ({base} & known)


def graph(inside: bool = False) -> dict[str, set[str]]:
    """module → modules of ours that are loaded with it, parents of others included: their ``__init__`` runs first. ``inside``: and those that its functions
    import when they are called."""
    known = {module_of(p): p for p in files()}
    out: dict[str, set[str]] = {}
    for name, path in known.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = list(_loaded(tree.body))
        if inside:
            nodes += [n for n, where, _ in _walk(tree) if where and isinstance(n, (ast.Import, ast.ImportFrom))]
        found = {t for node in nodes for t in _targets(node, path, set(known))}
        parents = {t.rsplit(".", up)[0] for t in found for up in range(1, t.count(".") + 1)}
        out[name] = {t for t in found | parents if t in known and t != name and not f"{name}.".startswith(f"{t}.")} | (found - {name})
    return out


def lazy() -> list[str]:
    """``file:line module``: imports of ours inside functions."""
    known = {module_of(p) for p in files()}
    found = []
    for path in files():
        for node, where, _ in _walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Import, ast.ImportFrom)) and where:
                found += [f"{short(path)}:{node.lineno} {t}" for t in sorted(_targets(node, path, known))]
    return found


def between() -> dict[str, list[str]]:
    """``{"playground → toy_models": [file:line module, …], …}``: every import of one package in the other, lazy ones and those for types included."""
    known = {module_of(p) for p in files()}
    out: dict[str, list[str]] = {f"{a} → {b}": [] for a, b in (PACKAGES, PACKAGES[::-1])}
    for path in files():
        own = module_of(path).split(".")[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for target in sorted(_targets(node, path, known)):
                    way = f"{own} → {target.split('.')[0]}"
                    if way in out:
                        out[way].append(f"{short(path)}:{node.lineno} {target}")
    return out


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Strongly connected components of more than one module, or of one that imports itself (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(edges[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            part = sorted(stack[at:])
            del stack[at:]
            if len(part) > 1 or node in edges[node]:
                found.append(part)

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return found


def busiest(places: list[str], most: int = 12) -> str:
    """The files with the most of these places."""
    counts: dict[str, int] = {}
    for place in places:
        counts[place.split(":")[0]] = counts.get(place.split(":")[0], 0) + 1
    rows = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {n}" for name, n in rows[:most]) + (f" and {len(rows) - most} files more" if len(rows) > most else "")


def main() -> None:
    total, (decides, asserts), ways = lines(), switches(), between()
    for name, places in {
        "Any": anys(),
        "behaviour switches": decides,
        "asserts of a type": asserts,
        "comments that silence the checker": ignores(),
        "lazy imports": lazy(),
        **ways,
    }.items():
        print(f"{name}: {len(places)}")
        print("\n".join(f"  {p}" for p in places))
    print(
        f"{total} lines, Any {1000 * len(anys()) / total:.1f} per 1,000; {len(decides)} switches; {len(asserts)} asserts; {len(lazy())} lazy imports"
    )
    print("; ".join(f"{way} {len(places)}" for way, places in ways.items()))
    print("circles of what is imported with a module:", circles(graph()) or "none")
    print("circles with what functions import:", circles(graph(inside=True)) or "none")


if __name__ == "__main__":
    main()

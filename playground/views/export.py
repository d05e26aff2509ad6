"""A run's states as text: every state of every particle, or a line that says which are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from playground import __version__
from playground.core.limits import limits
from playground.core.run import Frame
from playground.engine import Run
from playground.origin import APP

if TYPE_CHECKING:
    from playground.views.sights.axes import Axes

MOST_ROWS = limits().csv_rows


def csv_steps(run: Run) -> list[int]:
    """The steps after which states are written: all, or evenly thinned ones where that would be more than MOST_ROWS rows."""
    last, count = run.steps, len(run.frames[0].z)
    stride = max(1, -(-last // max(1, MOST_ROWS // count - 2)))
    return [step for step in range(last + 1) if step % stride == 0 or step == last]


def _kept(steps: list[int]) -> str:
    """After which steps states are written, where it is not after all."""
    if len(steps) < 5:
        return f"after steps {', '.join(map(str, steps))}"
    return f"after every {steps[1]}th step and the last (steps {steps[0]}, {steps[1]}, {steps[2]}, … {steps[-1]})"


def csv_rows(sight: Axes, states: Iterable[Frame] | None = None, link: str = "") -> Iterator[str]:
    """Lines with # that say what this is, then step, t, particle, class and the state's components, one row a particle and step; states as
    computed, not scaled. ``states``: all of the run, where its trace is thinned."""
    run = sight.run
    exp, header, steps = run.exp, run.process.info, csv_steps(run)
    how = "noising" if exp.mode == "forward" else f"{exp.sampler.info.title} · {run.steps} steps"
    what = f"{exp.data if isinstance(exp.data, str) and len(exp.data) < 40 else 'your mixture'} · {header.title} · {how}"
    yield f"# {APP} {__version__} · {what} · {exp.particles} particles · seed {exp.seed}\n"
    if link:
        yield f"# {link}\n"
    last = steps[-1]
    yield (
        f"# all states: after each of steps 0 to {last}\n"
        if len(steps) == last + 1
        else f"# not all states: {_kept(steps)}, since a file has at most {MOST_ROWS:,} rows\n"
    )
    names = {"x₁": "x1", "x₂": "x2", "v₁": "v1", "v₂": "v2"}
    columns = [names.get(c, c) for c in sight.geometry.components]
    yield ",".join(["step", "t", "particle", "class", *columns]) + "\n"
    labels, wanted = sight.labels, set(steps)
    for frame in run.frames if states is None else states:
        if frame.step not in wanted:
            continue
        z = frame.z.flatten(1).double().cpu().numpy()
        head = f"{frame.step},{frame.t!r},"
        yield "".join(f"{head}{i},{labels[i]}," + ",".join(repr(float(v)) for v in row) + "\n" for i, row in enumerate(z))

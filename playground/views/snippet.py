"""An experiment as a few lines of Python that give the same numbers."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence

from playground.core.experiment import Experiment
from playground.core.fields import params
from playground.core.spec import Spec, specs_in
from playground.origin import link_of
from playground.sweeps.presets import BUDGETS
from playground.sweeps.record import Sweep
from playground.views.geometry import geometry_of
from playground.views.inspect import pin_of, why

ALWAYS = {"data", "process", "sampler", "grid"}


def _call(spec: Spec) -> str:
    within = specs_in(spec)
    inner = []
    for name, param in params(spec).items():
        value = getattr(spec, name)
        if value != param.default:
            inner.append(f"{name}={_call(within[name]) if name in within else repr(value)}")
    return f"pg.{type(spec).__name__}({', '.join(inner)})"


def as_python(exp: Experiment, pin: str = "") -> str:
    """Runnable code with every choice that differs from the defaults, and the three main ones always. It prints what the page says of the run, and of the point that is
    pinned there (``pin``, as a link's view.pin has it)."""
    return f"import playground as pg\n\nexp = {_experiment(exp)}\ntrace = pg.simulate(exp)\n{told_by(exp)}{told_at(exp, pin)}"


def as_compared(exps: Sequence[Experiment]) -> str:
    """Runnable code of several runs: the numbers of each, and a page of all of them under one cursor."""
    made = "".join(textwrap.indent(_experiment(exp), "    ") + ",\n" for exp in exps)
    numbers = (
        ""
        if any(exp.law.space.pictures for exp in exps)
        else "for exp in runs:\n    print(pg.numbers(exp))  # the status line and the distances\n"
    )
    return f'import playground as pg\n\nruns = [\n{made}]\n{numbers}pg.compare(*runs).save("compare.html")  # under one cursor, in any browser\n'


def _experiment(exp: Experiment) -> str:
    """The call that makes it: every choice that differs from the defaults, and the three main ones always."""
    base, within, lines = Experiment(), specs_in(exp), []
    for name in params(exp):
        value = getattr(exp, name)
        if name in ALWAYS or value != getattr(base, name):
            lines.append(f"    {name}={_call(within[name]) if name in within else repr(value)},")
    body = "\n".join(lines)
    return f"pg.Experiment(\n{body}\n)"


def told_by(exp: Experiment) -> str:
    """Lines that print what the page says of a run of points: its numbers, and what its sampler and grid are called in other libraries."""
    if exp.law.space.pictures:
        return ""
    named = "print(pg.elsewhere(exp))  # in diffusers, k-diffusion, …\n" if exp.mode == "reverse" else ""
    return f"print(pg.numbers(exp))  # the status line and the distances\n{named}"


def told_at(exp: Experiment, pin: str) -> str:
    """Lines that print what is exactly known at a pinned point, as the lab "denoising" tells it: density, score and E[x_0 | z_t]."""
    panel, _, numbers = pin.partition(",")
    clock, _, at = numbers.partition(",")
    if not at or why(exp):
        return ""
    axes = next(((one.a, one.b) for one in geometry_of(exp.law, exp.process).panels if one.pins and one.id == panel), None)
    if axes is None:
        return ""
    here = pin_of(exp, {"clock": clock, "at": at, "components": ",".join(str(axis) for axis in axes if axis is not None)})
    z, t = here.z.tolist(), here.t
    lines = [f"z, t = torch.tensor({z}, dtype=torch.float64), {t!r}  # the pinned point"]
    lines += [
        f'print("{word}", pg.{name}(exp, z, t).tolist())'
        for name, word in (("density", "p_t(z)"), ("score", "score"), ("denoised", "E[x_0 | z_t]"))
    ]
    return "\nimport torch\n\n" + "\n".join(lines) + "\n"


def as_notebook(exp: Experiment) -> str:
    """A notebook (nbformat 4.5) that makes the run, shows it and prints its numbers."""
    head, _, rest = as_python(exp).partition("trace = ")
    shown = "" if exp.law.space.pictures else "pg.show(exp)"
    codes = [head.strip(), shown, f"trace = {rest}".strip()]
    cells: list[dict[str, object]] = [
        {
            "id": "what",
            "cell_type": "markdown",
            "metadata": {},
            "source": f"# {exp.who.title}, {exp.process.info.title}\n\n`{link_of(exp.to_query())}`",
        }
    ]
    cells += [
        {"id": f"code{n}", "cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": code}
        for n, code in enumerate(codes)
        if code
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "language_info": {"name": "python"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False, indent=1) + "\n"


def as_sweep(exp: Experiment) -> str:
    """A sweep of the experiment along its cost, as JSON for ``python -m playground.sweeps run``: model calls, or steps where the calls of a sampler do not follow from them.
    Raises BadValue."""
    name = "grid.steps" if exp.sampler.calls_line() is None else "calls"
    return Sweep(base=exp, axes=[{name: BUDGETS}]).to_json()

"""An experiment as a few lines of Python that give the same numbers."""

from __future__ import annotations

from playground.core.experiment import Experiment
from playground.core.fields import params
from playground.core.spec import Spec, specs_in

ALWAYS = {"data", "process", "sampler", "grid"}


def _call(spec: Spec) -> str:
    within = specs_in(spec)
    inner = []
    for name, param in params(spec).items():
        value = getattr(spec, name)
        if value != param.default:
            inner.append(f"{name}={_call(within[name]) if name in within else repr(value)}")
    return f"pg.{type(spec).__name__}({', '.join(inner)})"


def as_python(exp: Experiment) -> str:
    """Runnable code with every choice that differs from the defaults, and the three main ones always."""
    base, within, lines = Experiment(), specs_in(exp), []
    for name in params(exp):
        value = getattr(exp, name)
        if name in ALWAYS or value != getattr(base, name):
            lines.append(f"    {name}={_call(within[name]) if name in within else repr(value)},")
    body = "\n".join(lines)
    return f"import playground as pg\n\nexp = pg.Experiment(\n{body}\n)\ntrace = pg.simulate(exp)\n"

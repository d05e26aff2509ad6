"""An experiment as a few lines of Python that give the same numbers."""

from __future__ import annotations

from playground.core.experiment import Experiment
from playground.core.fields import params
from playground.core.spec import Spec


def _call(spec: Spec) -> str:
    inner = []
    for name, param in params(spec).items():
        value = getattr(spec, name)
        if value != param.default:
            inner.append(f"{name}={_call(value) if isinstance(value, Spec) else repr(value)}")
    return f"pg.{type(spec).__name__}({', '.join(inner)})"


def as_python(exp: Experiment) -> str:
    """Runnable code with every choice that differs from the defaults, and the three main ones always."""
    base, lines = Experiment(), []
    for name in params(exp):
        value = getattr(exp, name)
        if name == "guidance" and value == base.guidance:
            continue
        if isinstance(value, Spec):
            lines.append(f"    {name}={_call(value)},")
        elif value != getattr(base, name) or name == "data":
            lines.append(f"    {name}={value!r},")
    body = "\n".join(lines)
    return f"import playground as pg\n\nexp = pg.Experiment(\n{body}\n)\ntrace = pg.simulate(exp)\n"

"""What of a picture is the guided model's: which arrows follow it, which laws it is compared with, and what fields depend on."""

from __future__ import annotations

import hashlib
import json

from playground.core.experiment import Experiment
from playground.core.legal import offers, why_not


def fields_key(exp: Experiment) -> str:
    """Fields depend on data, model (a network trained again under its name is another), process, direction and, where arrows or reference laws are the guided model's, on guidance only:
    runs that share them share their fields."""
    guidance = exp.guidance.to_dict() if guided_arrows(exp) or guided_laws(exp) else None
    told = json.dumps([exp.data, exp.model, exp.who.stamp, exp.process.to_dict(), guidance, exp.mode])
    return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


def guided_laws(exp: Experiment) -> dict[str, str]:
    """The reference laws of a guided run as layers, each with "" or the reason why there is none: "conditional" p_t(x | c), and "tilted"
    p_t(x) p_t(c | x)^W, which is the law whose score guidance follows at that moment, and at t = 0 the tilt of the data."""
    if "guided" not in offers(exp):
        return {}
    return {"conditional": "", "tilted": why_not(frozenset({"few"}), exp)}


def tilted_words(exp: Experiment, t: float) -> str:
    """The tilted law's formula at time t."""
    return exp.guidance.tilt.format(w=f"{exp.guidance.weight:g}", at="_t" if t > 0 else "")


def guided_arrows(exp: Experiment) -> list[str]:
    """Which arrows follow the guided model, as the sampler does: those of a state that is one plane. A blend of scores is linear in them where
    the process is; the score of a marginal (CLD in 2D) is no part of a guided field."""
    plane = exp.law.dim * len(exp.process.parts) == 2
    if exp.mode == "forward" or "mixture" in exp.guidance.gives or not plane:
        return []
    return ["score"] * ("linear" in exp.process.caps) + ["velocity"]


def unguided(exp: Experiment) -> bool:
    """Does the run know no guidance at all?"""
    return exp.mode == "forward" or exp.guidance.is_none

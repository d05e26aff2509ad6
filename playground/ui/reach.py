"""What programs may ask of the page's server, by name and type: ``gradio_client``, curl, and agents (MCP), whose tools these functions and docstrings become.

Docs: docs/server.md. Nothing of it is seen on the page. A call is one request, answered by whichever of several equal servers gets it.
"""

# no postponed annotations: Gradio reads the return type as it stands

import contextlib
import hashlib
import importlib.util
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
from gradio.events import api
from starlette.concurrency import run_in_threadpool

from playground.core.limits import limits
from playground.server import answers
from playground.server.jobs import Answered, Distances, Picture, Summary
from playground.server.refusal import failure_of, logged
from playground.server.replies import answer_of
from playground.server.routes import Live


@contextlib.contextmanager
def told() -> Iterator[None]:
    """What cannot be done is said in the words that the page has for it, without a traceback in the log."""
    try:
        yield
    except Exception as error:
        failure = failure_of(error)
        logged(failure)
        raise gr.Error(str(failure.error["message"]), print_exception=False) from None


class Functions:
    """What programs may ask; the page's line computes it."""

    def __init__(self, live: Live):
        self.live = live

    async def _told(self, kind: type[Answered], link: object, **more: object) -> bytes:
        with told():
            return await answer_of(self.live.scheduler.ask(kind.asked(link, **more), "programs"))

    async def simulate(self, link: str = "", states: int = 0) -> dict:
        """Runs a diffusion model from noise to data (or data into noise) and tells the run in numbers: steps, model calls, times, mean and deviation of the last
        points beside those of the data, and some of the points.

        Args:
            link: what to run: the address of a playground page, its query alone ("data=rings&process=CLD&grid.steps=10&particles=500&seed=1"), or an Experiment as JSON; "" is the default run. The tool "choices" lists what a query may say.
            states: how many points of the run's end are told (the first so many particles), from 0; in all at most 10,000 numbers.

        Returns:
            link, experiment and python (three forms of what was run), particles, steps, model_calls, diverged_at_step (null: it did not), times from noise to data, end (the last time), shape of a point, mean and deviation, data_mean and data_deviation where they are known, states.
        """
        return json.loads(await self._told(Summary, link, states=states))

    async def distances(self, link: str = "") -> dict:
        """Measures how far a run's last points are from exact draws: every distance that the run has, with its error and with the floor, which exact draws show
        among themselves. A value within about two floor_sd of the floor cannot be told from a perfect run.

        Args:
            link: what to run, as for the tool "simulate".

        Returns:
            link, experiment, python; distances: key, title, unit, particles, value, error (standard error), floor, floor_sd of each; missing: those that do not exist for this process, and why.
        """
        return json.loads(await self._told(Distances, link))

    async def picture(self, link: str = "", at: float = 0.0) -> dict:
        """Draws a run at one moment as a PNG of 700 × 500 pixels: particles and their trails over the exact density (in the plane), paths through space and time (on
        the line), or the images.

        Args:
            link: what to run, as for the tool "simulate".
            at: the moment by the clock of the run, from 1 (noise) to 0 (data).

        Returns:
            The picture: a PNG file.
        """
        return await run_in_threadpool(kept, await self._told(Picture, link, at=at))

    def choices(self, link: str = "", slot: str = "") -> dict:
        """Lists what can be chosen beside the other choices of an experiment, with the reason why not where a choice does not fit, and every parameter of what
        is chosen, with what is allowed for it.

        Args:
            link: the other choices, as for the tool "simulate": "process=CLD" asks what goes with CLD.
            slot: only this one: data, model, process, process.schedule, guidance, sampler, grid, mode or start; "" for all.

        Returns:
            link, experiment, python; slots: for each slot its choices with key, title and reason ("" where it can be chosen); parameters: name as a link has it, value, default, allowed, help.
        """
        with told():
            return answers.choices(answers.asked(link), slot)


def kept(png: bytes) -> dict[str, object]:
    """A picture as Gradio hands files out: in its folder of files, under the digest of its bytes; equal pictures are one file."""
    folder = Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio") / "playground"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{hashlib.blake2b(png, digest_size=12).hexdigest()}.png"
    if not file.exists():
        new = file.with_suffix(f".{os.getpid()}.new")
        new.write_bytes(png)
        new.replace(file)
        for old in sorted(folder.glob("*.png"), key=lambda p: p.stat().st_mtime)[: -limits().pictures]:
            old.unlink(missing_ok=True)
    return gr.FileData(path=str(file), orig_name="run.png", mime_type="image/png", size=len(png)).model_dump()


def offer(live: Live) -> None:
    """Makes them known to Gradio, within a page that is being built. They are answered at once, without Gradio's queue: who computes next is the server's to say, and
    an answer that has to be fetched by a second request would be looked for at another of several equal servers."""
    ours = Functions(live)
    for function in (ours.simulate, ours.distances, ours.picture, ours.choices):
        api(function, api_name=function.__name__, queue=False, concurrency_limit=None)


def agents() -> bool:
    """Are the functions tools of agents too? Where the optional library is installed (requirements-mcp.txt), unless GRADIO_MCP_SERVER says no."""
    return importlib.util.find_spec("mcp") is not None and os.environ.get("GRADIO_MCP_SERVER", "").lower() not in ("false", "0")

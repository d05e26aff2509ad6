"""What is computed: runs and their packets, streams of packets, files."""

from __future__ import annotations

import functools
import gc
import re
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

import torch

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Record
from playground.core.memory import keep_memory
from playground.core.run import Frame
from playground.engine import Run
from playground.laws.table import Table
from playground.server.cache import Cache
from playground.server.limits import admitted, limits
from playground.server.refusal import blame, logged
from playground.views.distances import metrics_packet
from playground.views.fields import fields_packet
from playground.views.guided import fields_key
from playground.views.judged import beyond
from playground.views.knots import knots_packet
from playground.views.lab import Params, labs
from playground.views.layer import layers
from playground.views.mixture import fit_record
from playground.views.packet import Packet
from playground.views.sights import begin
from playground.views.stage import run_packet, step_packet
from playground.views.tasks import task_packets

LAYERS = ("run", "part", "fields", "metrics")
OURS = {"layer", "want", "seq"}  # query names that are not the experiment's; "view.*" is the page's own, "lab.*" a lab's
OF_FORM: dict[str, Callable[[Experiment, Params], Packet]] = {"knots": knots_packet}  # what the form's drawn schedule asks for


@functools.cache
def beside() -> dict[str, Callable[[Experiment, Params], Packet]]:
    """What labs and the form ask for beside the stage: (experiment, the query's "lab." names without the prefix) → packet."""
    out = dict(OF_FORM)
    for lab in labs().values():
        out |= lab.packets
        out |= {name: functools.partial(_of_run, make) for name, make in lab.of_images.items()}
    return out


def _of_run(make: Callable[[Run, Params], Packet], exp: Experiment, params: Params) -> Packet:
    """What a lab makes of the stage's run: the thread that computes has it, or makes it."""
    return make(worker.submit(run_of, exp).result(), params)


runs: Cache[str, Run] = Cache(limits().runs, limits().run_bytes)
forming: Cache[str, Run] = Cache(
    limits().parts, limits().run_bytes
)  # image runs that are not done: under way, or left there by a reader who may come back
field_packets: Cache[tuple[str, frozenset[str]], Packet] = Cache(limits().fields, limits().field_bytes)
# One computation at a time, always in the same thread: OpenMP keeps a team of threads for each thread that asks, and a second team on
# the same cores makes every operation of torch twice as slow. Thus no other thread of the server may have a team. One core is left to
# Python and to a browser beside it: on two busy cores, two threads that wait for each other took 75 ms where one takes 35.
CORES = torch.get_num_threads()
torch.set_num_threads(1)
keep_memory()


def _prepare_worker() -> None:
    torch.set_num_threads(max(1, CORES - 1))
    # softmax over thousands of components leaves weights below 1e-38: as denormal numbers they make the products after it twice as slow
    torch.set_flush_denormal(True)


worker = ThreadPoolExecutor(1, thread_name_prefix="compute", initializer=_prepare_worker)


def _prepare_aside() -> None:
    torch.set_num_threads(1)  # no second team
    torch.set_flush_denormal(True)


# Labs compute beside the stage: a budget of errors takes a second, and a control that moves meanwhile must not wait for it.
aside = ThreadPoolExecutor(1, thread_name_prefix="labs", initializer=_prepare_aside)


def experiment_of(query: dict[str, str]) -> Experiment:
    return admitted(Experiment.from_query({k: v for k, v in query.items() if k not in OURS and not k.startswith(("view.", "lab."))}))


def run_of(exp: Experiment) -> Run:
    """The whole run of an experiment."""
    run = runs.get(exp.key)
    if run is None:
        run = (_forming(exp) or begin(exp)).finish()
        keep(run)
    return run


def _forming(exp: Experiment) -> Run | None:
    """The run that was begun and left; none if it failed, for then it is made anew."""
    run = forming.get(exp.key)
    return None if run is None or run.error is not None else run


def _begun(exp: Experiment) -> Run:
    """A run to be read step by step: the one that was begun, or a new one."""
    run = _forming(exp)
    if run is None:
        run = begin(exp)
        size = exp.particles * run.process.states(run.space).dim * 4
        forming.put(exp.key, run, 2 * size * len(run.grid))
    return run


def keep(run: Run) -> None:
    frame = run.frames[0].z
    forming.drop(run.exp.key)
    runs.put(run.exp.key, run, len(run.frames) * frame.numel() * frame.element_size())


def run_steps(exp: Experiment) -> Iterator[bytes]:
    """Packets of a run, each after its length (4 bytes, little endian), as its steps are computed; nothing if it is known already.

    Between two steps the thread that computes is free for others. A reader that goes away pauses the run within a step: who asks again
    gets the steps that are there, and then the rest. Raises BadValue at once.
    """
    if worker.submit(runs.get, exp.key).result() is not None:
        return iter(())
    run = worker.submit(_begun, exp).result()

    def packets() -> Iterator[Packet]:
        for frame, told in run.told():
            yield step_packet(run, frame, told)
        keep(run)

    return framed(packets(), worker)


def framed(packets: Iterator[Packet], where: ThreadPoolExecutor) -> Generator[bytes]:
    """Packets, each after its length (4 bytes, little endian), computed one by one ``where`` such work is done. An error on the way is the
    last of them: by then the answer has begun."""

    def one() -> bytes | None:
        made = next(packets, None)
        return None if made is None else made.to_bytes()

    try:
        while (raw := where.submit(one).result()) is not None:
            yield len(raw).to_bytes(4, "little") + raw
    except Exception as error:
        logged(error)
        raw = Packet({"kind": "error", "error": blame(error)}).to_bytes()
        yield len(raw).to_bytes(4, "little") + raw


def task_steps(query: dict[str, str], files: list[bytes]) -> Generator[bytes]:
    """Packets of a task of the image lab, each after its length, computed one by one; between two of them the thread is free for the stage. A reader that goes away ends it within
    a step. Raises BadValue at once."""
    params = {k[4:]: v for k, v in query.items() if k.startswith("lab.")}
    return framed(worker.submit(lambda: task_packets(experiment_of(query), params, files)).result(), worker)


def packet(query: dict[str, str]) -> bytes:
    """The packet that a query asks for. Raises BadValue."""
    layer = query.get("layer", "run")
    if layer in beside():
        params = {k[4:]: v for k, v in query.items() if k.startswith("lab.")}
        return aside.submit(lambda exp: beside()[layer](exp, params).to_bytes(), experiment_of(query)).result()
    if layer not in LAYERS:
        raise BadValue("layer", layer, "one of " + ", ".join([*LAYERS, *beside()]))
    want = frozenset(w for w in query.get("want", "").split(",") if w)
    known = [one.key for one in layers().values() if one.arrays == one.key]
    if not want <= set(known):
        raise BadValue("want", query["want"], "some of " + ", ".join(known))
    seq = query.get("seq", "0")
    if not re.fullmatch("[0-9]{1,15}", seq):  # isdigit() is also true of "²"
        raise BadValue("seq", seq, "a whole number")
    return worker.submit(_packet, experiment_of(query), layer, want, int(seq)).result()


def _packet(exp: Experiment, layer: str, want: frozenset[str], seq: int) -> bytes:
    if layer in ("run", "part"):
        run = (forming.get(exp.key) if layer == "part" else None) or run_of(exp)
        made = run_packet(run, want, seq)
        made.header["legal"] = beyond(exp)
        return made.to_bytes()
    if layer == "metrics":
        return metrics_packet(run_of(exp)).to_bytes()
    key = (fields_key(exp), want)
    made = field_packets.get(key)
    if made is None:
        made = fields_packet(exp, want)
        field_packets.put(key, made, sum(a.nbytes for a, _ in made.arrays.values()))
    made.header["key"] = exp.key
    return made.to_bytes()


def warm() -> None:
    """Computes the default picture once: the first visitor then does not wait for torch to wake up.

    What lives by then lives on: it is kept from the garbage collector, whose walk through it held every request up for 0.3 s now and then.
    """
    for layer in ({"layer": "run"}, {"layer": "fields", "want": "density,score"}, {"layer": "metrics"}):
        packet(layer)
    gc.freeze()
    gc.enable()


def all_states(exp: Experiment) -> Iterator[Frame]:
    """Every state of a run, computed again, one by one where such work is done."""
    frames = iter(worker.submit(lambda: Run(exp, max_frames=2)).result())
    while (frame := worker.submit(next, frames, None).result()) is not None:
        yield frame


def fit_table(table: Table, components: str, scale: str) -> Record:
    """A table that has been read, as a mixture. Raises BadValue."""
    return {**worker.submit(fit_record, table.points(), components, scale).result()}

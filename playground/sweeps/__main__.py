"""``python -m playground.sweeps``: sweeps without a page.

presets                                     the sweeps that there are by name
preset samplers > sweep.json                one of them, as JSON
run sweep.json --out results.json           computes it; what is there already is read, Ctrl-C keeps what was computed
run sweep.json --ray auto                   on a cluster of Ray
export results.json table.csv               a table: .csv or .parquet; .json: the sweep alone
clean                                       throws the cells that are kept on disk away
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qsl

from playground.core.experiment import Experiment
from playground.core.fields import BadValue
from playground.sweeps import kept
from playground.sweeps.cluster import ADDRESS, Ray
from playground.sweeps.export import export, write
from playground.sweeps.presets import made, presets
from playground.sweeps.record import Sweep
from playground.sweeps.results import Results
from playground.sweeps.running import Running, processes
from playground.sweeps.workers import Workers

SAVED = 5.0  # seconds between two writings of the results file
MOST_WORKERS = 8  # where nobody says how many


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("playground.sweeps", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(dest="what", required=True)
    one = what.add_parser("run", help="compute a sweep")
    one.add_argument("sweep", help="a file of JSON, or - for the input")
    one.add_argument("--out", default="", help="results file (default: the sweep's name with .results.json)")
    one.add_argument(
        "--workers",
        type=int,
        help=f"processes; 0: none but this one (left out: one a processor, at most {MOST_WORKERS}; on a cluster all of its processors)",
    )
    one.add_argument("--ray", default="", metavar="ADDRESS", help=f"on a cluster of Ray: {ADDRESS}")
    one.add_argument("--no-cache", action="store_true", help="read and keep no cells on disk")
    two = what.add_parser("export", help="a table of a results file")
    two.add_argument("results")
    two.add_argument("out", help="name.csv, name.parquet, or name.json for the sweep alone")
    three = what.add_parser("preset", help="a sweep by name, as JSON")
    three.add_argument("name")
    three.add_argument("--base", default="", help='the base, as a link\'s query: "data=moons&grid=Karras"')
    what.add_parser("presets", help="their names")
    what.add_parser("clean", help="throw kept cells away")
    return parser


def main(given: Sequence[str] | None = None) -> int:
    """The exit status: 0; 1 where something cannot be used, 130 after Ctrl-C."""
    asked = arguments().parse_args(given)
    try:
        return COMMANDS[asked.what](asked)
    except BadValue as error:
        say(str(error))
        return 1


def say(words: str) -> None:
    sys.stderr.write(words + "\n")


def run(asked: argparse.Namespace) -> int:
    named = asked.sweep != "-"
    try:
        source = Path(asked.sweep).read_bytes() if named else sys.stdin.buffer.read(1_000_001)
    except OSError as error:
        raise BadValue("sweep", asked.sweep, f"a file that can be read ({error.strerror})") from None
    sweep = Sweep.from_json(source)
    out = Path(asked.out or (f"{asked.sweep.removesuffix('.json')}.results.json" if named else "results.json"))
    before = _before(out, sweep)
    running = Running(sweep, by=workers(asked), kept=None if asked.no_cache else kept.Kept(), done=before)
    places = len(running.results.left_out)
    say(f"{sweep.count:,} cells; {places * len(sweep.seeds):,} cannot be ({places} places); {running.hits:,} are known; {out}")
    saved, ended = time.monotonic(), False
    write(out, running.results.to_json().encode())
    try:
        for result in running:
            if time.monotonic() - saved > SAVED:
                write(out, running.results.to_json().encode())
                saved = time.monotonic()
                say(progress(running))
            if result.failed:
                say(f"{', '.join(running.results.labels(result.at))}, seed {result.seed}: {result.failed}")
        ended = True
    except KeyboardInterrupt:
        say("stopped; the same command goes on from here")
    finally:
        running.close()
        write(out, running.results.to_json().encode())
    say(f"{len(running.results.cells):,} cells in {out}")
    return 0 if ended else 130


def workers(asked: argparse.Namespace) -> Workers:
    """Who computes. Raises BadValue."""
    if asked.ray:
        return Ray(asked.ray, asked.workers or 0)
    return processes(min(MOST_WORKERS, os.cpu_count() or 1) if asked.workers is None else asked.workers)


def progress(running: Running) -> str:
    """How far it is, in words."""
    left = running.left_s
    words = "" if math.isnan(left) else f", about {left:.0f} s left"
    return (
        f"{len(running.results.cells):,} of {running.sweep.count - len(running.results.left_out) * len(running.sweep.seeds):,} cells{words}"
    )


def _before(out: Path, sweep: Sweep) -> Results | None:
    """What the file holds already. Raises BadValue where it is of another sweep, or no results at all: it is not written over."""
    if not out.exists():
        return None
    told = Results.read(out)
    if told.sweep != sweep:
        raise BadValue("out", str(out), "a new file, or one of this sweep: it holds results of another")
    return told


def table(asked: argparse.Namespace) -> int:
    export(Results.read(asked.results), Path(asked.out))
    return 0


def preset(asked: argparse.Namespace) -> int:
    base = Experiment.from_query(dict(parse_qsl(asked.base)))
    sys.stdout.write(made(asked.name, base).to_json() + "\n")
    return 0


def names(asked: argparse.Namespace) -> int:
    sys.stdout.writelines(f"{one.key:12} {one.title}\n" for one in presets().values())
    return 0


def clean(asked: argparse.Namespace) -> int:
    kept.clean()
    return 0


COMMANDS = {"run": run, "export": table, "preset": preset, "presets": names, "clean": clean}

if __name__ == "__main__":
    for kind in (signal.SIGINT, signal.SIGTERM):  # also where a shell in the background ignores the first
        signal.signal(kind, signal.default_int_handler)
    sys.exit(main())

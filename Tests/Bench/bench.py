"""Runs benchmarks on Paravane and on a peer in turn, and compares them. `make bench` calls this with everything built.

The two runs of a round follow each other, so that whatever else the machine does falls on both alike.
"""

import argparse
import json
import os
import sys

from benchmarks import BENCHMARKS, PLACES, Benchmark, MissingPlace, Places
from report import figures, heading, json_object, table
from runs import Run, RunFailed, run

USAGE, FAILURE = 64, 70


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", default="", metavar="NAME,...", help="these benchmarks instead of all")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count")
    parser.add_argument("--warm-up", type=int, default=1, help="rounds before them that do not; they fill the page cache")
    parser.add_argument("--skip-peer", action="store_true", help="run Paravane alone")
    parser.add_argument("--json", metavar="FILE", help="write every value")
    parser.add_argument("--list", action="store_true", help="list the benchmarks")
    for place, meaning in PLACES.items():
        parser.add_argument(f"--{place}", metavar="PATH", help=meaning)
    options = parser.parse_args()
    if options.rounds < 1 or options.warm_up < 0:
        fail("at least one round has to count", USAGE)
    return options


def fail(message: str, status: int) -> None:
    print(f"bench: {message}", file=sys.stderr)
    sys.exit(status)


def selection(names: str) -> list[Benchmark]:
    if not names:
        return BENCHMARKS
    known = {benchmark.name: benchmark for benchmark in BENCHMARKS}
    for name in names.split(","):
        if name not in known:
            fail(f"no benchmark '{name}'; there are {', '.join(known)}", USAGE)
    return [known[name] for name in names.split(",")]


def progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def measure(benchmark: Benchmark, places: Places, options: argparse.Namespace) -> tuple[list[Run], list[Run]]:
    """The runs that count, of the peer and of Paravane."""
    ours = benchmark.paravane(places)
    theirs = benchmark.peer(places) if benchmark.peer and not options.skip_peer else None
    peer: list[Run] = []
    paravane: list[Run] = []
    for number in range(1 - options.warm_up, options.rounds + 1):
        progress(f"bench: {benchmark.name}, " + (f"round {number} of {options.rounds}" if number > 0 else "warming up"))
        results = ([run(theirs, benchmark.expected)] if theirs else [], [run(ours, benchmark.expected)])
        if number > 0:
            peer += results[0]
            paravane += results[1]
    progress("")
    return peer, paravane


def main() -> None:
    options = arguments()
    if options.list:
        for benchmark in BENCHMARKS:
            print(f"{benchmark.name:14} {benchmark.summary}")
        return
    places = Places({place: getattr(options, place) for place in PLACES if getattr(options, place)})
    benchmarks = selection(options.only)
    results = []
    try:
        print(heading(options.rounds))
        for benchmark in benchmarks:
            rows = figures(*measure(benchmark, places, options))
            results.append((benchmark, rows))
            print(table(benchmark, rows), flush=True)
    except MissingPlace as place:
        fail(f"{benchmark.name} needs --{place}", USAGE)
    except RunFailed as failure:
        fail(f"{benchmark.name}: {failure}", FAILURE)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(json_object(options.rounds, results), file, indent=1)
            file.write(os.linesep)


main()

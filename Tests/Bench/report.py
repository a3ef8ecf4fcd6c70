"""From runs to figures, and from figures to a table and to JSON."""

import os
import statistics
import subprocess
from dataclasses import dataclass

from benchmarks import Benchmark
from runs import Run

LABEL, COLUMN = 24, 33
# What a time is written in: the largest unit that does not make it smaller than one.
UNITS = [(1, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")]


@dataclass(frozen=True)
class Figure:
    """What was measured of one thing: a value a round, of the peer (none where it has no such thing) and of Paravane."""

    name: str
    unit: str  # "s" or "MiB"
    peer: list[float]
    paravane: list[float]

    @property
    def ratio(self) -> float | None:
        """Paravane / peer. The two of a round follow each other, so that this is the median of the rounds' ratios."""
        if not self.peer or min(self.peer) <= 0:
            return None
        return statistics.median(ours / theirs for ours, theirs in zip(self.paravane, self.peer, strict=True))


def figures(peer: list[Run], paravane: list[Run]) -> list[Figure]:
    result = [
        Figure("wall", "s", [run.seconds for run in peer], [run.seconds for run in paravane]),
        Figure("processor", "s", [run.processor for run in peer], [run.processor for run in paravane]),
        Figure("peak memory", "MiB", [run.mebibytes for run in peer], [run.mebibytes for run in paravane]),
    ]
    for part in paravane[0].parts:
        theirs = [run.parts[part] for run in peer if part in run.parts]
        result.append(Figure(part, "s", theirs, [run.parts[part] for run in paravane]))
    return result


def spread(values: list[float], unit: str) -> str:
    if not values:
        return "-"
    middle = statistics.median(values)
    scale = 1.0
    if unit == "s":
        scale, unit = next(((size, name) for size, name in UNITS if middle >= size), UNITS[-1])
    return " / ".join(f"{value / scale:.4g}" for value in (min(values), middle, max(values))) + f" {unit}"


def heading(rounds: int) -> str:
    return (f"{qemu_version()}; {os.cpu_count()} processors; {rounds} rounds; minimum / median / maximum; "
            "parts are a time an operation, by the guest's clock\n\n"
            f"{'':{LABEL}} {'peer':{COLUMN}} {'Paravane':{COLUMN}} Paravane / peer")


def table(benchmark: Benchmark, rows: list[Figure]) -> str:
    lines = [f"{benchmark.name}: {benchmark.summary}" + (f" (peer: {benchmark.peer_name})" if benchmark.peer else "")]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        ours, theirs = spread(row.paravane, row.unit), spread(row.peer, row.unit)
        lines.append(f"  {row.name:{LABEL - 2}} {theirs:{COLUMN}} {ours:{COLUMN}} {ratio}".rstrip())
    return "\n".join(lines)


def json_object(rounds: int, results: list[tuple[Benchmark, list[Figure]]]) -> dict:
    return {
        "qemu": qemu_version(),
        "processors": os.cpu_count(),
        "rounds": rounds,
        "benchmarks": {
            benchmark.name: {
                "peer": benchmark.peer_name or None,
                "figures": {
                    row.name: {"unit": row.unit, "peer": row.peer, "paravane": row.paravane, "ratio": row.ratio}
                    for row in rows
                },
            }
            for benchmark, rows in results
        },
    }


def qemu_version() -> str:
    return subprocess.run(
        ["qemu-system-ppc", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]

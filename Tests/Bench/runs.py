"""One run of a command: how long it took, how much memory, and what it says that it measured itself."""

import re
import resource
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

# Seconds that only a guest reaches that hangs.
LIMIT = 120
# What Tests/Guests/baremetal/runtime/bench.c prints, and paravane-bench.
MEASURED = re.compile(rb"^# measured (\S+) (\d+) operations 0x([0-9a-f]+) ticks at (\d+) Hz\r?$", re.MULTILINE)
FAILED = re.compile(rb"^(not ok |Bail out!)", re.MULTILINE)


class RunFailed(Exception):
    """The command did not do what it should."""


@dataclass(frozen=True)
class Run:
    seconds: float  # wall clock, the whole process
    processor: float  # seconds of the processor, the program's and the kernel's
    mebibytes: float  # peak resident memory
    parts: dict[str, float] = field(default_factory=dict)  # seconds an operation, as the guest measured it


def processor_seconds() -> float:
    """What the commands that ended have used so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(command: list[str], expected: bytes) -> Run:
    with tempfile.TemporaryFile() as console, tempfile.NamedTemporaryFile("r") as peak:
        # Linux counts what a process was before it became another program: this Python has to be two steps away.
        measured = ["time", "--quiet", "--format", "%M", "--output", peak.name]
        before = processor_seconds()
        start = time.monotonic()
        process = subprocess.run(
            [*measured, "timeout", "--foreground", str(LIMIT), *command], stdin=subprocess.DEVNULL, stdout=console,
            stderr=console, check=False)
        seconds = time.monotonic() - start
        processor = processor_seconds() - before
        console.seek(0)
        output = console.read()
        kibibytes = peak.read()
    if process.returncode != 0 or expected not in output or FAILED.search(output):
        end = output[-2000:].decode(errors="replace")
        raise RunFailed(f"{end}\nstatus {process.returncode} from {' '.join(command)}")
    parts = {
        name.decode(): int(ticks, 16) / int(frequency) / int(operations)
        for name, operations, ticks, frequency in MEASURED.findall(output)
    }
    return Run(seconds, processor, int(kibibytes) / 1024, parts)

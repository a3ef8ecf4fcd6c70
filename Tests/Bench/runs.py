"""One run of a command: how long it took, how much memory, and what it says that it measured itself."""

import os
import re
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
    mebibytes: float  # peak resident memory
    parts: dict[str, float] = field(default_factory=dict)  # seconds an operation, as the guest measured it


def run(command: list[str], expected: bytes) -> Run:
    with tempfile.TemporaryFile() as console:
        start = time.monotonic()
        process = subprocess.Popen(
            ["timeout", "--foreground", str(LIMIT), *command], stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        # Of this child and of what it waited for: timeout itself is far smaller than what it runs.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        console.seek(0)
        output = console.read()
    if process.returncode != 0 or expected not in output or FAILED.search(output):
        end = output[-2000:].decode(errors="replace")
        raise RunFailed(f"{end}\nstatus {process.returncode} from {' '.join(command)}")
    parts = {
        name.decode(): int(ticks, 16) / int(frequency) / int(operations)
        for name, operations, ticks, frequency in MEASURED.findall(output)
    }
    return Run(seconds, usage.ru_maxrss / 1024, parts)

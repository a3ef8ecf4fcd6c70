"""Measures boots; boot.sh says what and how it is called."""

import os
import statistics
import subprocess
import sys
import tempfile
import time

APPEND = "console=ttyS0 paravane.exec=poweroff"
MEMORY = "256M"
LAST_LINE = b"userland: powering off"
LIMIT = 120


def measure(command: list[str]) -> tuple[float, float]:
    """Wall-clock seconds and peak resident MiB of one run. The guest has to have reached its power-off."""
    with tempfile.TemporaryFile() as console:
        start = time.monotonic()
        process = subprocess.Popen(
            ["timeout", "--foreground", str(LIMIT), *command], stdin=subprocess.DEVNULL, stdout=console, stderr=console
        )
        # Of this child and of what it waited for: timeout itself is far smaller than what it runs.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        console.seek(0)
        output = console.read()
    if process.returncode != 0 or LAST_LINE not in output:
        sys.stderr.buffer.write(output[-2000:])
        sys.exit(f"bench: status {process.returncode} from {' '.join(command)}")
    return seconds, usage.ru_maxrss / 1024


def main() -> None:
    paravane, kernels, initrd = sys.argv[1:4]
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 10
    unmodified, patched = (os.path.join(kernels, form, "uImage") for form in ("unmodified", "patched"))

    def boot_paravane(kernel: str) -> list[str]:
        return [paravane, "run", "--machine", "e500", "--memory", MEMORY, "--kernel", kernel, "--initrd", initrd,
                "--append", APPEND]

    commands = {
        "QEMU": ["qemu-system-ppc", "-M", "ppce500", "-cpu", "e500v2", "-m", MEMORY, "-nic", "none", "-nographic",
                 "-kernel", unmodified, "-initrd", initrd, "-append", APPEND],
        "Paravane": boot_paravane(unmodified),
        "Paravane, patched kernel": boot_paravane(patched),
    }
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for round_number in range(rounds + 1):
        for name, command in commands.items():
            result = measure(command)
            # The first round fills the page cache.
            if round_number > 0:
                results[name].append(result)
        if sys.stderr.isatty():
            print(f"\r\033[Kbench: round {round_number} of {rounds}", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)

    version = subprocess.run(["qemu-system-ppc", "--version"], capture_output=True, text=True, check=True).stdout
    print(f"{version.splitlines()[0]}; {os.cpu_count()} processors; {rounds} rounds; seconds and MiB as min / median / max")
    for name, runs in results.items():
        figures = []
        for column, form in ((0, "{:7.3f}"), (1, "{:6.1f}")):
            values = [run[column] for run in runs]
            spread = (min(values), statistics.median(values), max(values))
            figures.append(" / ".join(form.format(value) for value in spread))
        print(f"{name:26} {figures[0]} s   {figures[1]} MiB")
    for name, runs in list(results.items())[1:]:
        ratios = [
            statistics.median(run[column] for run in runs) / statistics.median(run[column] for run in results["QEMU"])
            for column in (0, 1)
        ]
        print(f"{name} / QEMU: {ratios[0]:.2f} of the time, {ratios[1]:.2f} of the memory")


main()

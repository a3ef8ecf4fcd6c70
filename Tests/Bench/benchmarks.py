"""What `make bench` compares: a table of benchmarks, each a command of Paravane and one of a peer that does the same."""

from collections.abc import Callable
from dataclasses import dataclass

MEMORY = "256M"


# What a benchmark may need.
PLACES = {
    "paravane": "the command",
    "probe": "paravane-bench, which measures in process",
    "guests": "directory of the bare-metal guests",
    "kernels": "directory of unmodified/uImage and patched/uImage",
    "initrd": "the Linux guests' initramfs",
    "trees": "directory of the reference trees",
}


class MissingPlace(Exception):
    """A benchmark needs a place that was not given."""


class Places(dict[str, str]):
    """Where things are, by the names of PLACES."""

    def __missing__(self, name: str) -> str:
        raise MissingPlace(name)


Command = Callable[[Places], list[str]]


@dataclass(frozen=True)
class Benchmark:
    """One row of the table. Both commands do the same work, and end by themselves with status 0."""

    name: str
    summary: str
    paravane: Command
    peer_name: str = ""
    peer: Command | None = None
    # What the output has to hold, besides TAP in which nothing failed.
    expected: bytes = b""


def qemu(*options: str) -> list[str]:
    return ["qemu-system-ppc", "-M", "ppce500", "-cpu", "e500v2", "-m", MEMORY, "-nic", "none", "-display", "none",
            "-monitor", "none", "-serial", "stdio", "-serial", "null", *options]


def run(places: Places, *options: str) -> list[str]:
    return [places["paravane"], "run", "--machine", "e500", "--memory", MEMORY, *options]


def boot(name: str, kernel: str, summary: str) -> Benchmark:
    """Paravane boots that kernel, QEMU the unmodified one: it has no hypercalls, and so no use for the other."""

    def options(places: Places, form: str, dash: str) -> list[str]:
        return [f"{dash}kernel", f"{places['kernels']}/{form}/uImage", f"{dash}initrd", places["initrd"],
                f"{dash}append", "console=ttyS0 paravane.exec=poweroff"]

    return Benchmark(name, summary, lambda places: run(places, *options(places, kernel, "--")), "QEMU",
                     lambda places: qemu(*options(places, "unmodified", "-")), b"userland: powering off")


def bare_metal(name: str, summary: str) -> Benchmark:
    """The program bench-<name> of Tests/Guests/baremetal on both."""

    def image(places: Places) -> str:
        return f"{places['guests']}/bench-{name}.elf"

    return Benchmark(name, summary, lambda places: run(places, "--kernel", image(places)), "QEMU",
                     lambda places: qemu("-kernel", image(places)), b"\n1..")


BENCHMARKS = [
    boot("boot", "unmodified", "Linux to its power-off"),
    boot("boot-patched", "patched", "the same, the kernel patched for the magic page on Paravane"),
    bare_metal("integer", "arithmetic in registers and small tables"),
    bare_metal("memory", "copies, and chains of pointers"),
    bare_metal("branchy", "branches that depend on data"),
    bare_metal("calls", "calls and returns"),
    bare_metal("system", "instructions of supervisor code"),
    bare_metal("hypercall", "round trips; QEMU has no hypercalls"),
    bare_metal("console", "bytes of output"),
    Benchmark("tree", "building the e500 tree, in process", lambda places: [places["probe"], "tree"]),
    Benchmark(
        "tree-command", "a process that makes the tree, and one that compiles it from source",
        lambda places: [places["paravane"], "dtb", "build", "--format", "dtb", "--output", "/dev/null"], "dtc",
        lambda places: ["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", "/dev/null", f"{places['trees']}/e500.dts"]),
]

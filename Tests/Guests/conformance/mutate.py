#!/usr/bin/env python3
"""Breaks one rule of the hypercall layer at a time and shows that some test of the conformance guests fails.

usage: mutate.py <directory of the guests> [--only <part of a name>]... [--list]

Works on a copy of the sources, builds paravane-unicorn there after each change, and runs the x86-64 and s390x guests. A
mutation is caught when a guest does not pass. Exits with 1 when one is not caught, or does not build, or does not apply.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
# The rules: in each file, a name, what stands there once, and what stands there instead.
MUTATIONS = {
    "Sources/Hypercalls/X86Hypercalls.swift": [
        ("x86: KVM_HC_VAPIC_POLL_IRQ does not exist", "        dispatcher.register(.kvmVAPICPollIRQ) { _, _ in .success }\n", ""),
        ("x86: KVM_HC_MMU_OP succeeds",
         "dispatcher.register(.kvmVAPICPollIRQ)",
         "dispatcher.register(.kvmMMUOp) { _, _ in .success }\n        dispatcher.register(.kvmVAPICPollIRQ)"),
        ("x86: KVM_HC_VAPIC_POLL_IRQ answers 1", "{ _, _ in .success }", "{ _, _ in .success(1) }"),
        ("x86: KVM_HC_KICK_CPU takes its first argument",
         "vcpu(apicID: UInt32(truncatingIfNeeded: frame[1]))", "vcpu(apicID: UInt32(truncatingIfNeeded: frame[0]))"),
        ("x86: KVM_HC_KICK_CPU of nobody fails",
         "            kick(target)\n        }", "            kick(target)\n        } else { return .failure(.noEntry) }"),
        ("x86: KVM_HC_KICK_CPU does not wake", "            kick(target)\n", "            _ = target\n"),
        ("x86: KVM_HC_SCHED_YIELD does not exist",
         "        dispatcher.register(.kvmSchedYield) { machine, frame in machine.schedYield(frame) }\n", ""),
        ("x86: KVM_HC_SEND_IPI counts from 0", "bitmap >> UInt64(id - lowest)", "bitmap >> UInt64(id)"),
        ("x86: KVM_HC_SEND_IPI's second word is for the same ids", "lowest &+ (frame.width == .bits64 ? 64 : 32)", "lowest &+ 0"),
        ("x86: KVM_HC_SEND_IPI answers 0",
         "return .success(UInt64(delivered))", "return .success(UInt64(delivered - delivered))"),
        ("x86: KVM_HC_CLOCK_PAIRING knows every clock", "guard frame[1] == ClockPairing.wallClock, let", "guard let"),
        ("x86: KVM_HC_CLOCK_PAIRING does not clear", "var offset = ClockPairing.flagsOffset", "var offset = ClockPairing.size"),
        ("x86: KVM_HC_MAP_GPA_RANGE takes half pages", "address.isMultiple(of: GuestMemory.pageSize), count", "count"),
        ("x86: KVM_HC_MAP_GPA_RANGE takes no pages", "count > 0, first &+ count > first", "first &+ count >= first"),
    ],
    "Sources/Hypercalls/X86Machine.swift": [
        ("x86: a wake-up before HLT is lost", "            vcpus[vcpu].isKicked = true\n", ""),
        ("x86: KVM_HC_SEND_IPI takes any command", "command & 0xC_0800 == 0", "command & 0 == 0"),
        ("x86: KVM_HC_SEND_IPI allows logical destinations", "command & 0xC_0800 == 0", "command & 0xC_0000 == 0"),
        ("x86: KVM_HC_SEND_IPI allows shorthands", "command & 0xC_0800 == 0", "command & 0x800 == 0"),
        ("x86: KVM_HC_SEND_IPI sends every vector to 0", "vector = UInt8(command & 0xFF)", "vector = 0"),
        ("x86: KVM_HC_SEND_IPI has no non-maskable interrupts", "vcpus[vcpu].hasPendingNMI = true", "return false"),
    ],
    "Sources/Hypercalls/S390Hypercalls.swift": [
        ("s390x: subcode 0 exists",
         "        return dispatcher\n",
         "        dispatcher.register(.diagnoseVirtioNotify) { _, _ in .success }\n        return dispatcher\n"),
        ("s390x: an absent queue is no error", "else { return .failure(.invalidArgument) }", "else { return .success(0) }"),
        ("s390x: the subchannel has 64 bits",
         "SubchannelID(word: UInt32(truncatingIfNeeded: frame[0]))", "SubchannelID(word: UInt32(exactly: frame[0]) ?? 0)"),
    ],
    "Sources/Hypercalls/S390Machine.swift": [
        ("s390x: any word names a subchannel", "guard word & 0x1_0000 != 0,", "guard word | 0x1_0000 != 0,"),
        ("s390x: queues are found by their subchannel alone", " && queues[index].number == number", ""),
        ("s390x: the wrong cookie fails",
         "found = cookie(of: subchannel, number)", "found = hint == 0 ? cookie(of: subchannel, number) : nil"),
    ],
    "Sources/Hypercalls/HypercallDispatcher.swift": [
        ("users are not asked", "if !frame.isPrivileged {", "if false {"),
    ],
    "Sources/Hypercalls/HypercallFrame.swift": [
        ("x86: narrow modes have wide arguments", "width.truncate(registers.register(", "(registers.register("),
        ("x86: narrow modes have wide numbers", "raw & 0xFFFF_FFFF : width.truncate(raw)", "raw & 0xFFFF_FFFF : raw"),
        ("x86: numbers have 32 bits in every mode",
         "raw & 0xFFFF_FFFF : width.truncate(raw)", "raw & 0xFFFF_FFFF : raw & 0xFFFF_FFFF"),
        ("s390x: subcodes have 32 bits",
         "let width = convention == .s390x ? .bits64 : width", "let width = convention == .s390x ? .bits32 : width"),
    ],
    "Sources/Hypercalls/HypercallResult.swift": [
        ("x86: statuses are positive",
         "Int64(failure.epaprStatus.rawValue) : -failure.errno", "Int64(failure.epaprStatus.rawValue) : failure.errno"),
        ("x86: narrow modes get wide results", "convention == .x86 ? width.truncate(value) : value", "value"),
    ],
    "Sources/ParavirtABI/CallingConvention.swift": [
        ("x86: users may call", "case .x86: .status(-KVMErrno.notPermitted.rawValue)", "case .x86: .notAHypercall"),
        ("x86: the number is in rbx",
         "        case .epapr: 11\n        case .papr: 3\n        case .x86: 0",
         "        case .epapr: 11\n        case .papr: 3\n        case .x86: 3"),
        ("x86: the result is in rbx",
         "        case .epapr, .papr: 3\n        case .x86: 0\n        case .s390x: 2",
         "        case .epapr, .papr: 3\n        case .x86: 3\n        case .s390x: 2"),
        ("x86: the first two arguments are swapped", "case 0: 3\n            case 1: 1", "case 0: 1\n            case 1: 3"),
        ("x86: the last two arguments are swapped", "case 2: 2\n            default: 6", "case 2: 6\n            default: 2"),
        ("s390x: the subcode is in r2",
         "        case .papr: 3\n        case .x86: 0\n        case .s390x: 1",
         "        case .papr: 3\n        case .x86: 0\n        case .s390x: 2"),
        ("s390x: the result is in r3",
         "        case .epapr, .papr: 3\n        case .x86: 0\n        case .s390x: 2",
         "        case .epapr, .papr: 3\n        case .x86: 0\n        case .s390x: 3"),
        ("s390x: the arguments begin at r3", "case .s390x: 2 + position", "case .s390x: 3 + position"),
        ("s390x: unknown subcodes get a status", "case .s390x: .interruption(.specification)", "case .s390x: .status(-22)"),
        ("s390x: unknown subcodes get another exception",
         "case .s390x: .interruption(.specification)", "case .s390x: .interruption(.privilegedOperation)"),
        ("s390x: users get another exception",
         "case .s390x: .interruption(.privilegedOperation)", "case .s390x: .interruption(.specification)"),
    ],
    "Sources/ParavirtABI/ResultCodes.swift": [
        ("x86: unknown calls get another status", "case notImplemented = 1000", "case notImplemented = 38"),
        ("x86: users get another status",
         "/// `KVM_EPERM`: the caller may not do this.\n    case notPermitted = 1", "case notPermitted = 13"),
        ("x86: a bad argument gets another status", "case invalidArgument = 22", "case invalidArgument = 33"),
        ("x86: a bad address gets another status", "case badAddress = 14", "case badAddress = 5"),
        ("x86: an unknown clock gets another status", "case notSupported = 95", "case notSupported = 22"),
    ],
    "Sources/ParavirtABI/HypercallFamily.swift": [
        ("x86: the family begins at 0", "self == .diagnose500 ? 0 : 1", "0"),
    ],
    "Sources/ParavirtABI/KVMFeatures.swift": [
        ("x86: KVM_HC_CLOCK_PAIRING swaps its fields", "nanosecondsOffset: UInt64 { 8 }", "nanosecondsOffset: UInt64 { 16 }"),
        ("x86: KVM_HC_MAP_GPA_RANGE takes reserved attributes", "reserved: UInt64 { ~0x1F }", "reserved: UInt64 { 0 }"),
        ("x86: CPUID does not offer KVM_HC_SEND_IPI",
         "[.unhalt, .sendIPI, .schedYield, .mapGPARange]", "[.unhalt, .schedYield, .mapGPARange]"),
    ],
}


def copy_sources(target: pathlib.Path) -> None:
    for name in ("Package.swift", "Package.resolved"):
        shutil.copy2(ROOT / name, target / name)
    for name in ("Sources", "Tests"):
        shutil.copytree(ROOT / name, target / name)


def build(tree: pathlib.Path) -> bool:
    result = subprocess.run(
        ["swift", "build", "-c", "release", "--product", "paravane-unicorn"], cwd=tree, capture_output=True, text=True)
    if result.returncode != 0:
        print("\n".join(line for line in result.stdout.splitlines() if "error:" in line), file=sys.stderr)
    return result.returncode == 0


def passes(tree: pathlib.Path, guest: pathlib.Path) -> bool:
    """Whether the guest gets to its end and all its tests pass."""
    result = subprocess.run(
        [tree / ".build/release/paravane-unicorn", "--cpus", "2", "--timeout", "20", guest], capture_output=True, text=True)
    lines = result.stdout.splitlines()
    passed = sum(line.startswith("ok ") for line in lines)
    return result.returncode == 0 and f"1..{passed}" in lines and passed > 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("guests", type=pathlib.Path)
    parser.add_argument("--only", action="append", help="part of a name; may be given more than once")
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    chosen = [
        (name, file, before, after) for file, rules in MUTATIONS.items() for name, before, after in rules
        if not arguments.only or any(part in name for part in arguments.only)]
    if arguments.list:
        print("\n".join(name for name, *_ in chosen))
        return 0
    guests = [arguments.guests / "x86_64.elf", arguments.guests / "s390x.elf"]
    caught, missed = 0, []
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder)
        copy_sources(tree)
        if not build(tree) or not all(passes(tree, guest) for guest in guests):
            print("the guests do not pass before anything is broken", file=sys.stderr)
            return 1
        for name, file, before, after in chosen:
            path = tree / file
            text = path.read_text()
            if text.count(before) != 1:
                missed.append((name, f"its text is there {text.count(before)} times"))
                print(f"?      {name}", flush=True)
                continue
            path.write_text(text.replace(before, after))
            if not build(tree):
                missed.append((name, "it does not build"))
            elif all(passes(tree, guest) for guest in guests):
                missed.append((name, "every test passes"))
            else:
                caught += 1
            print(f"{'MISSED' if missed and missed[-1][0] == name else 'caught'} {name}", flush=True)
            path.write_text(text)
    print(f"{caught} of {len(chosen)} caught")
    for name, reason in missed:
        print(f"{name}: {reason}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Breaks one rule of the hypercall layer at a time and shows that some test of the conformance guests fails.

usage: mutate.py <directory of the guests> [--only <part of a name>]... [--tree <directory>] [--markdown] [--list]

Works on a copy of the sources, builds paravane-unicorn or paravane there after each change, and runs the guests of the rule's
architecture. A mutation is caught when a guest does not pass. Exits with 1 when one is not caught, or does not build, or does not
apply. --tree keeps the copy and what is built there, and takes it up again. --markdown prints the table of docs/mutations.md.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]

# What a cell runs: the product, then its arguments. {} is the directory of the guests.
CELLS = {
    "x86_64": ["paravane-unicorn", "--cpus", "2", "--timeout", "60", "{}/x86_64.elf"],
    "s390x": ["paravane-unicorn", "--cpus", "2", "--timeout", "60", "{}/s390x.elf"],
    "e500v2": ["paravane", "run", "--cpu", "e500v2", "--cpus", "2", "--timeout", "60", "--kernel", "{}/powerpc.elf"],
    "e500mc": ["paravane", "run", "--cpu", "e500mc", "--cpus", "2", "--timeout", "60", "--kernel", "{}/powerpc.elf"],
    "ppc64": ["paravane", "run", "--machine", "pseries", "--cpus", "2", "--timeout", "60", "--kernel", "{}/ppc64.elf"],
    "ppc64le": ["paravane", "run", "--machine", "pseries", "--cpus", "2", "--timeout", "60", "--kernel", "{}/ppc64le.elf"],
}
# The cells that a rule's test is looked for in, by the first word of its name.
CELLS_OF = {
    "x86": ["x86_64"], "s390x": ["s390x"], "ePAPR": ["e500mc", "ppc64"], "e500": ["e500v2", "e500mc"], "PAPR": ["ppc64"],
    "pseries": ["ppc64", "ppc64le"],
}

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
        ("s390x: any word names a subchannel",
         "        guard word & 0x1_0000 != 0, word & 0x8_0000 != 0 || word & 0xFF00_0000 == 0 else { return nil }\n        self.word = word\n",
         "        self.word = word | 0x1_0000\n"),
        ("s390x: queues are found by their subchannel alone", " && queues[index].number == number", ""),
        ("s390x: the wrong cookie fails",
         "found = cookie(of: subchannel, number)", "found = hint == 0 ? cookie(of: subchannel, number) : nil"),
    ],
    "Sources/Hypercalls/HypercallDispatcher.swift": [
        ("x86: users are not asked", "if !frame.isPrivileged {", "if false {"),
    ],
    "Sources/Hypercalls/HypercallFrame.swift": [
        ("PAPR: narrow modes have wide numbers", "raw & 0xFFFF_FFFF : width.truncate(raw)", "raw & 0xFFFF_FFFF : raw"),
        ("PAPR: narrow modes have wide arguments", "width.truncate(registers.register(", "(registers.register("),
        ("x86: narrow modes have wide arguments", "width.truncate(registers.register(", "(registers.register("),
        ("x86: narrow modes have wide numbers", "raw & 0xFFFF_FFFF : width.truncate(raw)", "raw & 0xFFFF_FFFF : raw"),
        ("x86: numbers have 32 bits in every mode",
         "raw & 0xFFFF_FFFF : width.truncate(raw)", "raw & 0xFFFF_FFFF : raw & 0xFFFF_FFFF"),
        ("s390x: subcodes have 32 bits",
         "let width = convention == .s390x ? .bits64 : width", "let width = convention == .s390x ? .bits32 : width"),
    ],
    "Sources/Hypercalls/HypercallResult.swift": [
        ("PAPR: users get another status", "case .notPermitted: .privilege", "case .notPermitted: .hardware"),
        ("ePAPR: r4 stays as it was without an output", "convention == .epapr ? 1 : 0", "convention == .epapr ? 0 : 0"),
        ("x86: statuses are positive", "case .x86, .s390x: status = -failure.errno", "case .x86, .s390x: status = failure.errno"),
        ("x86: narrow modes get wide results", "convention == .x86 ? width.truncate(value) : value", "value"),
    ],
    "Sources/ParavirtABI/CallingConvention.swift": [
        ("ePAPR: the number is in r10", "        case .epapr: 11\n        case .papr: 3\n        case .x86: 0\n        case .s390x: 1",
         "        case .epapr: 10\n        case .papr: 3\n        case .x86: 0\n        case .s390x: 1"),
        ("ePAPR: the arguments begin at r4", "case .epapr: 3 + position", "case .epapr: 4 + position"),
        ("ePAPR: outputs begin at r5", "        4 + position\n", "        5 + position\n"),
        ("ePAPR: vendor 3 is KVM", "case .kvm: return HypercallFamily.kvm", "case .kvm, .ibm: return HypercallFamily.kvm"),
        ("PAPR: unknown calls get ePAPR's status", "case .papr: .status(-2)", "case .papr: .status(12)"),
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
        ("ePAPR: unknown calls get another status", "case unimplemented = 12", "case unimplemented = 99"),
        ("x86: unknown calls get another status", "case notImplemented = 1000", "case notImplemented = 38"),
        ("x86: users get another status",
         "/// `KVM_EPERM`: the caller may not do this.\n    case notPermitted = 1", "case notPermitted = 13"),
        ("x86: a bad argument gets another status", "case invalidArgument = 22", "case invalidArgument = 33"),
        ("x86: a bad address gets another status", "case badAddress = 14", "case badAddress = 5"),
        ("x86: an unknown clock gets another status", "case notSupported = 95", "case notSupported = 524"),
    ],
    "Sources/ParavirtABI/HypercallFamily.swift": [
        ("x86: the family begins at 0", "case .kvm, .epapr, .freescale: 1", "case .kvm, .epapr, .freescale: 0"),
    ],
    "Sources/ParavirtABI/KVMFeatures.swift": [
        ("x86: KVM_HC_CLOCK_PAIRING swaps its fields", "nanosecondsOffset: UInt64 { 8 }", "nanosecondsOffset: UInt64 { 16 }"),
        ("x86: KVM_HC_MAP_GPA_RANGE takes reserved attributes", "reserved: UInt64 { ~0x1F }", "reserved: UInt64 { 0 }"),
        ("x86: CPUID does not offer KVM_HC_SEND_IPI",
         "[.unhalt, .sendIPI, .schedYield, .mapGPARange]", "[.unhalt, .schedYield, .mapGPARange]"),
    ],
    "Sources/Hypercalls/PowerPCHypercalls.swift": [
        ("ePAPR: KVM_HC_FEATURES offers nothing", "host.offersMagicPage ? .magicPage : []", "[]"),
        ("ePAPR: the magic page cannot be mapped", "guard host.offersMagicPage else", "guard !host.offersMagicPage else"),
        ("ePAPR: the magic page's addresses are swapped", "realAddress: frame[0] & ~", "realAddress: frame[1] & ~"),
        ("ePAPR: EV_IDLE does not wait", "            host.idle(vcpu: frame.vcpu)\n", ""),
    ],
    "Sources/Hypercalls/MessageHypercalls.swift": [
        ("e500: EV_MSGSND exists everywhere", "guard host.takesProcessorMessages else", "guard host.takesProcessorMessages || true else"),
        ("e500: EV_MSGSND takes any type", "guard message.kind != nil, !message", "guard !message"),
        ("e500: EV_MSGSND takes reserved bits", "message.kind != nil, !message.hasReservedBits else", "message.kind != nil else"),
        ("e500: EV_MSGSND sends nothing", "            host.send(message)\n", ""),
    ],
    "Sources/Hypercalls/InterruptHypercalls.swift": [
        ("e500: EV_INT_SET_CONFIG takes any flags", "frame[1] <= 3, frame[2] <= 15", "frame[2] <= 15"),
        ("e500: EV_INT_SET_CONFIG takes any priority", "frame[1] <= 3, frame[2] <= 15", "frame[1] <= 3, frame[2] <= 16"),
        ("e500: EV_INT_SET_MASK takes any mask", "Self.interrupt(frame, host), frame[1] <= 1", "Self.interrupt(frame, host), frame[1] <= 2"),
        ("e500: EV_INT_IACK takes any handle", "guard frame[0] == 0 else", "guard frame[0] <= 1 else"),
        ("e500: EV_INT_EOI ends what is not in service", "? .success : .failure(.invalidArgument)\n        }\n        register(.intSendIPI)",
         "? .success : .success\n        }\n        register(.intSendIPI)"),
        ("e500: EV_INT_SEND_IPI takes nobody", ", vcpus != 0,", ","),
        ("e500: EV_INT_SEND_IPI has five IPIs", "frame[0] < UInt64(host.ipiCount)", "frame[0] <= UInt64(host.ipiCount)"),
        ("e500: EV_INT_SEND_IPI sends nothing", "            host.sendIPI(Int(frame[0]), to: vcpus)\n", ""),
        ("e500: EV_INT_SET_TASK_PRIORITY takes 16", "guard frame[0] <= 15 else", "guard frame[0] <= 16 else"),
    ],
    "Sources/Hypercalls/ByteChannelHypercalls.swift": [
        ("e500: EV_BYTE_CHANNEL_POLL takes any handle", "            guard let handle = UInt32(exactly: frame[0]), let levels = host.byteChannelLevels(of: handle) else {\n                return .failure(.invalidArgument)\n            }\n",
         "            let levels = host.byteChannelLevels(of: UInt32(truncatingIfNeeded: frame[0])) ?? (0, 0)\n"),
    ],
    "Sources/Hypercalls/PartitionHypercalls.swift": [
        ("e500: FH_PARTITION_START starts what runs", ".failure(Self.isOwn(frame[0]) ? .invalidState : .invalidArgument)",
         ".failure(Self.isOwn(frame[0]) ? .noEntry : .invalidArgument)"),
    ],
    "Sources/Machines/PSeries/PSeriesMachine.swift": [
        ("pseries: a call that is handed over has its first argument in r3", "hypercall(vcpu, firstArgument: 12)", "hypercall(vcpu, firstArgument: 3)"),
        ("pseries: users hand calls over", "if isPrivileged, vcpu.register(3) ==", "if vcpu.register(3) =="),
        ("pseries: a prod before H_CEDE is lost", "        states[number].isProdded = true\n", ""),
    ],
    "Sources/PAPR/TerminalCalls.swift": [
        ("PAPR: H_PUT_TERM_CHAR takes seventeen bytes", "frame[1] <= 16 else", "frame[1] <= 17 else"),
        ("PAPR: H_GET_TERM_CHAR reads any terminal", "guard let terminal = host.terminal(frame[0]) else { return .refusal(.parameter) }\n            var",
         "guard let terminal = host.terminal(0) else { return .refusal(.parameter) }\n            var"),
    ],
    "Sources/PAPR/ProcessorCalls.swift": [
        ("PAPR: H_PROD does not wake", "            host.prod(number)\n", "            _ = number\n"),
        ("PAPR: H_CONFER takes any vCPU", "host.number(frame[0]) != nil else", "true else"),
        ("PAPR: H_CEDE does not wait", "        vcpu.cede()\n", ""),
        ("PAPR: H_SET_MODE ignores the values of a byte order", "case .interruptEndian:\n            guard first == 0 else", "case .interruptEndian:\n            guard true || first == 0 else"),
        ("PAPR: H_SET_SPRG0 sets nothing", ".setSPRG0(frame[0])", ".setSPRG0(0)"),
        ("PAPR: H_SET_DABR succeeds", "register(.setDABR) { _, _ in .refusal(.hardware) }", "register(.setDABR) { _, _ in .success }"),
    ],
    "Sources/PAPR/PresentationCalls.swift": [
        ("PAPR: H_IPI takes any vCPU", "return isDone ? .success : .refusal(.parameter)", "return isDone ? .success : .success"),
        ("PAPR: H_XIRR acknowledges nothing", "            .success(UInt64(host.interruptController.acknowledge(cpu: frame.vcpu)))",
         "            .success(UInt64(host.interruptController.poll(cpu: frame.vcpu)?.0 ?? 0))"),
    ],
    "Sources/PAPR/PageTableCalls.swift": [
        ("PAPR: H_REMOVE removes what is not valid", "        guard virtual & Virtual.valid != 0,\n", "        guard\n"),
        ("PAPR: H_READ reads beyond the table", "argument < UInt64(pageTable.count) ? Int(argument) : nil", "Int(argument & UInt64(pageTable.count - 1))"),
    ],
    "Sources/PAPR/StorageCalls.swift": [
        ("PAPR: H_LOGICAL_CI_LOAD is little-endian", "case 4: (try? memory.load(UInt32.self, at: address)).map(UInt64.init)", "case 4: (try? memory.load(UInt32.self, at: address)).map { UInt64($0.byteSwapped) }"),
        ("PAPR: H_LOGICAL_CI_STORE stores three bytes", "            case 8: try memory.store(value, at: address)\n            default: return false", "            case 8: try memory.store(value, at: address)\n            default: return true"),
    ],
    "Sources/PAPR/RTASServices.swift": [
        ("PAPR: RTAS starts a vCPU that runs", "guard isStopped(number) else { return .hardwareError }", "guard isStopped(number) else { return .success }"),
    ],
    "Sources/PowerPC/Book3S/Interpreter64+System.swift": [
        ("pseries: a user's sc with KVM's magic number is a hypercall", "if !user, UInt32(truncatingIfNeeded: gpr[0])", "if UInt32(truncatingIfNeeded: gpr[0])"),
    ],
    "Sources/PowerPC/Book3S/Book3SCPU.swift": [
        ("pseries: EV_IDLE enables interrupts", "    public mutating func waitForPending() {\n", "    public mutating func waitForPending() {\n        setMSR(msr | MSR64.ee)\n"),
        ("pseries: H_CEDE does not enable interrupts", "        setMSR(msr | MSR64.ee)\n", ""),
    ],
    "Sources/PowerPC/Book3S/Book3SCPU+Interrupts.swift": [
        ("pseries: critical holds nothing back", "guard magicPage != nil, !user else { return false }", "guard magicPage == nil, !user else { return false }"),
    ],
    "Sources/PowerPC/Book3S/Book3SCPU+Run.swift": [
        ("pseries: int_pending stays 0", "= isPending ? 1 : 0", "= isPending ? 0 : 0"),
        ("pseries: H_PROD does not end a halt", "isPending || isProdded", "isPending || isPending && isProdded"),
    ],
    "Sources/PowerPC/Book3S/Interpreter64+Storage.swift": [
        ("pseries: user state sees the magic page", "if let magicPage, !user, isMagic", "if let magicPage, isMagic"),
    ],
}


def copy_sources(target: pathlib.Path) -> None:
    for name in ("Package.swift", "Package.resolved"):
        shutil.copy2(ROOT / name, target / name)
    for name in ("Sources", "Tests"):
        shutil.rmtree(target / name, ignore_errors=True)
        # With the times of the originals, so that what did not change is not built again.
        shutil.copytree(ROOT / name, target / name)


def build(tree: pathlib.Path, product: str) -> bool:
    result = subprocess.run(["swift", "build", "--product", product], cwd=tree, capture_output=True, text=True)
    if result.returncode != 0:
        print("\n".join(line for line in result.stdout.splitlines() if "error:" in line), file=sys.stderr)
    return result.returncode == 0


def failure(tree: pathlib.Path, guests: pathlib.Path, cell: str) -> str | None:
    """What is wrong with the cell: the first test that fails, or how the guest ended. None when all is well."""
    product, *arguments = CELLS[cell]
    command = [str(tree / ".build/debug" / product)] + [word.format(guests) for word in arguments]
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
    lines = result.stdout.splitlines()
    for line in lines:
        if line.startswith("not ok "):
            return line.split(" - ", 1)[1]
    passed = sum(line.startswith("ok ") for line in lines)
    if result.returncode == 0 and passed > 0 and f"1..{passed}" in lines:
        return None
    skipped = [line for line in lines if line.startswith("1..0")]
    return skipped[0] if skipped else f"no complete report, exit status {result.returncode}"


def cells_of(name: str) -> list[str]:
    return CELLS_OF[name.split(":")[0]]


def try_one(tree: pathlib.Path, guests: pathlib.Path, name: str, path: pathlib.Path, before: str, after: str) -> tuple[bool, str]:
    """Whether the mutation is caught, and what caught it or why it was not."""
    text = path.read_text()
    if text.count(before) != 1:
        return False, f"its text is there {text.count(before)} times"
    cells = cells_of(name)
    path.write_text(text.replace(before, after))
    try:
        if not build(tree, CELLS[cells[0]][0]):
            return False, "it does not build"
        for cell in cells:
            if (found := failure(tree, guests, cell)) is not None:
                return True, f"{cell}: {found}"
        return False, "every test passes"
    finally:
        path.write_text(text)


def run(tree: pathlib.Path, guests: pathlib.Path, chosen: list, markdown: bool) -> int:
    copy_sources(tree)
    for cell in sorted({cell for name, *_ in chosen for cell in cells_of(name)}):
        if not build(tree, CELLS[cell][0]) or (found := failure(tree, guests, cell)) is not None:
            print(f"{cell} does not pass before anything is broken: {found}", file=sys.stderr)
            return 1
    missed = 0
    for name, file, before, after in chosen:
        caught, what = try_one(tree, guests, name, tree / file, before, after)
        missed += not caught
        if markdown:
            print(f"| {name} | {what if caught else '**missed**: ' + what} |", flush=True)
        else:
            print(f"{'caught' if caught else 'MISSED'} {name}: {what}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} caught", file=sys.stderr if markdown else sys.stdout)
    return 1 if missed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("guests", type=pathlib.Path)
    parser.add_argument("--only", action="append", help="part of a name; may be given more than once")
    parser.add_argument("--tree", type=pathlib.Path)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    chosen = [
        (name, file, before, after) for file, rules in MUTATIONS.items() for name, before, after in rules
        if not arguments.only or any(part in name for part in arguments.only)]
    if arguments.list:
        print("\n".join(name for name, *_ in chosen))
        return 0
    if arguments.tree:
        arguments.tree.mkdir(parents=True, exist_ok=True)
        return run(arguments.tree, arguments.guests, chosen, arguments.markdown)
    with tempfile.TemporaryDirectory() as folder:
        return run(pathlib.Path(folder), arguments.guests, chosen, arguments.markdown)


if __name__ == "__main__":
    sys.exit(main())

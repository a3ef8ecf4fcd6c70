import Debugging
import Devices
import GDBRemote
import GuestMemory
import Machines
import PowerPC
import Testing
import VMM

/// A debugger that sends one packet after another, each when the answer to the one before has come.
private final class ScriptedDebugger: DebugTransport {
    private var script: [String]
    private var decoder = PacketDecoder()
    private var isConnected = false
    private var awaits = false
    /// The payloads of all answers.
    private(set) var answers: [String] = []

    init(_ script: [String]) { self.script = script }

    func poll() -> DebugTransportEvent {
        if !isConnected {
            isConnected = true
            return .connected
        }
        guard !awaits, !script.isEmpty else { return .nothing }
        let next = script.removeFirst()
        if next == "close" { return .closed }
        awaits = next != "D"
        return .received(Packet.encode([UInt8](next.utf8)))
    }

    func send(_ bytes: [UInt8]) {
        decoder.feed(bytes)
        while let event = decoder.next() {
            guard case .packet(let payload) = event else { continue }
            answers.append(String(decoding: payload, as: UTF8.self))
            awaits = false
        }
    }

    func disconnect() {}
    func wait(nanoseconds: UInt64) {}
    let wantsToQuit = false
}

private final class SilentConsole: HostConsole {
    func send(_ byte: UInt8) {}
    func flush() {}
    func wake() {}
    func receive() -> UInt8? { nil }
    let isInteractive = false
    let wantsToQuit = false
    func wait(nanoseconds: UInt64?) {}
}

/// A machine under a debugger.
@Suite struct DebugLoopTests {
    private static let start: UInt32 = 0x1000
    private static let end: UInt32 = 0x1018

    /// Counts r3 up to 20000 through memory, and waits at ``end``.
    private static let program: [UInt32] = [
        0x3863_0001,  // addi r3,r3,1
        0x9060_2000,  // stw r3,0x2000(0)
        0x8080_2000,  // lwz r4,0x2000(0)
        0x7CA5_2278,  // xor r5,r5,r4
        0x2C03_4E20,  // cmpwi r3,20000
        0x4082_FFEC,  // bne to the start
        0x4800_0000,  // b .
    ]

    private func machine(cpus: Int = 2) throws -> E500Machine {
        let machine = try E500Machine(
            .init(memorySize: 64 << 20, cpuCount: cpus, time: .virtual, answersHypercalls: true, offersMagicPage: true),
            console: SilentConsole())
        for (position, word) in Self.program.enumerated() {
            try machine.memory.store(word, at: UInt64(Self.start) + UInt64(4 * position))
        }
        machine.start(
            try E500BootLayout(
                entry: UInt64(Self.start), kernel: AddressRange(base: 0x1000, size: 0x1000), initrdSize: nil,
                memorySize: 64 << 20))
        machine.cpus[0].setRegister(3, to: 0)
        if cpus > 1 {
            let entry = E500MemoryMap.spinTable.base + E500MemoryMap.spinEntrySize
            machine.handle(.deviceWrite(address: entry, width: 8, value: UInt64(Self.start)), of: machine.cpus[0])
            machine.cpus[1].setRegister(3, to: 0)
        }
        return machine
    }

    private func run(_ machine: E500Machine, _ script: [String]) -> (answers: [String], outcome: Outcome) {
        let debugger = ScriptedDebugger(script)
        let loop = DebugLoop(
            time: .virtual, frequency: 400_000_000, timeout: 60, transport: debugger, startsHeld: true)
        let outcome = loop.run(machine)
        loop.finish(status: 0)
        return (debugger.answers, outcome)
    }

    @Test func `a breakpoint stops all vCPUs, and they are threads`() throws {
        let (answers, _) = run(
            try machine(), ["?", "qfThreadInfo", "Z0,1008,4", "c", "p20", "p0", "qThreadExtraInfo,2", "k"])
        #expect(
            answers == ["T05thread:1;", "m1,2", "OK", "T05thread:1;", "00001008", "00000000", hex("vCPU 1, running")])
    }

    private func hex(_ text: String) -> String {
        text.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    @Test func `the thread that is told to steps, and no other where they are to stay`() throws {
        let machine = try machine()
        let (answers, _) = run(machine, ["vCont;s:2", "vCont;s:2", "Hg2", "p20", "Hg1", "p20", "k"])
        #expect(answers == ["T05thread:2;", "T05thread:2;", "OK", "00001008", "OK", "00001000"])
        #expect(machine.cpus.map { $0.core.instructions } == [0, 2])
    }

    @Test func `in virtual time stops and steps change nothing of what the guest does`() throws {
        let plain = try machine()
        _ = run(plain, ["Z0,1018,4", "c", "k"])
        let stopped = try machine()
        var script = ["Z0,1008,4", "c", "c", "z0,1008,4", "vCont;s:1;c", "vCont;s:1;c", "vCont;s:1;c"]
        script += ["Z2,2000,4", "c", "z2,2000,4", "vCont;s:1;c", "vCont;r1000,1004:1;c"]
        script += ["Z0,1018,4", "c", "k"]
        _ = run(stopped, script)
        #expect(plain.cpus[0].register(3) == 20000)
        for number in 0..<2 {
            #expect(plain.cpus[number].core.instructions == stopped.cpus[number].core.instructions)
            #expect((0..<32).allSatisfy { plain.cpus[number].register($0) == stopped.cpus[number].register($0) })
        }
        #expect(plain.cpus.map(\.now) == stopped.cpus.map(\.now))
    }

    @Test func `a watchpoint names the address, and its store is done by the next step`() throws {
        let machine = try machine(cpus: 1)
        let (answers, _) = run(machine, ["Z2,2002,2", "c", "m2000,4", "z2,2002,2", "s", "m2000,4", "p20", "k"])
        #expect(answers == ["OK", "T05thread:1;watch:2002;", "00000000", "OK", "T05thread:1;", "00000001", "00001008"])
    }

    @Test func `a debugger that goes on over a watchpoint meets the next access`() throws {
        let (answers, _) = run(try machine(cpus: 1), ["Z4,2000,4", "c", "c", "c", "p20", "k"])
        #expect(answers.dropFirst().dropLast().allSatisfy { $0 == "T05thread:1;awatch:2000;" })
        #expect(answers.last == "00001004")
    }

    @Test func `a range is stepped out of, unless a breakpoint is in it`() throws {
        let (answers, _) = run(
            try machine(cpus: 1), ["vCont;r1000,1010:1", "p20", "Z1,1008,4", "vCont;r1000,1018:1", "p20", "k"])
        #expect(answers[1] == "00001010")
        #expect(answers.last == "00001008")
    }

    @Test func `a guest that cannot go on stops for the debugger before the run ends`() throws {
        let machine = try machine(cpus: 1)
        // The vectors are all at 0, where a zero is no instruction: the handler raises its own interrupt.
        try machine.memory.store(UInt32(0), at: 0x1008)
        let (answers, outcome) = run(machine, ["c", "p20", "c"])
        #expect(answers.prefix(2) == ["T0bthread:1;", "00000000"])
        guard case .crash = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(answers.last == "W00")
    }

    @Test(arguments: ["close", "D"])
    func `without its debugger the guest runs on, past the breakpoints`(leave: String) throws {
        let machine = try machine(cpus: 1)
        try machine.memory.store(UInt32(0), at: UInt64(Self.end))
        let (_, outcome) = run(machine, ["Z0,1008,4", "c", leave])
        #expect(machine.cpus[0].register(3) == 20000)
        guard case .crash = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test func `monitor resets the machine and ends the run`() throws {
        guard case .reset = run(try machine(), ["qRcmd,7265736574"]).outcome else {
            Issue.record("no reset")
            return
        }
        guard case .quit = run(try machine(), ["qRcmd,71756974"]).outcome else {
            Issue.record("no end")
            return
        }
    }

    @Test func `the session goes on with the machine that takes the place of a reset one`() throws {
        let debugger = ScriptedDebugger(["Z0,1008,4", "c", "qRcmd,7265736574", "?", "c", "p20", "k"])
        let loop = DebugLoop(
            time: .virtual, frequency: 400_000_000, timeout: 60, transport: debugger, startsHeld: true)
        guard case .reset = loop.run(try machine()) else {
            Issue.record("no reset")
            return
        }
        let next = try machine()
        guard case .quit = loop.run(next) else {
            Issue.record("no end")
            return
        }
        #expect(debugger.answers.last == "00001008")
        #expect(next.cpus[0].core.instructions == 2)
    }
}

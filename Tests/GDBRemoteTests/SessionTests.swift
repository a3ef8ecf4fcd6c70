import GDBRemote
import Testing

/// A target of three threads with four registers and 256 bytes of memory at 0x1000.
private final class FakeTarget: DebugTarget {
    let threadCount = 3
    let registers = [
        RegisterDescription(name: "r0", bits: 32, feature: .core, isCodeAddress: false),
        RegisterDescription(name: "pc", bits: 32, feature: .core, isCodeAddress: true),
        RegisterDescription(name: "f0", bits: 64, feature: .floatingPoint, isCodeAddress: false),
        RegisterDescription(name: "pvr", bits: 32, feature: .special, isCodeAddress: false),
    ]
    var values = [[UInt64]](repeating: [0, 0x1000, 0, 0x8021_0030], count: 3)
    var memory = [UInt8](repeating: 0, count: 256)
    var stops: [DebugStop] = []
    var commands: [String] = []

    func describe(thread: Int) -> String { "thread \(thread)" }
    func readRegister(_ number: Int, thread: Int) -> UInt64 { values[thread][number] }
    func writeRegister(_ number: Int, to value: UInt64, thread: Int) -> Bool {
        guard number != 3 else { return false }
        values[thread][number] = value
        return true
    }
    func readMemory(at address: UInt64, count: Int, thread: Int, isPhysical: Bool) -> [UInt8] {
        let base: UInt64 = isPhysical ? 0 : 0x1000
        guard address >= base, address < base + 256 else { return [] }
        return Array(memory[Int(address - base)..<min(Int(address - base) + count, 256)])
    }
    func writeMemory(_ bytes: [UInt8], at address: UInt64, thread: Int, isPhysical: Bool) -> Bool {
        guard address >= 0x1000, address + UInt64(bytes.count) <= 0x1100 else { return false }
        memory.replaceSubrange(Int(address - 0x1000)..<Int(address - 0x1000) + bytes.count, with: bytes)
        return true
    }
    func setStops(_ stops: [DebugStop]) -> Bool {
        guard stops.allSatisfy({ $0.address < 1 << 32 }) else { return false }
        self.stops = stops
        return true
    }
    func monitor(_ command: [UInt8]) -> String {
        commands.append(String(decoding: command, as: UTF8.self))
        return "done\n"
    }
}

/// The packets: GDB manual, appendix E.2 and on.
@Suite struct SessionTests {
    private let target = FakeTarget()
    private let session: DebugSession

    init() { session = DebugSession(target) }

    /// Sends a packet, and returns the payloads of the answers.
    private func ask(_ payload: String) -> [String] { ask([UInt8](payload.utf8)) }

    private func ask(_ payload: [UInt8]) -> [String] {
        session.receive(Packet.encode(payload))
        return answers()
    }

    private func answers() -> [String] {
        var decoder = PacketDecoder()
        decoder.feed(session.takeOutput())
        var answers: [String] = []
        while let event = decoder.next() {
            if case .packet(let payload) = event { answers.append(String(decoding: payload, as: UTF8.self)) }
        }
        return answers
    }

    static let exchanges: [(String, String)] = [
        ("?", "T05thread:1;"), ("vMustReplyEmpty", ""), ("qC", "QC1"), ("qAttached", "1"),
        ("qfThreadInfo", "m1,2,3"), ("qsThreadInfo", "l"), ("qThreadExtraInfo,2", "7468726561642031"),
        ("qThreadExtraInfo,4", "E22"), ("qThreadExtraInfo,-1", "E22"),
        ("T1", "OK"), ("T3", "OK"), ("T4", "E22"), ("Hg2", "OK"), ("Hg9", "E22"), ("Hc-1", "OK"), ("Hx1", ""),
        // Special registers are not among those that are sent together.
        ("g", "00000000000010000000000000000000"), ("p3", "80210030"), ("p1", "00001000"), ("p4", "E22"), ("p", "E22"),
        ("P0=12345678", "OK"), ("P3=00000000", "E22"), ("P0=1234", "E22"), ("P9=12345678", "E22"), ("G00", "E22"),
        ("m1000,4", "00000000"), ("m10fe,8", "0000"), ("m0,4", "E14"), ("m1000", "E22"), ("m1000,0", ""),
        ("mfffffffffffffffff,4", "E22"), ("M1000,2:abcd", "OK"), ("M1000,2:ab", "E22"), ("M10ff,2:abcd", "E14"),
        ("M1000,1:xy", "E22"), ("X1000,0:", "OK"), ("X1000,3:ab", "E22"),
        ("Z0,1000,4", "OK"), ("Z2,1000,4", "OK"), ("Z5,1000,4", ""), ("Z0,1000", "E22"), ("z1,1000,4", "OK"),
        ("Z0,100000000,4", "E22"), ("vCont?", "vCont;c;C;s;S;r"), ("vCont;x", "E22"), ("vCont", "E22"),
        ("vCont;c:9", "E22"), ("vCont;r1000", "E22"), ("C", "E22"), ("cxyz", "E22"),
        ("qXfer:features:read:other.xml:0,10", "E00"), ("qXfer:features:read:target.xml:ffffff,10", "l"),
        ("qXfer:features:read:target.xml:0,5", "m<?xml"), ("QStartNoAckMode", "OK"), ("Qother", ""), ("unknown", ""),
        ("qqemu.PhyMemMode", "0"), ("Qqemu.PhyMemMode:2", "E22"), ("qRcmd,1", "E22"),
    ]

    @Test(arguments: exchanges)
    func `a packet has one answer`(question: String, answer: String) {
        #expect(ask(question) == [answer])
        #expect(session.state == .stopped)
    }

    @Test func `every packet is acknowledged until acknowledgements stop`() {
        session.receive([UInt8]("$g#68".utf8))
        #expect(session.takeOutput() == [UInt8](ascii("-")))
        session.receive(Packet.encode([UInt8](ascii("qC"))))
        #expect(session.takeOutput() == [UInt8](ascii("+$QC1#c5")))
        // The other side did not get it.
        session.receive([UInt8](ascii("-")))
        #expect(session.takeOutput() == [UInt8](ascii("$QC1#c5")))
        _ = ask("QStartNoAckMode")
        session.receive([UInt8]("$qC#00".utf8))
        #expect(session.takeOutput() == [UInt8](ascii("$QC1#c5")))
    }

    private func ascii(_ text: String) -> String.UTF8View { text.utf8 }

    @Test func `the description can be read in parts and has a feature for each group`() {
        var text = ""
        var offset = 0
        while true {
            let part = ask("qXfer:features:read:target.xml:\(String(offset, radix: 16)),40")[0]
            text += part.dropFirst()
            offset += part.utf8.count - 1
            if part.hasPrefix("l") { break }
        }
        for name in ["org.gnu.gdb.power.core", "org.gnu.gdb.power.fpu", "org.paravane.power.spr"] {
            #expect(text.contains("<feature name=\"\(name)\">"))
        }
        #expect(text.contains("<reg name=\"pvr\" bitsize=\"32\" regnum=\"3\" type=\"uint32\" group=\"spr\"/>"))
        #expect(text.hasSuffix("</target>\n"))
    }

    @Test func `registers and memory belong to the selected thread`() {
        _ = ask("Hg3")
        #expect(ask("P0=00000007") == ["OK"])
        #expect(target.values.map { $0[0] } == [0, 0, 7])
        #expect(ask([UInt8]("X1000,4:".utf8) + [0x7D, 0x23, 0, 0x2A]) == ["OK"])
        #expect(target.memory.prefix(4) == [0x7D, 0x23, 0, 0x2A])
        #expect(ask("G" + "0000000100002000" + "0000000000000009") == ["OK"])
        #expect(target.values[2] == [1, 0x2000, 9, 0x8021_0030])
    }

    @Test func `physical memory is what is read once it is asked for`() {
        target.memory[0] = 0xAB
        #expect(ask("m0,1") == ["E14"])
        #expect(ask("Qqemu.PhyMemMode:1") == ["OK"])
        #expect(ask("m0,1") == ["ab"])
    }

    @Test func `stops are kept as a set`() {
        for _ in 0..<2 { #expect(ask("Z0,1000,4") == ["OK"]) }
        #expect(ask("Z1,1000,4") == ["OK"])
        #expect(ask("Z4,2000,8") == ["OK"])
        #expect(target.stops.count == 3)
        #expect(ask("z0,1000,4") == ["OK"])
        #expect(
            target.stops == [
                DebugStop(.hardware, address: 0x1000, length: 4), DebugStop(.access, address: 0x2000, length: 8),
            ])
    }

    @Test func `there is a limit to the number of stops`() {
        for number in 0..<DebugSession.stopLimit { _ = ask("Z0,\(String(number * 4, radix: 16)),4") }
        #expect(target.stops.count == DebugSession.stopLimit)
        #expect(ask("Z0,90000,4") == ["E28"])
    }

    static let resumptions: [(String, [ResumePlan.Action])] = [
        ("c", [.run, .run, .run]), ("s", [.step, .run, .run]), ("C05", [.run, .run, .run]),
        ("vCont;c", [.run, .run, .run]), ("vCont;s:2;c", [.run, .step, .run]), ("vCont;s:2", [.stay, .step, .stay]),
        ("vCont;c:1;s:1", [.run, .stay, .stay]), ("vCont;s:-1", [.step, .step, .step]),
        ("vCont;r1000,1010:1;c", [.stepOut(0x1000, 0x1010), .run, .run]), ("vCont;C05:3;S05:1", [.step, .stay, .run]),
    ]

    @Test(arguments: resumptions)
    func `going on says what each thread does`(packet: String, actions: [ResumePlan.Action]) {
        #expect(ask(packet).isEmpty)
        #expect(session.state == .running)
        #expect((0..<3).map { session.plan[$0] } == actions)
    }

    @Test func `with a thread chosen for it only that one goes on`() {
        _ = ask("Hc2")
        _ = ask("s3000")
        #expect((0..<3).map { session.plan[$0] } == [.stay, .step, .stay])
        #expect(target.values[1][1] == 0x3000)
    }

    static let reports: [(StopReason, String)] = [
        (.signal(2), "T02thread:2;"), (.breakpoint(.software), "T05thread:2;swbreak:;"),
        (.breakpoint(.hardware), "T05thread:2;hwbreak:;"),
        (.watchpoint(.write, address: 0x1004), "T05thread:2;watch:1004;"),
        (.watchpoint(.read, address: 0x1004), "T05thread:2;rwatch:1004;"),
        (.watchpoint(.access, address: 0x1004), "T05thread:2;awatch:1004;"),
    ]

    @Test(arguments: reports)
    func `a stop is reported once, and asked for again`(reason: StopReason, report: String) {
        _ = ask("qSupported:swbreak+;hwbreak+;xmlRegisters=i386")
        _ = ask("c")
        session.didStop(reason, thread: 1)
        #expect(answers() == [report])
        session.didStop(reason, thread: 1)
        #expect(answers().isEmpty)
        #expect(ask("?") == [report])
        #expect(ask("qC") == ["QC2"])
    }

    @Test func `the reason of a breakpoint is for debuggers that understand it`() {
        _ = ask("c")
        session.didStop(.breakpoint(.software), thread: 0)
        #expect(answers() == ["T05thread:1;"])
    }

    @Test func `Ctrl-C asks a running target to stop, and packets to it are dropped`() {
        session.receive([3])
        #expect(!session.wantsStop)
        _ = ask("c")
        #expect(ask("g").isEmpty)
        session.receive([3])
        #expect(session.wantsStop && session.state == .running)
    }

    @Test func `detaching takes the stops away`() {
        _ = ask("Z0,1000,4")
        #expect(ask("D") == ["OK"])
        #expect(session.state == .detached && target.stops.isEmpty)
    }

    @Test(arguments: [("k", []), ("vKill;1", ["OK"])])
    func `killing ends the target`(packet: String, answer: [String]) {
        #expect(ask(packet) == answer)
        #expect(session.state == .killed)
    }

    @Test func `the target's end is told where one waits for it`() {
        _ = ask("c")
        session.didEnd(status: 33)
        #expect(answers() == ["W21"])
    }

    @Test func `monitor commands reach the target, and their output comes in packets of its own`() {
        #expect(ask("qRcmd,696e666f") == ["O646f6e650a", "OK"])
        #expect(target.commands == ["info"])
    }

    @Test func `a new target takes over stops and threads`() {
        _ = ask("Z0,1000,4")
        _ = ask("Hg3")
        let next = FakeTarget()
        session.replaceTarget(next)
        #expect(next.stops == [DebugStop(.software, address: 0x1000, length: 4)])
        _ = ask("P0=00000009")
        #expect(next.values[0][0] == 9)
    }
}

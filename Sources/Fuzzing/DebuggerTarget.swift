internal import Debugging
internal import Devices
internal import GDBRemote
internal import GuestMemory
internal import Machines
internal import PowerPC
internal import VMM

/// A debugger that says anything, to a machine with two vCPUs: the decoder, the packets, and what they do to a machine
/// that runs, stops and steps.
final class DebuggerTarget: FuzzTarget {
    let casesPerInput = 50

    /// Packets with arguments as they could be. `@` becomes a number.
    private static let packets: [String] = [
        "?", "g", "p@", "P@=00000000", "m@,@", "M@,4:00000000", "X@,2:ab", "c", "c@", "s", "s@", "C05", "S05;@",
        "vCont?", "vCont;c", "vCont;s", "vCont;s:1;c", "vCont;s:2", "vCont;r@,@:1;c", "vCont;c:@", "vCont;S05:2;C05",
        "Z0,@,4", "Z1,@,4", "Z2,@,@", "Z3,@,4", "Z4,@,1", "z0,@,4", "z2,@,@", "Hg@", "Hc@", "Hg-1", "Hc-1", "T@",
        "qSupported:swbreak+;hwbreak+", "qfThreadInfo", "qsThreadInfo", "qThreadExtraInfo,@", "qC", "qAttached",
        "qXfer:features:read:target.xml:@,@", "qRcmd,696e666f20746c62", "qRcmd,7265736574",
        "qRcmd,696e666f20726567697374657273", "Qqemu.PhyMemMode:1", "Qqemu.PhyMemMode:0", "QStartNoAckMode",
        "vMustReplyEmpty", "G00", "D",
    ]

    func generate(_ random: inout FuzzRandom) -> [UInt8] {
        var input = random.bytes(2)
        for _ in 0..<casesPerInput {
            switch random.below(16) {
            case 0: input += random.bytes(random.below(40))
            case 1: input += [3]
            default:
                var payload: [UInt8] = []
                for byte in random.pick(Self.packets).utf8 {
                    payload += byte == UInt8(ascii: "@") ? Self.number(&random) : [byte]
                }
                if random.oneIn(8), !payload.isEmpty {
                    payload[random.below(payload.count)] = UInt8(random.below(256))
                }
                var packet = Packet.encode(payload)
                if random.oneIn(20) { packet[random.below(packet.count)] ^= 1 << UInt8(random.below(8)) }
                input += packet
            }
        }
        return input
    }

    /// A number that is often the address of something.
    private static func number(_ random: inout FuzzRandom) -> [UInt8] {
        let value: UInt64 =
            switch random.below(6) {
            case 0: UInt64(random.below(4))
            case 1: UInt64(0x1000 + 4 * random.below(16))
            case 2: UInt64(0x2000 + random.below(16))
            case 3: UInt64(random.below(1 << 14))
            case 4: UInt64(0xFFFF_F000 + random.below(0x2000))
            default: random.next() >> UInt64(random.below(64))
            }
        return [UInt8](String(value, radix: 16).utf8)
    }

    /// Code that loads, stores, idles, calls, traps and faults.
    private static let program: [UInt32] = [
        0x3863_0001,  // addi r3,r3,1
        0x9060_2000,  // stw r3,0x2000(0)
        0x8080_2004,  // lwz r4,0x2004(0)
        0x7CA0_2828,  // lwarx r5,0,r5
        0x7CA0_292D,  // stwcx. r5,0,r5
        0x7C00_00A6,  // mfmsr r0
        0x3C00_4B56, 0x6000_4D21,  // lis r0,"KV"; ori r0,r0,"M!"
        0x4400_0002,  // sc
        0x0FE0_0000,  // trap
        0x4BFF_FFD8,  // b to the start
    ]

    func run(_ input: [UInt8]) {
        let machine: E500Machine
        do {
            machine = try E500Machine(
                .init(
                    memorySize: 64 << 20, cpuCount: 2, time: .virtual, answersHypercalls: true, offersMagicPage: true),
                console: FuzzConsole([]))
            for (position, word) in Self.program.enumerated() {
                try machine.memory.store(word, at: 0x1000 + UInt64(4 * position))
            }
            machine.start(
                try E500BootLayout(
                    entry: 0x1000, kernel: AddressRange(base: 0x1000, size: 0x1000), initrdSize: nil,
                    memorySize: 64 << 20))
        } catch {
            fatalError("the machine cannot be made: \(error)")
        }
        if (input.first ?? 0) & 1 != 0 {
            let entry = E500MemoryMap.spinTable.base + E500MemoryMap.spinEntrySize
            machine.handle(.deviceWrite(address: entry, width: 8, value: 0x1000), of: machine.cpus[0])
        }
        let transport = FuzzTransport(Array(input.dropFirst(2)), pace: Int(input.dropFirst().first ?? 0))
        let loop = DebugLoop(
            time: .virtual, frequency: UInt64(E500MemoryMap.clockFrequency), timeout: nil, transport: transport,
            startsHeld: true)
        switch loop.run(machine) {
        case .quit, .reset, .powerOff, .crash, .panic: break
        case .timeout: check(false, "a run without a time limit does not time out")
        }
        loop.finish(status: 0)
        transport.checkAnswers()
    }
}

/// A connection on which bytes arrive a few at a time, whatever the other side does.
private final class FuzzTransport: DebugTransport {
    private let input: [UInt8]
    private let pace: Int
    private var position = 0
    private var isConnected = false
    private var sent = PacketDecoder()

    init(_ input: [UInt8], pace: Int) {
        self.input = input
        self.pace = 1 + pace
    }

    func poll() -> DebugTransportEvent {
        if position >= input.count { return isConnected ? close() : .nothing }
        guard isConnected else {
            isConnected = true
            return .connected
        }
        let end = min(position + pace, input.count)
        defer { position = end }
        return .received(Array(input[position..<end]))
    }

    private func close() -> DebugTransportEvent {
        isConnected = false
        return .closed
    }

    func send(_ bytes: [UInt8]) { sent.feed(bytes) }
    func disconnect() { isConnected = false }
    func wait(nanoseconds: UInt64) {}
    var wantsToQuit: Bool { position >= input.count }

    /// Whatever arrived, what was sent is packets and acknowledgements.
    func checkAnswers() {
        while let event = sent.next() {
            switch event {
            case .packet, .acknowledged, .refused: break
            case .damaged, .interrupt: check(false, "what is sent is sound")
            }
        }
    }
}

public import GuestMemory
internal import Devices
internal import Hypercalls
internal import Machines
public import ParavirtABI

/// A kind of guest whose hypercalls are tried.
public enum ConformanceGuest: CaseIterable, Sendable {
    /// A 64-bit processor, and calls that the kernel answers.
    case kernel64
    /// A 750, which is a 32-bit processor, and calls that the kernel answers.
    case kernel32
    /// A PAPR guest in big-endian mode, whose ePAPR calls come to the VMM as PAPR calls.
    case papr64
    /// The same in little-endian mode.
    case papr64le

    /// Whether registers have 64 bits.
    public var is64Bit: Bool { self != .kernel32 }
    /// Whether ePAPR calls are PAPR calls.
    public var isPAPR: Bool { self == .papr64 || self == .papr64le }
    /// In which order its bytes are.
    public var order: ByteOrder { self == .papr64le ? .little : .big }

    /// MSR of code in supervisor state, in real mode, with interrupts off.
    var supervisorState: UInt64 {
        Self.machineCheck | (is64Bit ? 1 << 63 : 0) | (order == .little ? 1 : 0)
    }

    /// The same in 32-bit mode.
    var supervisorState32: UInt64 { supervisorState & ~(1 << 63) }

    /// MSR[ME], machine checks on.
    private static let machineCheck: UInt64 = 1 << 12
}

/// What a guest does, and what has to come of it if the hypervisor answers as this project's dispatcher does.
public struct ConformanceCase: Sendable {
    /// What is tried, as a sentence.
    public let name: String
    /// What the guest starts with.
    public let input: RecordInput
    /// What has to come of it.
    private let expectation: Expectation
    /// How wide the registers are in the mode that the code runs in.
    private let width: RegisterWidth
    /// How many words of code are in front of the hypercall sequence.
    private let prefix: Int
    /// How many words the sequence has.
    private let sequenceLength: Int
    private let guest: ConformanceGuest

    private enum Expectation: Sendable {
        /// The dispatcher's answer.
        case hypercall
        /// An ordinary system call: its interrupt, with every register as it was.
        case systemCall
        /// No hypercall: a program interrupt at the third word of the sequence.
        case refused
        /// This value in r4 and every other register as it was.
        case value(UInt64)
        /// An external interrupt before the first instruction.
        case interrupt
    }

    /// What differs from what has to come.
    ///
    /// ePAPR 1.1 §7.2.2 lets a hypercall change r0, r12, CR, LR, CTR and XER. Of these, CR, LR, CTR and XER are told apart
    /// from what is wrong; r0 and r12 have to be as this project has them.
    ///
    /// - Parameters:
    ///   - codeAddress: where the record's code was.
    ///   - oracle: what answers as this project does; the cases before this one have had its answers.
    public func result(
        _ output: RecordOutput, codeAddress: UInt64, oracle: ConformanceOracle
    ) -> ConformanceResult {
        var expected = CaseRegisters(input.registers)
        var vector = Vector.program
        var steps = prefix
        switch expectation {
        case .hypercall:
            oracle.answer(&expected, width: width)
            steps += sequenceLength
            // What the sequence itself changes.
            if guest.isPAPR {
                expected.setRegister(12, to: input.registers[3])
            } else {
                expected.setRegister(0, to: UInt64(HypercallInstructions.magicR0))
            }
        case .systemCall:
            expected.setRegister(0, to: UInt64(HypercallInstructions.magicR0))
            vector = Vector.systemCall
            // The address behind the `sc`, which is the third word.
            steps += 3
        case .refused:
            expected.setRegister(12, to: input.registers[3])
            expected.setRegister(3, to: HypercallInstructions.paprForwardNumber)
            // The address of the third word.
            steps += 2
        case .value(let value):
            expected.setRegister(4, to: value)
        case .interrupt:
            vector = Vector.external
        }
        var result = ConformanceResult()
        func compare(_ what: String, _ got: UInt64, _ wanted: UInt64, isVolatile: Bool = false) {
            guard got != wanted else { return }
            let line = "\(what) is 0x\(String(got, radix: 16)) instead of 0x\(String(wanted, radix: 16))"
            if isVolatile { result.volatile.append(line) } else { result.wrong.append(line) }
        }
        let calls =
            switch expectation {
            case .hypercall, .systemCall, .refused: true
            case .value, .interrupt: false
            }
        compare("the vector", output.vector, vector)
        compare("the address", output.pc, codeAddress &+ 4 &* UInt64(steps))
        for register in 0..<32 { compare("r\(register)", output.registers[register], expected.register(register)) }
        compare("CR", output.cr, input.cr, isVolatile: calls)
        compare("LR", output.lr, input.lr, isVolatile: calls)
        compare("CTR", output.ctr, input.ctr, isVolatile: calls)
        compare("XER", output.xer, input.xer, isVolatile: calls)
        return result
    }

    /// The interrupt vectors that a case ends at.
    private enum Vector {
        static let external: UInt64 = 0x500
        static let program: UInt64 = 0x700
        static let systemCall: UInt64 = 0xC00
    }
}

/// What came of a case.
public struct ConformanceResult: Sendable {
    /// What is not as it has to be, a line each.
    public var wrong: [String] = []
    /// What a hypercall may change and this one did, a line each. The software CPU changes none of it.
    public var volatile: [String] = []
}

// MARK: The cases

extension ConformanceCase {
    /// Everything that is tried on a guest, in the order in which it has to be.
    ///
    /// - Parameter sequence: the words of a hypercall, as the guest's tree would have them.
    public static func all(_ guest: ConformanceGuest, sequence: HypercallInstructions) -> [ConformanceCase] {
        let words = sequence.words
        let maker = Maker(guest: guest, sequence: words.indices.map { words[$0] })
        return maker.hypercalls + (guest.isPAPR ? maker.userSpaceCalls : maker.unimplemented) + maker.magicPage
    }

    /// Makes the cases of one kind of guest.
    private struct Maker {
        let guest: ConformanceGuest
        let sequence: [UInt32]

        /// MSR[PR], user state.
        static let user: UInt64 = 1 << 14
        /// MSR[EE], external interrupts on.
        static let interrupts: UInt64 = 1 << 15
        /// `tw 31,0,0`, which always traps.
        static let trap: UInt32 = 0x7FE0_0008

        var is64Bit: Bool { guest.is64Bit }
        var supervisor: UInt64 { guest.supervisorState }
        var width: RegisterWidth { is64Bit ? .bits64 : .bits32 }

        var hypercalls: [ConformanceCase] {
            var cases = [
                call("KVM_HC_FEATURES", token: .kvm, 3),
                call("KVM_HC_FEATURES from user state is none", token: .kvm, 3, isUser: true),
                // The decrementer ends the wait; interrupts are off, so that it stays pending.
                call("EV_IDLE ends with an interrupt", token: .epapr, 16, before: [0x7FF6_03A6], r31: 20_000),
            ]
            if is64Bit {
                cases += [
                    call("the upper half of r11 does not count", token: .kvm, 3, upper: 0xDEAD_BEEF_0000_0000),
                    call(
                        "KVM_HC_FEATURES in 32-bit mode", token: .kvm, 3, msr: guest.supervisorState32, width: .bits32),
                    call(
                        "a token that nobody knows, in 32-bit mode", token: .kvm, 99, msr: guest.supervisorState32,
                        width: .bits32),
                ]
            }
            return cases
        }

        /// Every call of the table but those that the kernel carries out, and what is in no table.
        var unimplemented: [ConformanceCase] {
            var cases: [ConformanceCase] = []
            for entry in Hypercall.all where entry.architectures.contains(.powerPC) {
                guard let vendor = entry.family.vendor, !ConformanceOracle.kernelHandles(entry) else { continue }
                cases.append(call("\(entry.name) is not implemented", token: vendor, UInt16(entry.number)))
            }
            for vendor in HypercallVendor.allCases {
                cases.append(call("call 0xffff of \(vendor.name) is not implemented", token: vendor, 0xFFFF))
            }
            return cases
        }

        /// Every call of the table with rubbish, and those that the VMM carries out with sense, in an order that makes some.
        var userSpaceCalls: [ConformanceCase] {
            typealias Channel = E500MemoryMap.ByteChannel
            let first = UInt64(Channel.first.rawValue)
            let second = UInt64(Channel.second.rawValue)
            let doorbell = UInt64(E500MemoryMap.Doorbell.sendHandle)
            let bell = UInt64(E500MemoryMap.Doorbell.receiveInterrupt)
            let ipi = UInt64(MPIC.firstIPI)
            return [
                call("nothing waits in a byte channel", .byteChannelPoll, [second]),
                call("five bytes are sent", .byteChannelSend, [first, 5, 0x7061_7261, 0x7600_0000, 0, 0]),
                call(
                    "upper halves of data registers do not count", .byteChannelSend, [first, 4, 0xDEAD_BEEF_616E_652E]),
                call(
                    "sixteen bytes are sent", .byteChannelSend,
                    [first, 16, 0x0001_0203, 0x0405_0607, 0x0809_0A0B, 0xFCFD_FEFF]),
                call("seventeen are refused", .byteChannelSend, [first, 17]),
                call("a channel that is not there is refused", .byteChannelSend, [99, 1]),
                call("twenty-five bytes wait", .byteChannelPoll, [second]),
                call("nine are received", .byteChannelReceive, [second, 9]),
                call("sixteen are received", .byteChannelReceive, [second, 16]),
                call("then there are none", .byteChannelReceive, [second, 16]),
                call("the console takes a byte", .byteChannelSend, [UInt64(Channel.console.rawValue), 1, 0x6100_0000]),
                call("an interrupt is configured", .intSetConfig, [bell, 1, 8, 0]),
                call("its configuration is read", .intGetConfig, [bell]),
                call("its mask is read", .intGetMask, [bell]),
                call("it is unmasked", .intSetMask, [bell, 0]),
                call("its mask is read again", .intGetMask, [bell]),
                call("it is not active", .intGetActivity, [bell]),
                call("no interrupt waits", .intIACK, [0]),
                call("a doorbell rings", .doorbellSend, [doorbell]),
                call("its interrupt is active", .intGetActivity, [bell]),
                interrupt("and arrives"),
                call("and acknowledged", .intIACK, [0]),
                call("and ended", .intEOI, [bell]),
                call("but not twice", .intEOI, [bell]),
                call("a doorbell that is not there does not ring", .doorbellSend, [1]),
                call("an IPI is configured", .intSetConfig, [ipi, 0, 9, 0]),
                call("and unmasked", .intSetMask, [ipi, 0]),
                call("and sent", .intSendIPI, [0, 1]),
                call("the task priority holds it back", .intSetTaskPriority, [9]),
                call("as it says", .intGetTaskPriority, []),
                call("so that none waits", .intIACK, [0]),
                call("the task priority lets it through", .intSetTaskPriority, [0]),
                call("so that it is acknowledged", .intIACK, [0]),
                call("and ended as well", .intEOI, [ipi]),
            ]
                + rubbish
        }

        /// Every call of the table with the pattern that the registers hold, and what is in no table.
        private var rubbish: [ConformanceCase] {
            var cases: [ConformanceCase] = []
            for entry in Hypercall.all where entry.architectures.contains(.powerPC) {
                guard let vendor = entry.family.vendor, entry.index != Hypercall.idle.index,
                    entry.index != Hypercall.kvmMapMagicPage.index
                else { continue }
                cases.append(call("\(entry.name) with rubbish", token: vendor, UInt16(entry.number)))
            }
            for vendor in HypercallVendor.allCases {
                cases.append(call("call 0xffff of \(vendor.name) is not implemented", token: vendor, 0xFFFF))
            }
            return cases
        }

        /// The page that KVM shares, once it is mapped.
        var magicPage: [ConformanceCase] {
            let address = is64Bit ? MagicPage.linuxAddress : MagicPage.linuxAddress & 0xFFFF_FFFF
            var map = call("KVM_HC_PPC_MAP_MAGIC_PAGE", token: .kvm, 4)
            map.setRegister(3, to: address)
            map.setRegister(4, to: address | MagicPageFlags.notMappedNX.rawValue)
            // r5 keeps its pattern, which is what SPRG0 and the page get.
            let pattern = RecordInput(msr: 0, is64Bit: is64Bit, code: []).registers[5]
            return [
                map,
                page("the page has MSR", [load(.msr)], value: supervisor),
                page("SPRG0 is in the page", [mtsprg0, load(.sprg0)], value: pattern),
                page(
                    "a store to the page sets SPRG0", [store(.sprg1), load(.sprg1), store(.sprg0), mfsprg0],
                    value: pattern),
                page("no interrupt is on and none waits but the decrementer's", [load32(.intPending)], value: 1),
            ]
        }

        // MARK: Parts

        /// A call of the table with its arguments.
        private func call(_ name: String, _ entry: Hypercall, _ arguments: [UInt64]) -> ConformanceCase {
            var one = call(name, token: entry.family.vendor ?? .local, UInt16(entry.number))
            for (index, argument) in arguments.enumerated() { one.setRegister(3 + index, to: argument) }
            return one
        }

        private func call(
            _ name: String, token vendor: HypercallVendor, _ number: UInt16, isUser: Bool = false,
            before: [UInt32] = [], r31: UInt64? = nil, upper: UInt64 = 0, msr: UInt64? = nil,
            width: RegisterWidth? = nil
        ) -> ConformanceCase {
            var input = RecordInput(
                msr: (msr ?? supervisor) | (isUser ? Self.user : 0), is64Bit: is64Bit,
                code: before + sequence + [Self.trap])
            input.registers[11] = UInt64(vendor.token(number)) | upper
            if let r31 { input.registers[31] = r31 }
            return ConformanceCase(
                name: name, input: input,
                expectation: isUser ? (guest.isPAPR ? .refused : .systemCall) : .hypercall,
                width: width ?? self.width, prefix: before.count, sequenceLength: sequence.count, guest: guest)
        }

        private func page(_ name: String, _ code: [UInt32], value: UInt64) -> ConformanceCase {
            ConformanceCase(
                name: name, input: RecordInput(msr: supervisor, is64Bit: is64Bit, code: code + [Self.trap]),
                expectation: .value(value), width: width, prefix: code.count, sequenceLength: 0, guest: guest)
        }

        /// Code that does nothing, with interrupts on.
        private func interrupt(_ name: String) -> ConformanceCase {
            ConformanceCase(
                name: name, input: RecordInput(msr: supervisor | Self.interrupts, is64Bit: is64Bit, code: [Self.trap]),
                expectation: .interrupt, width: width, prefix: 0, sequenceLength: 0, guest: guest)
        }

        /// `mtsprg 0,r5` and `mfsprg r4,0`.
        private var mtsprg0: UInt32 { 0x7CB0_43A6 }
        private var mfsprg0: UInt32 { 0x7C90_42A6 }

        /// The displacement of a field from address 0: of the word that a 32-bit guest uses, which is the low one.
        private func displacement(_ field: MagicPage.Field) -> UInt32 {
            let offset = field.offset + (!is64Bit && field.width == 8 ? 4 : 0)
            return UInt32(truncatingIfNeeded: offset - MagicPage.pageSize) & 0xFFFF
        }

        /// Loads a field into r4: `ld` or `lwz`.
        private func load(_ field: MagicPage.Field) -> UInt32 {
            (is64Bit ? 0xE880_0000 : 0x8080_0000) | displacement(field)
        }

        /// Loads a field of four bytes into r4: `lwz`.
        private func load32(_ field: MagicPage.Field) -> UInt32 {
            0x8080_0000 | displacement(field)
        }

        /// Stores r5 into a field: `std` or `stw`.
        private func store(_ field: MagicPage.Field) -> UInt32 {
            (is64Bit ? 0xF8A0_0000 : 0x90A0_0000) | displacement(field)
        }
    }

    /// The case with another value in a register.
    private mutating func setRegister(_ number: Int, to value: UInt64) {
        var input = input
        input.registers[number] = value
        self = ConformanceCase(
            name: name, input: input, expectation: expectation, width: width, prefix: prefix,
            sequenceLength: sequenceLength, guest: guest)
    }
}

/// The registers that a case ends with.
struct CaseRegisters: CallRegisters {
    private var values: InlineArray<32, UInt64>

    init(_ values: InlineArray<32, UInt64>) { self.values = values }

    func register(_ index: Int) -> UInt64 { values[index & 31] }
    mutating func setRegister(_ index: Int, to value: UInt64) { values[index & 31] = value }
}

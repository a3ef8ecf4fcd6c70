internal import Hypercalls
internal import ParavirtABI

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

    private enum Expectation: Sendable {
        /// The dispatcher's answer.
        case hypercall
        /// An ordinary system call: its interrupt, with every register as it was.
        case systemCall
        /// This value in r4 and every other register as it was.
        case value(UInt64)
    }

    /// What differs from what has to come.
    ///
    /// ePAPR 1.1 §7.2.2 lets a hypercall change r0, r12, CR, LR, CTR and XER. Of these, CR, LR, CTR and XER are told apart
    /// from what is wrong; r0 and r12 have to be as this project has them.
    ///
    /// - Parameter codeAddress: where the record's code was.
    public func result(_ output: RecordOutput, codeAddress: UInt64) -> ConformanceResult {
        var expected = CaseRegisters(input.registers)
        var vector = Vector.program
        var steps = prefix
        switch expectation {
        case .hypercall:
            expected.setRegister(0, to: UInt64(HypercallInstructions.magicR0))
            var counts = HypercallCounts()
            _ = HypercallDispatcher<CaseHost>.powerPC().call(
                &expected, vcpu: 0, isPrivileged: true, width: width, host: CaseHost(), counts: &counts)
            steps += Self.sequence.count
        case .systemCall:
            expected.setRegister(0, to: UInt64(HypercallInstructions.magicR0))
            vector = Vector.systemCall
            // The address behind the `sc`, which is the third word.
            steps += 3
        case .value(let value):
            expected.setRegister(4, to: value)
        }
        var result = ConformanceResult()
        func compare(_ what: String, _ got: UInt64, _ wanted: UInt64, isVolatile: Bool = false) {
            guard got != wanted else { return }
            let line = "\(what) is 0x\(String(got, radix: 16)) instead of 0x\(String(wanted, radix: 16))"
            if isVolatile { result.volatile.append(line) } else { result.wrong.append(line) }
        }
        let calls = if case .value = expectation { false } else { true }
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
    /// Everything that is tried on a 64-bit or a 32-bit guest, in the order in which it has to be.
    public static func all(is64Bit: Bool) -> [ConformanceCase] {
        let guests = Guest(is64Bit: is64Bit)
        return guests.hypercalls + guests.magicPage
    }

    /// The words that KVM-PR says its hypercalls are.
    static let sequence: [UInt32] = {
        let words = HypercallInstructions.systemCallMagic.words
        return words.indices.map { words[$0] }
    }()

    /// MSR[ME], machine checks on.
    private static let machineCheck: UInt64 = 1 << 12

    /// MSR of code in supervisor state, in real mode, with interrupts off: SF on 64-bit processors, and ME.
    static func supervisorState(is64Bit: Bool) -> UInt64 {
        machineCheck | (is64Bit ? 1 << 63 : 0)
    }

    /// Makes the cases of one kind of guest.
    private struct Guest {
        let is64Bit: Bool

        /// MSR[PR], user state.
        static let user: UInt64 = 1 << 14
        /// `tw 31,0,0`, which always traps.
        static let trap: UInt32 = 0x7FE0_0008

        var supervisor: UInt64 { ConformanceCase.supervisorState(is64Bit: is64Bit) }
        var width: RegisterWidth { is64Bit ? .bits64 : .bits32 }

        var hypercalls: [ConformanceCase] {
            var cases = [
                call("KVM_HC_FEATURES", token: .kvm, 3),
                call("KVM_HC_FEATURES from user state is a system call", token: .kvm, 3, isUser: true),
                // The decrementer ends the wait; interrupts are off, so that it stays pending.
                call("EV_IDLE ends with an interrupt", token: .epapr, 16, before: [0x7CB6_03A6], r5: 20_000),
            ]
            if is64Bit {
                cases += [
                    call("the upper half of r11 does not count", token: .kvm, 3, upper: 0xDEAD_BEEF_0000_0000),
                    call(
                        "KVM_HC_FEATURES in 32-bit mode", token: .kvm, 3, msr: ConformanceCase.machineCheck,
                        width: .bits32),
                    call(
                        "a token that nobody knows, in 32-bit mode", token: .kvm, 99, msr: ConformanceCase.machineCheck,
                        width: .bits32),
                ]
            }
            let kernel = HypercallDispatcher<CaseHost>.powerPC()
            // Every call of the table but those that the kernel carries out, and what is in no table.
            for entry in Hypercall.all where entry.architectures.contains(.powerPC) {
                guard let vendor = entry.family.vendor, !kernel.handles(entry) else { continue }
                cases.append(call("\(entry.name) is not implemented", token: vendor, UInt16(entry.number)))
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

        private func call(
            _ name: String, token vendor: HypercallVendor, _ number: UInt16, isUser: Bool = false,
            before: [UInt32] = [], r5: UInt64? = nil, upper: UInt64 = 0, msr: UInt64? = nil, width: RegisterWidth? = nil
        ) -> ConformanceCase {
            var input = RecordInput(
                msr: (msr ?? supervisor) | (isUser ? Self.user : 0), is64Bit: is64Bit,
                code: before + ConformanceCase.sequence + [Self.trap])
            input.registers[11] = UInt64(vendor.token(number)) | upper
            if let r5 { input.registers[5] = r5 }
            return ConformanceCase(
                name: name, input: input, expectation: isUser ? .systemCall : .hypercall, width: width ?? self.width,
                prefix: before.count)
        }

        private func page(_ name: String, _ code: [UInt32], value: UInt64) -> ConformanceCase {
            ConformanceCase(
                name: name, input: RecordInput(msr: supervisor, is64Bit: is64Bit, code: code + [Self.trap]),
                expectation: .value(value), width: width, prefix: code.count)
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
        self = ConformanceCase(name: name, input: input, expectation: expectation, width: width, prefix: prefix)
    }
}

/// The registers that a case ends with.
private struct CaseRegisters: CallRegisters {
    private var values: InlineArray<32, UInt64>

    init(_ values: InlineArray<32, UInt64>) { self.values = values }

    func register(_ index: Int) -> UInt64 { values[index & 31] }
    mutating func setRegister(_ index: Int, to value: UInt64) { values[index & 31] = value }
}

/// The machine of the dispatcher's answers: it offers what KVM-PR on Book3S does.
private final class CaseHost: PowerPCHypercallHost {
    let offersMagicPage = true

    func mapMagicPage(
        vcpu: Int, realAddress: UInt64, effectiveAddress: UInt64, flags: MagicPageFlags
    ) -> MagicPageFeatures {
        [.segmentRegisters, .mas0ToSPRG7]
    }

    func idle(vcpu: Int) {}
}

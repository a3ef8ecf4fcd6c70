import ParavirtABI
import Testing

@Suite struct HypercallTableTests {
    @Test func `every row lies at its own index`() {
        #expect(Hypercall.all.count == Hypercall.count)
        #expect(Hypercall.all.map(\.index) == Array(0..<Hypercall.count))
    }

    @Test func `PAPR's numbers ascend and fill their part of the table`() {
        let numbers = Hypercall.paprCalls.map(\.number)
        #expect(numbers == Set(numbers).sorted())
        #expect(numbers.count == HypercallFamily.papr.count)
        #expect(numbers.first == HypercallFamily.papr.firstNumber)
    }

    @Test(arguments: [0, 1, 5, 0x26, 0xEFFC, 0xF003, 0x1_0000_0008, UInt64.max])
    func `a PAPR number outside the table has no row`(number: UInt64) {
        #expect(CallingConvention.papr.index(of: number) == nil)
    }

    @Test(arguments: HypercallFamily.allCases.filter { $0 != .papr })
    func `a family's numbers are contiguous and fill its part of the table`(family: HypercallFamily) {
        let numbers = Hypercall.all.filter { $0.family == family }.map(\.number)
        #expect(numbers == (0..<UInt32(family.count)).map { family.firstNumber + $0 })
    }

    @Test func `no two rows have one name`() {
        #expect(Set(Hypercall.all.map(\.name.description)).count == Hypercall.count)
    }

    @Test func `no two rows have one token`() {
        let tokens = Hypercall.all.compactMap(\.token)
        #expect(Set(tokens).count == tokens.count)
    }

    @Test(arguments: Hypercall.all)
    func `a row has an architecture, a purpose and a source`(call: Hypercall) {
        #expect(!call.architectures.isEmpty)
        #expect(call.purpose.description.hasSuffix("."))
        #expect(!call.source.description.isEmpty)
    }

    @Test(arguments: Hypercall.all)
    func `arguments and outputs fit the convention's registers`(call: Hypercall) {
        guard let signature = call.signature else { return }
        let convention = call.convention
        #expect(signature.arguments.count <= convention.argumentCount)
        #expect(signature.outputs.count <= max(convention.outputCount, 1))
    }

    @Test(arguments: Hypercall.all.filter { $0.token != nil })
    func `a token leads back to its row`(call: Hypercall) throws {
        let token = try #require(call.token)
        #expect(CallingConvention.epapr.index(of: UInt64(token)) == call.index)
    }

    @Test(arguments: Hypercall.paprCalls)
    func `a PAPR number leads to its row`(call: Hypercall) {
        #expect(CallingConvention.papr.index(of: UInt64(call.number)) == call.index)
        #expect(call.convention == .papr)
    }

    @Test func `tokens put the vendor above the number`() {
        #expect(Hypercall.kvmFeatures.token == 0x2A_0003)
        #expect(Hypercall.kvmMapMagicPage.token == 0x2A_0004)
        #expect(Hypercall.idle.token == 0x1_0010)
        #expect(Hypercall.partitionMemoryCopy.token == 0x2_0008)
        #expect(Hypercall.kvmSendIPI.token == nil)
    }

    @Test func `the upper half of r11 is no part of a token`() {
        #expect(CallingConvention.epapr.index(of: 0xDEAD_BEEF_002A_0003) == Hypercall.kvmFeatures.index)
    }

    @Test(arguments: [0, 0x2A_0000, 0x2A_000D, 0x1_0000, 0x1_0011, 0x2_0013, 0x3_0001, 0x802A_0003, 0xFFFF_FFFF])
    func `a token outside the table has no row`(token: UInt64) {
        #expect(CallingConvention.epapr.index(of: token) == nil)
    }

    @Test(arguments: [0, 13, 0x1_0000_0001, 0x2A_0003, UInt64.max])
    func `an x86 number outside the table has no row`(number: UInt64) {
        #expect(CallingConvention.x86.index(of: number) == nil)
    }

    @Test(arguments: [5, 0x1_0000_0003, UInt64.max])
    func `a subcode outside the table has no row`(number: UInt64) {
        #expect(CallingConvention.s390x.index(of: number) == nil)
    }

    @Test func `only the MMU operations are deprecated`() {
        let deprecated = Hypercall.all.filter { $0.status == .deprecated }.map(\.name.description)
        #expect(deprecated == ["KVM_HC_MMU_OP"])
    }
}

@Suite struct CallingConventionTests {
    private func argumentNames(_ convention: CallingConvention) -> [String] {
        (0..<convention.argumentCount).map { convention.registerName(convention.argumentRegister($0)) }
    }

    @Test func `PowerPC takes the token in r11, arguments in r3 to r10, and answers in r3 to r11`() {
        let convention = CallingConvention.epapr
        #expect(convention.registerName(convention.numberRegister) == "r11")
        #expect(argumentNames(convention) == ["r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10"])
        #expect(convention.statusRegister == 3)
        #expect((0..<convention.outputCount).map(convention.outputRegister) == Array(4...11))
        #expect(convention.notImplemented == .status(12))
        #expect(convention.userState == .notAHypercall)
    }

    @Test func `PAPR takes the number in r3 and arguments in r4 to r12`() {
        let convention = CallingConvention.papr
        #expect(convention.numberRegister == 3)
        #expect((0..<convention.argumentCount).map(convention.argumentRegister) == Array(4...12))
        #expect(convention.notImplemented == .status(-2))
        #expect(convention.userState == .status(-3))
    }

    @Test func `x86 takes the number in rax and arguments in rbx, rcx, rdx, rsi`() {
        let convention = CallingConvention.x86
        #expect(convention.registerName(convention.numberRegister) == "rax")
        #expect(argumentNames(convention) == ["rbx", "rcx", "rdx", "rsi"])
        #expect(convention.registerName(convention.statusRegister) == "rax")
        #expect(convention.notImplemented == .status(-1000))
        #expect(convention.userState == .status(-1))
    }

    @Test func `s390x takes the subcode in r1 and arguments in r2 to r7`() {
        let convention = CallingConvention.s390x
        #expect(convention.registerName(convention.numberRegister) == "r1")
        #expect(argumentNames(convention) == ["r2", "r3", "r4", "r5", "r6", "r7"])
        #expect(convention.statusRegister == 2)
        #expect(convention.notImplemented == .interruption(.specification))
        #expect(convention.userState == .interruption(.privilegedOperation))
    }
}

@Suite struct HypercallInstructionsTests {
    @Test func `the property holds the words most significant byte first`() {
        #expect(
            HypercallInstructions.systemCallMagic.propertyValue == [
                0x3C, 0x00, 0x4B, 0x56, 0x60, 0x00, 0x4D, 0x21, 0x44, 0x00, 0x00, 0x02, 0x60, 0x00, 0x00, 0x00,
            ])
    }

    @Test func `the magic sequence loads the magic number`() {
        let words = HypercallInstructions.systemCallMagic.words
        #expect((words[0] & 0xFFFF) << 16 | words[1] & 0xFFFF == HypercallInstructions.magicR0)
    }

    @Test func `the forwarding sequences differ in the call instruction alone`() {
        let (plain, nested) = (HypercallInstructions.paprForward.words, HypercallInstructions.paprForwardNested.words)
        #expect((0..<4).filter { plain[$0] != nested[$0] } == [2])
    }

    @Test func `the forwarding sequence loads its number`() {
        let immediate = Int16(truncatingIfNeeded: HypercallInstructions.paprForward.words[1])
        #expect(UInt64(bitPattern: Int64(immediate)) == HypercallInstructions.paprForwardNumber)
    }

    @Test func `the failing sequence loads -1 in both byte orders`() {
        let words = HypercallInstructions.alwaysFails.words
        #expect(words[1] == words[3].byteSwapped)
        #expect(words[0] == words[2].byteSwapped)
    }
}

@Suite struct MagicPageTests {
    @Test func `the fields fill the structure without gap or overlap`() {
        var end = 0
        for field in MagicPage.fields {
            #expect(field.offset == end, "\(field.name)")
            end = field.offset(field.count)
        }
        #expect(end == MagicPage.size)
    }

    @Test(arguments: MagicPage.fields)
    func `a field is aligned to its width`(field: MagicPage.Field) {
        #expect(field.offset.isMultiple(of: field.width))
    }

    @Test func `segment registers are words`() {
        #expect(MagicPage.Field.sr.offset(15) == 0xA4)
    }
}

import Hypercalls
import ParavirtABI
import Testing

@Suite struct PowerPCHypercallTests {
    private let dispatcher = HypercallDispatcher<TestPowerPCHost>.powerPC()

    @Test func `features offer the magic page`() {
        var registers = TestRegisters([11: 0x2A_0003])
        let outcome = dispatcher.call(&registers, host: TestPowerPCHost())
        let (r3, r4, written) = (registers[3], registers[4], registers.written)
        #expect(outcome == .resume)
        #expect(r3 == 0)
        #expect(r4 == 2)
        #expect(written == [3, 4])
    }

    @Test func `features are empty where the machine has no magic page`() {
        var registers = TestRegisters([11: 0x2A_0003])
        _ = dispatcher.call(&registers, host: TestPowerPCHost(offersMagicPage: false))
        let (r3, r4) = (registers[3], registers[4])
        #expect(r3 == 0)
        #expect(r4 == 0)
    }

    @Test func `mapping takes the real address from r3 and the effective address from r4`() {
        let host = TestPowerPCHost()
        var registers = TestRegisters([11: 0x2A_0004, 3: 0x1234_5FFF, 4: 0xFFFF_FFFF_FFFF_F001])
        _ = dispatcher.call(&registers, vcpu: 1, host: host)
        let (r3, r4) = (registers[3], registers[4])
        #expect(r3 == 0)
        #expect(r4 == 3)
        #expect(
            host.mappings == [
                .init(vcpu: 1, realAddress: 0x1234_5000, effectiveAddress: 0xFFFF_FFFF_FFFF_F000, flags: 1)
            ])
    }

    @Test func `a 32-bit guest's addresses are cut to 32 bits`() {
        let host = TestPowerPCHost()
        var registers = TestRegisters([11: 0x2A_0004, 3: .max, 4: .max])
        _ = dispatcher.call(&registers, width: .bits32, host: host)
        #expect(
            host.mappings == [
                .init(vcpu: 0, realAddress: 0xFFFF_F000, effectiveAddress: 0xFFFF_F000, flags: 0xFFF)
            ])
    }

    @Test func `mapping is unimplemented where the machine has no magic page`() {
        let host = TestPowerPCHost(offersMagicPage: false)
        var registers = TestRegisters([11: 0x2A_0004])
        _ = dispatcher.call(&registers, host: host)
        let (r3, r4) = (registers[3], registers[4])
        #expect(r3 == 12)
        #expect(r4 == 0)
        #expect(host.mappings.isEmpty)
    }

    @Test func `idle halts the calling vCPU`() {
        let host = TestPowerPCHost()
        var registers = TestRegisters([11: 0x1_0010])
        let outcome = dispatcher.call(&registers, vcpu: 3, host: host)
        let (r3, r4) = (registers[3], registers[4])
        #expect(outcome == .resume)
        #expect(r3 == 0)
        #expect(r4 == 0)
        #expect(host.idled == [3])
    }

    @Test(arguments: [0, 0x2A_0005, 0x2A_FFFF, 0x1_0001, 0x2_0008, 0x63_0001, 0xFFFF_FFFF] as [UInt64])
    func `an unknown token answers unimplemented`(token: UInt64) {
        var registers = TestRegisters([11: token])
        let outcome = dispatcher.call(&registers, host: TestPowerPCHost())
        let (r3, r4, written) = (registers[3], registers[4], registers.written)
        #expect(outcome == .resume)
        #expect(r3 == 12)
        #expect(r4 == 0)
        #expect(written == [3, 4])
    }

    @Test func `user state makes no hypercalls`() {
        let host = TestPowerPCHost()
        var counts = HypercallCounts()
        var registers = TestRegisters([11: 0x1_0010])
        let outcome = dispatcher.call(
            &registers, vcpu: 0, isPrivileged: false, width: .bits64, host: host, counts: &counts)
        let written = registers.written
        #expect(outcome == .notAHypercall)
        #expect(written.isEmpty)
        #expect(host.idled.isEmpty)
        #expect(counts.total == 0)
    }

    @Test func `a handler's outputs go to r4 and up, and no further`() {
        var dispatcher = dispatcher
        dispatcher.register(.byteChannelReceive) { _, _ in
            var outputs = HypercallOutputs(5, 0x6865_6C6C)
            outputs.append(0x6F00_0000)
            return .success(outputs)
        }
        var registers = TestRegisters([11: 0x1_0002])
        _ = dispatcher.call(&registers, host: TestPowerPCHost())
        let (values, written) = ((3...6).map { registers[$0] }, registers.written)
        #expect(values == [0, 5, 0x6865_6C6C, 0x6F00_0000])
        #expect(written == [3, 4, 5, 6])
    }

    @Test func `a failure may have outputs`() {
        var dispatcher = dispatcher
        dispatcher.register(.byteChannelSend) { _, _ in .failure(.tryAgain, HypercallOutputs(7)) }
        var registers = TestRegisters([11: 0x1_0001])
        _ = dispatcher.call(&registers, host: TestPowerPCHost())
        let (r3, r4) = (registers[3], registers[4])
        #expect(r3 == 4)
        #expect(r4 == 7)
    }

    @Test func `all eight arguments reach the handler`() {
        final class Seen: PowerPCHypercallHost {
            let offersMagicPage = false
            var arguments: [UInt64] = []
            func mapMagicPage(
                vcpu: Int, realAddress: UInt64, effectiveAddress: UInt64, flags: MagicPageFlags
            ) -> MagicPageFeatures { [] }
            func idle(vcpu: Int) {}
        }
        var dispatcher = HypercallDispatcher<Seen>.powerPC()
        dispatcher.register(.partitionGetProperty) { host, frame in
            host.arguments = (0..<8).map { frame[$0] }
            return .success
        }
        let host = Seen()
        var registers = TestRegisters(
            [11: 0x2_0002].merging((3...10).map { ($0, UInt64($0)) }, uniquingKeysWith: { a, _ in a }))
        var counts = HypercallCounts()
        _ = dispatcher.call(&registers, vcpu: 0, isPrivileged: true, width: .bits32, host: host, counts: &counts)
        #expect(host.arguments == [3, 4, 5, 6, 7, 8, 9, 10])
    }
}

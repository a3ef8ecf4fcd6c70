import GuestMemory
import Hypercalls
import PAPR
import ParavirtABI
import TestTools
import Testing

@Suite struct DispatcherTests {
    @Test func `PowerPC carries out what Linux's KVM carries out`() {
        let dispatcher = HypercallDispatcher<TestPowerPCHost>.powerPC()
        let handled = Hypercall.all.filter(dispatcher.handles).map(\.name.description)
        #expect(handled == ["KVM_HC_FEATURES", "KVM_HC_PPC_MAP_MAGIC_PAGE", "EV_IDLE"])
    }

    @Test func `an ePAPR machine carries out all of ePAPR, and what one partition can answer`() {
        let dispatcher = HypercallDispatcher<TestEPAPRHost>.epapr()
        let missing = (Hypercall.epaprCalls + Hypercall.freescaleCalls).filter { !dispatcher.handles($0) }
        #expect(
            missing.map(\.name.description) == [
                "FH_ERR_GET_INFO", "FH_DMA_ENABLE", "FH_DMA_DISABLE", "FH_SEND_NMI", "FH_VMPIC_GET_MSIR",
                "FH_GET_CORE_STATE", "FH_ENTER_NAP", "FH_EXIT_NAP", "FH_CLAIM_DEVICE", "FH_PARTITION_STOP_DMA",
            ])
    }

    @Test func `x86 carries out every active call of its own`() {
        let dispatcher = HypercallDispatcher<X86Machine>.x86()
        for call in Hypercall.all {
            let expected = call.architectures.contains(.x86) && call.status == .active
            #expect(dispatcher.handles(call) == expected, "\(call.name)")
        }
    }

    @Test func `s390x carries out the virtio-ccw notification`() {
        let dispatcher = HypercallDispatcher<S390Machine>.s390x()
        #expect(Hypercall.all.filter(dispatcher.handles).map(\.name.description) == ["KVM_S390_VIRTIO_CCW_NOTIFY"])
    }

    @Test(arguments: Hypercall.all.filter { $0.family != .papr })
    func `a row is handled when a dispatcher handles it`(call: Hypercall) {
        let dispatchers = (
            HypercallDispatcher<TestEPAPRHost>.epapr(), HypercallDispatcher<X86Machine>.x86(),
            HypercallDispatcher<S390Machine>.s390x()
        )
        let handled = dispatchers.0.handles(call) || dispatchers.1.handles(call) || dispatchers.2.handles(call)
        #expect(call.isHandled == handled)
    }

    @Test func `registering a call twice traps`() async {
        await #expect(processExitsWith: .failure) {
            var dispatcher = HypercallDispatcher<TestPowerPCHost>.powerPC()
            dispatcher.register(.idle) { _, _ in .success }
        }
    }

    @Test func `registering another architecture's call traps`() async {
        await #expect(processExitsWith: .failure) {
            var dispatcher = HypercallDispatcher<TestPowerPCHost>.powerPC()
            dispatcher.register(.kvmSendIPI) { _, _ in .success }
        }
    }

    @Test func `registering another convention's call traps`() async {
        await #expect(processExitsWith: .failure) {
            var dispatcher = HypercallDispatcher<TestPowerPCHost>.powerPC()
            dispatcher.register(.enterPage) { _, _ in .success }
        }
    }

    @Test(arguments: [
        (HypercallResult.success(7), Int64(0), UInt64(7)), (.refusal(.notFound), -7, 0xAAAA_AAAA_AAAA_AAAA),
        (.refusal(.groupFull, HypercallOutputs(9)), -6, 9), (.unimplemented, -2, 0xAAAA_AAAA_AAAA_AAAA),
        (.failure(.invalidArgument), -4, 0xAAAA_AAAA_AAAA_AAAA), (.failure(.notPermitted), -3, 0xAAAA_AAAA_AAAA_AAAA),
    ])
    func `PAPR has its status in r3, and outputs only as far as there are some`(
        result: HypercallResult, status: Int64, r4: UInt64
    ) {
        var registers = TestRegisters()
        _ = result.encode(into: &registers, convention: .papr, width: .bits64)
        let (answered, output) = (registers[3], registers[4])
        #expect(Int64(bitPattern: answered) == status)
        #expect(output == r4)
    }

    @Test(arguments: Hypercall.all.filter { $0.token != nil && !$0.isHandled })
    func `a registered handler answers its call and no other`(call: Hypercall) {
        var dispatcher = HypercallDispatcher<TestPowerPCHost>(.epapr)
        dispatcher.register(call) { _, _ in .success(42) }
        for other in Hypercall.all where other.token != nil {
            var registers = TestRegisters([11: other.number(in: .epapr)])
            _ = dispatcher.call(&registers, host: TestPowerPCHost())
            let (r3, r4) = (registers[3], registers[4])
            #expect(r3 == (other.index == call.index ? 0 : 12))
            #expect(r4 == (other.index == call.index ? 42 : 0))
        }
    }

    @Test func `calls are counted by row, unknown numbers together`() {
        let dispatcher = HypercallDispatcher<TestPowerPCHost>.powerPC()
        let host = TestPowerPCHost()
        var counts = HypercallCounts()
        for token in [0x1_0010, 0x1_0010, 0x2_0008, 0x7_0001, 0] as [UInt64] {
            var registers = TestRegisters([11: token])
            _ = dispatcher.call(
                &registers, vcpu: 0, isPrivileged: true, width: .bits32, host: host, counts: &counts)
        }
        #expect(counts[.idle] == 2)
        #expect(counts[.partitionMemoryCopy] == 1)
        #expect(counts.unknown == 2)
        #expect(counts.total == 5)
        var names: [String] = []
        counts.forEach { call, count in names.append("\(call.name) \(count)") }
        #expect(names == ["EV_IDLE 2", "FH_PARTITION_MEMCPY 1"])
    }

    @Test func `the counts of vCPUs add up`() {
        var (first, second) = (HypercallCounts(), HypercallCounts())
        first.add(Hypercall.idle.index)
        second.add(Hypercall.idle.index)
        second.add(nil)
        first += second
        #expect(first[.idle] == 2)
        #expect(first.unknown == 1)
    }

    @Test(arguments: HypercallFailure.allCases)
    func `a failure is positive on PowerPC and negative elsewhere`(failure: HypercallFailure) {
        var powerPC = TestRegisters()
        var x86 = TestRegisters()
        var s390x = TestRegisters()
        let result = HypercallResult.failure(failure)
        _ = result.encode(into: &powerPC, convention: .epapr, width: .bits64)
        _ = result.encode(into: &x86, convention: .x86, width: .bits64)
        _ = result.encode(into: &s390x, convention: .s390x, width: .bits64)
        let (r3, rax, r2) = (powerPC[3], Int64(bitPattern: x86[0]), Int64(bitPattern: s390x[2]))
        #expect((1...13).contains(r3) && r3 != 12)
        #expect(rax == -failure.errno && rax < 0)
        #expect(r2 == rax)
    }

    @Test func `a class can be the registers`() {
        final class Board: CallRegisters {
            var values = [UInt64](repeating: 0, count: 32)
            func register(_ index: Int) -> UInt64 { values[index] }
            func setRegister(_ index: Int, to value: UInt64) { values[index] = value }
        }
        let board = Board()
        board.values[11] = 0x2A_0003
        var registers = board
        var counts = HypercallCounts()
        let dispatcher = HypercallDispatcher<TestPowerPCHost>.powerPC()
        _ = dispatcher.call(
            &registers, vcpu: 0, isPrivileged: true, width: .bits32, host: TestPowerPCHost(), counts: &counts)
        #expect(board.values[4] == 2)
    }
}

/// Random registers, with the numbers of existing calls more often than chance would have them.
@Suite struct RandomCallTests {
    private static let calls = 100_000

    private func attack<Host>(_ dispatcher: HypercallDispatcher<Host>, host: Host, seed: UInt64) -> HypercallCounts {
        var random = SeededRandom(seed: seed)
        var counts = HypercallCounts()
        let numbers = Hypercall.all.map { $0.number(in: dispatcher.convention) }
        let notable: [UInt64] = [0, 1, 0x1000, 0x10_0000, 0x1_0003, 0xFFFF_FFFF, 1 << 63, .max, .max - 0xFFF]
        for _ in 0..<Self.calls {
            var registers = TestRegisters()
            for index in 0..<32 {
                let value = random.next()
                registers.setRegister(
                    index, to: value % 3 == 0 ? notable[Int(value >> 8) % notable.count] : random.next())
            }
            if Int.random(in: 0..<8, using: &random) > 0 {
                let number = numbers.randomElement(using: &random) ?? 0
                registers.setRegister(dispatcher.convention.numberRegister, to: number)
            }
            let isPrivileged = Int.random(in: 0..<16, using: &random) > 0
            _ = dispatcher.call(
                &registers, vcpu: 0, isPrivileged: isPrivileged, width: Bool.random(using: &random) ? .bits64 : .bits32,
                host: host, counts: &counts)
        }
        return counts
    }

    @Test func `no PowerPC registers take the dispatcher down`() {
        let counts = attack(HypercallDispatcher<TestPowerPCHost>.powerPC(), host: TestPowerPCHost(), seed: 1)
        #expect(counts.total > 80_000)
    }

    @Test func `no x86 registers take the dispatcher or the machine down`() throws {
        let machine = try makeX86Machine(apicIDs: [0, 1, 31, 32, 64, 127, 128, .max])
        let counts = attack(HypercallDispatcher<X86Machine>.x86(), host: machine, seed: 2)
        #expect(counts.total == UInt64(Self.calls))
    }

    @Test func `no s390x registers take the dispatcher or the machine down`() {
        let machine = S390Machine()
        for number in 0..<4 { machine.addQueue(subchannel: SubchannelID(number: 3), number: UInt64(number)) }
        let counts = attack(HypercallDispatcher<S390Machine>.s390x(), host: machine, seed: 3)
        #expect(counts.total > 80_000)
    }
}

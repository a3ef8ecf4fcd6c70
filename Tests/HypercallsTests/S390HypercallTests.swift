import Hypercalls
import ParavirtABI
import Testing

@Suite struct S390HypercallTests {
    private let dispatcher = HypercallDispatcher<S390Machine>.s390x()

    /// A machine with queues 0 and 1 of subchannel 0x10003.
    private func makeMachine() -> S390Machine {
        let machine = S390Machine()
        machine.addQueue(subchannel: SubchannelID(number: 3), number: 0)
        machine.addQueue(subchannel: SubchannelID(number: 3), number: 1)
        return machine
    }

    /// r2 after a notification.
    private func notify(_ machine: S390Machine, _ subchannel: UInt64, _ queue: UInt64, _ cookie: UInt64) -> Int64 {
        var registers = TestRegisters([1: 3, 2: subchannel, 3: queue, 4: cookie])
        let outcome = dispatcher.call(&registers, host: machine)
        #expect(outcome == .resume)
        let (value, written) = (registers[2], registers.written)
        #expect(written == [2])
        return Int64(bitPattern: value)
    }

    @Test(arguments: [0, 1, 2, UInt64.max])
    func `a notification finds its queue whatever the cookie`(cookie: UInt64) {
        let machine = makeMachine()
        #expect(notify(machine, 0x1_0003, 1, cookie) == 1)
        #expect(machine.takeNotifications(1) == 1)
        #expect(machine.takeNotifications(0) == 0)
    }

    @Test func `the upper half of the subchannel register is ignored`() {
        #expect(notify(makeMachine(), 0xDEAD_BEEF_0001_0003, 0, 0) == 0)
    }

    @Test(arguments: [(0x1_0004, 0), (0x1_0003, 2), (0x3, 0), (0x0100_0000 | 0x1_0003, 0)] as [(UInt64, UInt64)])
    func `a notification of nobody is an invalid argument`(subchannel: UInt64, queue: UInt64) {
        #expect(notify(makeMachine(), subchannel, queue, 0) == -22)
    }

    @Test(arguments: [0, 1, 2, 4, 5, 0x1_0000_0003, UInt64.max])
    func `any other subcode is a specification exception`(subcode: UInt64) {
        var registers = TestRegisters([1: subcode])
        let outcome = dispatcher.call(&registers, host: makeMachine())
        let written = registers.written
        #expect(outcome == .programInterruption(.specification))
        #expect(written.isEmpty)
    }

    @Test(arguments: [3, 99] as [UInt64])
    func `problem state gets a privileged-operation exception`(subcode: UInt64) {
        let machine = makeMachine()
        var registers = TestRegisters([1: subcode, 2: 0x1_0003, 3: 0])
        let outcome = dispatcher.call(&registers, isPrivileged: false, host: machine)
        let written = registers.written
        #expect(outcome == .programInterruption(.privilegedOperation))
        #expect(written.isEmpty)
        #expect(machine.takeNotifications(0) == 0)
    }
}

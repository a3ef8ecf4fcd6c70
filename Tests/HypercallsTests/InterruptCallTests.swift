import Hypercalls
import ParavirtABI
import Testing

@Suite struct InterruptCallTests {
    @Test(arguments: 0...3 as ClosedRange<UInt64>) func `a configuration reads back`(flags: UInt64) throws {
        let host = try TestEPAPRHost()
        #expect(host.call(.intSetConfig, 5, flags, 9, 1) == CallResult(.success))
        #expect(
            host.configurations[5]
                == InterruptConfiguration(
                    isActiveHigh: flags & 1 != 0, isLevelSensitive: flags & 2 != 0, priority: 9, destination: 1))
        #expect(host.call(.intGetConfig, 5) == CallResult(.success, flags, 9, 1))
    }

    @Test(
        arguments: [
            [8, 0, 0, 0], [0xFFFF_FFFF, 0, 0, 0], [0, 4, 0, 0], [0, 0xFFFF_FFFF, 0, 0], [0, 0, 16, 0], [0, 0, 0, 2],
            [0, 0, 0, 0xFFFF_FFFF],
        ] as [[UInt64]])
    func `a configuration out of range changes nothing`(arguments: [UInt64]) throws {
        let host = try TestEPAPRHost()
        let before = host.configurations
        #expect(
            host.call(.intSetConfig, arguments[0], arguments[1], arguments[2], arguments[3])
                == CallResult(.invalidArgument))
        #expect(host.configurations == before)
    }

    @Test func `a mask reads back`() throws {
        let host = try TestEPAPRHost()
        #expect(host.call(.intSetMask, 3, 1) == CallResult(.success))
        #expect(host.call(.intGetMask, 3) == CallResult(.success, 1))
        #expect(host.call(.intSetMask, 3, 0) == CallResult(.success))
        #expect(host.call(.intGetMask, 3) == CallResult(.success, 0))
        #expect(host.call(.intSetMask, 3, 2) == CallResult(.invalidArgument))
    }

    @Test func `activity is what the controller says`() throws {
        let host = try TestEPAPRHost()
        host.active = [2]
        #expect(host.call(.intGetActivity, 2) == CallResult(.success, 1))
        #expect(host.call(.intGetActivity, 3) == CallResult(.success, 0))
    }

    @Test(arguments: [8, 0xFFFF_FFFF] as [UInt64]) func `no call knows another interrupt`(number: UInt64) throws {
        let host = try TestEPAPRHost()
        for call in [
            Hypercall.intSetConfig, .intGetConfig, .intSetMask, .intGetMask, .intGetActivity, .intEOI,
        ] {
            #expect(host.call(call, number, 0, 0, 0) == CallResult(.invalidArgument), "\(call)")
        }
    }

    @Test func `acknowledging answers the caller's vector, or 0xFFFF`() throws {
        let host = try TestEPAPRHost()
        #expect(host.call(.intIACK, 0, vcpu: 1) == CallResult(.success, 0xFFFF))
        host.vector = 42
        #expect(host.call(.intIACK, 0, vcpu: 1) == CallResult(.success, 42))
        #expect(host.call(.intIACK, 1) == CallResult(.invalidArgument))
        #expect(host.acknowledgedBy == [1, 1])
    }

    @Test func `only what is in service can be ended`() throws {
        let host = try TestEPAPRHost()
        host.active = [4]
        #expect(host.call(.intEOI, 4, vcpu: 1) == CallResult(.success))
        #expect(host.call(.intEOI, 5) == CallResult(.invalidArgument))
        #expect(host.ended == ["4 on 1"])
    }

    @Test func `an IPI goes to the vCPUs of the mask`() throws {
        let host = try TestEPAPRHost()
        #expect(host.call(.intSendIPI, 2, 3) == CallResult(.success))
        #expect(host.ipis == ["2 to 3"])
        for (ipi, mask) in [(3, 1), (0xFFFF_FFFF, 1), (0, 0), (0, 4), (0, 0x8000_0001)] as [(UInt64, UInt64)] {
            #expect(host.call(.intSendIPI, ipi, mask) == CallResult(.invalidArgument), "\(ipi) \(mask)")
        }
        #expect(host.ipis.count == 1)
    }

    @Test func `each vCPU has its task priority`() throws {
        let host = try TestEPAPRHost()
        #expect(host.call(.intSetTaskPriority, 15, vcpu: 1) == CallResult(.success))
        #expect(host.call(.intSetTaskPriority, 16, vcpu: 1) == CallResult(.invalidArgument))
        #expect(host.call(.intGetTaskPriority, vcpu: 1) == CallResult(.success, 15))
        #expect(host.call(.intGetTaskPriority, vcpu: 0) == CallResult(.success, 0))
    }

    @Test(arguments: [0, 0x0800_0001, 0x0400_0000, 0x3FFF, 0x0C00_3FFF] as [UInt64])
    func `a processor message goes to the machine as it is`(operand: UInt64) throws {
        let host = try TestEPAPRHost()
        #expect(host.call(.messageSend, operand) == CallResult(.success))
        #expect(host.messages == [UInt32(operand)])
    }

    @Test(arguments: [0x1000_0000, 0xF800_0000, 0x0000_4000, 0x0200_0000] as [UInt64])
    func `a message that msgsnd would ignore is refused`(operand: UInt64) throws {
        let host = try TestEPAPRHost()
        #expect(host.call(.messageSend, operand) == CallResult(.invalidArgument))
        #expect(host.messages == [])
    }

    @Test func `a processor message is unimplemented on a core without processor doorbells`() throws {
        let host = try TestEPAPRHost()
        host.takesProcessorMessages = false
        #expect(host.call(.messageSend, 0) == CallResult(.unimplemented))
        #expect(host.messages == [])
    }
}

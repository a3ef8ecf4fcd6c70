import Devices
import Testing

/// The MPIC as hypercalls reach it: by interrupt number, without registers.
@Suite struct MPICNumberTests {
    private let mpic = MPIC(cpuCount: 2)

    @Test(arguments: [0, 15, 16, 255, 256, 259, 260, 263])
    func `a configuration is in the registers that it names`(number: Int) {
        let value: UInt32 = 0x8009_0000 | UInt32(number)
        mpic.configure(number, vectorPriority: value, destinations: 2)
        #expect(mpic.configuration(of: number).vectorPriority == value)
        let isIPI = (MPIC.firstIPI..<MPIC.firstTimer).contains(number)
        #expect(mpic.configuration(of: number).destinations == (isIPI ? 1 : 2))
        let offset: UInt64 =
            switch number {
            case ..<256: 0x1_0000 + UInt64(number) * 0x20
            case ..<260: 0x10A0 + UInt64(number - 256) * 0x10
            default: 0x1120 + UInt64(number - 260) * 0x40
            }
        #expect(mpic.read(offset: offset, width: 4) == UInt64(value))
    }

    @Test func `external sources have a choice of sense, on-chip sources follow their level, the others have none`() {
        #expect(!mpic.followsLevel(3))
        mpic.configure(3, vectorPriority: 0x8040_0000, destinations: 1)
        #expect(mpic.followsLevel(3))
        #expect(mpic.followsLevel(16))
        #expect(!mpic.followsLevel(MPIC.firstIPI))
        #expect(!mpic.followsLevel(MPIC.firstTimer))
    }

    @Test func `an IPI sent by number arrives at each destination and is the one in service`() {
        for cpu in 0..<2 { mpic.setTaskPriority(0, cpu: cpu) }
        mpic.configure(MPIC.firstIPI + 1, vectorPriority: 0x0005_0077, destinations: 0)
        mpic.sendIPI(1, to: 0xFFFF_FFFF)
        for cpu in 0..<2 {
            #expect(mpic.isInterruptPending(cpu: cpu))
            #expect(mpic.acknowledge(cpu: cpu) == 0x77)
            #expect(mpic.interruptInService(cpu: cpu) == MPIC.firstIPI + 1)
            mpic.endOfInterrupt(cpu: cpu)
            #expect(mpic.interruptInService(cpu: cpu) == nil)
        }
        mpic.sendIPI(4, to: 3)
        mpic.sendIPI(-1, to: 3)
        #expect(!mpic.isInterruptPending(cpu: 0))
    }

    @Test func `the task priority is CTPR`() {
        mpic.setTaskPriority(7, cpu: 1)
        #expect(mpic.taskPriority(cpu: 1) == 7)
        #expect(mpic.taskPriority(cpu: 0) == 15)
        #expect(mpic.read(offset: 0x2_1080, width: 4) == 7)
        mpic.setTaskPriority(7, cpu: 2)
        #expect(mpic.taskPriority(cpu: 2) == 0)
        #expect(mpic.interruptInService(cpu: 2) == nil)
    }
}

import Devices
import Testing

/// The sequences are those of QEMU's `hw/intc/xics.c`.
@Suite struct XICSTests {
    private static let source = XICS.firstSource + 3
    private static let other = XICS.firstSource + 7

    private static func controller(priority: UInt8 = 5, level: Bool = false) -> XICS {
        let controller = XICS(cpuCount: 2, sourceCount: 16)
        if level { controller.makeLevel(source) }
        _ = controller.configure(source, server: 0, priority: priority)
        controller.setPriority(0xFF, cpu: 0)
        return controller
    }

    private static func message(_ controller: XICS, _ source: Int = source) {
        controller.setLevel(source: source, asserted: true)
        controller.setLevel(source: source, asserted: false)
    }

    /// The XIRR of `source` under a former priority.
    private static func request(_ source: Int, former: UInt32 = 0xFF) -> UInt32 { former << 24 | UInt32(source) }

    @Test func `a message is presented, acknowledged and ended`() {
        let controller = Self.controller()
        Self.message(controller)
        #expect(controller.isPending(cpu: 0))
        #expect(!controller.isPending(cpu: 1))
        #expect(controller.acknowledge(cpu: 0) == Self.request(Self.source))
        #expect(!controller.isPending(cpu: 0))
        #expect(controller.acknowledge(cpu: 0) == 0x0500_0000)
        controller.endOfInterrupt(Self.request(Self.source), cpu: 0)
        #expect(!controller.isPending(cpu: 0))
        #expect(controller.poll(cpu: 0)?.request == 0xFF00_0000)
    }

    @Test func `a level comes again after its end as long as it is asserted`() {
        let controller = Self.controller(level: true)
        controller.setLevel(source: Self.source, asserted: true)
        let request = controller.acknowledge(cpu: 0)
        #expect(request == Self.request(Self.source))
        #expect(!controller.isPending(cpu: 0))
        controller.endOfInterrupt(request, cpu: 0)
        #expect(controller.isPending(cpu: 0))
        _ = controller.acknowledge(cpu: 0)
        controller.setLevel(source: Self.source, asserted: false)
        controller.endOfInterrupt(request, cpu: 0)
        #expect(!controller.isPending(cpu: 0))
    }

    @Test(arguments: [true, false])
    func `what is not more urgent than the vCPU's priority waits for it`(level: Bool) {
        let controller = Self.controller(level: level)
        controller.setPriority(5, cpu: 0)
        controller.setLevel(source: Self.source, asserted: true)
        #expect(!controller.isPending(cpu: 0))
        controller.setPriority(6, cpu: 0)
        #expect(controller.isPending(cpu: 0))
    }

    @Test(arguments: [true, false])
    func `a priority takes back what is presented already`(level: Bool) {
        let controller = Self.controller(level: level)
        controller.setLevel(source: Self.source, asserted: true)
        controller.setPriority(5, cpu: 0)
        #expect(!controller.isPending(cpu: 0))
        controller.setPriority(0xFF, cpu: 0)
        #expect(controller.acknowledge(cpu: 0) == Self.request(Self.source))
    }

    @Test func `what is more urgent goes first, and the other follows`() {
        let controller = Self.controller()
        _ = controller.configure(Self.other, server: 0, priority: 4)
        Self.message(controller)
        Self.message(controller, Self.other)
        #expect(controller.acknowledge(cpu: 0) == Self.request(Self.other))
        controller.endOfInterrupt(Self.request(Self.other), cpu: 0)
        #expect(controller.acknowledge(cpu: 0) == Self.request(Self.source))
    }

    @Test func `what is as urgent as what is presented waits`() {
        let controller = Self.controller()
        _ = controller.configure(Self.other, server: 0, priority: 5)
        Self.message(controller)
        Self.message(controller, Self.other)
        #expect(controller.acknowledge(cpu: 0) == Self.request(Self.source))
        controller.endOfInterrupt(Self.request(Self.source), cpu: 0)
        #expect(controller.acknowledge(cpu: 0) == Self.request(Self.other))
    }

    @Test func `an interrupt interrupts a less urgent one's service`() {
        let controller = Self.controller()
        Self.message(controller)
        _ = controller.acknowledge(cpu: 0)
        _ = controller.configure(Self.other, server: 0, priority: 4)
        Self.message(controller, Self.other)
        #expect(controller.acknowledge(cpu: 0) == Self.request(Self.other, former: 5))
        controller.endOfInterrupt(Self.request(Self.other, former: 5), cpu: 0)
        #expect(controller.poll(cpu: 0)?.request == 0x0500_0000)
    }

    @Test func `a message to a source that is off comes once it is on`() {
        let controller = Self.controller()
        #expect(controller.switchOff(Self.source))
        Self.message(controller)
        #expect(!controller.isPending(cpu: 0))
        #expect(controller.switchOn(Self.source))
        #expect(controller.isPending(cpu: 0))
    }

    @Test func `a source of priority 255 is off, also when it was rejected before`() {
        let controller = Self.controller()
        controller.setPriority(0, cpu: 0)
        Self.message(controller)
        _ = controller.configure(Self.source, server: 0, priority: 0xFF)
        controller.setPriority(0xFF, cpu: 0)
        #expect(!controller.isPending(cpu: 0))
    }

    @Test func `a level to a source that is off comes once it is on, if it is still asserted`() {
        let controller = Self.controller(level: true)
        _ = controller.switchOff(Self.source)
        controller.setLevel(source: Self.source, asserted: true)
        controller.setLevel(source: Self.source, asserted: false)
        _ = controller.switchOn(Self.source)
        #expect(!controller.isPending(cpu: 0))
        _ = controller.switchOff(Self.source)
        controller.setLevel(source: Self.source, asserted: true)
        _ = controller.switchOn(Self.source)
        #expect(controller.isPending(cpu: 0))
    }

    @Test func `a source goes to its server`() {
        let controller = Self.controller()
        controller.setPriority(0xFF, cpu: 1)
        _ = controller.configure(Self.source, server: 1, priority: 5)
        Self.message(controller)
        #expect(!controller.isPending(cpu: 0))
        #expect(controller.isPending(cpu: 1))
    }

    // MARK: Interprocessor interrupts

    @Test func `an IPI is presented until its priority is taken back`() {
        let controller = Self.controller()
        #expect(controller.setIPIPriority(4, cpu: 0))
        #expect(controller.acknowledge(cpu: 0) == Self.request(2))
        controller.endOfInterrupt(Self.request(2), cpu: 0)
        #expect(controller.isPending(cpu: 0))
        _ = controller.acknowledge(cpu: 0)
        _ = controller.setIPIPriority(0xFF, cpu: 0)
        controller.endOfInterrupt(Self.request(2), cpu: 0)
        #expect(!controller.isPending(cpu: 0))
    }

    @Test func `an IPI goes before what is less urgent, which follows`() {
        let controller = Self.controller()
        Self.message(controller)
        _ = controller.setIPIPriority(4, cpu: 0)
        #expect(controller.acknowledge(cpu: 0) == Self.request(2))
        _ = controller.setIPIPriority(0xFF, cpu: 0)
        controller.endOfInterrupt(Self.request(2), cpu: 0)
        #expect(controller.acknowledge(cpu: 0) == Self.request(Self.source))
    }

    @Test func `an IPI below the vCPU's priority waits`() {
        let controller = Self.controller()
        controller.setPriority(4, cpu: 0)
        _ = controller.setIPIPriority(4, cpu: 0)
        #expect(!controller.isPending(cpu: 0))
        controller.setPriority(5, cpu: 0)
        #expect(controller.isPending(cpu: 0))
        #expect(controller.poll(cpu: 0)?.request == 0x0500_0002)
        #expect(controller.poll(cpu: 0)?.ipiPriority == 4)
    }

    // MARK: Whatever

    @Test func `what does not exist is refused`() {
        let controller = XICS(cpuCount: 2, sourceCount: 16)
        for number in [-1, 0, 2, XICS.firstSource - 1, XICS.firstSource + 16, Int.max] {
            #expect(!controller.configure(number, server: 0, priority: 1))
            #expect(controller.configuration(of: number) == nil)
            #expect(!controller.switchOff(number))
            #expect(!controller.switchOn(number))
            controller.setLevel(source: number, asserted: true)
        }
        for cpu in [-1, 2, Int.max] {
            #expect(!controller.configure(Self.source, server: cpu, priority: 1))
            #expect(!controller.setIPIPriority(1, cpu: cpu))
            #expect(controller.poll(cpu: cpu) == nil)
            #expect(controller.acknowledge(cpu: cpu) == 0)
            #expect(!controller.isPending(cpu: cpu))
            controller.setPriority(1, cpu: cpu)
            controller.endOfInterrupt(1, cpu: cpu)
        }
    }

    @Test func `no sequence loses a level or acknowledges what is not presented`() {
        var random = SystemRandomNumberGenerator()
        let controller = XICS(cpuCount: 2, sourceCount: 8)
        for number in 0..<4 { controller.makeLevel(XICS.firstSource + number) }
        for _ in 0..<50_000 {
            let number = XICS.firstSource + Int(random.next() % 8)
            let cpu = Int(random.next() % 2)
            let priority = UInt8(truncatingIfNeeded: random.next() % 8) &* 36
            switch random.next() % 8 {
            case 0: _ = controller.configure(number, server: cpu, priority: priority)
            case 1: controller.setLevel(source: number, asserted: random.next() & 1 == 0)
            case 2: controller.setPriority(priority, cpu: cpu)
            case 3: _ = controller.setIPIPriority(priority, cpu: cpu)
            case 4: controller.endOfInterrupt(UInt32(priority) << 24 | UInt32(number), cpu: cpu)
            case 5: _ = controller.switchOff(number)
            case 6: _ = controller.switchOn(number)
            default:
                let before = controller.poll(cpu: cpu)?.request ?? 0
                #expect(controller.acknowledge(cpu: cpu) == before)
                let after = controller.poll(cpu: cpu)?.request ?? 0
                #expect(after & 0xFF_FFFF == 0)
            }
        }
        // In the end every asserted level is delivered, once nothing holds it back.
        for number in 0..<4 {
            let source = XICS.firstSource + number
            for cpu in 0..<2 {
                _ = controller.setIPIPriority(0xFF, cpu: cpu)
                for other in 0..<8 { _ = controller.configure(XICS.firstSource + other, server: 0, priority: 0xFF) }
                _ = controller.acknowledge(cpu: cpu)
                controller.endOfInterrupt(Self.request(source), cpu: cpu)
            }
            controller.setLevel(source: source, asserted: true)
            _ = controller.configure(source, server: 1, priority: 3)
            #expect(controller.acknowledge(cpu: 1) & 0xFF_FFFF == UInt32(source))
            controller.setLevel(source: source, asserted: false)
            controller.endOfInterrupt(Self.request(source), cpu: 1)
        }
    }
}

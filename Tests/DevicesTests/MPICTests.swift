import Devices
import Testing

/// Register offsets as a guest computes them.
private func vectorPriority(_ source: UInt64) -> UInt64 { 0x1_0000 + source * 0x20 }
private func destination(_ source: UInt64) -> UInt64 { 0x1_0010 + source * 0x20 }
private func level(_ source: UInt64) -> UInt64 { 0x1_0018 + source * 0x20 }
private func perCPU(_ cpu: UInt64, _ register: UInt64) -> UInt64 { 0x2_0000 + cpu * 0x1000 + register }

private let ctpr: UInt64 = 0x80
private let whoAmI: UInt64 = 0x90
private let iack: UInt64 = 0xA0
private let eoi: UInt64 = 0xB0
private let gcr: UInt64 = 0x1020

/// Reading and writing as a guest does, and a controller ready to deliver.
extension MPIC {
    fileprivate func load(_ offset: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: read(offset: offset, width: 4)) }

    fileprivate func store(_ value: UInt32, _ offset: UInt64) { write(UInt64(value), offset: offset, width: 4) }

    /// A controller whose processors all accept every priority.
    fileprivate static func accepting(cpuCount: Int = 1) -> MPIC {
        let mpic = MPIC(cpuCount: cpuCount)
        for cpu in 0..<cpuCount { mpic.store(0, perCPU(UInt64(cpu), ctpr)) }
        return mpic
    }
}

@Suite struct MPICRegisterTests {
    @Test(
        arguments: [
            (0x0000, 0x0040_0402), (0x1000, 0x00C3_0102), (0x1020, 0), (0x1080, 0), (0x1090, 0), (0x10A0, 0x8000_0000),
            (0x10E0, 0xFFFF), (0x10F0, 0), (0x1110, 0x8000_0000), (0x1120, 0x8000_0000), (0x1_0000, 0x8000_0000),
            (0x1_0010, 1), (0x1_0200, 0x8080_0000), (0x1_0218, 0), (0x2_0080, 15), (0x2_1090, 1), (0x2_2090, 0),
        ] as [(UInt64, UInt32)])
    func `registers read their reset values`(offset: UInt64, value: UInt32) {
        #expect(MPIC(cpuCount: 2).load(offset) == value)
    }

    @Test func `an external source keeps mask, polarity, sense, priority and vector`() {
        let mpic = MPIC(cpuCount: 1)
        mpic.store(0xFFFF_FFFF, vectorPriority(5))
        #expect(mpic.load(vectorPriority(5)) == 0x80CF_FFFF)
    }

    @Test func `an internal source has no sense bit`() {
        let mpic = MPIC(cpuCount: 1)
        mpic.store(0xFFFF_FFFF, vectorPriority(42))
        #expect(mpic.load(vectorPriority(42)) == 0x808F_FFFF)
    }

    @Test(arguments: [0x10A0, 0x10D0, 0x1120, 0x11E0] as [UInt64])
    func `IPIs and timers have neither polarity nor sense`(offset: UInt64) {
        let mpic = MPIC(cpuCount: 1)
        mpic.store(0xFFFF_FFFF, offset)
        #expect(mpic.load(offset) == 0x800F_FFFF)
    }

    @Test func `a destination register has one bit a processor`() {
        let mpic = MPIC(cpuCount: 3)
        mpic.store(0xFFFF_FFFF, destination(42))
        #expect(mpic.load(destination(42)) == 0b111)
    }

    @Test func `the alias reads the registers of the accessing processor`() {
        let mpic = MPIC(cpuCount: 4)
        mpic.currentCPU = 3
        #expect(mpic.load(whoAmI) == 3)
        mpic.store(7, ctpr)
        #expect(mpic.load(perCPU(3, ctpr)) == 7)
        #expect(mpic.load(perCPU(0, ctpr)) == 15)
    }

    @Test(arguments: [-1, 4, 1000])
    func `the alias answers nothing to a processor that is not there`(cpu: Int) {
        let mpic = MPIC(cpuCount: 4)
        mpic.currentCPU = cpu
        mpic.store(7, ctpr)
        #expect(mpic.load(ctpr) == 0)
    }

    @Test func `a doubleword load reads two registers`() {
        let mpic = MPIC(cpuCount: 1)
        mpic.store(0x8008_002A, vectorPriority(42))
        #expect(mpic.read(offset: vectorPriority(42), width: 8) == (0x8008_002A_0000_0000 as UInt64))
    }

    @Test(arguments: [(0, 1), (0, 2), (2, 4), (4, 4)] as [(UInt64, Int)])
    func `loads that are no whole register read zero`(offset: UInt64, width: Int) {
        #expect(MPIC(cpuCount: 1).read(offset: offset, width: width) == 0)
    }

    @Test func `external proxy mode is on while the guest chose it`() {
        let mpic = MPIC(cpuCount: 1)
        #expect(!mpic.usesExternalProxy)
        mpic.store(0x2000_0000, gcr)
        #expect(!mpic.usesExternalProxy)
        mpic.store(0x6000_0000, gcr)
        #expect(mpic.usesExternalProxy)
        #expect(mpic.load(gcr) == 0x6000_0000)
        mpic.store(0x8000_0000, gcr)
        #expect(!mpic.usesExternalProxy)
    }

    @Test func `reset restores the registers and withdraws interrupts`() {
        let mpic = MPIC.accepting()
        mpic.store(0x0008_002A, vectorPriority(42))
        mpic.store(0x1234, 0x10E0)
        mpic.setLevel(source: 42, asserted: true)
        #expect(mpic.isInterruptPending(cpu: 0))
        mpic.store(0x8000_0000, gcr)
        #expect(!mpic.isInterruptPending(cpu: 0))
        #expect(mpic.load(gcr) == 0)
        #expect(mpic.load(vectorPriority(42)) == 0x8080_0000)
        #expect(mpic.load(0x10E0) == 0xFFFF)
        #expect(mpic.load(perCPU(0, ctpr)) == 15)
    }

    @Test func `an input that stays asserted across a reset requests again once unmasked`() {
        let mpic = MPIC.accepting()
        mpic.setLevel(source: 42, asserted: true)
        mpic.store(0x8000_0000, gcr)
        mpic.store(0, perCPU(0, ctpr))
        mpic.store(0x0008_002A, vectorPriority(42))
        #expect(mpic.acknowledge(cpu: 0) == 42)
    }
}

@Suite struct MPICDeliveryTests {
    @Test func `an unmasked level interrupts until it is withdrawn`() {
        let mpic = MPIC.accepting()
        mpic.store(0x0008_002A, vectorPriority(42))
        mpic.setLevel(source: 42, asserted: true)
        #expect(mpic.isInterruptPending(cpu: 0))
        mpic.setLevel(source: 42, asserted: false)
        #expect(!mpic.isInterruptPending(cpu: 0))
    }

    @Test func `acknowledge reads the vector and lowers the output`() {
        let mpic = MPIC.accepting()
        mpic.store(0x0008_1234, vectorPriority(42))
        mpic.setLevel(source: 42, asserted: true)
        #expect(mpic.load(perCPU(0, iack)) == 0x1234)
        #expect(!mpic.isInterruptPending(cpu: 0))
    }

    @Test func `a level that is still asserted interrupts again after the end of interrupt`() {
        let mpic = MPIC.accepting()
        mpic.store(0x0008_002A, vectorPriority(42))
        mpic.setLevel(source: 42, asserted: true)
        _ = mpic.acknowledge(cpu: 0)
        mpic.store(0, perCPU(0, eoi))
        #expect(mpic.isInterruptPending(cpu: 0))
    }

    @Test func `a level withdrawn while in service does not interrupt again`() {
        let mpic = MPIC.accepting()
        mpic.store(0x0008_002A, vectorPriority(42))
        mpic.setLevel(source: 42, asserted: true)
        _ = mpic.acknowledge(cpu: 0)
        mpic.setLevel(source: 42, asserted: false)
        mpic.endOfInterrupt(cpu: 0)
        #expect(!mpic.isInterruptPending(cpu: 0))
    }

    @Test func `an edge interrupts once`() {
        let mpic = MPIC.accepting()
        mpic.store(0x0008_0001, vectorPriority(1))
        mpic.setLevel(source: 1, asserted: true)
        mpic.setLevel(source: 1, asserted: false)
        #expect(mpic.acknowledge(cpu: 0) == 1)
        mpic.endOfInterrupt(cpu: 0)
        #expect(!mpic.isInterruptPending(cpu: 0))
    }

    @Test func `an edge while the source is in service interrupts after the end of interrupt`() {
        let mpic = MPIC.accepting()
        mpic.store(0x0008_0001, vectorPriority(1))
        mpic.setLevel(source: 1, asserted: true)
        _ = mpic.acknowledge(cpu: 0)
        mpic.setLevel(source: 1, asserted: false)
        mpic.setLevel(source: 1, asserted: true)
        #expect(!mpic.isInterruptPending(cpu: 0))
        mpic.endOfInterrupt(cpu: 0)
        #expect(mpic.isInterruptPending(cpu: 0))
    }

    @Test func `an edge while masked interrupts once unmasked`() {
        let mpic = MPIC.accepting()
        mpic.store(0x8008_0001, vectorPriority(1))
        mpic.setLevel(source: 1, asserted: true)
        mpic.setLevel(source: 1, asserted: false)
        #expect(!mpic.isInterruptPending(cpu: 0))
        mpic.store(0x0008_0001, vectorPriority(1))
        #expect(mpic.isInterruptPending(cpu: 0))
    }

    @Test func `a level-sensitive external source follows its input`() {
        let mpic = MPIC.accepting()
        mpic.store(0x0048_0001, vectorPriority(1))
        mpic.setLevel(source: 1, asserted: true)
        _ = mpic.acknowledge(cpu: 0)
        mpic.endOfInterrupt(cpu: 0)
        #expect(mpic.isInterruptPending(cpu: 0))
        mpic.setLevel(source: 1, asserted: false)
        #expect(!mpic.isInterruptPending(cpu: 0))
    }

    @Test func `masking withdraws and unmasking restores`() {
        let mpic = MPIC.accepting()
        mpic.store(0x0008_002A, vectorPriority(42))
        mpic.setLevel(source: 42, asserted: true)
        mpic.store(0x8008_002A, vectorPriority(42))
        #expect(!mpic.isInterruptPending(cpu: 0))
        mpic.store(0x0008_002A, vectorPriority(42))
        #expect(mpic.isInterruptPending(cpu: 0))
    }

    @Test func `the activity bit shows a request and service, and not a masked request`() {
        let mpic = MPIC.accepting()
        mpic.setLevel(source: 42, asserted: true)
        #expect(mpic.load(vectorPriority(42)) & 0x4000_0000 == 0)
        mpic.store(0x0008_002A, vectorPriority(42))
        #expect(mpic.load(vectorPriority(42)) & 0x4000_0000 != 0)
        _ = mpic.acknowledge(cpu: 0)
        mpic.setLevel(source: 42, asserted: false)
        #expect(mpic.load(vectorPriority(42)) & 0x4000_0000 != 0)
        mpic.endOfInterrupt(cpu: 0)
        #expect(mpic.load(vectorPriority(42)) & 0x4000_0000 == 0)
    }

    @Test(
        arguments: [
            (8, 7, true), (8, 8, false), (8, 15, false), (0, 0, false), (1, 0, true), (15, 14, true), (15, 15, false),
        ] as [(UInt32, UInt32, Bool)])
    func `only priorities above the task priority interrupt`(priority: UInt32, task: UInt32, interrupts: Bool) {
        let mpic = MPIC.accepting()
        mpic.store(priority << 16 | 42, vectorPriority(42))
        mpic.setLevel(source: 42, asserted: true)
        mpic.store(task, perCPU(0, ctpr))
        #expect(mpic.isInterruptPending(cpu: 0) == interrupts)
    }

    @Test func `the highest priority comes first, then the lowest number`() {
        let mpic = MPIC.accepting()
        for (source, priority) in [(50, 3), (44, 9), (47, 9), (60, 5)] as [(UInt64, UInt32)] {
            mpic.store(priority << 16 | UInt32(source), vectorPriority(source))
            mpic.setLevel(source: Int(source), asserted: true)
        }
        var order: [UInt32] = []
        for _ in 0..<4 {
            let vector = mpic.acknowledge(cpu: 0)
            order.append(vector)
            mpic.setLevel(source: Int(vector), asserted: false)
            mpic.endOfInterrupt(cpu: 0)
        }
        #expect(order == [44, 47, 60, 50])
    }

    @Test func `a higher priority preempts the one in service and a lower one waits`() {
        let mpic = MPIC.accepting()
        mpic.store(5 << 16 | 50, vectorPriority(50))
        mpic.store(9 << 16 | 60, vectorPriority(60))
        mpic.store(3 << 16 | 70, vectorPriority(70))
        mpic.setLevel(source: 50, asserted: true)
        #expect(mpic.acknowledge(cpu: 0) == 50)
        mpic.setLevel(source: 70, asserted: true)
        #expect(!mpic.isInterruptPending(cpu: 0))
        mpic.setLevel(source: 60, asserted: true)
        #expect(mpic.acknowledge(cpu: 0) == 60)
        mpic.setLevel(source: 60, asserted: false)
        mpic.endOfInterrupt(cpu: 0)
        #expect(!mpic.isInterruptPending(cpu: 0))
        mpic.setLevel(source: 50, asserted: false)
        mpic.endOfInterrupt(cpu: 0)
        #expect(mpic.acknowledge(cpu: 0) == 70)
    }

    @Test func `acknowledge without a request reads the spurious vector and services nothing`() {
        let mpic = MPIC.accepting()
        #expect(mpic.load(perCPU(0, iack)) == 0xFFFF)
        mpic.store(0x07FF, 0x10E0)
        #expect(mpic.load(perCPU(0, iack)) == 0x07FF)
        mpic.store(0x0001_002A, vectorPriority(42))
        mpic.setLevel(source: 42, asserted: true)
        #expect(mpic.isInterruptPending(cpu: 0))
    }

    @Test func `acknowledge below the task priority reads the spurious vector`() {
        let mpic = MPIC.accepting()
        mpic.store(0x0008_002A, vectorPriority(42))
        mpic.setLevel(source: 42, asserted: true)
        mpic.store(8, perCPU(0, ctpr))
        #expect(mpic.acknowledge(cpu: 0) == 0xFFFF)
    }

    @Test func `an end of interrupt with nothing in service does nothing`() {
        let mpic = MPIC.accepting()
        mpic.endOfInterrupt(cpu: 0)
        mpic.store(0x0008_002A, vectorPriority(42))
        mpic.setLevel(source: 42, asserted: true)
        #expect(mpic.acknowledge(cpu: 0) == 42)
    }

    @Test func `a source interrupts the processors that it names`() {
        let mpic = MPIC.accepting(cpuCount: 4)
        mpic.store(0x0008_002A, vectorPriority(42))
        mpic.store(0b1010, destination(42))
        mpic.setLevel(source: 42, asserted: true)
        #expect((0..<4).map(mpic.isInterruptPending(cpu:)) == [false, true, false, true])
    }

    @Test func `of several named processors the first to acknowledge gets the interrupt`() {
        let mpic = MPIC.accepting(cpuCount: 2)
        mpic.store(0x0008_002A, vectorPriority(42))
        mpic.store(0b11, destination(42))
        mpic.setLevel(source: 42, asserted: true)
        #expect(mpic.acknowledge(cpu: 1) == 42)
        #expect(!mpic.isInterruptPending(cpu: 0))
        #expect(mpic.acknowledge(cpu: 0) == 0xFFFF)
    }

    @Test func `a waiting interrupt moves with its destination`() {
        let mpic = MPIC.accepting(cpuCount: 2)
        mpic.store(0x0008_002A, vectorPriority(42))
        mpic.setLevel(source: 42, asserted: true)
        mpic.store(0b10, destination(42))
        #expect((0..<2).map(mpic.isInterruptPending(cpu:)) == [false, true])
    }

    @Test func `a source without destination interrupts nobody`() {
        let mpic = MPIC.accepting()
        mpic.store(0x0008_002A, vectorPriority(42))
        mpic.store(0, destination(42))
        mpic.setLevel(source: 42, asserted: true)
        #expect(!mpic.isInterruptPending(cpu: 0))
    }

    @Test(arguments: [(1, InterruptTarget.critical), (2, .machineCheck)] as [(UInt32, InterruptTarget)])
    func `a source directed to another output drives it with its level alone`(value: UInt32, output: InterruptTarget) {
        let mpic = MPIC(cpuCount: 1)
        mpic.store(0x0000_002A, vectorPriority(42))
        mpic.store(value, level(42))
        mpic.setLevel(source: 42, asserted: true)
        #expect(mpic.isPending(output, cpu: 0))
        #expect(!mpic.isInterruptPending(cpu: 0))
        mpic.setLevel(source: 42, asserted: false)
        #expect(!mpic.isPending(output, cpu: 0))
    }

    @Test func `an unknown level means the external interrupt output`() {
        let mpic = MPIC.accepting()
        mpic.store(0xF0, level(42))
        #expect(mpic.load(level(42)) == 0)
    }

    @Test(arguments: [-1, 224, 231, 256, 263, Int.max, Int.min])
    func `inputs that no device may drive do nothing`(source: Int) {
        let mpic = MPIC.accepting()
        mpic.store(0x0008_00E0, vectorPriority(224))
        mpic.store(0x0008_00E7, vectorPriority(231))
        mpic.setLevel(source: source, asserted: true)
        #expect(!mpic.isInterruptPending(cpu: 0))
    }

    @Test(arguments: [-1, 1, Int.max])
    func `a processor that is not there gets nothing`(cpu: Int) {
        let mpic = MPIC.accepting()
        #expect(!mpic.isInterruptPending(cpu: cpu))
        #expect(mpic.acknowledge(cpu: cpu) == 0xFFFF)
        mpic.endOfInterrupt(cpu: cpu)
    }
}

@Suite struct MPICInterprocessorTests {
    @Test func `a dispatched IPI interrupts each named processor once`() {
        let mpic = MPIC.accepting(cpuCount: 4)
        mpic.store(0x000A_00FB, 0x10A0)
        mpic.store(0b1101, perCPU(1, 0x40))
        #expect((0..<4).map(mpic.isInterruptPending(cpu:)) == [true, false, true, true])
        for cpu in [0, 2, 3] {
            #expect(mpic.acknowledge(cpu: cpu) == 0xFB)
            mpic.endOfInterrupt(cpu: cpu)
        }
        #expect((0..<4).map(mpic.isInterruptPending(cpu:)) == [false, false, false, false])
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `every IPI has its own dispatch register`(ipi: UInt64) {
        let mpic = MPIC.accepting(cpuCount: 2)
        mpic.currentCPU = 0
        mpic.store(0x000A_0010 + UInt32(ipi), 0x10A0 + ipi * 0x10)
        mpic.store(0b10, 0x40 + ipi * 0x10)
        #expect(mpic.acknowledge(cpu: 1) == 0x10 + UInt32(ipi))
    }

    @Test func `an IPI dispatched while in service interrupts again afterwards`() {
        let mpic = MPIC.accepting(cpuCount: 2)
        mpic.store(0x000A_00FB, 0x10A0)
        mpic.store(0b10, perCPU(0, 0x40))
        _ = mpic.acknowledge(cpu: 1)
        mpic.store(0b10, perCPU(0, 0x40))
        #expect(!mpic.isInterruptPending(cpu: 1))
        mpic.endOfInterrupt(cpu: 1)
        #expect(mpic.isInterruptPending(cpu: 1))
    }

    @Test func `an IPI to an absent processor goes nowhere`() {
        let mpic = MPIC.accepting(cpuCount: 2)
        mpic.store(0x000A_00FB, 0x10A0)
        mpic.store(0xFFFF_FFFC, perCPU(0, 0x40))
        #expect((0..<2).map(mpic.isInterruptPending(cpu:)) == [false, false])
    }
}

@Suite struct MPICMessageTests {
    private let msiir: UInt64 = 0x1740
    private let msisr: UInt64 = 0x1720

    @Test(arguments: 0..<8 as Range<UInt32>)
    func `a message sets its bit and interrupts through its group's source`(group: UInt32) {
        let mpic = MPIC.accepting()
        mpic.store(0x0008_0000 | 0xE0 + group, vectorPriority(UInt64(224 + group)))
        mpic.store(group << 29 | 5 << 24, msiir)
        #expect(mpic.load(msisr) == 1 << group)
        #expect(mpic.acknowledge(cpu: 0) == 0xE0 + group)
        #expect(mpic.load(0x1600 + UInt64(group) * 0x10) == 1 << 5)
    }

    @Test func `reading the pending messages clears them and the interrupt`() {
        let mpic = MPIC.accepting()
        mpic.store(0x0008_00E1, vectorPriority(225))
        mpic.store(1 << 29 | 0 << 24, msiir)
        mpic.store(1 << 29 | 31 << 24, msiir)
        #expect(mpic.load(0x1610) == 0x8000_0001)
        #expect(mpic.load(0x1610) == 0)
        #expect(mpic.load(msisr) == 0)
        #expect(!mpic.isInterruptPending(cpu: 0))
    }

    @Test func `a message that arrives while its group is in service interrupts afterwards`() {
        let mpic = MPIC.accepting()
        mpic.store(0x0008_00E0, vectorPriority(224))
        mpic.store(0, msiir)
        _ = mpic.acknowledge(cpu: 0)
        _ = mpic.load(0x1600)
        mpic.store(1 << 24, msiir)
        mpic.endOfInterrupt(cpu: 0)
        #expect(mpic.acknowledge(cpu: 0) == 0xE0)
        #expect(mpic.load(0x1600) == 0b10)
    }
}

@Suite struct MPICTimerTests {
    private let currentCount: UInt64 = 0x1100
    private let baseCount: UInt64 = 0x1110

    /// A controller whose timer 0 interrupts with vector 0xF3; counts take 8 ticks.
    private func withTimer() -> MPIC {
        let mpic = MPIC.accepting()
        mpic.store(0x0009_00F3, 0x1120)
        return mpic
    }

    @Test func `a timer interrupts when its count is over and not before`() {
        let mpic = withTimer()
        mpic.advance(toTick: 1000)
        mpic.store(100, baseCount)
        #expect(mpic.nextDeadline == 1800)
        mpic.advance(toTick: 1799)
        #expect(!mpic.isInterruptPending(cpu: 0))
        mpic.advance(toTick: 1800)
        #expect(mpic.acknowledge(cpu: 0) == 0xF3)
    }

    @Test func `a timer counts down, toggles and starts over`() {
        let mpic = withTimer()
        mpic.store(100, baseCount)
        #expect(mpic.load(currentCount) == 100)
        mpic.advance(toTick: 8 * 40)
        #expect(mpic.load(currentCount) == 60)
        mpic.advance(toTick: 8 * 110)
        #expect(mpic.load(currentCount) == 0x8000_0000 | 90)
        mpic.advance(toTick: 8 * 210)
        #expect(mpic.load(currentCount) == 90)
    }

    @Test func `many periods at once request one interrupt`() {
        let mpic = withTimer()
        mpic.store(1, baseCount)
        mpic.advance(toTick: 1 << 60)
        #expect(mpic.acknowledge(cpu: 0) == 0xF3)
        mpic.endOfInterrupt(cpu: 0)
        #expect(!mpic.isInterruptPending(cpu: 0))
    }

    @Test func `there is no deadline while the last interrupt is unacknowledged`() {
        let mpic = withTimer()
        mpic.store(100, baseCount)
        mpic.advance(toTick: 800)
        #expect(mpic.nextDeadline == nil)
        _ = mpic.acknowledge(cpu: 0)
        #expect(mpic.nextDeadline == 1600)
    }

    @Test func `an inhibited timer stands still`() {
        let mpic = withTimer()
        mpic.store(100, baseCount)
        mpic.advance(toTick: 80)
        mpic.store(0x8000_0000 | 100, baseCount)
        mpic.advance(toTick: 1 << 40)
        #expect(mpic.load(currentCount) == 90)
        #expect(mpic.nextDeadline == nil)
        #expect(!mpic.isInterruptPending(cpu: 0))
    }

    @Test func `a masked timer needs no deadline and keeps its request`() {
        let mpic = withTimer()
        mpic.store(0x8009_00F3, 0x1120)
        mpic.store(100, baseCount)
        #expect(mpic.nextDeadline == nil)
        mpic.advance(toTick: 800)
        mpic.store(0x0009_00F3, 0x1120)
        #expect(mpic.acknowledge(cpu: 0) == 0xF3)
    }

    @Test func `a base count of zero never expires`() {
        let mpic = withTimer()
        mpic.store(0, baseCount)
        mpic.advance(toTick: UInt64.max)
        #expect(mpic.nextDeadline == nil)
        #expect(!mpic.isInterruptPending(cpu: 0))
    }

    @Test(arguments: [(0x000, 8), (0x100, 16), (0x200, 32), (0x300, 64)] as [(UInt32, UInt64)])
    func `the clock ratio sets the ticks of one count`(ratio: UInt32, ticks: UInt64) {
        let mpic = withTimer()
        mpic.store(ratio, 0x1300)
        mpic.store(100, baseCount)
        #expect(mpic.nextDeadline == 100 * ticks)
    }

    @Test func `the earliest of several timers is the deadline`() {
        let mpic = withTimer()
        mpic.store(0x0009_00F4, 0x1160)
        mpic.store(100, baseCount)
        mpic.store(30, 0x1150)
        #expect(mpic.nextDeadline == 240)
    }

    @Test func `a timer interrupts each processor that it names`() {
        let mpic = MPIC.accepting(cpuCount: 2)
        mpic.store(0x0009_00F3, 0x1120)
        mpic.store(0b11, 0x1130)
        mpic.store(1, baseCount)
        mpic.advance(toTick: 8)
        #expect((0..<2).map(mpic.acknowledge(cpu:)) == [0xF3, 0xF3])
    }

    @Test func `time does not go back`() {
        let mpic = withTimer()
        mpic.advance(toTick: 1000)
        mpic.store(100, baseCount)
        mpic.advance(toTick: 10)
        #expect(mpic.load(currentCount) == 100)
    }
}

/// What Linux's driver does at boot with the big-endian single-destination MPIC of an e500 machine, in its order.
@Suite struct MPICLinuxTests {
    private static func booted(cpuCount: Int) -> MPIC {
        let mpic = MPIC(cpuCount: cpuCount)
        mpic.currentCPU = 0
        mpic.store(mpic.load(gcr) | 0x8000_0000, gcr)
        mpic.store(mpic.load(gcr) | 0x6000_0000, gcr)
        mpic.store(0xF, ctpr)
        for timer in 0..<4 as Range<UInt64> {
            mpic.store(1, 0x1130 + timer * 0x40)
            mpic.store(0x8009_0000 | UInt32(243 + timer), 0x1120 + timer * 0x40)
        }
        for ipi in 0..<4 as Range<UInt64> { mpic.store(0x800A_0000 | UInt32(251 + ipi), 0x10A0 + ipi * 0x10) }
        for source in 0..<256 as Range<UInt64> {
            mpic.store(0x8008_0000 | UInt32(source), vectorPriority(source))
            mpic.store(1, destination(source))
        }
        mpic.store(255, 0x10E0)
        mpic.store(mpic.load(gcr) | 0x2000_0000, gcr)
        mpic.store(0, ctpr)
        return mpic
    }

    @Test func `the driver reads the block revision and the number of processors`() {
        let mpic = MPIC(cpuCount: 8)
        #expect(mpic.load(0x0000) & 0xFFFF == 0x0402)
        #expect((mpic.load(0x1000) & 0x1F00) >> 8 == 7)
        #expect(mpic.load(0x1000) & 0xFF == 2)
    }

    @Test func `reset completes before the driver looks`() {
        let mpic = MPIC(cpuCount: 1)
        mpic.store(0x8000_0000, gcr)
        #expect(mpic.load(gcr) & 0x8000_0000 == 0)
    }

    @Test func `IPI registers are not byte-reversed`() {
        let mpic = MPIC(cpuCount: 1)
        mpic.store(0x8000_0000, 0x10A0)
        #expect(mpic.load(0x10A0) == 0x8000_0000)
    }

    @Test func `the serial interrupt arrives through the external proxy`() {
        let mpic = Self.booted(cpuCount: 1)
        #expect(mpic.usesExternalProxy)
        mpic.store(0x0088_002A, vectorPriority(42))
        mpic.setLevel(source: 42, asserted: true)
        #expect(mpic.isInterruptPending(cpu: 0))
        let epr = mpic.acknowledge(cpu: 0)
        #expect(epr == 42)
        mpic.setLevel(source: 42, asserted: false)
        mpic.store(0, eoi)
        #expect(mpic.load(whoAmI) == 0)
        #expect(!mpic.isInterruptPending(cpu: 0))
    }

    @Test func `masking reads back masked at once, as the driver polls for`() {
        let mpic = Self.booted(cpuCount: 1)
        mpic.store(mpic.load(vectorPriority(42)) & ~0x8000_0000, vectorPriority(42))
        #expect(mpic.load(vectorPriority(42)) & 0x8000_0000 == 0)
        mpic.store(mpic.load(vectorPriority(42)) | 0x8000_0000, vectorPriority(42))
        #expect(mpic.load(vectorPriority(42)) & 0x8000_0000 != 0)
    }

    @Test func `a second processor opens up and gets an IPI from the first`() {
        let mpic = Self.booted(cpuCount: 2)
        for ipi in 0..<4 as Range<UInt64> {
            mpic.store(mpic.load(0x10A0 + ipi * 0x10) & ~0x8000_0000, 0x10A0 + ipi * 0x10)
        }
        mpic.currentCPU = 1
        mpic.store(0, ctpr)
        mpic.currentCPU = 0
        mpic.store(1 << 1, 0x50)
        #expect(!mpic.isInterruptPending(cpu: 0))
        #expect(mpic.acknowledge(cpu: 1) == 252)
        mpic.currentCPU = 1
        mpic.store(0, eoi)
        #expect(!mpic.isInterruptPending(cpu: 1))
    }
}

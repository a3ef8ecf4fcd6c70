import Devices
import GuestMemory
import Machines
import ParavirtABI
import PowerPC
import Testing
import VMM

/// What ePAPR's calls reach on the machine `pseries`.
@Suite struct PSeriesDeviceTests {
    /// A machine of two vCPUs, of which the first is started.
    private final class Partition {
        let machine: PSeriesMachine
        let cpus: [SoftwareBook3SCPU]
        let console = TestConsole()
        let controller = NotingController()

        init(hasEngineInterrupts: Bool = false) throws {
            let memory = try GuestMemory(size: PSeriesMemoryMap.minimumRAM)
            let table = try #require(HashedPageTable(order: HashedPageTable.order(forMemory: memory.ram.size)))
            let cpus = (0..<2).map {
                SoftwareBook3SCPU(index: $0, memory: memory, pageTable: table, time: .virtual, sharesMemory: false)
            }
            self.cpus = cpus
            machine = PSeriesMachine(
                .init(cpuCount: 2, time: .virtual, engineInterrupts: hasEngineInterrupts ? controller : nil),
                memory: memory, pageTable: table, cpus: cpus, console: console)
            try machine.start(
                PSeriesBootLayout(
                    entry: 0, kernel: AddressRange(base: 0, size: 1 << 20), initrdSize: nil, memorySize: memory.ram.size
                ))
        }

        /// Makes a call of the boot vCPU: status and r4.
        func call(_ call: Hypercall, _ arguments: UInt64...) throws -> [UInt64] {
            let cpu = cpus[0]
            cpu.setRegister(11, to: UInt64(try #require(call.token)))
            for (place, argument) in arguments.enumerated() { cpu.setRegister(3 + place, to: argument) }
            machine.handle(.hypercall, of: cpu)
            return [cpu.register(3), cpu.register(4)]
        }

        var isInterrupted: Bool { cpus[0].signals.isAsserted(.external) }
    }

    /// A console on which somebody typed one byte.
    private final class TestConsole: HostConsole {
        var typed: [UInt8] = []
        let isInteractive = false
        let wantsToQuit = false
        func send(_ byte: UInt8) {}
        func flush() {}
        func receive() -> UInt8? { typed.popLast() }
        func wait(nanoseconds: UInt64?) {}
        func wake() {}
    }

    /// A controller that notes what it is told.
    private final class NotingController: InterruptController {
        var sources: [Int] = []
        func setLevel(source: Int, asserted: Bool) { if asserted { sources.append(source) } }
    }

    private typealias Map = E500MemoryMap
    private static let unimplemented = EPAPRStatus.unimplemented.rawValue

    @Test func `what is sent into one byte channel comes out of the other`() throws {
        let partition = try Partition()
        let (first, second) = (UInt64(Map.ByteChannel.first.rawValue), UInt64(Map.ByteChannel.second.rawValue))
        #expect(try partition.call(.byteChannelSend, first, 3, 0x6162_6300) == [0, 3])
        #expect(try partition.call(.byteChannelReceive, second, 16) == [0, 3])
        #expect(partition.cpus[0].register(5) == 0x6162_6300)
    }

    @Test func `a doorbell has the vCPU's external interrupt until it is acknowledged`() throws {
        let partition = try Partition()
        let (bell, line) = (UInt64(Map.Doorbell.sendHandle), UInt64(Map.Doorbell.receiveInterrupt))
        #expect(try partition.call(.doorbellSend, bell)[0] == 0)
        #expect(!partition.isInterrupted, "all is masked at the start")
        #expect(try partition.call(.intSetConfig, line, 1, 8, 0)[0] == 0)
        #expect(try partition.call(.intSetMask, line, 0)[0] == 0)
        #expect(partition.isInterrupted)
        #expect(!partition.machine.interruptController.isPending(cpu: 0), "it is not PAPR's")
        #expect(try partition.call(.intIACK, 0) == [0, line])
        #expect(!partition.isInterrupted)
        #expect(try partition.call(.intEOI, line)[0] == 0)
        #expect(try partition.call(.intIACK, 0) == [0, 0xFFFF])
    }

    @Test(arguments: [0x1_000F, 0x2_0005, 0x2_0001] as [UInt64])
    func `processor messages and Freescale's partition calls are not there`(token: UInt64) throws {
        let partition = try Partition()
        let cpu = partition.cpus[0]
        cpu.setRegister(11, to: token)
        partition.machine.handle(.hypercall, of: cpu)
        #expect(cpu.register(3) == UInt64(Self.unimplemented))
    }

    @Test(arguments: [false, true]) func `typed input interrupts through the engine's controller where it has one`(
        hasOwn: Bool
    ) throws {
        let partition = try Partition(hasEngineInterrupts: hasOwn)
        let terminal = PSeriesMemoryMap.Interrupt.terminal
        #expect(partition.machine.interruptController.setIPIPriority(0xFF, cpu: 0))
        partition.machine.interruptController.setPriority(0xFF, cpu: 0)
        #expect(partition.machine.interruptController.configure(terminal, server: 0, priority: 5))
        partition.console.typed = [0x61]
        partition.machine.poll(at: 0)
        #expect(partition.controller.sources == (hasOwn ? [terminal] : []))
        #expect(partition.isInterrupted == !hasOwn)
    }
}

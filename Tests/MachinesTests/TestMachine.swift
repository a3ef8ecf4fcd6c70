import DeviceTree
import Machines
import ParavirtABI
import PowerPC
import Testing
import VMM

/// A console whose input is what a test puts there.
final class TestConsole: HostConsole {
    var input: [UInt8] = []
    /// The last bytes of output, and how many there were.
    private(set) var output: [UInt8] = []
    private(set) var outputCount = 0
    let wantsToQuit = false
    let isInteractive = false

    func send(_ byte: UInt8) {
        outputCount += 1
        if output.count < 1000 { output.append(byte) }
    }
    func flush() {}
    func receive() -> UInt8? { input.isEmpty ? nil : input.removeFirst() }
    func wait(nanoseconds: UInt64?) {}
    func wake() {}
}

/// A machine whose vCPU 0 makes the calls of the test.
final class TestMachine {
    let console = TestConsole()
    let machine: E500Machine

    init(
        cpuCount: Int = 2, console device: E500Console = .byteChannel, board: E500Board = .ppce500,
        core: CoreModel? = nil
    ) throws {
        machine = try E500Machine(
            .init(
                core: core, memorySize: 64 << 20, cpuCount: cpuCount, time: .virtual, answersHypercalls: true,
                offersMagicPage: true, console: device, board: board),
            console: console)
        let node = HypervisorNode(hcallInstructions: [0x4400_0022])
        machine.deviceTree = try E500Tree.build(
            E500TreeConfiguration(board: board, memorySize: 64 << 20, bootArguments: "quiet", hypervisor: node))
    }

    /// Makes a call. The result is r3 and up.
    @discardableResult
    func call(token: UInt32, _ arguments: [UInt32], vcpu: Int = 0) -> [UInt32] {
        let cpu = machine.cpus[vcpu]
        for register in 3...10 { cpu.setRegister(register, to: 0) }
        cpu.setRegister(11, to: token)
        for (position, argument) in arguments.enumerated() { cpu.setRegister(3 + position, to: argument) }
        machine.handle(.hypercall, of: cpu)
        return (3...8).map { cpu.register($0) }
    }

    @discardableResult
    func call(_ call: Hypercall, _ arguments: UInt32..., vcpu: Int = 0) -> [UInt32] {
        self.call(token: call.token ?? 0, arguments, vcpu: vcpu)
    }

    /// Lets an interrupt through to a vCPU.
    func enable(_ interrupt: Int, priority: UInt32 = 8, vcpu: Int = 0, flags: UInt32 = 3) {
        #expect(call(.intSetTaskPriority, 0, vcpu: vcpu)[0] == 0)
        #expect(call(.intSetConfig, UInt32(interrupt), flags, priority, UInt32(vcpu))[0] == 0)
        #expect(call(.intSetMask, UInt32(interrupt), 0)[0] == 0)
    }
}

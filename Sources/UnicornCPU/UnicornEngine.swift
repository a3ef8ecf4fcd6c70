internal import CUnicornCPU
internal import GuestMemory

/// What answers a program's accesses to ports, CPUID and devices in memory.
protocol UnicornDevices: AnyObject {
    /// What `port` reads as.
    func readPort(_ port: UInt32) -> UInt32
    /// Takes a value for `port`.
    func writePort(_ port: UInt32, _ value: UInt32)
    /// eax, ebx, ecx and edx of a leaf.
    func cpuid(_ leaf: UInt32) -> InlineArray<4, UInt32>
    /// What the mapped device has at `offset`.
    func readDevice(_ offset: UInt64) -> UInt64
    /// Takes a value for the mapped device.
    func writeDevice(_ offset: UInt64, _ value: UInt64)
}

/// Why Unicorn executes nothing.
public enum UnicornError: Error, Equatable, CustomStringConvertible {
    /// libunicorn is not there; the text says what to do.
    case missing(String)
    /// libunicorn did not do what it was asked to while the machine was made, for its own error.
    case failed(code: UInt32)
    /// The guest's memory is too small for what the machine starts with.
    case memoryTooSmall

    /// One line that says what is wrong.
    public var description: String {
        switch self {
        case .missing(let text): text
        case .failed(let code): "libunicorn failed with error \(code)"
        case .memoryTooSmall: "the memory is too small for this machine"
        }
    }
}

/// One processor of Unicorn. Owns it.
@safe
final class UnicornEngine {
    /// Why a run ended, in numbers of the processor.
    enum End {
        case slice
        case interrupt(UInt32)
        case invalid
        case halt
        case unmapped(UInt64)
        case failure(UInt32)
    }

    private let cpu: OpaquePointer
    private let box = DeviceBox()

    /// What x86's ports and CPUID lead to; not kept alive.
    var devices: (any UnicornDevices)? {
        get { box.devices }
        set { box.devices = newValue }
    }

    /// A processor without memory.
    init(_ architecture: ucpu_architecture) throws(UnicornError) {
        if let missing = unsafe ucpu_load() { throw .missing(unsafe String(cString: missing)) }
        let callbacks = unsafe ucpu_devices(
            context: Unmanaged.passUnretained(box).toOpaque(),
            port_in: { context, port, _ in unsafe DeviceBox.at(context)?.readPort(port) ?? .max },
            port_out: { context, port, _, value in unsafe DeviceBox.at(context)?.writePort(port, value) },
            cpuid: { context, leaf, _, registers in
                guard let values = unsafe DeviceBox.at(context)?.cpuid(leaf) else { return }
                // SAFETY: the caller gives room for four.
                for index in 0..<4 { unsafe registers[index] = values[index] }
            },
            read: { context, offset, _ in unsafe DeviceBox.at(context)?.readDevice(offset) ?? 0 },
            write: { context, offset, _, value in unsafe DeviceBox.at(context)?.writeDevice(offset, value) })
        guard let opened = unsafe ucpu_open(architecture, callbacks) else { throw .failed(code: 0) }
        unsafe cpu = opened
    }

    deinit {
        unsafe ucpu_close(cpu)
    }

    /// Makes `size` bytes of memory from `offset` on appear at `address`.
    func map(_ memory: GuestMemory, from offset: UInt64, size: UInt64, at address: UInt64) throws(UnicornError) {
        guard let host = unsafe memory.hostPointer(at: offset, count: size) else { throw .memoryTooSmall }
        let code = unsafe ucpu_map(cpu, address, size, host)
        guard code == 0 else { throw .failed(code: code) }
    }

    /// Makes nothing be at `address`.
    func unmap(_ address: UInt64, size: UInt64) throws(UnicornError) {
        let code = unsafe ucpu_unmap(cpu, address, size)
        guard code == 0 else { throw .failed(code: code) }
    }

    /// Lets the devices answer a page.
    func mapDevice(at address: UInt64) throws(UnicornError) {
        let code = unsafe ucpu_map_device(cpu, address, GuestMemory.pageSize)
        guard code == 0 else { throw .failed(code: code) }
    }

    /// Runs for about as many basic blocks.
    func run(from address: UInt64, blocks: UInt32) -> End {
        let result = unsafe ucpu_run(cpu, address, blocks)
        return switch result.end {
        case ucpu_slice: .slice
        case ucpu_interrupt: .interrupt(result.number)
        case ucpu_invalid: .invalid
        case ucpu_halt: .halt
        case ucpu_unmapped: .unmapped(result.address)
        default: .failure(result.number)
        }
    }

    /// General register `number`, 0 to 15.
    subscript(_ number: Int) -> UInt64 {
        get { unsafe ucpu_get(cpu, UInt32(truncatingIfNeeded: number & 15)) }
        set { unsafe ucpu_set(cpu, UInt32(truncatingIfNeeded: number & 15), newValue) }
    }

    /// Another register.
    subscript(_ register: ucpu_register) -> UInt64 {
        get { unsafe ucpu_get(cpu, register.rawValue) }
        set { unsafe ucpu_set(cpu, register.rawValue, newValue) }
    }

    /// One of x86's tables.
    subscript(_ name: ucpu_table_name) -> ucpu_table {
        get { unsafe ucpu_get_table(cpu, name) }
        set { unsafe ucpu_set_table(cpu, name, newValue) }
    }

    /// Keeps x86's present state as the one that ``enterSupervisor()`` goes to.
    func keepSupervisor() throws(UnicornError) {
        let code = unsafe ucpu_keep_supervisor(cpu)
        guard code == 0 else { throw .failed(code: code) }
    }

    /// Puts x86 into 64-bit mode and supervisor state, with all of the program's registers.
    func enterSupervisor() { unsafe ucpu_enter_supervisor(cpu) }
}

/// What C keeps as the devices of an engine.
private final class DeviceBox {
    weak var devices: (any UnicornDevices)?

    /// The devices that C's context names.
    static func at(_ context: UnsafeMutableRawPointer?) -> (any UnicornDevices)? {
        // SAFETY: the context is the box of an engine that runs, which its engine keeps.
        unsafe context.flatMap { unsafe Unmanaged<DeviceBox>.fromOpaque($0).takeUnretainedValue().devices }
    }
}

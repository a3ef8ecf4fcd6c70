internal import CKVM

/// Why a vCPU's run ended: `KVM_EXIT_*`. Borrows the vCPU's run page, so that it is gone before the next run.
public enum VCPUExit: ~Copyable, ~Escapable {
    /// The guest loads from where no memory is; the data are what it gets.
    case mmioRead(address: UInt64, data: ExitData)
    /// The guest stores to where no memory is.
    case mmioWrite(address: UInt64, data: ExitData)
    /// An x86 guest reads a port: `count` times, each time the data's bytes divided by `count`.
    case portRead(port: UInt16, count: Int, data: ExitData)
    /// An x86 guest writes a port.
    case portWrite(port: UInt16, count: Int, data: ExitData)
    /// A PowerPC guest makes a PAPR hypercall that the kernel does not answer.
    case paprHypercall(PAPRHypercall)
    /// The guest halts.
    case halt
    /// The guest cannot go on: a triple fault.
    case shutdown
    /// A signal, or the immediate exit.
    case interrupted
    /// The kernel cannot enter the guest, for the processor's reason.
    case failedEntry(reason: UInt64)
    /// The kernel cannot emulate what the guest does.
    case internalError(suberror: UInt32)
    /// The kernel reports a reset or a power-off of its own (`KVM_SYSTEM_EVENT_*`).
    case systemEvent(UInt32)
    /// An exit that this module does not know, by its number.
    case unknown(reason: UInt32)
}

/// The bytes that an exit gives or takes, in guest memory order. They lie in the vCPU's run page.
@safe
public struct ExitData: ~Copyable, ~Escapable {
    private let base: UnsafeMutableRawPointer
    /// How many bytes there are.
    public let count: Int

    @_lifetime(borrow owner)
    init(_ base: UnsafeMutableRawPointer, count: Int, owner: borrowing VCPU) {
        unsafe self.base = base
        self.count = count
    }

    /// Byte `index`; 0 where there is none, and a store there is lost.
    public subscript(index: Int) -> UInt8 {
        get { index >= 0 && index < count ? unsafe base.load(fromByteOffset: index, as: UInt8.self) : 0 }
        nonmutating set {
            if index >= 0, index < count { unsafe base.storeBytes(of: newValue, toByteOffset: index, as: UInt8.self) }
        }
    }

    /// The first eight bytes, or as many as there are, as a number whose most significant byte is the first.
    public var bigEndian: UInt64 {
        get { (0..<min(count, 8)).reduce(0) { $0 << 8 | UInt64(self[$1]) } }
        nonmutating set {
            let bytes = min(count, 8)
            for index in 0..<bytes {
                self[index] = UInt8(truncatingIfNeeded: newValue >> UInt64(8 * (bytes - 1 - index)))
            }
        }
    }

    /// The first eight bytes, or as many as there are, as a number whose least significant byte is the first.
    public var littleEndian: UInt64 {
        get { (0..<min(count, 8)).reduce(0) { $0 | UInt64(self[$1]) << UInt64(8 * $1) } }
        nonmutating set {
            for index in 0..<min(count, 8) { self[index] = UInt8(truncatingIfNeeded: newValue >> UInt64(8 * index)) }
        }
    }
}

/// A PAPR hypercall on its way through the run page. The next run gives the guest what is in it then.
@safe
public struct PAPRHypercall: ~Copyable, ~Escapable {
    private let run: UnsafeMutablePointer<kvm_run>

    @_lifetime(borrow owner)
    init(_ run: UnsafeMutablePointer<kvm_run>, owner: borrowing VCPU) {
        unsafe self.run = run
    }

    /// The call's number, r3.
    public var number: UInt64 { unsafe run.pointee.papr_hcall.nr }

    /// The status that the guest gets in r3.
    public var status: UInt64 {
        get { unsafe run.pointee.papr_hcall.ret }
        nonmutating set { unsafe run.pointee.papr_hcall.ret = newValue }
    }

    /// How many registers carry arguments and outputs: r4 to r12.
    public static let registerCount = 9

    /// Argument `index`, counted from 0 at r4, and what the register holds afterwards; 0 where there is none.
    public subscript(index: Int) -> UInt64 {
        get { index >= 0 && index < Self.registerCount ? unsafe ckvm_papr_arguments(run)[index] : 0 }
        nonmutating set {
            if index >= 0, index < Self.registerCount { unsafe ckvm_papr_arguments(run)[index] = newValue }
        }
    }
}

extension VCPU {
    /// Answers the PAPR hypercall that the last run ended with, for as long as no other run began.
    public func answerHypercall(status: UInt64, outputs: InlineArray<9, UInt64>) {
        let hypercall = unsafe PAPRHypercall(page.run, owner: self)
        hypercall.status = status
        for position in outputs.indices { hypercall[position] = outputs[position] }
    }

    /// Gives the value, most significant byte first, that the load that the last run ended with wants.
    public func completeRead(_ value: UInt64) {
        let run = unsafe page.run
        let data = unsafe ExitData(ckvm_mmio_data(run), count: Int(min(run.pointee.mmio.len, 8)), owner: self)
        data.bigEndian = value
    }

    /// Reads why the run ended.
    @_lifetime(borrow self)
    func exit() -> VCPUExit {
        let run = unsafe page.run
        let reason = unsafe run.pointee.exit_reason
        switch Int32(bitPattern: reason) {
        case KVM_EXIT_MMIO:
            let access = unsafe run.pointee.mmio
            let data = unsafe ExitData(ckvm_mmio_data(run), count: Int(min(access.len, 8)), owner: self)
            return access.is_write != 0
                ? .mmioWrite(address: access.phys_addr, data: data) : .mmioRead(address: access.phys_addr, data: data)
        case KVM_EXIT_IO:
            let access = unsafe run.pointee.io
            let bytes = Int(access.size) * Int(min(access.count, 4096))
            guard let base = unsafe page.bytes(at: access.data_offset, count: bytes) else {
                return .unknown(reason: reason)
            }
            let data = unsafe ExitData(base, count: bytes, owner: self)
            return Int32(access.direction) == KVM_EXIT_IO_OUT
                ? .portWrite(port: access.port, count: Int(access.count), data: data)
                : .portRead(port: access.port, count: Int(access.count), data: data)
        case KVM_EXIT_PAPR_HCALL:
            return .paprHypercall(unsafe PAPRHypercall(run, owner: self))
        case KVM_EXIT_HLT: return .halt
        case KVM_EXIT_SHUTDOWN: return .shutdown
        case KVM_EXIT_INTR: return .interrupted
        case KVM_EXIT_FAIL_ENTRY:
            return .failedEntry(reason: unsafe run.pointee.fail_entry.hardware_entry_failure_reason)
        case KVM_EXIT_INTERNAL_ERROR: return .internalError(suberror: unsafe run.pointee.internal.suberror)
        case KVM_EXIT_SYSTEM_EVENT: return .systemEvent(unsafe run.pointee.system_event.type)
        default: return .unknown(reason: reason)
        }
    }
}

internal import CKVM

/// The page that a vCPU shares with the kernel: why a run ended, and what it wants to know. Unmapped when its owner goes.
@safe
final class RunPage {
    let base: UnsafeMutableRawPointer
    private let size: Int
    private let kernel: any KernelInterface

    /// Maps the page of `vcpu`, which has at least the bytes of `kvm_run`.
    init(_ vcpu: Descriptor, size: Int) throws(KVMError) {
        switch vcpu.kernel.map(vcpu.raw, size: size) {
        case .mapped(let base): unsafe self.base = base
        case .failed(let errno): throw .notMapped(errno: errno)
        }
        self.size = size
        kernel = vcpu.kernel
    }

    deinit {
        unsafe kernel.unmap(base, size: size)
    }

    /// The page as the structure that it is.
    var run: UnsafeMutablePointer<kvm_run> {
        unsafe base.assumingMemoryBound(to: kvm_run.self)
    }

    /// `count` bytes at `offset`, or nil where they do not lie in the page.
    func bytes(at offset: UInt64, count: Int) -> UnsafeMutableRawPointer? {
        guard count >= 0, offset <= UInt64(size), UInt64(count) <= UInt64(size) - offset else { return nil }
        return unsafe base + Int(offset)
    }
}

internal import Foundation

/// Where the KVM-PR host lies that `make kvm-pr-host` builds: `vmlinux` and `initramfs.cpio.gz` in one directory.
struct KVMPRHostDirectory {
    /// The environment variable that names it.
    static let variable = "PARAVANE_KVM_PR_HOST"

    /// The kernel.
    let kernel: String
    /// The initramfs with paravane-ppc64le.
    let initramfs: String

    /// The directory `path`, or the one that the environment names, or the one in the cache.
    init(_ path: String?) throws(CommandFailure) {
        let environment = ProcessInfo.processInfo.environment
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let cache = value("XDG_CACHE_HOME") ?? (value("HOME") ?? "") + "/.cache"
        let directory = path ?? value(Self.variable) ?? cache + "/paravane/kvm-pr-host"
        kernel = directory + "/vmlinux"
        initramfs = directory + "/initramfs.cpio.gz"
        for file in [kernel, initramfs] where !FileManager.default.isReadableFile(atPath: file) {
            throw CommandFailure(.unavailable, "there is no KVM-PR host in \(directory): 'make kvm-pr-host' builds one")
        }
    }
}

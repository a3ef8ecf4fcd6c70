import Foundation
import TestTools

/// The guests that `make test` builds and names in the environment.
enum Guests {
    /// Whether the tests run under `make test`, or with its environment.
    static let areBuilt =
        ["UNMODIFIED", "PATCHED"].allSatisfy { path("PARAVANE_KERNEL_\($0)") != nil }
        && path("PARAVANE_INITRD") != nil && path("PARAVANE_GUESTS") != nil

    /// A uImage of Linux 6.1 as Debian has it.
    static var unmodifiedKernel: String { get throws { try required("PARAVANE_KERNEL_UNMODIFIED") } }
    /// A uImage of the same kernel with the two corrections that let it patch itself.
    static var patchedKernel: String { get throws { try required("PARAVANE_KERNEL_PATCHED") } }
    /// Whether the kernel of the e500-hv machine is there as well.
    static let areBuiltForHV = areBuilt && path("PARAVANE_KERNEL_HV") != nil
    /// A uImage of Linux 6.1 as Debian has it, for the e500-hv machine.
    static var hvKernel: String { get throws { try required("PARAVANE_KERNEL_HV") } }
    /// A RAM disk whose init prints lines that begin with `userland:`, and does what `paravane.exec=` says.
    static var initrd: String { get throws { try required("PARAVANE_INITRD") } }

    /// Whether Debian's kernel for ppc64le is there.
    static let areFetched = path("PARAVANE_DEBIAN") != nil
    /// Debian's own kernel for ppc64le.
    static var debianKernel: String { get throws { try required("PARAVANE_DEBIAN") + "/vmlinux" } }
    /// A RAM disk for it, with Debian's busybox and the same init.
    static var debianInitrd: String { get throws { try required("PARAVANE_DEBIAN") + "/initramfs.cpio.gz" } }

    /// The bare-metal program `name`, an ELF file.
    static func bareMetal(_ name: String) throws -> String {
        URL(fileURLWithPath: try required("PARAVANE_GUESTS")).appendingPathComponent("\(name).elf").path
    }

    private static func path(_ variable: String) -> String? {
        ProcessInfo.processInfo.environment[variable].flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil }
    }

    private static func required(_ variable: String) throws -> String {
        guard let path = path(variable) else { throw MissingGuest(variable: variable) }
        return path
    }
}

/// A guest that nobody built.
struct MissingGuest: Error, CustomStringConvertible {
    let variable: String
    var description: String { "\(variable) names no file; run the tests through 'make test'" }
}

/// One run of a guest to its end.
struct GuestRun {
    let status: Int32
    let console: String
    let errors: String
    /// What `--stats` wrote.
    let statistics: [String: Any]

    /// Lines of the console without carriage returns.
    var lines: [String] {
        console.split(whereSeparator: \.isNewline).map(String.init)
    }

    /// What the guest's init printed.
    var userland: [String] { lines.filter { $0.hasPrefix("userland:") } }

    /// A count in the statistics, by the names on the way to it.
    func count(_ path: String...) -> Int? {
        var value: Any? = statistics
        for name in path { value = (value as? [String: Any])?[name] }
        return value as? Int
    }

    /// The counts of a group of the statistics.
    func counts(_ group: String) -> [String: Int] { statistics[group] as? [String: Int] ?? [:] }

    /// Boots Linux on Paravane with `exec` as its init's task.
    static func linux(kernel: String, exec: String, options: [String] = [], input: String = "") throws -> GuestRun {
        try paravane(
            ["--kernel", kernel, "--initrd", try Guests.initrd, "--append", "console=ttyS0 paravane.exec=\(exec)"]
                + options, input: input)
    }

    /// Runs `paravane run` with a time limit that only a hanging guest reaches.
    static func paravane(_ options: [String], input: String = "") throws -> GuestRun {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("stats.json")
            var arguments = ["run"] + options + ["--stats", file.path]
            if !options.contains("--timeout") { arguments += ["--timeout", "120"] }
            let result = try Tool.paravane().run(arguments, input: [UInt8](input.utf8))
            let data = try? Data(contentsOf: file)
            let statistics = try data.map { try JSONSerialization.jsonObject(with: $0) as? [String: Any] ?? [:] }
            return GuestRun(
                status: result.status, console: result.text, errors: result.errors, statistics: statistics ?? [:])
        }
    }

    /// Boots Linux on QEMU's ppce500.
    static func qemu(kernel: String, exec: String) throws -> GuestRun {
        let result = try Tool(named: "qemu-system-ppc").run([
            "-M", "ppce500", "-cpu", "e500v2", "-m", "256M", "-nic", "none", "-nographic", "-no-reboot",
            "-kernel", kernel, "-initrd", try Guests.initrd, "-append", "console=ttyS0 paravane.exec=\(exec)",
        ])
        return GuestRun(status: result.status, console: result.text, errors: result.errors, statistics: [:])
    }
}

/// One entry of the matrix: a guest, on what executes it, and what has to come of it.
package struct Cell: Sendable {
    /// The processor that a guest is for.
    package enum Architecture: String, CaseIterable, Codable, Sendable {
        /// 32-bit PowerPC of the embedded kind: e500v2 and e500mc.
        case ppcE500 = "ppc-e500"
        /// 32-bit PowerPC of the server kind.
        case ppcBook3S = "ppc-book3s"
        /// 64-bit PowerPC, big-endian.
        case ppc64
        /// 64-bit PowerPC, little-endian.
        case ppc64le
        /// x86 with 64 bits.
        case x86 = "x86_64"
        /// IBM Z.
        case s390x
    }

    /// What executes a guest.
    package enum Engine: String, CaseIterable, Codable, Sendable {
        /// This project's software CPU.
        case soft
        /// libunicorn, on this project's machines.
        case unicorn
        /// Linux's KVM, with this project's VMM.
        case kvm
        /// QEMU, a foreign machine: a reference.
        case qemu
        /// KVM-PR in a host that QEMU runs, with this project's VMM.
        case kvmPRInQEMU = "kvm-pr-in-qemu"
    }

    /// What a guest tests.
    package enum Suite: String, CaseIterable, Codable, Sendable {
        /// Every hypercall, from inside.
        case conformance
        /// The machine, by a program without an operating system.
        case bareMetal = "bare-metal"
        /// That Linux runs.
        case linux
    }

    /// What must come of a run, beside the exit status.
    package enum Expectation: Equatable, Sendable {
        /// The guest speaks TAP. Every test passes, or fails as the differences of `reference` say; and the tests are those
        /// of the cell `peer`, by name and in the same order.
        case tap(reference: String? = nil, peer: String? = nil)
        /// The guest leaves all its tests out, for this reason.
        case skip(String)
        /// The console has a line for each of these patterns, in this order, and none for what is in `never`.
        case lines([String], never: [String] = [])
    }

    /// The processor that the guest is for.
    package let architecture: Architecture
    /// What executes it.
    package let engine: Engine
    /// What it tests.
    package let suite: Suite
    /// Which of several such cells this is, in words.
    package let variant: String
    /// How long it takes, roughly, in seconds of a small machine: shards and the order of a run are made by it.
    package let seconds: Double
    /// After how many seconds it is ended.
    package let limit: Double
    /// What is executed, the program first.
    package let command: [Word]
    /// The exit status of a good run.
    package let status: Int32
    /// What must come of it.
    package let expectation: Expectation
    /// Programs of the host that the command needs without naming them.
    package let needs: [HostProgram]
    /// The Debian package without which the program exits with ``Verdict/unavailableStatus``.
    package let package: String?

    /// A row of the table.
    package init(
        _ architecture: Architecture, _ engine: Engine, _ suite: Suite, _ variant: String, seconds: Double = 1,
        limit: Double = 180, run command: [Word], status: Int32 = 0, expect expectation: Expectation,
        needs: [HostProgram] = [], package: String? = nil
    ) {
        self.architecture = architecture
        self.engine = engine
        self.suite = suite
        self.variant = variant
        self.seconds = seconds
        self.limit = limit
        self.command = command
        self.status = status
        self.expectation = expectation
        self.needs = needs
        self.package = package
    }

    /// Its name everywhere: `x86_64/unicorn/conformance/2-vcpus`.
    package var id: String {
        Self.id(architecture, engine, suite, variant)
    }

    /// The name of the cell with these properties.
    package static func id(
        _ architecture: Architecture, _ engine: Engine, _ suite: Suite, _ variant: String
    ) -> String {
        // Every run of characters that are neither letters nor digits is one dash.
        let words = variant.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        return "\(architecture.rawValue)/\(engine.rawValue)/\(suite.rawValue)/\(words.joined(separator: "-"))"
    }
}

/// A word of a cell's command line.
package enum Word: Equatable, Sendable, ExpressibleByStringLiteral {
    /// As it is.
    case literal(String)
    /// A program of this project.
    case program(String)
    /// A program of the host.
    case tool(HostProgram)
    /// A file or directory among the guests, with something in front of its path.
    case guest(String, prefix: String = "")

    /// The word as it is.
    package init(stringLiteral value: String) { self = .literal(value) }
}

/// A program that comes with Debian.
package enum HostProgram: String, CaseIterable, Sendable {
    case qemuPPC = "qemu-system-ppc"
    case qemuPPC64 = "qemu-system-ppc64"
    case qemuS390 = "qemu-system-s390x"
    case qemuX86 = "qemu-system-x86_64"
    case gcc

    /// The package that it is in.
    package var package: String {
        switch self {
        case .qemuPPC, .qemuPPC64: "qemu-system-ppc"
        case .qemuS390: "qemu-system-misc"
        case .qemuX86: "qemu-system-x86"
        case .gcc: "gcc"
        }
    }
}

import CSandbox
import Sandbox
import SandboxProbe
import Testing

/// A system call, what it is called with, and what comes of it in the sandbox.
struct Probe: CustomTestStringConvertible, Sendable {
    /// What the sandbox does.
    enum Fate: Sendable {
        /// The process ends.
        case killed
        /// EPERM.
        case refused
        /// The kernel carries the call out, and answers with this errno; 0 for success.
        case carriedOut(Int32)
    }

    let name: StaticString
    let arguments: [UInt64]
    let fate: Fate

    init(_ name: StaticString, _ fate: Fate) {
        self.init(name, [], fate)
    }

    init(_ name: StaticString, _ arguments: [UInt64], _ fate: Fate) {
        self.name = name
        self.arguments = arguments + [UInt64](repeating: 0, count: 6 - arguments.count)
        self.fate = fate
    }

    var testDescription: String { "\(name)\(arguments)" }
}

@Suite(.enabled(if: Sandbox.isAvailable, "there is no sandbox for this platform"))
struct SandboxTests {
    private static let badDescriptor: UInt64 = 0xFFFF_FFFF
    private static let (notDescriptor, permission, fault): (Int32, Int32, Int32) = (9, 1, 14)
    /// The process that the filters here are made for.
    private static let process: Int32 = 1

    static let probes: [Probe] = [
        // Other programs and other privileges.
        Probe("execve", .killed), Probe("execveat", .killed), Probe("fork", .killed), Probe("vfork", .killed),
        Probe("clone", [17], .killed), Probe("clone3", .killed), Probe("setuid", .killed), Probe("setgid", .killed),
        Probe("setresuid", .killed), Probe("capset", .killed), Probe("setns", .killed), Probe("unshare", .killed),
        Probe("prctl", .killed), Probe("seccomp", .killed), Probe("personality", .killed), Probe("setsid", .killed),
        Probe("setrlimit", .killed), Probe("keyctl", .killed), Probe("add_key", .killed),

        // Other processes.
        Probe("ptrace", .killed), Probe("process_vm_readv", .killed), Probe("process_vm_writev", .killed),
        Probe("kill", [1, 0], .killed), Probe("tkill", [1, 0], .killed), Probe("tgkill", [2, 2, 0], .killed),
        Probe("rt_sigqueueinfo", .killed), Probe("pidfd_open", .killed), Probe("pidfd_getfd", .killed),

        // Files and the network.
        Probe("open", .refused), Probe("openat", .refused), Probe("openat2", .killed), Probe("creat", .killed),
        Probe("access", .refused), Probe("stat", .refused), Probe("newfstatat", .refused), Probe("statx", .refused),
        Probe("readlink", .refused), Probe("readlinkat", .refused), Probe("getcwd", .refused),
        Probe("unlink", .killed), Probe("unlinkat", .killed), Probe("rename", .killed), Probe("mkdirat", .killed),
        Probe("linkat", .killed), Probe("symlinkat", .killed), Probe("ftruncate", .killed),
        Probe("open_by_handle_at", .killed), Probe("memfd_create", .killed), Probe("chroot", .killed),
        Probe("socket", [2, 1], .killed), Probe("socketpair", .killed), Probe("connect", .killed),
        Probe("bind", .killed), Probe("listen", .killed), Probe("accept4", .killed), Probe("sendto", .killed),
        Probe("sendmsg", .killed), Probe("dup", .killed), Probe("dup2", .killed), Probe("fcntl", .refused),

        // The system.
        Probe("mount", .killed), Probe("umount2", .killed), Probe("pivot_root", .killed), Probe("reboot", .killed),
        Probe("init_module", .killed), Probe("kexec_load", .killed), Probe("bpf", .killed),
        Probe("perf_event_open", .killed), Probe("userfaultfd", .killed), Probe("io_uring_setup", .killed),
        Probe("uname", .refused), Probe("prlimit64", .refused),

        // Code that was data.
        Probe("mmap", [0, 4096, 7, 0x22, badDescriptor], .killed),
        Probe("mmap", [0, 4096, 3, 0x2, 0], .killed),
        Probe("mprotect", [0, 4096, 5], .killed),

        // What a running guest needs.
        Probe("read", [badDescriptor], .carriedOut(notDescriptor)),
        Probe("write", [badDescriptor], .carriedOut(notDescriptor)),
        Probe("close", [badDescriptor], .carriedOut(notDescriptor)),
        Probe("poll", [0, 0, 0], .carriedOut(0)),
        Probe("mmap", [0, 4096, 3, 0x22, badDescriptor], .carriedOut(0)),
        Probe("munmap", [4096, 4096], .carriedOut(0)),
        Probe("mprotect", [4096, 0, 3], .carriedOut(0)),
        Probe("clock_gettime", [1, 1], .carriedOut(fault)),
        Probe("getrandom", [0, 0, 0], .carriedOut(0)),
        Probe("sched_yield", .carriedOut(0)),
        Probe("getpid", .carriedOut(0)),
        Probe("ioctl", [badDescriptor, 0x5401], .carriedOut(notDescriptor)),
        Probe("ioctl", [badDescriptor, 0x5402], .carriedOut(notDescriptor)),
        Probe("exit_group", [0], .carriedOut(0)),

        // Anything else that a terminal or a device can do.
        Probe("ioctl", [badDescriptor, 0x5412], .killed),
        Probe("ioctl", [badDescriptor, 0xAE01], .killed),
    ]

    private static func result(of probe: Probe, in filter: SystemCallFilter) -> Int32? {
        guard let number = SystemCallFilter.number(of: probe.name) else { return nil }
        return unsafe filter.program.withUnsafeBufferPointer { program in
            unsafe probe.arguments.withUnsafeBufferPointer { arguments in
                unsafe probe_call(
                    program.baseAddress!, UInt16(program.count), Int32(number), arguments.baseAddress!)
            }
        }
    }

    @Test(arguments: probes)
    func `a system call has the fate that the table says`(probe: Probe) {
        let filter = SystemCallFilter(SystemCallRule.all, process: Self.process)
        // An architecture without the call cannot make it.
        guard let result = Self.result(of: probe, in: filter) else { return }
        switch probe.fate {
        case .killed: #expect(result == Int32(probe_killed))
        case .refused: #expect(result == Self.permission)
        case .carriedOut(let errno): #expect(result == errno)
        }
    }

    @Test func `a signal to the process itself is allowed`() {
        let filter = SystemCallFilter(SystemCallRule.all, process: Self.process)
        // Signal 0 to process 1: the kernel looks whether it would be allowed, and sends nothing.
        let result = Self.result(of: Probe("tgkill", [1, 1, 0], .carriedOut(0)), in: filter)
        #expect(result == 0 || result == Self.permission)
    }

    @Test func `calls by another architecture's numbers end the process`() {
        let filter = SystemCallFilter(SystemCallRule.all, process: Self.process)
        let result = unsafe filter.program.withUnsafeBufferPointer { program in
            unsafe probe_foreign_call(program.baseAddress!, UInt16(program.count))
        }
        // -1 where processors know no second set of numbers; kernels without 32-bit support raise SIGSEGV.
        #expect([Int32(probe_killed), -1, -11].contains(result))
    }

    @Test func `numbers of the x32 ABI end the process`() {
        let filter = SystemCallFilter(SystemCallRule.all, process: Self.process)
        let result = unsafe filter.program.withUnsafeBufferPointer { program in
            unsafe [UInt64](repeating: 0, count: 6).withUnsafeBufferPointer { arguments in
                unsafe probe_call(program.baseAddress!, UInt16(program.count), 0x4000_0000, arguments.baseAddress!)
            }
        }
        #expect(result == Int32(probe_killed))
    }

    @Test func `connections are for those who ask for them`() {
        let filter = SystemCallFilter(SystemCallRule.all + SystemCallRule.connections, process: Self.process)
        let accepted = Self.result(of: Probe("accept4", [Self.badDescriptor], .killed), in: filter)
        #expect(accepted == Self.notDescriptor)
        let connected = Self.result(of: Probe("connect", [Self.badDescriptor], .killed), in: filter)
        #expect(connected == Int32(probe_killed))
    }

    @Test func `no call has two rules`() {
        let names = SystemCallRule.all.map { "\($0.name)" }
        #expect(Set(names).count == names.count)
    }
}

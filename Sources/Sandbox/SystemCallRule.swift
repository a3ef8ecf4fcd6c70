/// What the filter does about one system call.
public struct SystemCallRule: Sendable {
    /// What happens to a call that the filter decides about.
    public enum Answer: Equatable, Sendable {
        /// The kernel carries it out.
        case allow
        /// It fails with EPERM: a library may try it and do without.
        case refuse
    }

    /// A condition on one argument's low 32 bits.
    public enum Condition: Equatable, Sendable {
        /// The argument is one of these.
        case isOneOf(argument: Int, [UInt32])
        /// All bits of the mask are set.
        case hasAll(argument: Int, mask: UInt32)
        /// No bit of the mask is set.
        case hasNone(argument: Int, mask: UInt32)
        /// The argument is the number of this process.
        case isThisProcess(argument: Int)
    }

    /// The call's name. Where the architecture has no such call the rule means nothing.
    public let name: StaticString
    /// What happens when all conditions hold; otherwise the process is killed.
    public let answer: Answer
    /// What has to hold.
    public let conditions: [Condition]

    init(_ name: StaticString, _ answer: Answer, when conditions: Condition...) {
        self.name = name
        self.answer = answer
        self.conditions = conditions
    }
}

extension SystemCallRule {
    private static let protectionExecute: UInt32 = 4
    private static let mapAnonymous: UInt32 = 0x20
    private static let terminalRequests: [UInt32] = [
        0x5401,  // TCGETS
        0x5402, 0x5403, 0x5404,  // TCSETS, TCSETSW, TCSETSF
    ]

    /// Everything that a running guest needs. Any other call ends the process.
    ///
    /// `docs/security.md` says what each group is for.
    public static let all: [SystemCallRule] = [
        // The console, files that were opened before, a debugger's connection.
        SystemCallRule("read", .allow),
        SystemCallRule("readv", .allow),
        SystemCallRule("write", .allow),
        SystemCallRule("writev", .allow),
        SystemCallRule("poll", .allow),
        SystemCallRule("ppoll", .allow),
        SystemCallRule("close", .allow),
        SystemCallRule("ioctl", .allow, when: .isOneOf(argument: 1, terminalRequests)),

        // Memory, but nothing that can be executed.
        SystemCallRule(
            "mmap", .allow, when: .hasNone(argument: 2, mask: protectionExecute),
            .hasAll(argument: 3, mask: mapAnonymous)),
        SystemCallRule("mprotect", .allow, when: .hasNone(argument: 2, mask: protectionExecute)),
        SystemCallRule("munmap", .allow),
        SystemCallRule("mremap", .allow),
        SystemCallRule("madvise", .allow),
        SystemCallRule("brk", .allow),

        // Time, locks, randomness.
        SystemCallRule("clock_gettime", .allow),
        SystemCallRule("clock_getres", .allow),
        SystemCallRule("clock_nanosleep", .allow),
        SystemCallRule("nanosleep", .allow),
        SystemCallRule("gettimeofday", .allow),
        SystemCallRule("time", .allow),
        SystemCallRule("futex", .allow),
        SystemCallRule("sched_yield", .allow),
        SystemCallRule("getrandom", .allow),

        // Signals to ourselves, and the end.
        SystemCallRule("rt_sigaction", .allow),
        SystemCallRule("rt_sigprocmask", .allow),
        SystemCallRule("rt_sigreturn", .allow),
        SystemCallRule("sigaltstack", .allow),
        SystemCallRule("restart_syscall", .allow),
        SystemCallRule("getpid", .allow),
        SystemCallRule("gettid", .allow),
        SystemCallRule("tgkill", .allow, when: .isThisProcess(argument: 0)),
        SystemCallRule("exit", .allow),
        SystemCallRule("exit_group", .allow),

        // What libraries ask for and can do without: files by name, facts about descriptors and the process.
        SystemCallRule("open", .refuse),
        SystemCallRule("openat", .refuse),
        SystemCallRule("access", .refuse),
        SystemCallRule("faccessat", .refuse),
        SystemCallRule("faccessat2", .refuse),
        SystemCallRule("stat", .refuse),
        SystemCallRule("newfstatat", .refuse),
        SystemCallRule("statx", .refuse),
        SystemCallRule("fstat", .refuse),
        SystemCallRule("readlink", .refuse),
        SystemCallRule("readlinkat", .refuse),
        SystemCallRule("getcwd", .refuse),
        SystemCallRule("lseek", .refuse),
        SystemCallRule("fcntl", .refuse),
        SystemCallRule("fsync", .refuse),
        SystemCallRule("uname", .refuse),
        SystemCallRule("sysinfo", .refuse),
        SystemCallRule("getuid", .refuse),
        SystemCallRule("geteuid", .refuse),
        SystemCallRule("getgid", .refuse),
        SystemCallRule("getegid", .refuse),
        SystemCallRule("prlimit64", .refuse),
        SystemCallRule("sched_getaffinity", .refuse),
    ]

    /// What somebody needs besides who answers connections to a socket that was opened before.
    public static let connections: [SystemCallRule] = [
        SystemCallRule("accept4", .allow)
    ]

    /// What somebody needs besides who writes a file that was opened before from any place of it.
    public static let placedWrites: [SystemCallRule] = [
        SystemCallRule("pwrite64", .allow)
    ]
}

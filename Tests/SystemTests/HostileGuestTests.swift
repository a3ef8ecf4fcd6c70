import Foundation
import Testing
import TestTools

/// No guest crashes or hangs the VMM, and no user is left with a broken terminal.
@Suite struct HostileGuestTests {
    /// Calls `body` with the path of the guest's image.
    private static func withImage<Result>(_ code: MachineCode, _ body: (String) throws -> Result) throws -> Result {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("guest.bin")
            try Data(code.bytes).write(to: file)
            return try body(file.path)
        }
    }

    private static func guest(_ name: String) throws -> HostileGuest {
        try #require(HostileGuest.all.first { $0.name == name })
    }

    /// The arguments that run an image for a short time.
    private static func arguments(_ image: String, seconds: Double = 0.5) -> [String] {
        ["run", "--kernel", image, "--kernel-format", "raw", "--memory", "64M", "--timeout", "\(seconds)"]
    }

    /// Runs a shell script in which `$RUN` is the command that runs the guest.
    private static func shell(_ script: String, guest: HostileGuest, seconds: Double = 0.5) throws -> ToolResult {
        try withImage(guest.code) { image in
            let command = ([try Tool.paravane().url.path] + arguments(image, seconds: seconds)).joined(separator: " ")
            return try Tool(named: "bash").run(["-c", "RUN='\(command)'; \(script)"])
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: HostileGuest.all)
    func `a hostile guest ends with a documented status within its time`(guest: HostileGuest) throws {
        try Self.withImage(guest.code) { image in
            let started = Date()
            let result = try Tool.paravane().run(Self.arguments(image) + guest.options)
            #expect(guest.statuses.contains(result.status), "\(result.status): \(result.errors)")
            #expect(Date().timeIntervalSince(started) < 20)
            #expect(!result.errors.contains("Fatal error"))
        }
    }

    @Test(arguments: ["floods the console", "spins with interrupts off", "resets again and again"])
    func `the time limit holds when nobody reads the console`(name: String) throws {
        // The reader opens the pipe and sleeps.
        let result = try Self.shell(
            "$RUN | sleep 6; echo ${PIPESTATUS[0]} >&2", guest: try Self.guest(name), seconds: 1)
        #expect(result.errors.hasSuffix("124\n"), "\(result.errors)")
    }

    @Test func `a console whose reader stops reading slows no guest down`() throws {
        let started = Date()
        let result = try Self.shell(
            "mkfifo p; exec 9<>p; $RUN >&9; echo $? >&2", guest: try Self.guest("floods the console"))
        try? FileManager.default.removeItem(atPath: "p")
        #expect(result.errors.hasSuffix("124\n"), "\(result.errors)")
        #expect(Date().timeIntervalSince(started) < 10)
    }

    @Test func `a reader that goes away leaves the guest alone`() throws {
        let result = try Self.shell(
            "$RUN | head -c 1; echo ${PIPESTATUS[0]} >&2", guest: try Self.guest("floods the console"))
        #expect(result.text == "a")
        #expect(result.errors == "paravane: the guest did not end within 0.5 seconds\n124\n")
    }

    @Test(arguments: ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full", ">/dev/full", "</dev/zero", "</"])
    func `standard descriptors may be closed, full or endless`(redirection: String) throws {
        let spun = try Self.shell("$RUN \(redirection); exit $?", guest: try Self.guest("floods the console"))
        #expect(spun.status == 124)
        let off = try Self.shell("$RUN \(redirection); exit $?", guest: try Self.guest("switches the power off"))
        #expect(off.status == 0, "\(off.errors)")
    }

    @Test func `no file takes the place of a closed descriptor`() throws {
        let result = try Self.shell(
            "s=$(mktemp); $RUN --stats $s >&- 2>&-; e=$?; head -c 1 $s; rm $s; exit $e",
            guest: try Self.guest("floods the console"))
        #expect(result.status == 124)
        #expect(result.text == "{", "the statistics have nothing of the console in them")
    }

    @Test(arguments: [
        ("--stats /dev/full", "paravane: /dev/full: cannot be written; check path and room\n"),
        ("--stats /nonexistent/stats", "paravane: /nonexistent/stats: cannot be written; check path and room\n"),
        ("--stats /", "paravane: /: cannot be written; check path and room\n"),
    ])
    func `statistics that cannot be written give one line`(option: String, message: String) throws {
        let result = try Self.shell("$RUN \(option); exit $?", guest: try Self.guest("switches the power off"))
        #expect(result.status == 65)
        #expect(result.errors == message)
    }

    // MARK: The terminal

    /// Starts the guest on a terminal, calls `body`, and waits for the end: exit status or negative signal.
    private static func onTerminal(
        _ guest: HostileGuest, seconds: Double = 30, options: [String] = [], errors: FileHandle = .nullDevice,
        _ body: (Terminal, Process) throws -> Void
    ) throws -> Int32 {
        try withImage(guest.code) { image in
            let terminal = try Terminal()
            let before = terminal.flags
            let process = Process()
            process.executableURL = try Tool.paravane().url
            process.arguments = arguments(image, seconds: seconds) + options
            process.standardInput = terminal.slave
            process.standardOutput = FileHandle.nullDevice
            process.standardError = errors
            try process.run()
            let deadline = Date().addingTimeInterval(20)
            while terminal.isCanonical, process.isRunning, Date() < deadline { usleep(2000) }
            #expect(!terminal.isCanonical, "a running guest has the terminal in raw mode")
            try body(terminal, process)
            while process.isRunning, Date() < deadline { usleep(2000) }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            #expect(terminal.flags == before, "the terminal is as it was")
            return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: [["--cpus", "4"], ["--cpus", "4", "--clock", "virtual"]])
    func `Ctrl-A c shows every vCPU while the guest runs, and Ctrl-A x ends all`(options: [String]) throws {
        let errors = Pipe()
        let status = try Self.onTerminal(
            try Self.guest("spins with interrupts off"), options: options, errors: errors.fileHandleForWriting
        ) { terminal, _ in
            terminal.type([1, UInt8(ascii: "c"), 1, UInt8(ascii: "x")])
        }
        #expect(status == 0)
        try errors.fileHandleForWriting.close()
        let shown = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        for vcpu in 0..<4 { #expect(shown.contains("vCPU \(vcpu)"), "\(shown)") }
    }

    @Test(.timeLimit(.minutes(2)), arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGSEGV, SIGABRT])
    func `a signal ends the process and restores the terminal`(signal: Int32) throws {
        let status = try Self.onTerminal(try Self.guest("spins with interrupts off")) { _, process in
            kill(process.processIdentifier, signal)
        }
        #expect(status == -signal)
    }

    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            "spins with interrupts off", "halts for ever", "floods the console", "resets again and again",
            "halts for ever in virtual time",
        ])
    func `Ctrl-A x ends a guest that takes no input`(name: String) throws {
        let status = try Self.onTerminal(try Self.guest(name)) { terminal, _ in
            terminal.type([UInt8](repeating: UInt8(ascii: "k"), count: 100))
            usleep(100_000)
            terminal.type([1, UInt8(ascii: "x")])
        }
        #expect(status == 0)
    }

    @Test func `Ctrl-C is the guest's`() throws {
        let status = try Self.onTerminal(try Self.guest("spins with interrupts off"), seconds: 1) { terminal, _ in
            terminal.type([3])
        }
        #expect(status == 124)
    }

    @Test func `a time limit restores the terminal`() throws {
        let status = try Self.onTerminal(try Self.guest("halts for ever"), seconds: 0.5) { _, _ in }
        #expect(status == 124)
    }
}

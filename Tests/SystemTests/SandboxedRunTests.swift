import Foundation
import Testing
import TestTools

/// The sandbox as it is around a running guest.
@Suite struct SandboxedRunTests {
    /// Runs a guest that never ends, with more descriptors than it should have, and looks at its process.
    private static func inspect(_ options: String, _ body: (_ process: String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let image = folder.appendingPathComponent("guest.bin")
            try Data(MachineCode.spinning.bytes).write(to: image)
            let pidFile = folder.appendingPathComponent("pid")
            let shell = Process()
            shell.executableURL = try Tool(named: "bash").url
            let paravane = try Tool.paravane().url.path
            shell.arguments = [
                "-c",
                "exec 7</etc/passwd 8</dev/null 200</; echo $$ > \(pidFile.path);"
                    + " exec \(paravane) run --kernel \(image.path) --kernel-format raw --memory 64M \(options)",
            ]
            shell.currentDirectoryURL = folder
            shell.standardOutput = FileHandle.nullDevice
            shell.standardInput = FileHandle.nullDevice
            try shell.run()
            defer {
                kill(shell.processIdentifier, SIGKILL)
                shell.waitUntilExit()
            }
            let process = "/proc/\(shell.processIdentifier)"
            // The filter is the last step.
            let deadline = Date().addingTimeInterval(options.contains("--no-sandbox") ? 2 : 20)
            while try !status(process).contains("Seccomp:\t2"), shell.isRunning, Date() < deadline { usleep(5000) }
            try body(process)
        }
    }

    private static func status(_ process: String) throws -> String {
        try String(contentsOfFile: process + "/status", encoding: .utf8)
    }

    private static func descriptors(_ process: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: process + "/fd")
            .map { try FileManager.default.destinationOfSymbolicLink(atPath: "\(process)/fd/\($0)") }
    }

    @Test func `a running guest's process has three descriptors, a filter, and no way to new privileges`() throws {
        try Self.inspect("") { process in
            let descriptors = try Self.descriptors(process)
            #expect(descriptors.count == 3)
            let status = try Self.status(process)
            #expect(status.contains("Seccomp:\t2"))
            #expect(status.contains("NoNewPrivs:\t1"))
            let limits = try String(contentsOfFile: process + "/limits", encoding: .utf8)
            #expect(limits.contains(/Max core file size\s+0\s+0/))
            #expect(limits.contains(/Max open files\s+16\s+16/))
        }
    }

    @Test func `the file for statistics stays open and nothing else does`() throws {
        try Self.inspect("--stats stats.json") { process in
            let descriptors = try Self.descriptors(process)
            #expect(descriptors.count == 4)
            #expect(descriptors.contains { $0.hasSuffix("/stats.json") })
        }
    }

    @Test func `the threads of several vCPUs are all in the sandbox`() throws {
        try Self.inspect("--cpus 4") { process in
            let threads = try FileManager.default.contentsOfDirectory(atPath: process + "/task")
            #expect(threads.count == 5)
            for thread in threads {
                let status = try Self.status("\(process)/task/\(thread)")
                #expect(status.contains("Seccomp:\t2"))
                #expect(status.contains("NoNewPrivs:\t1"))
            }
            // What wakes the first thread.
            let descriptors = try Self.descriptors(process)
            #expect(descriptors.count == 4)
            #expect(descriptors.contains { $0.hasPrefix("anon_inode:[eventfd") })
        }
    }

    @Test func `threads are at rest when the sandbox closes around them`() throws {
        // What a thread asks the kernel for while it begins is not allowed inside: a filter that came too early ended runs.
        for _ in 0..<60 {
            let run = try GuestRun.paravane([
                "--kernel", try Guests.bareMetal("smpend"), "--cpus", "8", "--append", "poweroff", "--timeout", "60",
            ])
            #expect(run.status == 0, "\(run.errors)")
        }
    }

    @Test(arguments: ["--cpus 1", "--cpus 4 --clock virtual"])
    func `one vCPU, and any number in virtual time, have no threads`(options: String) throws {
        try Self.inspect(options) { process in
            let threads = try FileManager.default.contentsOfDirectory(atPath: process + "/task")
            #expect(threads.count == 1)
        }
    }

    @Test func `without the sandbox there is no filter`() throws {
        try Self.inspect("--no-sandbox") { process in
            let status = try Self.status(process)
            #expect(status.contains("Seccomp:\t0"))
        }
    }
}

extension MachineCode {
    /// A branch to itself.
    static var spinning: MachineCode {
        var code = MachineCode()
        code.branch(to: 0)
        return code
    }
}

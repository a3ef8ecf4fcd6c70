import Foundation
import Testing
import TestTools

/// `--trace` and `-d`.
@Suite(.enabled(if: Guests.areBuilt, "run through 'make test', which builds the guests"), .serialized)
struct TraceTests {
    /// An event of a trace.
    private struct Event {
        let phase, name, category: String
        let process, thread: Int
        let start, duration: Double
        let arguments: [String: Any]

        init(_ members: [String: Any]) {
            phase = members["ph"] as? String ?? ""
            name = members["name"] as? String ?? ""
            category = members["cat"] as? String ?? ""
            process = members["pid"] as? Int ?? -1
            thread = members["tid"] as? Int ?? -1
            start = (members["ts"] as? NSNumber)?.doubleValue ?? -1
            duration = (members["dur"] as? NSNumber)?.doubleValue ?? 0
            arguments = members["args"] as? [String: Any] ?? [:]
        }
    }

    private static func events(_ file: URL) throws -> [Event] {
        let document = try JSONSerialization.jsonObject(with: try Data(contentsOf: file)) as? [String: Any]
        let events = try #require(document?["traceEvents"] as? [[String: Any]])
        return events.map { Event($0) }
    }

    @Test(arguments: ["host", "virtual"])
    func `a trace has each vCPU's hypercalls, interrupts, device accesses and idle time`(clock: String) throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("trace.json")
            let run = try GuestRun.linux(
                kernel: try Guests.patchedKernel, exec: "test",
                options: ["--cpus", "2", "--clock", clock, "--trace", file.path])
            #expect(run.status == 0, "\(run.errors)")
            let events = try Self.events(file)
            let hypercalls = events.filter { $0.category == "hypercall" }
            let mapped = hypercalls.filter { $0.name == "KVM_HC_PPC_MAP_MAGIC_PAGE" }
            #expect(mapped.map(\.thread).sorted() == [0, 1])
            #expect(
                mapped.allSatisfy {
                    $0.arguments["status"] as? Int == 0 && $0.arguments["r3"] as? String == "0xfffff000"
                })
            // The statistics count the same.
            for (name, count) in run.counts("hypercalls") {
                #expect(hypercalls.filter { $0.name == name }.count == count, "\(name)")
            }
            let interrupts = events.filter { $0.category == "interrupt" }
            for (name, count) in run.counts("interrupts") {
                #expect(interrupts.filter { $0.name == name }.count == count, "\(name)")
            }
            #expect(interrupts.allSatisfy { $0.phase == "i" && $0.arguments["srr0"] != nil })
            let accesses = events.filter { $0.category == "device" }
            #expect(accesses.count == run.count("device_accesses"))
            #expect(
                Set(accesses.map(\.name)).isSuperset(of: ["read serial0", "write serial0", "write mpic", "write gpio"]))
            #expect(events.contains { $0.category == "idle" && $0.duration > 1000 })
            for vcpu in 0..<2 {
                #expect(events.contains { $0.phase == "M" && $0.thread == vcpu })
                // On a track spans follow each other.
                var end = 0.0
                for event in events where event.thread == vcpu && event.phase == "X" {
                    #expect(event.start >= end - 0.002, "\(event.name) at \(event.start)")
                    end = event.start + event.duration
                }
            }
        }
    }

    @Test func `a trace is a whole document when the time is over, after a crash, and when the process is killed`()
        throws
    {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("trace.json")
            let late = try GuestRun.linux(
                kernel: try Guests.patchedKernel, exec: "busy",
                options: ["--timeout", "2", "--trace", file.path])
            #expect(late.status == 124)
            #expect(try Self.events(file).count > 100)

            let crash = try GuestRun.paravane(
                ["--kernel", try Guests.bareMetal("crash"), "--trace", file.path])
            #expect(crash.status == 33)
            #expect(try Self.events(file).contains { $0.category == "interrupt" && $0.name == "program" })

            let process = Process()
            process.executableURL = try Tool.paravane().url
            process.arguments = [
                "run", "--kernel", try Guests.patchedKernel, "--initrd", try Guests.initrd, "--append",
                "console=ttyS0 paravane.exec=busy", "--trace", file.path,
            ]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            sleep(2)
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            #expect(try Self.events(file).count > 100)
        }
    }

    @Test func `a reset begins another track group`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("trace.json")
            _ = try GuestRun.linux(
                kernel: try Guests.unmodifiedKernel, exec: "reboot",
                options: ["--clock", "virtual", "--timeout", "4", "--trace", file.path])
            #expect(Set(try Self.events(file).map(\.process)).isSuperset(of: [1, 2]))
        }
    }

    @Test func `the log has what its items say, and goes where it is told to`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("log")
            let run = try GuestRun.linux(
                kernel: try Guests.unmodifiedKernel, exec: "poweroff",
                options: [
                    "--clock", "virtual", "-d", "int,in_asm,mmu,unimp,guest_errors,hypercall", "--log", file.path,
                ])
            #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
            let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
            func count(_ pattern: some RegexComponent) -> Int {
                lines.filter { $0.firstMatch(of: pattern) != nil }.count
            }
            #expect(count(#/^vCPU 0: KVM_HC_FEATURES\(0 0 0 0 0 0 0 0\) = 0, r4 00000002$/#) == 1)
            for (name, taken) in run.counts("interrupts") {
                #expect(lines.filter { $0.hasPrefix("vCPU 0: \(name) interrupt at ") }.count == taken, "\(name)")
            }
            #expect(count(#/^vCPU 0: tlb1\[0\] .* iprot/#) >= 1)
            #expect(count(#/^vCPU 0: no entry for data at /#) == run.counts("interrupts")["data_tlb_miss"])
            #expect(count(#/^vCPU 0: debug events: not implemented/#) >= 1)
            // The kernel's first instruction, as it is at its physical address and seen once.
            #expect(count(#/^vCPU 0: 00000000: [0-9a-f]{8}  /#) == 1)
            // Floating point, which the core does not have, and the kernel emulates.
            #expect(count(#/^vCPU 0: illegal instruction /#) > 100)
        }
    }

    @Test func `every instruction and its registers can be logged`() throws {
        let run = try GuestRun.paravane([
            "--kernel", try Guests.bareMetal("crash"), "-d", "exec,cpu,int", "--clock", "virtual",
        ])
        #expect(run.status == 33)
        let lines = run.errors.split(separator: "\n").map(String.init)
        let registers = lines.filter { $0.hasPrefix("vCPU 0: registers r0 ") }
        let executed = lines.filter { $0.firstMatch(of: #/^vCPU 0: [0-9a-f]{8}: [0-9a-f]{8}  /#) != nil }
        #expect(registers.count > 20)
        // Where an instruction cannot be fetched there is none to show: that of the handler, and that of the handler of the
        // TLB miss which this causes.
        #expect(registers.count - executed.count == 2)
        #expect(lines.contains { $0.contains("program interrupt at ") })
    }

    @Test func `without a sink of its own the log goes to standard error, and help lists the items`() throws {
        let run = try GuestRun.paravane(["--kernel", try Guests.bareMetal("hypercalls"), "-d", "hypercall"])
        #expect(run.errors.contains("vCPU 0: KVM_HC_FEATURES("))
        let help = try Tool.paravane().run(["run", "-d", "help"])
        #expect(help.status == 0)
        for item in ["in_asm", "int", "exec", "cpu", "mmu", "unimp", "guest_errors", "hypercall"] {
            #expect(help.text.split(separator: "\n").contains { $0.hasPrefix("\(item) ") })
        }
    }
}

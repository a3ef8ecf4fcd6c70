internal import Conformance
internal import KVM

extension PortableCommand {
    /// Runs the bare-metal guest in the file `path` under KVM-PR and prints TAP: a line a case.
    static func conformance(as guest: ConformanceGuest, image path: [UInt8]) -> Int32 {
        guard let file = InputFile.read(path, limit: 1 << 20), let recorder = Recorder(file) else {
            return fail(.badInput, "\(String(decoding: path, as: UTF8.self)): no file, or not the recorder")
        }
        #if arch(powerpc64le)
            do throws(ConformanceRun.Failure) {
                let lines = try ConformanceRun.run(recorder, as: guest)
                Output.standard.print("TAP version 13\n1..\(lines.count)")
                var passed = true
                // Each line that occurs, as bytes, and how often.
                var volatile: [(line: [UInt8], count: Int)] = []
                func count(_ line: String) {
                    let bytes = [UInt8](line.utf8)
                    if let known = volatile.firstIndex(where: { $0.line == bytes }) {
                        volatile[known].count += 1
                    } else {
                        volatile.append((bytes, 1))
                    }
                }
                for (index, line) in lines.enumerated() {
                    let result = line.result
                    let verdict = result.wrong.isEmpty ? "ok" : "not ok"
                    Output.standard.print("\(verdict) \(index + 1) - \(line.name)")
                    for line in result.wrong { Output.standard.print("# \(line)") }
                    for line in result.volatile { count(line) }
                    passed = passed && result.wrong.isEmpty
                }
                for entry in volatile {
                    let line = String(decoding: entry.line, as: UTF8.self)
                    Output.standard.print("# volatile, in \(entry.count) cases: \(line)")
                }
                return (passed ? PortableStatus.success : .internalError).rawValue
            } catch {
                return fail(.unavailable, HostReport().obstacle ?? error.description)
            }
        #else
            _ = (recorder, guest)
            return fail(.unavailable, HostReport().obstacle ?? "KVM-PR is a hypervisor of PowerPC hosts")
        #endif
    }
}

import Foundation

/// Whether a process that was killed is gone, or dead and waiting for init. It may take its time on a machine that is busy.
func hasEnded(_ pid: some StringProtocol) -> Bool {
    for _ in 0..<200 {
        let state = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        if state.map({ $0.contains(") Z ") }) ?? true { return true }
        Thread.sleep(forTimeInterval: 0.05)
    }
    return false
}

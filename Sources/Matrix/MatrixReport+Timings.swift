internal import Foundation

extension MatrixReport {
    /// Which cell ran when, on which machine: a plot a machine, with a lane for each cell that ran at the same time.
    var timings: String {
        let ran = results.filter { $0.status != nil }
        guard let first = ran.map(\.started).min(), let last = ran.map(\.ended).max() else { return "" }
        let whole = max(last.timeIntervalSince(first), 0.001)
        var text = """
            <section class="timings" aria-labelledby="timings-title">
            <h2 id="timings-title">Time</h2>
            <p class="note">Each bar is a cell, from its beginning to its end.</p>

            """
        let hosts = Set(ran.map(\.host)).sorted()
        for host in hosts {
            let some = ran.filter { $0.host == host }.sorted { $0.started < $1.started }
            let lanes = Self.lanes(some)
            let count = (lanes.max() ?? 0) + 1
            let height = count * 22 + 20
            let busy = some.reduce(0) { $0 + $1.seconds }
            let longest = some.max { $0.seconds < $1.seconds }
            let words =
                "\(some.count) cells on \(host) took \(Self.duration(busy)) in all, within \(Self.duration(whole))"
                + (longest.map { "; the longest, \($0.cell), \(Self.duration($0.seconds))" } ?? "")
            text += "<figure>\n<figcaption>\(words.escaped()).</figcaption>\n"
            text += "<svg class=\"timeline\" role=\"img\" aria-label=\"\(words.escaped())\" height=\"\(height)\">\n"
            for tick in Self.ticks(whole) {
                let x = Self.number(tick / whole * 100)
                text += "<line class=\"tick\" x1=\"\(x)%\" x2=\"\(x)%\" y1=\"0\" y2=\"\(count * 22)\"/>"
                let anchor = tick == 0 ? "start" : tick / whole > 0.95 ? "end" : "middle"
                text += "<text x=\"\(x)%\" y=\"\(count * 22 + 15)\" text-anchor=\"\(anchor)\">"
                text += "\(tick.formatted(.number.grouping(.never))) s</text>\n"
            }
            for (result, lane) in zip(some, lanes) {
                let x = Self.number(result.started.timeIntervalSince(first) / whole * 100)
                let width = Self.number(max(result.seconds / whole * 100, 0.15))
                text +=
                    "<rect class=\"\(result.verdict.rawValue)\" x=\"\(x)%\" y=\"\(lane * 22 + 2)\" width=\"\(width)%\" "
                text +=
                    "height=\"18\" rx=\"2\"><title>\(result.cell.escaped()): \(Self.duration(result.seconds))</title></rect>\n"
            }
            text += "</svg>\n</figure>\n"
        }
        return text + "</section>"
    }

    /// For each of the results, which are in the order of their beginnings, the first lane that is free then.
    static func lanes(_ results: [CellResult]) -> [Int] {
        var ends: [Date] = []
        return results.map { result in
            // Times are to the millisecond, and a cell begins when another one ends.
            let lane = ends.firstIndex { $0 <= result.started.addingTimeInterval(0.002) } ?? ends.count
            if lane == ends.count { ends.append(result.ended) } else { ends[lane] = result.ended }
            return lane
        }
    }

    /// Round times from 0 on, four to nine of them.
    static func ticks(_ whole: Double) -> [Double] {
        let steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600, 7200, 86400]
        let step = steps.first { whole / $0 <= 8 } ?? whole
        return Array(stride(from: 0, through: whole, by: step))
    }
}

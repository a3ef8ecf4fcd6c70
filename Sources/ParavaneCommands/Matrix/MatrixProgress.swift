internal import CHost
internal import Foundation
internal import Matrix

/// Says what a run of cells is at: a line a cell on standard output, and on a terminal a line below that shows what is at work.
struct MatrixProgress {
    /// How lines look.
    struct Style {
        /// Whether verdicts have colours.
        let hasColour: Bool

        /// As standard output and the environment want it.
        static func current() -> Style {
            let environment = ProcessInfo.processInfo.environment
            let isPlain = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
            return Style(hasColour: host_is_terminal(STDOUT_FILENO) != 0 && !isPlain && environment["TERM"] != "dumb")
        }

        func paint(_ text: String, _ verdict: Verdict) -> String {
            guard hasColour else { return text }
            let colour =
                switch verdict {
                case .passed: "32"
                case .differs: "35"
                case .failed: "1;31"
                case .timedOut: "1;33"
                case .absent: "90"
                }
            return "\u{1B}[\(colour)m\(text)\u{1B}[0m"
        }
    }

    let style = Style.current()
    private let total: Int
    private var done = 0
    private let hasStatusLine = host_is_terminal(STDOUT_FILENO) != 0 && host_is_terminal(STDERR_FILENO) != 0
    private var shown = ""

    init(total: Int) { self.total = total }

    /// Shows what has happened.
    mutating func show(_ event: Runner.Event) {
        switch event {
        case .began: break
        case .ended(let result):
            done += 1
            clear()
            print(Self.line(result, number: done, of: total, style))
        case .working(let cells): showStatus(cells)
        }
    }

    /// Takes the line of what is at work away.
    mutating func clear() {
        guard !shown.isEmpty else { return }
        shown = ""
        _ = StandardError.write([UInt8]("\r\u{1B}[K".utf8), to: STDERR_FILENO)
    }

    private mutating func showStatus(_ cells: [(cell: Cell, seconds: Double)]) {
        guard hasStatusLine, !cells.isEmpty else { return }
        let names = cells.map { "\($0.cell.id) \(Int($0.seconds)) s" }.joined(separator: ", ")
        // A line that wraps could not be taken away.
        let line = String("\(done) of \(total) done; at work: \(names)".prefix(Self.columns - 1))
        guard line != shown else { return }
        shown = line
        _ = StandardError.write([UInt8]("\r\u{1B}[K\(line)".utf8), to: STDERR_FILENO)
    }

    private static var columns: Int {
        var size = winsize()
        guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 80 }
        return Int(size.ws_col)
    }

    private func print(_ line: String) {
        _ = StandardError.write([UInt8]("\(line)\n".utf8), to: STDOUT_FILENO)
    }

    // MARK: Lines

    /// The line of one result.
    static func line(_ result: CellResult, number: Int, of total: Int, _ style: Style) -> String {
        let width = String(total).count
        let place = String(number)
        let verdict = result.verdict.words
        // The longest of a good run, so that what follows is aligned.
        let padding = String(repeating: " ", count: max(Verdict.differs.words.count - verdict.count, 0))
        var line = "[\(String(repeating: " ", count: width - place.count))\(place)/\(total)] "
        line += style.paint(verdict, result.verdict) + padding + "  \(result.cell)"
        var more: [String] = []
        if let measure = result.measure { more.append(measure) }
        if result.status != nil { more.append(String(format: "%.1f s", result.seconds)) }
        if !more.isEmpty { line += " (\(more.joined(separator: ", ")))" }
        if result.verdict.isBad || result.verdict == .absent {
            for reason in result.reasons.prefix(5) { line += "\n    \(reason.printable())" }
            if result.reasons.count > 5 { line += "\n    and \(result.reasons.count - 5) more" }
            if let remedy = result.remedy { line += "\n    try: \(remedy)" }
        }
        return line
    }

    /// The last line.
    static func conclusion(of report: MatrixReport, shard: Shard, _ style: Style) -> String {
        let part = shard == .whole ? "" : "shard \(shard): "
        let count = report.results.count
        let summary = Verdict.allCases.compactMap { verdict -> String? in
            let count = report.count(verdict)
            return count == 0 ? nil : style.paint("\(count) \(verdict.words)", verdict)
        }
        let seconds = String(format: "%.1f", report.shards.reduce(0) { max($0, $1.seconds) })
        return "\(part)\(count) cell\(count == 1 ? "" : "s") in \(seconds) s: \(summary.joined(separator: ", "))\n"
    }
}

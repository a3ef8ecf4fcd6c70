extension MatrixReport {
    /// TAP, version 14: a test a cell. Known differences are passes, absent cells are left out (`SKIP`) with the reason,
    /// cells without a result fail, and a YAML block says what went wrong.
    package func tap() -> String {
        let byCell = Dictionary(results.map { ($0.cell, $0) }, uniquingKeysWith: { first, _ in first })
        var text = "TAP version 14\n1..\(plan.cells.count)\n"
        for (cell, number) in zip(plan.cells, 1...) {
            guard let result = byCell[cell] else {
                text += "not ok \(number) - \(Self.escape(cell)): there is no result\n"
                continue
            }
            text += "\(result.verdict.isBad ? "not ok" : "ok") \(number) - \(Self.escape(cell))"
            if result.verdict == .absent { text += " # SKIP \(Self.escape(result.reasons.joined(separator: "; ")))" }
            text += "\n"
            if result.verdict == .absent || result.verdict == .passed { continue }
            text += "  ---\n  verdict: \(result.verdict.rawValue)\n  duration_ms: \(Int(result.seconds * 1000))\n"
            text += "  reasons:\n" + result.reasons.map { "    - \(Self.quote($0))\n" }.joined()
            text += "  ...\n"
        }
        return text
    }

    private static func escape(_ text: String) -> String {
        text.printable().replacing("\\", with: "\\\\").replacing("#", with: "\\#")
    }

    /// A scalar of YAML in double quotes.
    private static func quote(_ text: String) -> String {
        "\"" + text.printable().replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

internal import Foundation

extension MatrixReport {
    /// One page that needs nothing but itself: the matrix, the timings, and the log of every cell. It has no scripts, and its
    /// policy forbids them and everything from elsewhere, so that no text of a guest can do anything.
    package func html() -> String {
        let body = [header, filter, matrix, timings, details, footer].joined(separator: "\n")
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\("Paravane test matrix: \(summary)".escaped())</title>
            <style>
            \(PageStyle.css)
            </style>
            </head>
            <body>
            <a class="skip" href="#cells">Skip to the cells</a>
            \(PageStyle.icons)
            \(body)
            </body>
            </html>

            """
    }

    // MARK: Parts

    private var isGood: Bool { !results.contains { $0.verdict.isBad } && missingCells.isEmpty && !results.isEmpty }

    private var header: String {
        let absent = count(.absent)
        let headline =
            if !isGood {
                results.isEmpty ? "There are no results" : "Some cells need attention"
            } else if absent > 0 {
                "Every cell that ran passed or differs as documented"
            } else {
                "Every cell passed or differs as documented"
            }
        let hosts = Set(shards.map(\.host)).sorted().joined(separator: ", ")
        let first = shards.map(\.started).min().map { $0.formatted(.iso8601.dateTimeSeparator(.space)) } ?? "never"
        let facts = [
            ("Cells", "\(plan.cells.count)"), ("Tests", "\(results.reduce(0) { $0 + $1.tests.count })"),
            ("Time", Self.duration(span)), ("Begun", first), (hosts.contains(",") ? "Machines" : "Machine", hosts),
            ("Shards", plan.shards == 1 ? "1" : "\(Set(shards.map(\.index)).count) of \(plan.shards)"),
            ("Plan", plan.digest),
        ]
        var text = """
            <header>
            <p class="product">Paravane</p>
            <h1>Test matrix</h1>
            <p class="headline \(isGood ? "passed" : "failed")">\(Self.icon(isGood ? "passed" : "failed"))\(headline)</p>
            <ul class="counts">

            """
        for verdict in Verdict.allCases where count(verdict) > 0 {
            text += """
                <li class="\(verdict.rawValue)">\(Self.icon(verdict.rawValue))<b>\(count(verdict))</b> \(verdict.words)</li>

                """
        }
        if !missingCells.isEmpty {
            text += "<li class=\"missing\">\(Self.icon("missing"))<b>\(missingCells.count)</b> missing</li>\n"
        }
        text += "</ul>\n<dl class=\"facts\">\n"
        for (name, value) in facts {
            text += "<div><dt>\(name)</dt><dd>\(value.escaped())</dd></div>\n"
        }
        return text + "</dl>\n</header>\n<main>"
    }

    /// The choice of what is shown: radio buttons that the style sheet looks at.
    private var filter: String {
        guard !isGood else { return "" }
        return """
            <fieldset class="filter">
            <legend>Show</legend>
            <label><input type="radio" name="show" id="show-all" checked> all cells</label>
            <label><input type="radio" name="show" id="show-bad"> only what needs attention</label>
            </fieldset>
            """
    }

    private var matrix: String {
        let engines = Cell.Engine.allCases.filter { engine in results.contains { $0.engine == engine } }
        let architectures = Cell.Architecture.allCases.filter { one in results.contains { $0.architecture == one } }
        var text = """
            <section aria-labelledby="matrix-title">
            <h2 id="matrix-title">Matrix</h2>
            <p class="note">A mark is a cell: what ran, and what came of it. It leads to the cell's log.</p>
            <div class="scroll" role="region" aria-labelledby="matrix-title" tabindex="0">
            <table class="matrix" role="table">
            <caption class="hidden">Results by guest and engine</caption>
            <thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Guest</th>

            """
        for engine in engines { text += "<th scope=\"col\" role=\"columnheader\">\(engine.rawValue)</th>\n" }
        text += "</tr></thead>\n<tbody role=\"rowgroup\">\n"
        for architecture in architectures {
            text += "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">\(architecture.rawValue)</th>\n"
            for engine in engines {
                let cells = results.filter { $0.architecture == architecture && $0.engine == engine }
                text +=
                    "<td role=\"cell\" data-engine=\"\(engine.rawValue)\"\(cells.isEmpty ? " class=\"empty\"" : "")>"
                text += cells.isEmpty ? "<span class=\"hidden\">nothing</span>" : marks(of: cells)
                text += "</td>\n"
            }
            text += "</tr>\n"
        }
        return text + "</tbody>\n</table>\n</div>\n</section>"
    }

    private func marks(of cells: [CellResult]) -> String {
        var text = ""
        for suite in Cell.Suite.allCases {
            let some = cells.filter { $0.suite == suite }
            if some.isEmpty { continue }
            text += "<div class=\"suite\"><span class=\"name\">\(suite.rawValue)</span><ul class=\"marks\">"
            for result in some {
                let words = "\(result.variant): \(result.verdict.words)".escaped()
                text += """
                    <li><a class="mark \(result.verdict.rawValue)" href="#\(Self.anchor(result))" title="\(words)">\
                    \(Self.icon(result.verdict.rawValue))<span class="hidden">\(words)</span></a></li>
                    """
            }
            text += "</ul></div>"
        }
        return text
    }

    private var details: String {
        var text = "<section id=\"cells\" aria-labelledby=\"cells-title\">\n<h2 id=\"cells-title\">Cells</h2>\n"
        let longest = results.map(\.seconds).max() ?? 0
        for architecture in Cell.Architecture.allCases {
            let some = results.filter { $0.architecture == architecture }
            if some.isEmpty { continue }
            text += "<div class=\"group\(some.contains { $0.verdict.isBad } ? " bad" : "")\">\n"
            text += "<h3>\(architecture.rawValue)</h3>\n"
            for result in some { text += self.detail(of: result, longest: longest) }
            text += "</div>\n"
        }
        if !missingCells.isEmpty {
            text += "<div class=\"group bad\"><h3>Without a result</h3>\n<ul class=\"missing-cells\">\n"
            for cell in missingCells { text += "<li>\(Self.icon("missing"))\(cell.escaped())</li>\n" }
            text += "</ul></div>\n"
        }
        return text + "</section>\n</main>"
    }

    private func detail(of result: CellResult, longest: Double) -> String {
        let verdict = result.verdict
        let share = longest > 0 ? max(result.seconds / longest * 100, 0.5) : 0
        var text = """
            <details class="cell\(verdict.isBad ? " bad" : "")"\(verdict.isBad ? " open" : "")>
            <summary>
            <span class="badge \(verdict.rawValue)">\(Self.icon(verdict.rawValue))\(verdict.words)</span>
            <span class="what"><span class="variant">\(result.variant.escaped())</span>
            <span class="where">\(result.suite.rawValue) on \(result.engine.rawValue)</span></span>
            <span class="measure">\((result.measure ?? "").escaped())</span>
            <span class="time"><svg class="bar" aria-hidden="true" height="6"><rect class="rail" width="100%" height="6" rx="3"/>\
            <rect class="\(verdict.rawValue)" width="\(Self.number(share))%" height="6" rx="3"/></svg>\
            \(Self.duration(result.seconds))</span>
            </summary>
            <div class="body" id="\(Self.anchor(result))">

            """
        if !result.reasons.isEmpty {
            text += "<h4>\(verdict == .differs ? "What differs, and why" : "Why")</h4>\n<ul class=\"reasons\">\n"
            for reason in result.reasons.prefix(50) { text += "<li>\(reason.escaped())</li>\n" }
            if result.reasons.count > 50 { text += "<li>and \(result.reasons.count - 50) more</li>\n" }
            text += "</ul>\n"
        }
        if let remedy = result.remedy {
            text += "<h4>What would help</h4>\n<pre class=\"command\"><code>\(remedy.escaped())</code></pre>\n"
        }
        if !result.command.isEmpty {
            let command = result.command.map(\.shellWord).joined(separator: " ")
            text += "<h4>Command</h4>\n<pre class=\"command\"><code>\(command.escaped())</code></pre>\n"
        }
        text += "<dl class=\"facts\">\n<div><dt>Cell</dt><dd>\(result.cell.escaped())</dd></div>\n"
        if let status = result.status { text += "<div><dt>Exit status</dt><dd>\(status)</dd></div>\n" }
        text += "<div><dt>Machine</dt><dd>\(result.host.escaped())</dd></div>\n"
        text += "<div><dt>Attempt</dt><dd>\(result.attempt)</dd></div>\n</dl>\n"
        text += tests(of: result)
        text += log("Standard output", result.output, of: result)
        text += log("Standard error", result.errors, of: result)
        return text + "</div>\n</details>\n"
    }

    private func tests(of result: CellResult) -> String {
        func table(_ tests: [CellResult.Test], _ caption: String) -> String {
            var text = """
                <table class="tests"><caption>\(caption)</caption>
                <thead><tr><th scope="col">Result</th><th scope="col">Test</th></tr></thead>
                <tbody>

                """
            for test in tests {
                let verdict: Verdict = test.passed ? .passed : test.explanation == nil ? .failed : .differs
                text += "<tr><td><span class=\"badge \(verdict.rawValue)\">\(Self.icon(verdict.rawValue))"
                text += "\(verdict == .differs ? "differs" : verdict.words)</span></td>"
                text += "<th scope=\"row\">\(test.name.escaped())</th></tr>\n"
            }
            return text + "</tbody></table>\n"
        }
        guard !result.tests.isEmpty else { return "" }
        let failed = result.tests.filter { !$0.passed }
        let passed = result.tests.filter(\.passed)
        var text = failed.isEmpty ? "" : table(failed, "Tests that did not pass")
        if !passed.isEmpty {
            text += "<details class=\"more\"><summary>\(passed.count) tests that passed</summary>\n"
            text += table(passed, "Tests that passed") + "</details>\n"
        }
        return text
    }

    private func log(_ name: String, _ text: String, of result: CellResult) -> String {
        guard !text.isEmpty else { return "" }
        let label = "\(name) of \(result.cell)".escaped()
        return """
            <details class="more"\(result.verdict.isBad ? " open" : "")><summary>\(name)</summary>
            <pre class="log" role="region" aria-label="\(label)" tabindex="0">\(text.escaped(lines: true))</pre></details>

            """
    }

    private var footer: String {
        """
        <footer><p>Made by <code>paravane matrix</code>. The same results are in <code>matrix.json</code>, \
        <code>matrix.xml</code> (JUnit) and <code>matrix.tap</code>.</p></footer>
        """
    }

    // MARK: Small things

    static func icon(_ name: String) -> String {
        "<svg class=\"icon\" aria-hidden=\"true\"><use href=\"#icon-\(name)\"/></svg>"
    }

    /// Letters, digits and dashes alone.
    static func anchor(_ result: CellResult) -> String {
        "cell-" + result.cell.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "-" }.joined()
    }

    static func duration(_ seconds: Double) -> String {
        if seconds < 10 { return String(format: "%.2f s", seconds) }
        if seconds < 90 { return String(format: "%.1f s", seconds) }
        return String(format: "%d min %02d s", Int(seconds) / 60, Int(seconds) % 60)
    }

    static func number(_ value: Double) -> String { String(format: "%.2f", value) }
}

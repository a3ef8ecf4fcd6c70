internal import Foundation

extension MatrixReport {
    /// JUnit's XML: a suite a cell, in it a case a test of the guest, and first one for the run as a whole. Known differences
    /// and absent cells are skipped cases with the reason.
    package func junit() -> String {
        let suites = results.map(Self.suite)
        let missing = missingCells.map { cell in
            Suite(
                className: Self.className(cell), attributes: "name=\"\(cell.escaped())\" time=\"0\"",
                cases: [Case(name: "the run", time: 0, body: .error("there is no result"))], logs: "")
        }
        let all = suites + missing
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"paravane matrix\" "
        text += Self.counts(all.flatMap(\.cases)) + " time=\"\(Self.seconds(span))\">\n"
        for suite in all {
            text += "  <testsuite \(suite.attributes) \(Self.counts(suite.cases))>\n"
            for one in suite.cases { text += one.xml(className: suite.className) }
            text += suite.logs + "  </testsuite>\n"
        }
        return text + "</testsuites>\n"
    }

    private struct Suite {
        let className: String
        let attributes: String
        let cases: [Case]
        let logs: String
    }

    private struct Case {
        enum Body {
            case passed
            case skipped(String)
            case failure(String)
            case error(String)
        }

        let name: String
        let time: Double
        let body: Body

        func xml(className: String) -> String {
            let start =
                "    <testcase classname=\"\(className.escaped())\" name=\"\(name.escaped())\" time=\"\(seconds(time))\""
            switch body {
            case .passed: return start + "/>\n"
            case .skipped(let reason): return start + "><skipped message=\"\(reason.escaped())\"/></testcase>\n"
            case .failure(let reason): return start + "><failure message=\"\(reason.escaped())\"/></testcase>\n"
            case .error(let reason): return start + "><error message=\"\(reason.escaped())\"/></testcase>\n"
            }
        }
    }

    private static func suite(_ result: CellResult) -> Suite {
        let reasons = result.reasons.joined(separator: "; ")
        let whole: Case.Body =
            switch result.verdict {
            case .passed, .differs: .passed
            case .failed: .failure(reasons)
            case .timedOut: .error(reasons)
            case .absent: .skipped(([reasons] + (result.remedy.map { ["try: \($0)"] } ?? [])).joined(separator: "; "))
            }
        let tests = result.tests.map { test in
            Case(
                name: test.name, time: 0,
                body: test.passed
                    ? .passed
                    : test.explanation.map { .skipped("differs as documented: \($0)") } ?? .failure("it failed"))
        }
        var logs = ""
        for (name, text) in [("system-out", result.output), ("system-err", result.errors)] where !text.isEmpty {
            logs += "    <\(name)>\(text.escaped(lines: true))</\(name)>\n"
        }
        let attributes = [
            "name=\"\(result.cell.escaped())\"", "timestamp=\"\(result.started.formatted(MatrixReport.time))\"",
            "hostname=\"\(result.host.escaped())\"", "time=\"\(seconds(result.seconds))\"",
        ]
        return Suite(
            className: className(result.cell), attributes: attributes.joined(separator: " "),
            cases: [Case(name: "the run", time: result.seconds, body: whole)] + tests, logs: logs)
    }

    private static func counts(_ cases: [Case]) -> String {
        var (failures, errors, skipped) = (0, 0, 0)
        for one in cases {
            switch one.body {
            case .passed: break
            case .skipped: skipped += 1
            case .failure: failures += 1
            case .error: errors += 1
            }
        }
        return "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"\(errors)\" skipped=\"\(skipped)\""
    }

    /// Readers take the dots for packages.
    private static func className(_ cell: String) -> String { cell.replacing("/", with: ".") }

    private static func seconds(_ time: Double) -> String { String(format: "%.3f", time) }
}

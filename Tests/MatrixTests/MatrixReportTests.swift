import Foundation
import FoundationXML
import Matrix
import TestTools
import Testing

/// Reports of a small plan, one cell a verdict, whose guest tries to be more than text.
struct MatrixReportTests {
    private let hostile = "<script>alert(1)</script> &amp; \"quoted\" ]]> \u{1B}[31m\u{0}\u{202E}#\\"

    private func report(shards: Int = 1) throws -> MatrixReport {
        let cells = [
            Judged.cell("passes"), Judged.cell("differs", .qemu, .tap(reference: "other")), Judged.cell("fails"),
            Judged.cell("hangs"), Judged.cell("lacks", package: "package"),
        ]
        let differences = "reference: other\ntest: two\nreason: It counts otherwise."
        let results = [
            try Judged.result(cells[0], "ok 1 - one\n1..1\n", errors: hostile),
            try Judged.result(
                cells[1], "not ok 1 - two\n1..1\n", started: 1, differences: differences),
            try Judged.result(cells[2], "not ok 1 - \(hostile)\n1..1\n", started: 2),
            try Judged.result(cells[3], "", status: -9, isTimedOut: true, started: 3),
            try Judged.result(cells[4], "", errors: "x: there is no package", status: 69, started: 4),
        ]
        return MatrixReport(
            Plan(cells + (shards > 1 ? [Judged.cell("elsewhere")] : [])), shard: Shard(index: 1, count: shards),
            differences: try Differences(differences),
            run: .init(index: 1, attempt: 1, host: "here", jobs: 1, started: Judged.start, seconds: 6), results: results
        )
    }

    @Test func `the summary counts what there is`() throws {
        #expect(try report().summary == "1 passed, 1 differs as documented, 1 failed, 1 timed out, 1 absent")
        #expect(try report(shards: 2).summary.hasSuffix("1 absent, 1 missing"))
    }

    // MARK: JSON

    @Test func `the JSON is read back as it was`() throws {
        let report = try report()
        #expect(try MatrixReport(json: Data(report.json().utf8)) == report)
    }

    @Test func `the JSON has the documented keys`() throws {
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(report().json().utf8)) as? [String: Any])
        #expect(object.keys.sorted() == ["format", "plan", "results", "shards", "version"])
        #expect(object["format"] as? String == "paravane-matrix")
        #expect(object["version"] as? Int == 1)
        let plan = try #require(object["plan"] as? [String: Any])
        #expect(plan.keys.sorted() == ["cells", "digest", "shards"])
        let run = try #require((object["shards"] as? [[String: Any]])?.first)
        #expect(run.keys.sorted() == ["attempt", "host", "index", "jobs", "seconds", "started"])
        let results = try #require(object["results"] as? [[String: Any]])
        #expect(
            results[0].keys.sorted() == [
                "architecture", "attempt", "cell", "command", "engine", "errors", "host", "output", "reasons",
                "seconds",
                "started", "status", "suite", "tests", "variant", "verdict",
            ])
        #expect(results[0]["started"] as? String == "2023-11-14T22:13:20.000Z")
        #expect(results.map { $0["verdict"] as? String } == ["passed", "differs", "failed", "timed_out", "absent"])
        #expect(results[4]["remedy"] as? String == "apt-get install package")
        let page = try String(contentsOf: repository.appendingPathComponent("docs/test-matrix.md"), encoding: .utf8)
        for key in Set(object.keys).union(plan.keys).union(run.keys).union(results.flatMap(\.keys)) {
            #expect(page.contains("`\(key)`"), "docs/test-matrix.md does not have \(key)")
        }
    }

    @Test(arguments: [
        ("", MatrixError.notResults), ("{}", .notResults), ("[1]", .notResults),
        ("{\"format\": \"paravane-matrix\", \"version\": 2}", .otherVersion(2)),
        ("{\"format\": \"paravane-matrix\", \"version\": 1}", .notResults),
        ("{\"format\": \"other\", \"version\": 1}", .notResults),
    ])
    func `what is no report of this version is refused`(text: String, error: MatrixError) {
        #expect(throws: error) { try MatrixReport(json: Data(text.utf8)) }
    }

    @Test(arguments: [
        ("\"shards\" : 1\n", "\"shards\" : 0\n"), ("\"shards\" : 1\n", "\"shards\" : 99999999\n"),
        ("\"index\" : 1", "\"index\" : 2"), ("\"cell\" : \"s390x/soft/conformance/fails\"", "\"cell\" : \"other\""),
        ("\"verdict\" : \"failed\"", "\"verdict\" : \"good\""), ("2023-11-14T22:13:20.000Z", "yesterday"),
    ])
    func `a report that contradicts itself is refused`(old: String, new: String) throws {
        let json = try report().json()
        #expect(json.contains(old))
        #expect(throws: MatrixError.notResults) { try MatrixReport(json: Data(json.replacing(old, with: new).utf8)) }
    }

    // MARK: TAP

    @Test func `the TAP has a test a cell, with what went wrong`() throws {
        let tap = try report(shards: 2).tap()
        let lines = tap.split(separator: "\n").map(String.init).filter { !$0.hasPrefix(" ") }
        #expect(
            lines == [
                "TAP version 14", "1..6", "ok 1 - s390x/soft/conformance/passes",
                "ok 2 - s390x/qemu/conformance/differs", "not ok 3 - s390x/soft/conformance/fails",
                "not ok 4 - s390x/soft/conformance/hangs",
                "ok 5 - s390x/soft/conformance/lacks # SKIP x: there is no package",
                "not ok 6 - s390x/soft/conformance/elsewhere: there is no result",
            ])
        #expect(tap.contains("  verdict: failed\n  duration_ms: 1500\n  reasons:\n    - \"fails: <script>"))
        #expect(!tap.contains("\u{1B}") && !tap.contains("\u{202E}"))
        #expect(tap.contains("    - \"it did not end within 60 seconds\"\n  ...\n"))
    }

    // MARK: JUnit

    /// An element with its attributes and what is in it.
    private final class Reader: NSObject, XMLParserDelegate {
        var elements: [(name: String, attributes: [String: String])] = []
        var text = ""

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            elements.append((name, attributes))
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
    }

    @Test func `the JUnit XML is well-formed and counts what it has`() throws {
        let parser = XMLParser(data: Data(try report(shards: 2).junit().utf8))
        let reader = Reader()
        parser.delegate = reader
        try #require(parser.parse(), "\(String(describing: parser.parserError))")
        let suites = reader.elements.filter { $0.name == "testsuite" }
        #expect(
            suites.map { $0.attributes["name"]?.split(separator: "/").last.map(String.init) } == [
                "passes", "differs", "fails", "hangs", "lacks", "elsewhere",
            ])
        let all = try #require(reader.elements.first).attributes
        #expect(all["tests"] == "\(reader.elements.filter { $0.name == "testcase" }.count)")
        for (name, kind) in [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")] {
            #expect(all[name] == "\(reader.elements.filter { $0.name == kind }.count)")
        }
        #expect(all["failures"] == "2" && all["errors"] == "2" && all["skipped"] == "2")
        let messages = reader.elements.compactMap { $0.attributes["message"] }
        #expect(messages.contains("differs as documented: It counts otherwise."))
        #expect(messages.contains("x: there is no package; try: apt-get install package"))
        #expect(reader.text.contains("<script>alert(1)</script> &amp; \"quoted\" ]]> \u{241B}[31m\u{2400}\u{FFFD}#\\"))
    }

    // MARK: The page

    @Test func `the page shows what guests print, and nothing of it acts`() throws {
        let page = try report(shards: 2).html()
        #expect(!page.contains("<script"))
        #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; &quot;quoted&quot; ]]&gt; \u{241B}[31m"))
        #expect(!page.contains("\u{1B}") && !page.contains("\u{0}") && !page.contains("\u{202E}"))
        #expect(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""))
    }

    @Test func `the page needs nothing from elsewhere`() throws {
        let page = try report().html()
        for part in ["http:", "https:", "src=", "url(", "@import", "<link"] { #expect(!page.contains(part), "\(part)") }
    }

    @Test func `every mark of the page leads to its cell, and every icon is there`() throws {
        let page = try report(shards: 2).html()
        let targets = page.matches(of: #/href="#([^"]*)"/#).map { String($0.1) }
        #expect(targets.count > 10)
        for target in Set(targets) { #expect(page.contains("id=\"\(target)\""), "\(target)") }
        let ids = page.matches(of: #/ id="([^"]*)"/#).map { String($0.1) }
        #expect(Set(ids).count == ids.count)
    }

    @Test func `the page of a good report says so, and shows no choice`() throws {
        let cell = Judged.cell()
        let good = MatrixReport(
            Plan([cell]), shard: .whole, differences: try Differences(""),
            run: .init(index: 1, attempt: 1, host: "here", jobs: 1, started: Judged.start, seconds: 2),
            results: [try Judged.result(cell, "ok 1 - one\n1..1\n")])
        #expect(good.html().contains("Every cell passed or differs as documented"))
        #expect(!good.html().contains("<fieldset"))
        #expect(try report().html().contains("Some cells need attention"))
        #expect(try report().html().contains("<fieldset"))
    }
}

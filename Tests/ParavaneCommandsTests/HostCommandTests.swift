import Foundation
import TestTools
import Testing

@Suite struct HostCommandTests {
    @Test func `the host is described as text and as JSON, from the same facts`() throws {
        let text = try Tool.paravane().run(["host"])
        let json = try Tool.paravane().run(["host", "--json"])
        #expect(text.status == 0 && json.status == 0)
        #expect(text.errors.isEmpty && json.errors.isEmpty)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output)) as? [String: Any])
        #expect((object["engines"] as? [String: Bool])?["soft"] == true)
        if let obstacle = object["obstacle"] as? String {
            #expect(text.text.contains("no: \(obstacle)\n"))
        } else {
            #expect(text.text.contains("yes: KVM-PR\n"))
        }
    }

    @Test func `an option that is none ends with 64`() throws {
        #expect(try Tool.paravane().run(["host", "--xml"]).status == 64)
    }
}

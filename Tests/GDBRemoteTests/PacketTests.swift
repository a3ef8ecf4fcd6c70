import GDBRemote
import Testing

/// The framing of packets: GDB manual, appendix E.1.
@Suite struct PacketTests {
    private func events(_ chunks: [[UInt8]], checksSums: Bool = true) -> [PacketDecoder.Event] {
        var decoder = PacketDecoder()
        decoder.checksSums = checksSums
        var events: [PacketDecoder.Event] = []
        for chunk in chunks {
            decoder.feed(chunk)
            while let event = decoder.next() { events.append(event) }
        }
        return events
    }

    private func events(_ text: String) -> [PacketDecoder.Event] { events([[UInt8](text.utf8)]) }

    private func packet(_ text: String) -> PacketDecoder.Event { .packet([UInt8](text.utf8)) }

    @Test func `packets, acknowledgements and Ctrl-C are told apart`() {
        #expect(events("+$g#67-\u{3}$qC#b4") == [.acknowledged, packet("g"), .refused, .interrupt, packet("qC")])
    }

    @Test func `it does not matter where the bytes are split`() {
        let bytes = [UInt8]("noise+$m0,4#fd$}]*!#25\u{3}$OK#9a".utf8)
        let whole = events([bytes])
        #expect(whole.count == 5)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                #expect(
                    events([Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...])]) == whole)
            }
        }
    }

    @Test func `a wrong checksum is damage, unless nothing is acknowledged`() {
        #expect(events("$g#68") == [.damaged])
        #expect(events([[UInt8]("$g#68".utf8)], checksSums: false) == [packet("g")])
        #expect(events("$g#6z$g#67") == [.damaged, packet("g")])
    }

    @Test func `a packet that begins inside another replaces it`() {
        #expect(events("$m0,4$g#67") == [packet("g")])
    }

    @Test func `every byte survives encoding and decoding`() {
        let payload = (0...255).map { UInt8($0) } + [UInt8](repeating: 0x2A, count: 40)
        #expect(events([Packet.encode(payload)]) == [.packet(payload)])
    }

    @Test func `run lengths are expanded`() {
        // "0* " is "0000" in the manual.
        #expect(events([framed("0* ")]) == [packet("0000")])
        #expect(events([framed("a*\"b")]) == [packet("aaaaaab")])
    }

    @Test(arguments: ["a*\u{1F}", "a*\u{7F}"])
    func `a run length that is no printable character is damage`(text: String) {
        #expect(events([framed(text)]) == [.damaged])
    }

    @Test func `a packet that is too long is dropped, also one that run lengths make long`() {
        let long = [UInt8](repeating: 0x61, count: PacketDecoder.payloadLimit + 1)
        #expect(events([framed(long), framed([0x67])]) == [.damaged, packet("g")])
        let dense = [0x61] + Array([[UInt8]](repeating: [0x2A, 0x7E], count: 400).joined())
        #expect(events([framed(dense), framed([0x67])]) == [.damaged, packet("g")])
        let fits = [UInt8](repeating: 0x61, count: PacketDecoder.payloadLimit)
        #expect(events([framed(fits)]) == [.packet(fits)])
    }

    private func framed(_ text: String) -> [UInt8] { framed([UInt8](text.utf8)) }

    /// A packet with these bytes as they are.
    private func framed(_ bytes: [UInt8]) -> [UInt8] {
        let sum = String(bytes.reduce(UInt8(0), &+), radix: 16)
        return [0x24] + bytes + [0x23] + [UInt8]((sum.count == 1 ? "0" + sum : sum).utf8)
    }
}

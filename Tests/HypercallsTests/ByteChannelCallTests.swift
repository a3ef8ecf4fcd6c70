import Hypercalls
import ParavirtABI
import Testing

@Suite struct ByteChannelCallTests {
    @Test func `sending takes four bytes a register, the first in the most significant place`() throws {
        let host = try TestEPAPRHost()
        let result = host.call(.byteChannelSend, 7, 6, 0x4865_6C6C, 0x6F21_FFFF)
        #expect(result == CallResult(.success, 6))
        #expect(host.sent == Array("Hello!".utf8))
    }

    @Test(arguments: 0...16) func `sending and receiving carry any number of bytes`(count: Int) throws {
        let host = try TestEPAPRHost()
        let bytes = (0..<16).map { UInt64(0x30 + $0) }
        let words = (0..<4).map { index in (0..<4).reduce(0) { $0 << 8 | bytes[4 * index + $1] } }
        let sent = host.call(.byteChannelSend, 7, UInt64(count), words[0], words[1], words[2], words[3])
        #expect(sent == CallResult(.success, UInt64(count)))
        #expect(host.sent == bytes.prefix(count).map { UInt8($0) })

        host.waiting = host.sent
        let received = host.call(.byteChannelReceive, 7, 16)
        #expect(received.outputs.count == 5)
        let packed = (0..<4).map { index in
            (0..<4).reduce(0) { $0 << 8 | (4 * index + $1 < count ? bytes[4 * index + $1] : 0) }
        }
        #expect(received.outputs == [UInt64(count)] + packed)
    }

    @Test func `sending what only fits in part tells how much was taken`() throws {
        let host = try TestEPAPRHost()
        host.room = 3
        #expect(host.call(.byteChannelSend, 7, 16, 0x4142_4344) == CallResult(.success, 3))
        #expect(host.sent == Array("ABC".utf8))
        #expect(host.call(.byteChannelSend, 7, 1, 0x4100_0000) == CallResult(.tryAgain))
        #expect(host.call(.byteChannelSend, 7, 0) == CallResult(.success))
    }

    @Test func `receiving takes no more than was asked for, and tells of nothing with a count of 0`() throws {
        let host = try TestEPAPRHost()
        host.waiting = Array("abcde".utf8)
        #expect(host.call(.byteChannelReceive, 7, 2) == CallResult(.success, 2, 0x6162_0000, 0, 0, 0))
        #expect(host.call(.byteChannelReceive, 7, 0) == CallResult(.success, 0, 0, 0, 0, 0))
        #expect(host.call(.byteChannelReceive, 7, 16) == CallResult(.success, 3, 0x6364_6500, 0, 0, 0))
        #expect(host.call(.byteChannelReceive, 7, 16) == CallResult(.success, 0, 0, 0, 0, 0))
    }

    @Test func `polling tells what waits and what fits`() throws {
        let host = try TestEPAPRHost()
        host.waiting = [1, 2, 3]
        #expect(host.call(.byteChannelPoll, 7) == CallResult(.success, 3, 100))
        #expect(host.waiting.count == 3)
    }

    @Test(arguments: [0, 6, 8, 0xFFFF_FFFF] as [UInt64]) func `no call knows another handle`(handle: UInt64) throws {
        let host = try TestEPAPRHost()
        for call in [Hypercall.byteChannelSend, .byteChannelReceive, .byteChannelPoll] {
            #expect(host.call(call, handle, 1) == CallResult(.invalidArgument), "\(call)")
        }
    }

    @Test(arguments: [17, 0x8000_0000, 0xFFFF_FFFF] as [UInt64])
    func `no call carries more than 16 bytes`(count: UInt64) throws {
        let host = try TestEPAPRHost()
        host.waiting = [1]
        #expect(host.call(.byteChannelSend, 7, count) == CallResult(.invalidArgument))
        #expect(host.call(.byteChannelReceive, 7, count) == CallResult(.invalidArgument))
        #expect(host.sent.isEmpty)
        #expect(host.waiting == [1])
    }

    @Test func `a doorbell rings by its handle alone`() throws {
        let host = try TestEPAPRHost()
        #expect(host.call(.doorbellSend, 9) == CallResult(.success))
        #expect(host.call(.doorbellSend, 7) == CallResult(.invalidArgument))
        #expect(host.rings == 1)
    }
}

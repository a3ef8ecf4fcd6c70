import Devices
import TestTools
import Testing

@Suite struct ByteQueueTests {
    @Test func `bytes leave in the order in which they came, however often the queue turns`() {
        let queue = ByteQueue()
        var generator = SeededRandom(seed: 7)
        var expected: [UInt8] = []
        var next: UInt8 = 0
        for _ in 0..<10_000 {
            if Bool.random(using: &generator) {
                #expect(queue.append(next) == (expected.count < ByteQueue.capacity))
                if expected.count < ByteQueue.capacity { expected.append(next) }
                next &+= 1
            } else {
                #expect(queue.removeFirst() == (expected.isEmpty ? nil : expected.removeFirst()))
            }
            #expect(queue.count == expected.count)
            #expect(queue.room == ByteQueue.capacity - expected.count)
        }
    }

    @Test func `a full queue takes nothing and loses nothing`() {
        let queue = ByteQueue()
        for index in 0..<ByteQueue.capacity { #expect(queue.append(UInt8(truncatingIfNeeded: index))) }
        #expect(!queue.append(1))
        #expect(queue.room == 0)
        #expect(queue.removeFirst() == 0)
        #expect(queue.room == 1)
    }

    @Test func `both ends' interrupts follow the queue's state`() {
        let lines = LineLevels()
        let queue = ByteQueue(
            dataAvailable: InterruptLine(to: lines, source: 1), spaceAvailable: InterruptLine(to: lines, source: 2))
        #expect(lines.asserted == [2])
        _ = queue.append(1)
        #expect(lines.asserted == [1, 2])
        while queue.append(1) {}
        #expect(lines.asserted == [1])
        _ = queue.removeFirst()
        #expect(lines.asserted == [1, 2])
        while queue.removeFirst() != nil {}
        #expect(lines.asserted == [2])
    }
}

@Suite struct ByteChannelTests {
    @Test func `what is sent into one end is received from the other`() {
        let (there, back) = (ByteQueue(), ByteQueue())
        let left = ByteChannel(receivingFrom: back, sendingTo: there)
        let right = ByteChannel(receivingFrom: there, sendingTo: back)
        #expect(left.sendable == ByteQueue.capacity)
        #expect(left.send(5))
        #expect(left.sendable == ByteQueue.capacity - 1)
        #expect(right.receivable == 1)
        #expect(left.receivable == 0)
        #expect(right.receive() == 5)
        #expect(right.receive() == nil)
        #expect(left.receive() == nil)
    }

    @Test func `a sink takes every byte at once, and its sender always has room`() {
        let lines = LineLevels()
        let sink = Transcript()
        let channel = ByteChannel(
            receivingFrom: ByteQueue(), sendingTo: sink, spaceAvailable: InterruptLine(to: lines, source: 3))
        for index in 0..<3 * ByteQueue.capacity { #expect(channel.send(UInt8(truncatingIfNeeded: index))) }
        #expect(sink.bytes.count == 3 * ByteQueue.capacity)
        #expect(channel.sendable == ByteQueue.capacity)
        #expect(lines.asserted == [3])
    }
}

/// An interrupt controller that knows which of its inputs are asserted.
private final class LineLevels: InterruptController {
    private(set) var asserted: Set<Int> = []

    func setLevel(source: Int, asserted level: Bool) {
        if level { asserted.insert(source) } else { asserted.remove(source) }
    }
}

internal import Devices
public import Hypercalls

/// The byte channels of a machine.
public final class ByteChannels {
    /// What the console's channel receives.
    let consoleInput: ByteQueue
    private let console: ByteChannel
    private let first: ByteChannel
    private let second: ByteChannel

    /// Channels whose interrupts go to `controller`; what the guest sends to the console goes to `console`.
    init(controller: any InterruptController, console sink: any ConsoleSink) {
        typealias Map = E500MemoryMap.ByteChannel
        func receiveLine(_ channel: Map) -> InterruptLine {
            InterruptLine(to: controller, source: channel.receiveInterrupt)
        }
        func transmitLine(_ channel: Map) -> InterruptLine {
            InterruptLine(to: controller, source: channel.transmitInterrupt)
        }
        consoleInput = ByteQueue(dataAvailable: receiveLine(.console))
        console = ByteChannel(
            receivingFrom: consoleInput, sendingTo: sink, spaceAvailable: transmitLine(.console))
        let toFirst = ByteQueue(dataAvailable: receiveLine(.first), spaceAvailable: transmitLine(.second))
        let toSecond = ByteQueue(dataAvailable: receiveLine(.second), spaceAvailable: transmitLine(.first))
        first = ByteChannel(receivingFrom: toFirst, sendingTo: toSecond)
        second = ByteChannel(receivingFrom: toSecond, sendingTo: toFirst)
    }

    /// The channel of that handle, or nil where there is none.
    subscript(handle: UInt32) -> ByteChannel? {
        switch E500MemoryMap.ByteChannel(rawValue: handle) {
        case .console: console
        case .first: first
        case .second: second
        case nil: nil
        }
    }
}

extension HandleDevices {
    /// What waits in the byte channel of that handle, and what fits; nil where there is none.
    public func byteChannelLevels(of handle: UInt32) -> (receivable: Int, sendable: Int)? {
        byteChannels[handle].map { ($0.receivable, $0.sendable) }
    }

    /// Sends as much of `data` as fits into the byte channel of that handle, and tells how much that was.
    public func send(_ data: ByteChannelData, into handle: UInt32) -> Int {
        guard let channel = byteChannels[handle] else { return 0 }
        for position in 0..<data.count where !channel.send(data[position]) { return position }
        return data.count
    }

    /// Takes at most `limit` bytes out of the byte channel of that handle.
    public func receive(from handle: UInt32, atMost limit: Int) -> ByteChannelData {
        var data = ByteChannelData()
        guard let channel = byteChannels[handle] else { return data }
        while data.count < limit, let byte = channel.receive() { data.append(byte) }
        return data
    }
}

extension HandleDevices {
    /// Requests the interrupt of the doorbell's receiving end; false where the handle is another.
    public func ringDoorbell(_ handle: UInt32) -> Bool {
        guard handle == E500MemoryMap.Doorbell.sendHandle else { return false }
        // An edge, which the MPIC keeps until somebody acknowledges it.
        mpic.setLevel(source: E500MemoryMap.Doorbell.receiveInterrupt, asserted: true)
        mpic.setLevel(source: E500MemoryMap.Doorbell.receiveInterrupt, asserted: false)
        return true
    }
}

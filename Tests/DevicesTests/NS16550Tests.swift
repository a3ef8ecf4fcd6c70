import Devices
import Testing

/// A UART, its wire and its far end, with its registers by name.
private struct Port {
    let line = LineRecorder()
    let transcript = Transcript()
    let uart: NS16550

    init() {
        uart = NS16550(interrupt: InterruptLine(to: line, source: 42), sink: transcript)
    }

    func read(_ register: NS16550.Register) -> UInt8 { UInt8(uart.read(offset: register.rawValue, width: 1)) }

    func write(_ value: UInt8, _ register: NS16550.Register) {
        uart.write(UInt64(value), offset: register.rawValue, width: 1)
    }

    func receive(_ bytes: [UInt8]) {
        for byte in bytes { uart.receive(byte) }
    }
}

@Suite struct NS16550TransmitTests {
    @Test func `a written byte goes out at once and the transmitter is empty`() {
        let port = Port()
        port.write(0x41, .data)
        #expect(port.transcript.bytes == [0x41])
        #expect(port.read(.lineStatus) == 0x60)
    }

    @Test func `enabling the transmitter interrupt while it is empty interrupts`() {
        let port = Port()
        port.write(0x02, .interruptEnable)
        #expect(port.line.level)
        #expect(port.read(.interruptIdentification) == 0x02)
    }

    @Test func `reading the identification ends the transmitter interrupt`() {
        let port = Port()
        port.write(0x02, .interruptEnable)
        #expect(port.read(.interruptIdentification) == 0x02)
        #expect(port.read(.interruptIdentification) == 0x01)
        #expect(!port.line.level)
    }

    /// The test that Linux's 8250 driver makes at startup for UARTs that fail to do so.
    @Test func `enabling the transmitter interrupt anew asserts it again`() {
        let port = Port()
        port.write(0x02, .interruptEnable)
        #expect(port.read(.interruptIdentification) == 0x02)
        port.write(0x00, .interruptEnable)
        port.write(0x02, .interruptEnable)
        #expect(port.read(.interruptIdentification) == 0x02)
    }

    @Test func `writing the enabled transmitter interrupt once more does not assert it`() {
        let port = Port()
        port.write(0x02, .interruptEnable)
        #expect(port.read(.interruptIdentification) == 0x02)
        port.write(0x02, .interruptEnable)
        #expect(port.read(.interruptIdentification) == 0x01)
    }

    @Test func `every transmitted byte makes a new edge of the transmitter interrupt`() {
        let port = Port()
        port.write(0x02, .interruptEnable)
        port.write(0x41, .data)
        #expect(port.line.changes.map(\.asserted) == [true, false, true])
    }

    @Test func `a reserved interrupt enable bit reads zero`() {
        let port = Port()
        port.write(0xFF, .interruptEnable)
        #expect(port.read(.interruptEnable) == 0x0F)
    }
}

@Suite struct NS16550ReceiveTests {
    @Test func `a received byte is ready and is read once`() {
        let port = Port()
        port.uart.receive(0x5A)
        #expect(port.read(.lineStatus) == 0x61)
        #expect(port.read(.data) == 0x5A)
        #expect(port.read(.lineStatus) == 0x60)
        #expect(port.read(.data) == 0)
    }

    @Test func `without FIFOs one byte fits`() {
        let port = Port()
        #expect(port.uart.canReceive)
        port.uart.receive(1)
        #expect(!port.uart.canReceive)
        _ = port.read(.data)
        #expect(port.uart.canReceive)
    }

    @Test func `without FIFOs an overrun keeps the newer byte`() {
        let port = Port()
        port.receive([1, 2])
        #expect(port.read(.lineStatus) == 0x63)
        #expect(port.read(.data) == 2)
    }

    @Test func `the FIFO gives sixteen bytes in order`() {
        let port = Port()
        port.write(0x01, .interruptIdentification)
        port.receive([UInt8](1...16))
        #expect(!port.uart.canReceive)
        #expect((1...16).map { _ in port.read(.data) } == [UInt8](1...16))
    }

    @Test func `an overrun of the FIFO loses the newer byte and shows until LSR is read`() {
        let port = Port()
        port.write(0x01, .interruptIdentification)
        port.receive([UInt8](1...17))
        #expect(port.read(.lineStatus) == 0x63)
        #expect(port.read(.lineStatus) == 0x61)
        #expect((1...16).map { _ in port.read(.data) } == [UInt8](1...16))
    }

    @Test(arguments: [(0x01, 1), (0x41, 4), (0x81, 8), (0xC1, 14)] as [(UInt8, Int)])
    func `identification changes from timeout to data at the trigger level`(control: UInt8, level: Int) {
        let port = Port()
        port.write(control, .interruptIdentification)
        port.write(0x01, .interruptEnable)
        port.receive([UInt8](repeating: 0, count: level - 1))
        #expect(port.read(.interruptIdentification) == (level == 1 ? 0xC1 : 0xCC))
        port.uart.receive(0)
        #expect(port.read(.interruptIdentification) == 0xC4)
    }

    @Test func `the receiver interrupt lasts until the FIFO is empty`() {
        let port = Port()
        port.write(0x81, .interruptIdentification)
        port.write(0x01, .interruptEnable)
        port.receive([1, 2])
        #expect(port.line.level)
        _ = port.read(.data)
        #expect(port.line.level)
        _ = port.read(.data)
        #expect(!port.line.level)
    }

    @Test func `resetting the receiver FIFO empties it`() {
        let port = Port()
        port.write(0x01, .interruptIdentification)
        port.receive([1, 2, 3])
        port.write(0x03, .interruptIdentification)
        #expect(port.read(.lineStatus) == 0x60)
    }

    @Test func `switching the FIFOs on or off empties them`() {
        let port = Port()
        port.write(0x01, .interruptIdentification)
        port.receive([1, 2, 3])
        port.write(0x00, .interruptIdentification)
        #expect(port.read(.lineStatus) == 0x60)
    }

    @Test func `a break shows with its byte and not before`() {
        let port = Port()
        port.write(0x01, .interruptIdentification)
        port.uart.receive(0x41)
        port.uart.receiveBreak()
        #expect(port.read(.lineStatus) == 0xE1)
        #expect(port.read(.data) == 0x41)
        #expect(port.read(.lineStatus) == 0xF1)
        #expect(port.read(.lineStatus) == 0x61)
        #expect(port.read(.data) == 0)
        #expect(port.read(.lineStatus) == 0x60)
    }

    @Test func `a break interrupts as line status until LSR is read`() {
        let port = Port()
        port.write(0x04, .interruptEnable)
        port.uart.receiveBreak()
        #expect(port.read(.interruptIdentification) == 0x06)
        _ = port.read(.lineStatus)
        #expect(port.read(.interruptIdentification) == 0x01)
    }

    @Test func `interrupts are identified by urgency`() {
        let port = Port()
        port.write(0x0F, .interruptEnable)
        port.write(0x1F, .modemControl)
        port.write(0x0F, .modemControl)
        port.uart.receive(1)
        port.uart.receive(2)
        #expect(port.read(.interruptIdentification) == 0x06)
        _ = port.read(.lineStatus)
        #expect(port.read(.interruptIdentification) == 0x04)
        _ = port.read(.data)
        #expect(port.read(.interruptIdentification) == 0x02)
        #expect(port.read(.interruptIdentification) == 0x00)
        _ = port.read(.modemStatus)
        #expect(port.read(.interruptIdentification) == 0x01)
    }
}

@Suite struct NS16550RegisterTests {
    @Test func `the divisor latch hides data and interrupt enable`() {
        let port = Port()
        port.write(0x83, .lineControl)
        port.write(0x34, .data)
        port.write(0x12, .interruptEnable)
        #expect(port.read(.data) == 0x34)
        #expect(port.read(.interruptEnable) == 0x12)
        port.write(0x03, .lineControl)
        #expect(port.transcript.bytes == [])
        #expect(port.read(.interruptEnable) == 0)
    }

    @Test func `the scratch register keeps what is written`() {
        let port = Port()
        port.write(0xA5, .scratch)
        #expect(port.read(.scratch) == 0xA5)
    }

    @Test func `the other side is there`() {
        let port = Port()
        #expect(port.read(.modemStatus) == 0xB0)
    }

    /// How Linux's 8250 driver makes sure that there is a UART.
    @Test func `loopback shows modem control in modem status`() {
        let port = Port()
        port.write(0x1A, .modemControl)
        #expect(port.read(.modemStatus) & 0xF0 == 0x90)
    }

    @Test func `changes of the modem lines show once`() {
        let port = Port()
        port.write(0x1F, .modemControl)
        #expect(port.read(.modemStatus) == 0xF0)
        port.write(0x10, .modemControl)
        #expect(port.read(.modemStatus) == 0x0F)
        #expect(port.read(.modemStatus) == 0x00)
    }

    @Test func `loopback feeds the receiver and not the line`() {
        let port = Port()
        port.write(0x10, .modemControl)
        port.write(0x77, .data)
        #expect(port.read(.data) == 0x77)
        #expect(port.transcript.bytes == [])
    }

    @Test func `loopback cuts off the other side`() {
        let port = Port()
        port.write(0x10, .modemControl)
        #expect(!port.uart.canReceive)
        port.uart.receive(1)
        port.uart.receiveBreak()
        #expect(port.read(.lineStatus) == 0x60)
    }

    @Test func `a break sent in loopback is received`() {
        let port = Port()
        port.write(0x10, .modemControl)
        port.write(0x40, .lineControl)
        #expect(port.read(.lineStatus) == 0x71)
    }

    /// Linux tells a 16550A from its relatives by these bits.
    @Test func `identification shows working FIFOs and none of 64 bytes`() {
        let port = Port()
        #expect(port.read(.interruptIdentification) == 0x01)
        port.write(0x21, .interruptIdentification)
        #expect(port.read(.interruptIdentification) == 0xC1)
    }

    @Test func `a word load reads four registers, the lowest offset in the highest byte`() {
        let port = Port()
        port.write(0x5A, .scratch)
        #expect(port.uart.read(offset: 4, width: 4) == 0x0060_B05A)
    }

    @Test func `a word store writes four registers from the highest byte on`() {
        let port = Port()
        port.uart.write(0x4102_0103, offset: 0, width: 4)
        #expect(port.transcript.bytes == [0x41])
        #expect(port.read(.interruptEnable) == 0x02)
        #expect(port.read(.lineControl) == 0x03)
    }

    @Test func `offsets past the registers read zero`() {
        let port = Port()
        port.uart.write(0xFF, offset: 8, width: 1)
        #expect(port.uart.read(offset: 8, width: 8) == 0)
        #expect(port.uart.read(offset: 0x10, width: 1) == 0)
        #expect(port.transcript.bytes == [])
    }
}

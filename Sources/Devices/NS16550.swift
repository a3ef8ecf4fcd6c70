/// Where a serial port's transmitted bytes go.
public protocol ConsoleSink: AnyObject {
    /// Takes one byte. Returns at once: a sink that cannot pass the byte on buffers or drops it.
    func send(_ byte: UInt8)
}

/// A 16550A UART with its 16-byte FIFOs: byte-wide registers at consecutive offsets.
///
/// It has no notion of time, so that runs repeat exactly:
/// - A byte is transmitted the moment it is written. The transmitter is always empty, and its interrupt comes again
///   after every byte.
/// - The character timeout is zero: received bytes below the FIFO's trigger level interrupt at once, with the timeout's
///   identification.
///
/// The modem lines of the other side are always on (DCD, DSR, CTS); baud rate and character format are kept and have no
/// effect. In loopback mode the transmitter feeds the receiver and MCR the modem status, and nothing crosses the border.
public final class NS16550: MMIODevice {
    /// The registers, by offset.
    public enum Register: UInt64, CaseIterable, Sendable {
        /// Receiver buffer (RBR) and transmitter holding register (THR); divisor latch, low byte, while DLAB is set.
        case data = 0
        /// Interrupt enable (IER); divisor latch, high byte, while DLAB is set.
        case interruptEnable = 1
        /// Interrupt identification (IIR) and FIFO control (FCR).
        case interruptIdentification = 2
        /// Line control (LCR).
        case lineControl = 3
        /// Modem control (MCR).
        case modemControl = 4
        /// Line status (LSR), read-only.
        case lineStatus = 5
        /// Modem status (MSR), read-only.
        case modemStatus = 6
        /// Scratch (SCR).
        case scratch = 7
    }

    /// Bits of IER.
    public enum InterruptEnable {
        /// Received data and character timeout.
        public static let receivedData: UInt8 = 0x01
        /// Transmitter holding register empty.
        public static let transmitterEmpty: UInt8 = 0x02
        /// Receiver line status.
        public static let lineStatus: UInt8 = 0x04
        /// Modem status.
        public static let modemStatus: UInt8 = 0x08
    }

    /// Values of IIR's low four bits, most urgent first, and its FIFO bits.
    public enum Identification {
        /// Receiver line status.
        public static let lineStatus: UInt8 = 0x06
        /// Received data at or above the trigger level.
        public static let receivedData: UInt8 = 0x04
        /// Character timeout: received data below the trigger level.
        public static let characterTimeout: UInt8 = 0x0C
        /// Transmitter holding register empty.
        public static let transmitterEmpty: UInt8 = 0x02
        /// Modem status.
        public static let modemStatus: UInt8 = 0x00
        /// No interrupt.
        public static let none: UInt8 = 0x01
        /// The FIFOs are enabled.
        public static let fifosEnabled: UInt8 = 0xC0
    }

    /// Bits of FCR.
    public enum FIFOControl {
        /// Enables both FIFOs. While clear, the other bits have no effect.
        public static let enable: UInt8 = 0x01
        /// Empties the receiver FIFO.
        public static let resetReceiver: UInt8 = 0x02
        /// Empties the transmitter FIFO.
        public static let resetTransmitter: UInt8 = 0x04
        /// The receiver trigger level: 1, 4, 8 or 14 bytes.
        public static let trigger: UInt8 = 0xC0
    }

    /// Bits of LCR.
    public enum LineControl {
        /// Sends a break.
        public static let sendBreak: UInt8 = 0x40
        /// Divisor latch access (DLAB).
        public static let divisorLatch: UInt8 = 0x80
    }

    /// Bits of MCR.
    public enum ModemControl {
        /// Data terminal ready.
        public static let dataTerminalReady: UInt8 = 0x01
        /// Request to send.
        public static let requestToSend: UInt8 = 0x02
        /// Output 1.
        public static let output1: UInt8 = 0x04
        /// Output 2.
        public static let output2: UInt8 = 0x08
        /// Loopback.
        public static let loopback: UInt8 = 0x10
    }

    /// Bits of LSR.
    public enum LineStatus {
        /// The receiver has data.
        public static let dataReady: UInt8 = 0x01
        /// A received byte was lost.
        public static let overrun: UInt8 = 0x02
        /// The byte to be read next is a break.
        public static let receivedBreak: UInt8 = 0x10
        /// The transmitter holding register is empty.
        public static let holdingEmpty: UInt8 = 0x20
        /// The transmitter is idle.
        public static let transmitterEmpty: UInt8 = 0x40
        /// Some byte in the receiver FIFO is a break.
        public static let errorInFIFO: UInt8 = 0x80
    }

    /// Bits of MSR: the lines' states in the upper half, below them which changed since the last read.
    public enum ModemStatus {
        /// Clear to send.
        public static let clearToSend: UInt8 = 0x10
        /// Data set ready.
        public static let dataSetReady: UInt8 = 0x20
        /// Ring indicator.
        public static let ring: UInt8 = 0x40
        /// Data carrier detect.
        public static let carrierDetect: UInt8 = 0x80
        /// The line states.
        public static let lines: UInt8 = 0xF0
        /// The ring indicator went off: the one change bit that only counts trailing edges.
        public static let ringEnded: UInt8 = 0x04
    }

    /// Bytes that each FIFO holds.
    public static let fifoCapacity = 16

    private let interrupt: InterruptLine
    private let sink: any ConsoleSink

    private var interruptEnable: UInt8 = 0
    /// Reads of LSR since the guest last sent a byte, at most ``pollingStatusReads``.
    private var statusReads = 0
    private var lineControl: UInt8 = 0
    private var modemControl: UInt8 = 0
    private var scratch: UInt8 = 0
    private var divisor: UInt16 = 0
    private var fifosEnabled = false
    private var triggerLevel = 1
    private var receiver = ReceiverFIFO()
    private var overrun = false
    private var transmitterInterrupt = false
    private var modemStatus = NS16550.remoteLines
    private var asserted = false

    /// The other side's modem lines.
    private static let remoteLines =
        ModemStatus.carrierDetect | ModemStatus.dataSetReady | ModemStatus.clearToSend

    /// A UART out of reset that interrupts through `interrupt` and transmits to `sink`.
    public init(interrupt: InterruptLine, sink: any ConsoleSink) {
        self.interrupt = interrupt
        self.sink = sink
    }

    // MARK: The other side of the line

    /// Whether the guest is ready for input: it enabled the receiver's interrupt, or polls for a byte.
    ///
    /// Input that comes earlier, while a driver still sets the port up, is lost when that resets the FIFO. Whoever has
    /// input that nobody types, a file say, holds it back until this is true.
    public var isListening: Bool {
        enabled(InterruptEnable.receivedData) || statusReads >= Self.pollingStatusReads
    }

    /// So many reads of LSR without a byte sent or received in between are a guest that waits for input: one that waits
    /// for the transmitter needs a single read.
    private static let pollingStatusReads = 256

    /// Whether a byte can be received now without loss. Whoever feeds the port holds its input back while this is false.
    public var canReceive: Bool { !isLooping && receiver.count < receiverCapacity }

    /// Receives a byte. In loopback mode it is lost; without room it is lost and the guest sees an overrun.
    public func receive(_ byte: UInt8) {
        guard !isLooping else { return }
        take(ReceiverFIFO.Entry(byte: byte, isBreak: false))
    }

    /// Receives a break condition, as ``receive(_:)`` does a byte.
    public func receiveBreak() {
        guard !isLooping else { return }
        take(ReceiverFIFO.Entry(byte: 0, isBreak: true))
    }

    // MARK: Registers

    /// What a load yields, byte for byte; offsets past the registers read 0.
    public func read(offset: UInt64, width: Int) -> UInt64 {
        RegisterAccess.readBytes(offset, width: width, byte: readByte)
    }

    /// Carries out a store, byte for byte; read-only and unknown registers ignore it.
    public func write(_ value: UInt64, offset: UInt64, width: Int) {
        RegisterAccess.writeBytes(value, offset, width: width, byte: writeByte)
    }

    private func readByte(at offset: UInt64) -> UInt8 {
        switch Register(rawValue: offset) {
        case .data:
            if accessesDivisor { return UInt8(truncatingIfNeeded: divisor) }
            let byte = receiver.removeFirst()?.byte ?? 0
            updateInterrupt()
            return byte
        case .interruptEnable:
            return accessesDivisor ? UInt8(truncatingIfNeeded: divisor >> 8) : interruptEnable
        case .interruptIdentification:
            let identification = self.identification
            if identification == Identification.transmitterEmpty {
                transmitterInterrupt = false
                updateInterrupt()
            }
            return identification | (fifosEnabled ? Identification.fifosEnabled : 0)
        case .lineControl:
            return lineControl
        case .modemControl:
            return modemControl
        case .lineStatus:
            let status = lineStatus
            statusReads = min(statusReads + 1, Self.pollingStatusReads)
            overrun = false
            receiver.acknowledgeBreak()
            updateInterrupt()
            return status
        case .modemStatus:
            let status = modemStatus
            modemStatus &= ModemStatus.lines
            updateInterrupt()
            return status
        case .scratch:
            return scratch
        case nil:
            return 0
        }
    }

    private func writeByte(_ value: UInt8, at offset: UInt64) {
        switch Register(rawValue: offset) {
        case .data:
            if accessesDivisor {
                divisor = divisor & 0xFF00 | UInt16(value)
            } else {
                statusReads = 0
                transmit(value)
            }
        case .interruptEnable:
            if accessesDivisor {
                divisor = divisor & 0x00FF | UInt16(value) << 8
            } else {
                let before = interruptEnable
                interruptEnable = value & 0x0F
                // Enabling it while the transmitter is empty brings the interrupt, also when it was acknowledged before.
                if interruptEnable & ~before & InterruptEnable.transmitterEmpty != 0 { transmitterInterrupt = true }
                updateInterrupt()
            }
        case .interruptIdentification:
            controlFIFOs(value)
        case .lineControl:
            let before = lineControl
            lineControl = value
            if isLooping && lineControl & ~before & LineControl.sendBreak != 0 {
                take(ReceiverFIFO.Entry(byte: 0, isBreak: true))
            }
        case .modemControl:
            modemControl = value & 0x1F
            updateModemLines()
        case .scratch:
            scratch = value
        case .lineStatus, .modemStatus, nil:
            break
        }
    }

    private var accessesDivisor: Bool { lineControl & LineControl.divisorLatch != 0 }
    private var isLooping: Bool { modemControl & ModemControl.loopback != 0 }
    private var receiverCapacity: Int { fifosEnabled ? Self.fifoCapacity : 1 }

    private var lineStatus: UInt8 {
        var status = LineStatus.holdingEmpty | LineStatus.transmitterEmpty
        if receiver.count > 0 { status |= LineStatus.dataReady }
        if overrun { status |= LineStatus.overrun }
        if receiver.first?.isBreak == true { status |= LineStatus.receivedBreak }
        if fifosEnabled && receiver.breakCount > 0 { status |= LineStatus.errorInFIFO }
        return status
    }

    /// What IIR's low four bits say: the most urgent of the enabled interrupts that wait.
    private var identification: UInt8 {
        if enabled(InterruptEnable.lineStatus), overrun || receiver.first?.isBreak == true {
            return Identification.lineStatus
        }
        if enabled(InterruptEnable.receivedData), receiver.count > 0 {
            return !fifosEnabled || receiver.count >= triggerLevel
                ? Identification.receivedData : Identification.characterTimeout
        }
        if enabled(InterruptEnable.transmitterEmpty), transmitterInterrupt {
            return Identification.transmitterEmpty
        }
        if enabled(InterruptEnable.modemStatus), modemStatus & ~ModemStatus.lines != 0 {
            return Identification.modemStatus
        }
        return Identification.none
    }

    private func enabled(_ interrupt: UInt8) -> Bool { interruptEnable & interrupt != 0 }

    private func updateInterrupt() {
        let assert = identification != Identification.none
        guard assert != asserted else { return }
        asserted = assert
        interrupt.set(assert)
    }

    private func transmit(_ byte: UInt8) {
        // The holding register fills and empties: its interrupt goes and comes, which an edge-sensitive input needs.
        transmitterInterrupt = false
        updateInterrupt()
        if isLooping {
            take(ReceiverFIFO.Entry(byte: byte, isBreak: false))
        } else {
            sink.send(byte)
        }
        transmitterInterrupt = true
        updateInterrupt()
    }

    private func take(_ entry: ReceiverFIFO.Entry) {
        if receiver.count < receiverCapacity {
            receiver.append(entry)
        } else {
            overrun = true
            // Without FIFO the newer byte overwrites the buffer; with it the newer byte is the one lost.
            if !fifosEnabled { receiver = ReceiverFIFO(entry) }
        }
        updateInterrupt()
    }

    private func controlFIFOs(_ value: UInt8) {
        let enable = value & FIFOControl.enable != 0
        if enable != fifosEnabled {
            fifosEnabled = enable
            receiver = ReceiverFIFO()
        }
        if enable {
            if value & FIFOControl.resetReceiver != 0 { receiver = ReceiverFIFO() }
            triggerLevel =
                switch (value & FIFOControl.trigger) >> 6 {
                case 0: 1
                case 1: 4
                case 2: 8
                default: 14
                }
        }
        updateInterrupt()
    }

    private func updateModemLines() {
        let before = modemStatus & ModemStatus.lines
        var lines = Self.remoteLines
        if isLooping {
            lines = 0
            if modemControl & ModemControl.requestToSend != 0 { lines |= ModemStatus.clearToSend }
            if modemControl & ModemControl.dataTerminalReady != 0 { lines |= ModemStatus.dataSetReady }
            if modemControl & ModemControl.output1 != 0 { lines |= ModemStatus.ring }
            if modemControl & ModemControl.output2 != 0 { lines |= ModemStatus.carrierDetect }
        }
        var changes = (before ^ lines) >> 4
        if lines & ModemStatus.ring != 0 { changes &= ~ModemStatus.ringEnded }
        modemStatus = lines | modemStatus & ~ModemStatus.lines | changes
        updateInterrupt()
    }
}

/// What an ``NS16550`` has received and its guest has not read yet.
private struct ReceiverFIFO {
    struct Entry {
        var byte: UInt8 = 0
        /// A break condition that LSR has not shown yet.
        var isBreak = false
    }

    private var entries = InlineArray<16, Entry>(repeating: Entry())
    private var head = 0
    private(set) var count = 0
    private(set) var breakCount = 0

    init() {}

    init(_ entry: Entry) {
        append(entry)
    }

    /// The entry that is read next.
    var first: Entry? { count > 0 ? entries[head] : nil }

    /// Adds an entry; the FIFO is not full.
    mutating func append(_ entry: Entry) {
        entries[(head + count) & 15] = entry
        count += 1
        if entry.isBreak { breakCount += 1 }
    }

    mutating func removeFirst() -> Entry? {
        guard let entry = first else { return nil }
        if entry.isBreak { breakCount -= 1 }
        head = (head + 1) & 15
        count -= 1
        return entry
    }

    /// The break at the front, if any, was shown; its byte stays.
    mutating func acknowledgeBreak() {
        guard let entry = first, entry.isBreak else { return }
        entries[head].isBreak = false
        breakCount -= 1
    }
}

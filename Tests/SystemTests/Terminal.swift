import Foundation

/// A pseudo-terminal that a program under test takes for the user's.
final class Terminal {
    /// The program's end.
    let slave: FileHandle
    private let master: Int32

    /// Linux's requests of a new terminal's master: unlock the slave, tell its number.
    private static let (unlock, number): (UInt, UInt) = (0x4004_5431, 0x8004_5430)

    init() throws {
        master = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
        var (locked, number): (Int32, Int32) = (0, 0)
        guard master >= 0, unsafe ioctl(master, Self.unlock, &locked) == 0,
            unsafe ioctl(master, Self.number, &number) == 0,
            case let slave = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC), slave >= 0
        else { throw CocoaError(.featureUnsupported) }
        self.slave = FileHandle(fileDescriptor: slave, closeOnDealloc: true)
    }

    deinit { close(master) }

    /// Whether the terminal waits for whole lines: false in raw mode.
    var isCanonical: Bool { mode.c_lflag & tcflag_t(ICANON) != 0 }

    /// The flags of the terminal's mode.
    var flags: [tcflag_t] { [mode.c_iflag, mode.c_oflag, mode.c_cflag, mode.c_lflag] }

    private var mode: termios {
        var mode = termios()
        _ = unsafe tcgetattr(slave.fileDescriptor, &mode)
        return mode
    }

    /// Presses keys.
    func type(_ keys: [UInt8]) {
        _ = unsafe keys.withUnsafeBytes { unsafe write(master, $0.baseAddress!, $0.count) }
    }

    /// What the program has shown since the last call.
    func shown() -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = unsafe buffer.withUnsafeMutableBytes({ unsafe read(master, $0.baseAddress!, $0.count) }),
            count > 0
        {
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }
}

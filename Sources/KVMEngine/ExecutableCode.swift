public import GuestMemory

/// Where a 64-bit ELF file has instructions, by the real addresses that it is loaded at.
public struct ExecutableCode: Sendable {
    /// In which order the file's bytes are, and with them the instructions'.
    public let order: ByteOrder
    /// Address and size of each piece, in ascending order; they neither overlap nor touch.
    public let pieces: [(address: UInt64, size: UInt64)]

    /// What a file has: the sections that are executable, or the executable segments of a file without sections. Nil for a file
    /// that is no 64-bit ELF file or whose headers make no sense.
    public init?(_ file: [UInt8]) {
        let reader = Reader(file)
        guard file.count >= 64, file.prefix(4).elementsEqual([0x7F, 0x45, 0x4C, 0x46]), file[4] == 2,
            file[5] == 1 || file[5] == 2
        else { return nil }
        let order: ByteOrder = file[5] == 1 ? .little : .big
        self.order = order
        guard let segments = reader.segments(order) else { return nil }
        var pieces: [(address: UInt64, size: UInt64)] = []
        for section in reader.executableSections(order) where section.size > 0 {
            guard let segment = segments.first(where: { $0.contains(section.address, section.size) }) else { continue }
            pieces.append((segment.real &+ (section.address &- segment.virtual), section.size))
        }
        if pieces.isEmpty {
            for segment in segments where segment.isExecutable && segment.size > 0 {
                pieces.append((segment.real, segment.size))
            }
        }
        self.pieces = Self.merged(pieces)
    }

    /// The pieces in ascending order, each byte in one of them only; those that end behind the last address left out.
    private static func merged(_ pieces: [(address: UInt64, size: UInt64)]) -> [(address: UInt64, size: UInt64)] {
        var merged: [(address: UInt64, size: UInt64)] = []
        for piece in pieces.sorted(by: { $0.address < $1.address }) where piece.size <= .max - piece.address {
            guard let last = merged.last, piece.address <= last.address + last.size else {
                merged.append(piece)
                continue
            }
            let end = max(last.address + last.size, piece.address + piece.size)
            merged[merged.count - 1].size = end - last.address
        }
        return merged
    }

    private struct Segment {
        let virtual: UInt64
        let real: UInt64
        let size: UInt64
        let isExecutable: Bool

        func contains(_ address: UInt64, _ count: UInt64) -> Bool {
            address >= virtual && address &- virtual <= size && count <= size &- (address &- virtual)
        }
    }

    /// Reads the headers (System V gABI, chapters 4 and 5). What lies behind the file's end reads as 0.
    private struct Reader {
        let file: [UInt8]

        init(_ file: [UInt8]) { self.file = file }

        func number(_ offset: UInt64, _ width: Int, _ order: ByteOrder) -> UInt64 {
            guard offset <= UInt64(file.count), UInt64(width) <= UInt64(file.count) - offset else { return 0 }
            return (0..<width).reduce(0) { value, place in
                value << 8 | UInt64(file[Int(offset) + (order == .big ? place : width - 1 - place)])
            }
        }

        func segments(_ order: ByteOrder) -> [Segment]? {
            let table = number(32, 8, order)
            let size = number(54, 2, order)
            let count = number(56, 2, order)
            guard size >= 56, count > 0 else { return nil }
            var segments: [Segment] = []
            for index in 0..<count {
                let header = table &+ index &* size
                // PT_LOAD
                guard number(header, 4, order) == 1 else { continue }
                segments.append(
                    Segment(
                        virtual: number(header &+ 16, 8, order), real: number(header &+ 24, 8, order),
                        // What the file has of it; the rest is data.
                        size: number(header &+ 32, 8, order), isExecutable: number(header &+ 4, 4, order) & 1 != 0))
            }
            return segments
        }

        func executableSections(_ order: ByteOrder) -> [(address: UInt64, size: UInt64)] {
            let table = number(40, 8, order)
            let size = number(58, 2, order)
            let count = number(60, 2, order)
            guard table != 0, size >= 64 else { return [] }
            var sections: [(address: UInt64, size: UInt64)] = []
            for index in 0..<count {
                let header = table &+ index &* size
                // SHT_PROGBITS with SHF_ALLOC and SHF_EXECINSTR.
                guard number(header &+ 4, 4, order) == 1, number(header &+ 8, 8, order) & 6 == 6 else { continue }
                sections.append((number(header &+ 16, 8, order), number(header &+ 32, 8, order)))
            }
            return sections
        }
    }
}

internal import GuestMemory

/// Memory as a debugger sees it: by the translations that the vCPU has just now, whatever they permit, and without
/// effects. Devices are not memory.
extension CPU {
    /// Reads `count` bytes at an effective address, or as many of them as are there.
    public func debugRead(at effective: UInt32, count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var address = effective
        while bytes.count < count {
            let part = min(count - bytes.count, 0x1000 - Int(address & 0xFFF))
            guard let host = unsafe debugPlace(address) else { break }
            unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: host.pointer, count: part))
            let (next, wraps) = address.addingReportingOverflow(UInt32(part))
            if wraps { break }
            address = next
        }
        return bytes
    }

    /// Writes bytes at an effective address. False, with nothing written, where they have no place.
    public mutating func debugWrite(_ bytes: [UInt8], at effective: UInt32) -> Bool {
        var parts: [(real: UInt64?, pointer: UnsafeMutableRawPointer, range: Range<Int>)] = unsafe []
        var position = 0
        while position < bytes.count {
            let (address, wraps) = effective.addingReportingOverflow(UInt32(truncatingIfNeeded: position))
            let part = min(bytes.count - position, 0x1000 - Int(address & 0xFFF))
            guard !wraps, let host = unsafe debugPlace(address) else { return false }
            unsafe parts.append((host.real, host.pointer, position..<position + part))
            position += part
        }
        for index in unsafe 0..<parts.count {
            let (real, pointer, range) = unsafe parts[index]
            if let real {
                // By way of the memory, which tells all who hold code of it.
                guard (try? memory.write(Array(bytes[range]), at: real)) != nil else { return false }
            } else {
                for offset in range {
                    unsafe pointer.storeBytes(
                        of: bytes[offset], toByteOffset: offset - range.lowerBound, as: UInt8.self)
                }
            }
        }
        requestService()
        return true
    }

    /// Where an effective address leads: to RAM, whose real address it tells, or to the magic page, which has none.
    private func debugPlace(_ address: UInt32) -> (real: UInt64?, pointer: UnsafeMutableRawPointer)? {
        if let magic = magicPageAddress, !user, address & ~0xFFF == magic {
            return unsafe (nil, page.base + Int(address & 0xFFF))
        }
        // The current space of data, that of code, and what else is mapped.
        for space in [UInt8(dataMode >> 1), UInt8(fetchMode >> 1), 0, 1] {
            guard let location = find(address, space: space) else { continue }
            let real = tlb[location].translate(address)
            guard let pointer = unsafe memory.hostPointer(at: real, count: UInt64(0x1000 - (address & 0xFFF))) else {
                return nil
            }
            return unsafe (real, pointer)
        }
        return nil
    }
}

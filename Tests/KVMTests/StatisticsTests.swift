import CKVM
import KVM
import Testing

/// What the kernel counts of a vCPU, described as `linux/kvm.h` says.
@Suite struct StatisticsTests {
    /// A file of statistics with names of 16 bytes.
    private static func file(_ entries: [(name: String, flags: UInt32, size: UInt16, value: UInt64)]) -> [UInt8] {
        func bytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
            unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
        }
        let descriptions = 24
        let data = descriptions + entries.count * 32
        var file = bytes(UInt32(0)) + bytes(UInt32(16)) + bytes(UInt32(entries.count))
        file += bytes(UInt32(0)) + bytes(UInt32(descriptions)) + bytes(UInt32(data))
        for (index, entry) in entries.enumerated() {
            file +=
                bytes(entry.flags) + bytes(Int16(0)) + bytes(entry.size) + bytes(UInt32(index * 8)) + bytes(UInt32(0))
            file += Array(entry.name.utf8) + [UInt8](repeating: 0, count: 16 - entry.name.utf8.count)
        }
        return file + entries.flatMap { bytes($0.value) }
    }

    private static func statistics(_ file: [UInt8]) throws -> [String: UInt64] {
        let kernel = EmptyKernel()
        kernel.statistics = file
        let kvm = try KVM(kernel: kernel)
        let vm = try kvm.createVM()
        let vcpu = try vm.createVCPU(0)
        return Dictionary(uniqueKeysWithValues: try vcpu.statistics().map { ($0.name, $0.value) })
    }

    @Test func `counts are read by name, histograms and peaks are left out`() throws {
        let file = Self.file([
            ("exits", 0, 1, 0x1_0000_0002), ("halt_poll", 4, 1, 7), ("peak", 2, 1, 9), ("pair", 0, 2, 5),
            ("mmio", 0, 1, 3),
        ])
        #expect(try Self.statistics(file) == ["exits": 0x1_0000_0002, "mmio": 3])
    }

    @Test(arguments: [0, 10, 24, 40, 60]) func `a file that ends early gives what is whole`(length: Int) throws {
        let file = Self.file([("exits", 0, 1, 1), ("mmio", 0, 1, 3)])
        #expect(try Self.statistics(Array(file.prefix(length))) == [:])
    }
}

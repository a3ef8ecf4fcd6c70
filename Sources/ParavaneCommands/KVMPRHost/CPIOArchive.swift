/// An initramfs in the making: a cpio archive in the format `newc`, not compressed.
///
/// Linux unpacks one archive behind the other, each with or without compression, if they begin at multiples of 4 bytes.
struct CPIOArchive {
    /// The archive so far, without its end.
    private var bytes: [UInt8] = []
    private var inode: UInt32 = 0

    private static let directory: UInt32 = 0o040755
    private static let file: UInt32 = 0o100644

    /// Adds a directory; the one that it is in exists or was added before.
    mutating func addDirectory(_ path: String) { add(path, mode: Self.directory, []) }

    /// Adds a file.
    mutating func addFile(_ path: String, _ contents: [UInt8]) { add(path, mode: Self.file, contents) }

    /// The whole archive, a multiple of 4 bytes.
    func finished() -> [UInt8] {
        var archive = self
        archive.inode = .max
        archive.add("TRAILER!!!", mode: 0, [])
        return archive.bytes
    }

    private mutating func add(_ path: String, mode: UInt32, _ contents: [UInt8]) {
        inode &+= 1
        let name = [UInt8](path.drop { $0 == "/" }.utf8) + [0]
        let links: UInt32 = mode == Self.directory ? 2 : 1
        let fields = [inode, mode, 0, 0, links, 0, UInt32(contents.count), 0, 0, 0, 0, UInt32(name.count), 0]
        bytes += "070701".utf8
        for field in fields {
            let digits = String(field, radix: 16)
            bytes += String(repeating: "0", count: 8 - digits.count).utf8
            bytes += digits.utf8
        }
        bytes += name
        pad()
        bytes += contents
        pad()
    }

    private mutating func pad() {
        while !bytes.count.isMultiple(of: 4) { bytes.append(0) }
    }
}

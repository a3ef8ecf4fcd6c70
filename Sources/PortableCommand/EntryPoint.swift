/// What the C `main` of a portable binary calls with its arguments, which end with a null pointer.
@c(paravane_portable_main)
public func portableMain(_ arguments: UnsafePointer<UnsafePointer<CChar>?>) -> Int32 {
    var words: [[UInt8]] = []
    var next = unsafe arguments
    // SAFETY: the list ends with a null pointer and each of its strings with a zero byte, as the C standard says.
    while let word = unsafe next.pointee {
        var bytes: [UInt8] = []
        var position = 0
        while unsafe word[position] != 0 {
            bytes.append(UInt8(bitPattern: unsafe word[position]))
            position += 1
        }
        words.append(bytes)
        unsafe next += 1
    }
    return PortableCommand.run(words)
}

import Foundation

/// Words in the byte order of the guest.
func bigEndian(_ words: [UInt32]) -> Data {
    var data = Data(capacity: words.count * 4)
    for word in words { append(word, to: &data) }
    return data
}

func append(_ word: UInt32, to data: inout Data) {
    data.append(contentsOf: [
        UInt8(truncatingIfNeeded: word >> 24), UInt8(truncatingIfNeeded: word >> 16),
        UInt8(truncatingIfNeeded: word >> 8), UInt8(truncatingIfNeeded: word),
    ])
}

internal import GuestMemory

extension SelfCheck {
    /// Guest memory in both byte orders, and its bounds.
    static let memory: [SelfCheck] = [
        SelfCheck("guest memory keeps both byte orders") { _ in
            do throws(GuestMemoryError) {
                let memory = try GuestMemory(size: GuestMemory.pageSize)
                try memory.store(UInt32(0x0102_0304), at: 1)
                try memory.store(UInt16(0x0506), at: 5, order: .little)
                let bytes = try memory.load(UInt64.self, at: 0)
                return difference("the doubleword at 0", bytes, 0x0001_0203_0406_0500)
            } catch {
                return error.description
            }
        },
        SelfCheck("guest memory ends where it ends") { _ in
            do throws(GuestMemoryError) {
                let memory = try GuestMemory(size: GuestMemory.pageSize)
                _ = try memory.load(UInt32.self, at: GuestMemory.pageSize - 3)
                return "a word across the end was read"
            } catch {
                if case .outOfBounds = error { return nil }
                return error.description
            }
        },
    ]
}

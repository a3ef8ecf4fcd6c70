extension CPU {
    /// Executes the native code that `op`, the current operation, begins with. False when it is time to look at timers and
    /// interrupts; otherwise the current operation, wherever that is now, is for the interpreter.
    @inline(__always)
    mutating func runNative(_ op: MicroOperation, _ cursor: inout Cursor, _ direct: DirectAccess) -> Bool {
        guard let nativeEntry else { return true }
        cursor.settle()
        unsafe registers.storeBytes(of: cursor.base, toByteOffset: RegisterBlock.operations, as: Operations.self)
        unsafe registers.storeBytes(of: cursor.page, toByteOffset: RegisterBlock.page, as: UInt32.self)
        unsafe registers.storeBytes(
            of: UnsafeRawPointer(code.array(fetchMode).base), toByteOffset: RegisterBlock.codes,
            as: UnsafeRawPointer.self)
        unsafe registers.storeBytes(of: context, toByteOffset: RegisterBlock.codeContext, as: UInt64.self)
        unsafe registers.storeBytes(of: timers.pending, toByteOffset: RegisterBlock.timerInterrupts, as: UInt32.self)
        let remaining = unsafe nativeEntry.run(
            registers, entry: op.immediate, translations: direct.array.base, context: direct.context,
            remaining: cursor.remaining)
        let exit = unsafe NativeExit(
            raw: registers.load(fromByteOffset: RegisterBlock.exit, as: UInt32.self))
        unsafe cursor.resume(
            in: registers.load(fromByteOffset: RegisterBlock.operations, as: Operations.self),
            page: registers.load(fromByteOffset: RegisterBlock.page, as: UInt32.self), number: exit.number,
            remaining: remaining)
        switch exit.kind {
        case .interpret: return true
        case .expired: return false
        case .arrived:
            if cursor.warms(nativeEntry.threshold) { compile(cursor) }
            return true
        }
    }

    /// Carries a branch within the page out, and compiles what it goes back to if that happens often. False when it is time
    /// to look at timers and interrupts.
    @inline(__always)
    mutating func branch(_ op: MicroOperation, _ cursor: inout Cursor, _ threshold: UInt8) -> Bool {
        guard cursor.jump(op.immediate) else { return false }
        if Int32(bitPattern: op.immediate) < 0, cursor.warms(threshold) { compile(cursor) }
        return true
    }

    private typealias Operations = UnsafeMutablePointer<MicroOperation>

    /// Compiles what begins at the cursor.
    @inline(never)
    mutating func compile(_ cursor: Cursor) {
        // Native code does not stop for a debugger.
        guard unsafe CodeCache.marks(of: cursor.base) == nil else { return }
        var isCompiled = unsafe native?.compile(cursor.base, number: cursor.number) == true
        if native?.isFull == true {
            cache.forgetNativeCode()
            native?.removeAll()
            isCompiled = unsafe native?.compile(cursor.base, number: cursor.number) == true
        }
        if isCompiled { unsafe CodeCache.noteNativeCode(cursor.base) }
    }
}

extension Cursor {
    /// Goes on where native code stopped.
    mutating func resume(
        in operations: UnsafeMutablePointer<MicroOperation>, page: UInt32, number: Int, remaining: Int
    ) {
        unsafe base = operations
        unsafe operation = operations + number
        unsafe counted = unsafe operation
        self.page = page
        self.remaining = remaining
    }
}

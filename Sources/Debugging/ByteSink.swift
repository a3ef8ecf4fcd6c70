/// Where bytes of a log or a trace go.
public protocol ByteSink: AnyObject {
    /// Takes bytes, in the order in which they belong.
    func write(_ bytes: [UInt8])
}

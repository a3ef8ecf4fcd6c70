internal import DeviceTree
public import Hypercalls

extension E500Machine: PartitionHypercallHost {
    /// Switches the power off.
    public func requestStop() { power.requestPowerOff() }

    /// Resets the machine.
    public func requestRestart() { power.requestReset() }

    /// The value of a property in ``deviceTree``.
    public func treeProperty(path: [UInt8], name: [UInt8]) -> [UInt8]? {
        guard let path = Self.text(path), let name = Self.text(name) else { return nil }
        return deviceTree.property(name, at: path)?.bytes
    }

    /// Sets a property in ``deviceTree``.
    public func setTreeProperty(path: [UInt8], name: [UInt8], value: [UInt8]) -> TreePropertyChange {
        guard let path = Self.text(path) else { return .noNode }
        guard let name = Self.text(name) else { return .badName }
        do throws(DeviceTreeError) {
            try deviceTree.setProperty(name, .bytes(value), at: path)
            return .done
        } catch {
            switch error {
            case .badName: return .badName
            case .tooLarge: return .treeFull
            default: return .noNode
            }
        }
    }

    /// The bytes as a name; nil where they are no ASCII, which no name is then.
    private static func text(_ bytes: [UInt8]) -> String? {
        for byte in bytes where byte >= 0x80 { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}

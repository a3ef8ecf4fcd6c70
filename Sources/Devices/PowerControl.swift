/// What a guest can ask of the machine as a whole. The machine carries it out once the current access is complete.
public protocol PowerControl: AnyObject {
    /// The guest switches itself off.
    func requestPowerOff()

    /// The guest wants to start over.
    func requestReset()
}

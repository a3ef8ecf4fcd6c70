internal import Devices

extension MPIC {
    /// The state in which a guest finds an interrupt controller that it knows by hypercalls only (`epapr,hv-pic`): it
    /// has no registers to set up, so what they would be set to holds from the start.
    ///
    /// Every interrupt is masked and has its number as its vector, vCPU 0 as its destination, and no vCPU holds any back.
    ///
    /// - Parameter hasExternalProxy: whether a vCPU acknowledges an interrupt in the moment that it takes it
    ///   (`has-external-proxy`), rather than by `EV_INT_IACK`.
    func prepareForHypercalls(hasExternalProxy: Bool) {
        for number in 0..<Self.sourceCount {
            let reset = configuration(of: number).vectorPriority & ~MPICRegister.VectorPriority.vector
            configure(number, vectorPriority: reset | UInt32(number), destinations: 1)
        }
        for cpu in 0..<cpuCount { setTaskPriority(0, cpu: cpu) }
        guard hasExternalProxy else { return }
        write(
            UInt64(MPICRegister.GlobalConfiguration.externalProxy), offset: MPICRegister.globalConfiguration, width: 4)
    }
}

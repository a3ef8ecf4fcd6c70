public import Devices
public import Hypercalls

/// A machine with the devices that guests reach by ePAPR's calls alone: byte channels, a doorbell, and the interrupt controller
/// that theirs go to. Their handles and interrupts are ``E500MemoryMap``'s on every machine.
public protocol HandleDevices: ByteChannelHypercallHost, InterruptHypercallHost, DoorbellHypercallHost {
    /// The interrupt controller.
    var mpic: MPIC { get }
    /// The byte channels.
    var byteChannels: ByteChannels { get }
}

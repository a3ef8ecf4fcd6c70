internal import CHost

/// Where a machine's time comes from. One unit is a tick of the timebase.
public enum TimeSource {
    /// The host's monotonic clock, scaled to `frequency` ticks a second and starting at zero at `origin` nanoseconds.
    case host(frequency: UInt64, origin: UInt64)
    /// One tick an executed instruction, and jumps to the next timer while every vCPU idles: runs repeat exactly.
    case virtual

    /// The host's clock, starting now.
    public static func host(frequency: UInt64) -> TimeSource {
        .host(frequency: frequency, origin: host_monotonic_nanoseconds())
    }

    /// The host's clock in ticks, or nil in virtual time.
    @inline(__always)
    public var hostTicks: UInt64? {
        guard case .host(let frequency, let origin) = self else { return nil }
        let nanoseconds = host_monotonic_nanoseconds() &- origin
        let seconds = nanoseconds / 1_000_000_000
        return seconds &* frequency &+ nanoseconds % 1_000_000_000 &* frequency / 1_000_000_000
    }
}

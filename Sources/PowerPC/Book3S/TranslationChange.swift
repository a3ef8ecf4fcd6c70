/// What a hypercall changed in a partition's page table: what every vCPU drops of the translations that it keeps.
public enum TranslationChange: Equatable, Sendable {
    /// One page, in whatever segment it is seen.
    case page(VirtualPage)
    /// Everything.
    case everything
}

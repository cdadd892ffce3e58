package iommulab.engine.iommu;

/// One field of an entry as it was read: name, bits, value, meaning.
///
/// @param word index of the 64-bit word of the entry that holds it
/// @param high highest bit in that word, 0 to 63
/// @param low lowest bit, not above `high`
/// @param name the specification's name; empty for ignored or reserved bits
/// @param value the bits, shifted down to bit 0
/// @param meaning what this value does, in words
/// @param role how it matters for this walk
public record Field(
        int word, int high, int low, String name, long value, String meaning, Role role) {
    /// How a field matters for the walk that read it.
    public enum Role {
        ORDINARY,
        /// The address of the next table or of the page.
        POINTER,
        /// The bits because of which the hardware stopped.
        OFFENDING,
        /// Bits that hardware ignores.
        IGNORED
    }
}

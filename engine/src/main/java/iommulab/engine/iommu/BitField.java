package iommulab.engine.iommu;

/// The description of one field of a structure: where it is and what its values mean.
///
/// @param word index of the 64-bit word that holds it
/// @param high highest bit in that word, 0 to 63
/// @param low lowest bit, not above `high`
/// @param name the specification's name; empty for reserved and ignored bits
/// @param use what the hardware does with it
/// @param meaning a value of the field, in words
public record BitField(int word, int high, int low, String name, Use use, Meaning meaning) {
    /// What the hardware does with a field.
    public enum Use {
        VALUE,
        /// An address; its value is shown unshifted.
        ADDRESS,
        /// Must be zero.
        RESERVED,
        /// Free for software.
        IGNORED
    }

    /// Says what a value does.
    public interface Meaning {
        String of(long value);
    }

    public BitField {
        if (low < 0 || high > 63 || low > high) {
            throw new IllegalArgumentException(
                    "%s: no bits %d:%d in a word".formatted(name, high, low));
        }
    }

    /// The bits of the field within its word.
    public long mask() {
        return (high - low == 63 ? -1L : (1L << high - low + 1) - 1) << low;
    }

    /// The field's bits, shifted down to bit 0.
    public long valueIn(long raw) {
        return (raw & mask()) >>> low;
    }

    /// The word with another value in this field; all other bits stay.
    public long into(long raw, long value) {
        if (value << low >>> low != value || (value << low & ~mask()) != 0) {
            throw new IllegalArgumentException(
                    "0x%x does not fit in %s, bits %d:%d".formatted(value, name, high, low));
        }
        return raw & ~mask() | value << low;
    }
}

package iommulab.engine.pci;

import java.util.HexFormat;
import java.util.Map;

/// One field of a register, as a row of the specification's bit table.
///
/// @param name the specification's name; empty for reserved bits
/// @param high highest bit, 0 to 31
/// @param low lowest bit, not above `high`
/// @param access who may change it
/// @param meanings what single values mean
/// @param otherwise what any other value means: a text in which `{n}`, `{n+1}`, `{n*10}`, `{128<<n}`
///     stand for the value in decimal, `{x}` and `{x<<3}` in hex; empty for the plain value
public record BitField(
        String name,
        int high,
        int low,
        Access access,
        Map<Long, String> meanings,
        String otherwise) {

    /// Who may change a field.
    public enum Access {
        /// Hardware tells.
        READ_ONLY("ro"),
        /// Software sets.
        READ_WRITE("rw"),
        /// Hardware sets, software clears by writing 1.
        WRITE_ONE_TO_CLEAR("w1c"),
        /// No meaning.
        RESERVED("--");

        private final String sign;

        Access(String sign) {
            this.sign = sign;
        }

        /// As tables print it: `ro`, `rw`, `w1c`, `--`.
        public String sign() {
            return sign;
        }
    }

    public BitField {
        if (low < 0 || high < low || high > 31) {
            throw new IllegalArgumentException("%s: no bits %d:%d".formatted(name, high, low));
        }
        meanings = Map.copyOf(meanings);
    }

    /// Number of bits.
    public int width() {
        return high - low + 1;
    }

    /// The field's bits in its register.
    public long mask() {
        return (1L << width()) - 1 << low;
    }

    /// The field's value in a register, shifted down to bit 0.
    public long extract(long register) {
        return (register & mask()) >>> low;
    }

    /// The register with this field set to a value; all other bits stay.
    ///
    /// @throws IllegalArgumentException if the value does not fit
    public long insert(long register, long value) {
        if (value < 0 || value >= 1L << width()) {
            throw new IllegalArgumentException(
                    "%s has %d bits; 0x%x does not fit".formatted(name, width(), value));
        }
        return register & ~mask() | value << low;
    }

    /// What a value means, in words.
    public String meaning(long value) {
        String named = meanings.get(value);
        if (named != null) {
            return named;
        }
        if (access == Access.RESERVED) {
            return "";
        }
        if (!otherwise.isEmpty()) {
            return ValueText.fill(otherwise, value);
        }
        if (!meanings.isEmpty()) {
            return "reserved value %d".formatted(value);
        }
        return width() == 1 ? oneBit(value == 1) : plain(value);
    }

    private String oneBit(boolean set) {
        return switch (access) {
            case READ_ONLY -> set ? "yes" : "no";
            case READ_WRITE -> set ? "on" : "off";
            case WRITE_ONE_TO_CLEAR -> set ? "happened" : "no";
            case RESERVED -> "";
        };
    }

    private String plain(long value) {
        return width() <= 8
                ? Long.toString(value)
                : "0x" + HexFormat.of().toHexDigits(value, (width() + 3) / 4);
    }
}

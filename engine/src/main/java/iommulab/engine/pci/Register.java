package iommulab.engine.pci;

import java.util.List;

/// One register of a function as it reads now.
///
/// @param name the specification's name
/// @param offset in configuration space, bytes
/// @param widthBytes 1, 2 or 4
/// @param value all its bits
/// @param fields from the highest bit down, reserved bits included
public record Register(String name, int offset, int widthBytes, long value, List<Bits> fields) {
    public Register {
        fields = List.copyOf(fields);
    }

    /// One field as it reads now.
    ///
    /// @param field its row of the bit table
    /// @param value shifted down to bit 0
    /// @param meaning of this value, in words; empty for reserved bits
    public record Bits(BitField field, long value, String meaning) {}

    /// Reads a register.
    ///
    /// @param base offset of the capability in configuration space
    static Register read(ConfigSpace config, int base, RegisterLayout layout) {
        int at = base + layout.offset();
        long value =
                switch (layout.widthBytes()) {
                    case 1 -> config.read8(at);
                    case 2 -> config.read16(at);
                    case 4 -> config.read32(at) & 0xffff_ffffL;
                    default -> throw new IllegalStateException(layout.name() + " has no width");
                };
        return new Register(
                layout.name(),
                at,
                layout.widthBytes(),
                value,
                layout.fields().stream()
                        .map(f -> new Bits(f, f.extract(value), f.meaning(f.extract(value))))
                        .toList());
    }

    /// The configuration bytes with one field of this register set; exactly its bits change.
    ///
    /// @throws IllegalArgumentException if the value does not fit
    public ConfigSpace encode(ConfigSpace config, BitField field, long value) {
        return config.with(offset, widthBytes, (int) field.insert(this.value, value));
    }
}

package iommulab.app.memory;

import iommulab.engine.iommu.BitField;
import iommulab.engine.iommu.Field;

/// The place of a decoded field, as its description in the bit tables has it.
final class FieldBits {
    private FieldBits() {}

    static BitField of(Field field) {
        return new BitField(
                field.word(),
                field.high(),
                field.low(),
                field.name(),
                BitField.Use.VALUE,
                _ -> field.meaning());
    }

    /// Its name; reserved and ignored bits have none.
    static String name(Field field) {
        return field.name().isEmpty() ? "no name" : field.name();
    }

    /// `51:12`, or `3` for a single bit.
    static String words(Field field) {
        return field.high() == field.low()
                ? Integer.toString(field.high())
                : field.high() + ":" + field.low();
    }
}

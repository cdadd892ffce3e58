package iommulab.engine.iommu;

import iommulab.engine.ImmutableValue;
import iommulab.engine.iommu.BitField.Meaning;
import iommulab.engine.iommu.BitField.Use;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// A structure that hardware reads, bit by bit: every bit belongs to exactly one field. Drives what the
/// screen shows and what the tests check.
@ImmutableValue
public final class Structure {
    private final String name;
    private final int words;
    private final List<BitField> fields;

    /// @param words its length in 64-bit words
    /// @param fields in any order
    /// @throws IllegalArgumentException if a bit belongs to no field or to two
    public Structure(String name, int words, List<BitField> fields) {
        this.name = name;
        this.words = words;
        this.fields =
                fields.stream()
                        .sorted(
                                Comparator.comparingInt(BitField::word)
                                        .thenComparingInt(BitField::low)
                                        .reversed())
                        .toList();
        var covered = new long[words];
        for (var field : this.fields) {
            if ((covered[field.word()] & field.mask()) != 0) {
                throw new IllegalArgumentException(
                        "%s: two fields own bits of %d:%d in word %d"
                                .formatted(name, field.high(), field.low(), field.word()));
            }
            covered[field.word()] |= field.mask();
        }
        for (int word = 0; word < words; word++) {
            if (covered[word] != -1) {
                throw new IllegalArgumentException(
                        "%s: nobody owns bits 0x%x of word %d"
                                .formatted(name, ~covered[word], word));
            }
        }
    }

    public String name() {
        return name;
    }

    public int words() {
        return words;
    }

    /// From bit 63 of the last word down to bit 0 of the first.
    public List<BitField> fields() {
        return fields;
    }

    /// The field of a name.
    public BitField field(String fieldName) {
        return fields.stream()
                .filter(field -> field.name().equals(fieldName))
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException(name + " has no field " + fieldName));
    }

    /// The bits of a word that must be zero.
    public long reservedBits(int word) {
        return fields.stream()
                .filter(field -> field.word() == word && field.use() == Use.RESERVED)
                .mapToLong(BitField::mask)
                .reduce(0, (a, b) -> a | b);
    }

    /// Decodes the words of one entry.
    ///
    /// @param raw lowest word first
    /// @param offending bits of each word because of which the hardware stopped
    public List<Field> decode(long[] raw, long[] offending) {
        var decoded = new ArrayList<Field>();
        for (var field : fields) {
            long value = field.valueIn(raw[field.word()]);
            boolean stopped = (offending[field.word()] & field.mask()) != 0;
            decoded.add(
                    new Field(
                            field.word(),
                            field.high(),
                            field.low(),
                            field.name(),
                            value,
                            field.meaning().of(value),
                            stopped ? Field.Role.OFFENDING : role(field)));
        }
        return decoded;
    }

    private static Field.Role role(BitField field) {
        return switch (field.use()) {
            case VALUE -> Field.Role.ORDINARY;
            case ADDRESS -> Field.Role.POINTER;
            case RESERVED, IGNORED -> Field.Role.IGNORED;
        };
    }

    /// A structure under construction: fields from any word, in any order.
    public static final class Builder {
        private final String name;
        private final int words;
        private final List<BitField> fields = new ArrayList<>();

        public Builder(String name, int words) {
            this.name = name;
            this.words = words;
        }

        /// A field whose value means something.
        public Builder value(int word, int high, int low, String fieldName, Meaning meaning) {
            return add(new BitField(word, high, low, fieldName, Use.VALUE, meaning));
        }

        /// A single bit.
        public Builder bit(int word, int bit, String fieldName, String clear, String set) {
            return value(word, bit, bit, fieldName, value -> value == 0 ? clear : set);
        }

        /// An address: of a table or a page.
        ///
        /// @param what such as `context table`
        public Builder address(int word, int high, int low, String fieldName, String what) {
            return add(
                    new BitField(
                            word,
                            high,
                            low,
                            fieldName,
                            Use.ADDRESS,
                            value -> "%s at 0x%x".formatted(what, value << low)));
        }

        /// An address that is held as a number of pages or other units.
        ///
        /// @param unitShift two to this power is the unit, in bytes
        public Builder units(
                int word, int high, int low, String fieldName, String what, int unitShift) {
            return add(
                    new BitField(
                            word,
                            high,
                            low,
                            fieldName,
                            Use.ADDRESS,
                            value -> "%s at 0x%x".formatted(what, value << unitShift)));
        }

        /// Bits that must be zero; none if `high` is below `low`.
        public Builder reserved(int word, int high, int low) {
            return high < low
                    ? this
                    : add(
                            new BitField(
                                    word,
                                    high,
                                    low,
                                    "",
                                    Use.RESERVED,
                                    value -> value == 0 ? "reserved" : "reserved, must be zero"));
        }

        /// Bits that hardware does not look at.
        public Builder ignored(int word, int high, int low) {
            return add(new BitField(word, high, low, "", Use.IGNORED, _ -> "ignored"));
        }

        private Builder add(BitField field) {
            fields.add(field);
            return this;
        }

        public Structure build() {
            return new Structure(name, words, fields);
        }
    }
}

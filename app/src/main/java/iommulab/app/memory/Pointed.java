package iommulab.app.memory;

import iommulab.app.shell.Words;
import iommulab.engine.iommu.Field;

import java.util.Optional;
import java.util.OptionalInt;

/// What lies under the pointer, in words. Pure.
///
/// @param entry hpa of the entry, -1 if there is none
/// @param field of that entry
record Pointed(String words, long entry, Optional<Field> field) {
    /// @param bit lowest bit of the digit, if a digit is pointed at
    static Pointed of(HexModel model, int index, OptionalInt bit) {
        long hpa = model.addressOf(index);
        var word = model.words().get(index);
        if (word.use().isEmpty()) {
            var what = word.raw() == 0 ? "zero" : Words.word(word.raw());
            return new Pointed("%s: %s".formatted(Words.hex(hpa), what), -1, Optional.empty());
        }
        var entry = word.use().get().entry();
        int number = (int) (hpa - word.use().get().start()) / HexModel.WORD_BYTES;
        var field =
                bit.isEmpty()
                        ? Optional.<Field>empty()
                        : at(entry.fields(), number, bit.getAsInt());
        var name = "%s %d".formatted(entry.name(), entry.index());
        var leads = entry.target() < 0 ? "" : ", leads to " + Words.hex(entry.target());
        return new Pointed(
                field.map(f ->
                                "%s, bits %s, %s: %s"
                                        .formatted(
                                                name,
                                                FieldBits.words(f),
                                                FieldBits.name(f),
                                                f.meaning()))
                        .orElse(name + leads),
                entry.hpa(),
                field);
    }

    /// Of several fields in four bits, the one that holds the highest.
    private static Optional<Field> at(Iterable<Field> fields, int word, int bit) {
        for (int at = bit + 3; at >= bit; at--) {
            for (var field : fields) {
                if (field.word() == word && field.low() <= at && at <= field.high()) {
                    return Optional.of(field);
                }
            }
        }
        return Optional.empty();
    }
}

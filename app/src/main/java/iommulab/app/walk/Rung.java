package iommulab.app.walk;

import iommulab.app.shell.Naming;
import iommulab.app.theme.Sign;
import iommulab.engine.iommu.Field;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.Step;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// One step of a walk in the words of the ladder.
///
/// @param height how much room it takes
/// @param brief name and detail in one line, for an entry of the second stage
/// @param table hpa of the table, `index` in the colour `category`, `size` the factor; empty if the
///     step reads no table
/// @param address what the sum gives
/// @param words the raw entry, highest word first
/// @param chips the fields worth a chip, most important first
/// @param givenBy who gave it, and `place` where exactly
/// @param cycles its cost, or a dash
/// @param sign its outcome
/// @param failed whether the walk ended here with a fault
record Rung(
        Height height,
        String name,
        String detail,
        String brief,
        String table,
        String index,
        int category,
        String size,
        String address,
        List<Word> words,
        List<Chip> chips,
        String givenBy,
        String place,
        String cycles,
        Sign sign,
        boolean failed,
        String finding) {

    /// The words that fit beside an entry, at most two: those that point first, then those that say
    /// anything.
    List<Word> shownWords() {
        if (words.size() <= 2) {
            return words;
        }
        return words.stream()
                .sorted(
                        Comparator.comparing((Word w) -> !points(w))
                                .thenComparing(w -> w.raw() == 0)
                                .thenComparingInt(Word::number))
                .limit(2)
                .sorted(Comparator.comparingInt(Word::number).reversed())
                .toList();
    }

    /// The one word that tells most where there is room for one.
    Optional<Word> mainWord() {
        var shown = shownWords();
        return shown.stream()
                .filter(this::points)
                .findFirst()
                .or(() -> shown.isEmpty() ? Optional.empty() : Optional.of(shown.getLast()));
    }

    private boolean points(Word word) {
        return chips.stream()
                .anyMatch(c ->
                        c.word() == word.number()
                                && c.role() != Field.Role.ORDINARY
                                && word.raw() != 0);
    }

    /// How much room a rung takes.
    enum Height {
        ENTRY,
        /// An entry of the second stage in a nested walk: one line, unless it is looked at.
        COMPACT,
        PROBE,
        END
    }

    /// One 64-bit word of an entry.
    ///
    /// @param number 0 for the lowest; -1 if the entry has only one
    record Word(int number, long raw) {
        /// Four groups of four hex digits.
        List<String> groups() {
            var hex = "%016x".formatted(raw);
            return List.of(
                    hex.substring(0, 4),
                    hex.substring(4, 8),
                    hex.substring(8, 12),
                    hex.substring(12));
        }
    }

    /// One field of an entry.
    ///
    /// @param word number of the word that holds it
    /// @param bits `63:12`, with `q1` before it where the entry has several words
    /// @param label name and value
    record Chip(
            int word,
            int high,
            int low,
            String bits,
            String label,
            String meaning,
            Field.Role role) {
        boolean covers(int word, int bit) {
            return this.word == word && bit <= high && bit >= low;
        }
    }

    static Rung of(Step step, boolean failed, Walk walk, Naming naming) {
        boolean end = step.kind() == Walk.Kind.ACCESS || step.kind() == Walk.Kind.FAULT;
        boolean probe = step.kind() == Walk.Kind.IOTLB_PROBE;
        boolean saved = step.givenBy() == GivenBy.SAVED;
        boolean table = step.indexSource() != Walk.IndexSource.NONE;
        return new Rung(
                end ? Height.END : probe ? Height.PROBE : height(step),
                NeutralName.name(step, naming),
                NeutralName.line(step, naming),
                NeutralName.brief(step, naming),
                table ? Long.toHexString(step.tableHpa()) : "",
                table ? index(step) : "",
                BitField.categoryOf(step),
                table ? "× %x".formatted(step.entryBytes()) : "",
                address(step, walk),
                words(step),
                chips(step),
                givenBy(step),
                place(step, failed, walk),
                saved || step.cycles() == 0 && !probe ? "–" : thousands(step.cycles()),
                sign(step, failed),
                failed,
                finding(step, walk));
    }

    /// The bare address says nothing that does not stand on the rung already.
    private static String finding(Step step, Walk walk) {
        boolean bare = step.finding().equals("0x" + address(step, walk));
        return step.kind() == Walk.Kind.ACCESS && bare ? WalkModel.result(walk) : step.finding();
    }

    private static Height height(Step step) {
        return step.cell().column() > 0 ? Height.COMPACT : Height.ENTRY;
    }

    static String index(Step step) {
        int digits = (step.indexHigh() - step.indexLow() + 4) / 4;
        return ("%0" + Math.max(1, digits) + "x").formatted(step.index());
    }

    static String address(Step step, Walk walk) {
        if (step.kind() == Walk.Kind.ACCESS
                && walk.outcome() instanceof Walk.Outcome.Reached(long hpa, _, _, _)) {
            return Long.toHexString(hpa);
        }
        return step.indexSource() == Walk.IndexSource.NONE ? "" : Long.toHexString(step.entryHpa());
    }

    private static String place(Step step, boolean failed, Walk walk) {
        if (failed && walk.outcome() instanceof Walk.Outcome.Faulted(var reason, _, _)) {
            return "fault %02xh".formatted(reason.code());
        }
        if (step.givenBy() == GivenBy.MEMORY && !step.cachePlace().isEmpty()) {
            return "not in cache, " + step.cachePlace();
        }
        return step.givenBy() == GivenBy.SAVED ? "not read" : step.cachePlace();
    }

    private static List<Word> words(Step step) {
        var words = new ArrayList<Word>();
        for (int i = step.raw().size() - 1; i >= 0; i--) {
            words.add(new Word(step.raw().size() == 1 ? -1 : i, step.raw().get(i)));
        }
        return words;
    }

    private static List<Chip> chips(Step step) {
        boolean several = step.raw().size() > 1;
        var chips = new ArrayList<Chip>();
        for (var role : List.of(Field.Role.OFFENDING, Field.Role.POINTER, Field.Role.ORDINARY)) {
            for (var field : step.fields()) {
                if (field.role() == role
                        && (role == Field.Role.OFFENDING || !field.name().isEmpty())) {
                    chips.add(chip(field, several));
                }
            }
        }
        return chips;
    }

    private static Chip chip(Field field, boolean several) {
        var bits =
                field.high() == field.low()
                        ? String.valueOf(field.high())
                        : field.high() + ":" + field.low();
        long value = field.role() == Field.Role.POINTER ? Pointers.address(field) : field.value();
        var name = field.name().isEmpty() ? "reserved" : field.name();
        return new Chip(
                field.word(),
                field.high(),
                field.low(),
                several ? "q" + field.word() + " " + bits : bits,
                name + " " + Long.toHexString(value),
                field.meaning(),
                field.role());
    }

    private static String givenBy(Step step) {
        return isMiss(step)
                ? "miss"
                : step.givenBy() == GivenBy.SAVED ? "saved" : step.givenBy().words();
    }

    /// A probe that found nothing gives nothing; that it was one is told by who gave the page, or by
    /// the word.
    private static boolean isMiss(Step step) {
        return step.kind() == Walk.Kind.IOTLB_PROBE
                && (step.givenBy() != GivenBy.IOTLB && step.givenBy() != GivenBy.DEVICE_TLB
                        || step.detail().startsWith("miss"));
    }

    static Sign sign(Step step, boolean failed) {
        if (failed || step.kind() == Walk.Kind.FAULT) {
            return Sign.FAULT;
        }
        if (isMiss(step)) {
            return Sign.PROBE;
        }
        return switch (step.givenBy()) {
            case MEMORY -> Sign.WALK;
            case DEVICE_CACHE, PASID_CACHE, IOTLB, PAGING_CACHE, NESTED_CACHE, DEVICE_TLB ->
                    Sign.HIT;
            case SAVED -> Sign.SAVED;
            case NOBODY -> Sign.PROBE;
        };
    }

    /// Digits in threes, a thin space between.
    static String thousands(long number) {
        return "%,d".formatted(number).replace(',', '\u2009');
    }
}

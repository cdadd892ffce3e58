package iommulab.app.pasids;

import iommulab.app.shell.AddressSpace;
import iommulab.app.shell.Words;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.iommu.Field;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.Kind;
import iommulab.engine.iommu.Walk.Step;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What the tables in memory say about one address space: where its entry lies, its words and fields, what
/// caches hold of it. Pure.
///
/// @param structure name of the entry, such as `PASID table entry`; empty if none was reached
/// @param address of it, in hex
/// @param hpa the same as a number, 0 if none was reached
/// @param words those that are not all zero, lowest first
/// @param zeros which words are all zero, in words
/// @param fields that are not zero, from bit 0 of the lowest word up
/// @param zeroFields names of the others
/// @param ways how its address came about, one table after the other
/// @param caches what caches hold of it
/// @param stopped why the hardware did not get further, empty if it did
record EntryModel(
        String structure,
        String address,
        long hpa,
        List<Word> words,
        String zeros,
        List<Line> fields,
        List<String> zeroFields,
        List<Way> ways,
        List<Cached> caches,
        String stopped) {

    /// @param name such as `q0`
    /// @param bits in hex, in groups of four digits
    record Word(String name, String bits) {}

    /// @param bits such as `q0 8:6`
    /// @param offends whether the hardware stopped because of it
    record Line(String bits, String name, String value, String meaning, boolean offends) {}

    /// `table 10b3c6000 + 07 × 40 = 10b3c61c0`
    record Way(String name, String table, String index, String size, String address, long hpa) {}

    /// @param agrees whether memory says the same
    record Cached(String what, boolean agrees) {}

    static EntryModel of(Walk walk, MachineSnapshot machine, AddressSpace space) {
        var entry = entry(walk);
        return new EntryModel(
                entry.map(Step::name).orElse(""),
                entry.map(e -> Long.toHexString(e.entryHpa())).orElse(""),
                entry.map(Step::entryHpa).orElse(0L),
                entry.map(EntryModel::words).orElse(List.of()),
                entry.map(EntryModel::zeros).orElse(""),
                entry.map(EntryModel::lines).orElse(List.of()),
                entry.map(EntryModel::zeroFields).orElse(List.of()),
                walk.steps().stream()
                        .filter(EntryModel::isStructure)
                        .filter(step -> !step.raw().isEmpty())
                        .map(EntryModel::way)
                        .toList(),
                caches(walk, machine, space),
                stopped(walk));
    }

    private static boolean isStructure(Step step) {
        return switch (step.kind()) {
            case ROOT_ENTRY, DEVICE_ENTRY, PASID_DIRECTORY_ENTRY, PASID_ENTRY -> true;
            case IOTLB_PROBE, TABLE_ENTRY, LEAF_ENTRY, ACCESS, FAULT -> false;
        };
    }

    /// The entry that decides: that of the PASID, else the last one above it that was read.
    private static Optional<Step> entry(Walk walk) {
        return walk.steps().stream()
                .filter(EntryModel::isStructure)
                .filter(step -> !step.raw().isEmpty())
                .reduce((_, later) -> later);
    }

    /// `dir 1, slot 7`; where there is no PASID table, empty.
    static String place(Walk walk) {
        var places = new ArrayList<String>();
        for (var step : walk.steps()) {
            if (step.kind() == Kind.PASID_DIRECTORY_ENTRY && !step.raw().isEmpty()) {
                places.add("dir " + Integer.toHexString(step.index()));
            } else if (step.kind() == Kind.PASID_ENTRY && !step.raw().isEmpty()) {
                places.add("slot " + Integer.toHexString(step.index()));
            }
        }
        return String.join(", ", places);
    }

    /// Where the entry lies, in hex; empty if none was reached.
    static String address(Walk walk) {
        return entry(walk).map(e -> Long.toHexString(e.entryHpa())).orElse("");
    }

    private static List<Word> words(Step entry) {
        var words = new ArrayList<Word>();
        for (int word = 0; word < entry.raw().size(); word++) {
            if (word == 0 || entry.raw().get(word) != 0) {
                words.add(new Word("q" + word, Words.word(entry.raw().get(word))));
            }
        }
        return words;
    }

    private static String zeros(Step entry) {
        var zeros = new ArrayList<String>();
        for (int word = 1; word < entry.raw().size(); word++) {
            if (entry.raw().get(word) == 0) {
                zeros.add("q" + word);
            }
        }
        return zeros.isEmpty()
                ? ""
                : String.join(", ", zeros) + (zeros.size() == 1 ? " is zero" : " are zero");
    }

    private static List<Line> lines(Step entry) {
        return named(entry)
                .filter(EntryModel::matters)
                .map(f ->
                        new Line(
                                (entry.raw().size() == 1 ? "" : "q%d ".formatted(f.word()))
                                        + bits(f),
                                f.name(),
                                Long.toHexString(f.value()),
                                f.meaning(),
                                f.role() == Field.Role.OFFENDING))
                .toList();
    }

    private static List<String> zeroFields(Step entry) {
        return named(entry)
                .filter(f -> !matters(f) && (f.word() == 0 || entry.raw().get(f.word()) != 0))
                .map(Field::name)
                .toList();
    }

    private static Stream<Field> named(Step entry) {
        return entry.fields().reversed().stream()
                .filter(f -> !f.name().isEmpty() && f.role() != Field.Role.IGNORED);
    }

    private static boolean matters(Field field) {
        return field.value() != 0 || field.role() == Field.Role.OFFENDING;
    }

    private static String bits(Field field) {
        return field.high() == field.low() ? "" + field.low() : field.high() + ":" + field.low();
    }

    private static Way way(Step step) {
        return new Way(
                step.name().replace(" entry", "").toLowerCase(java.util.Locale.ROOT),
                Long.toHexString(step.tableHpa()),
                Integer.toHexString(step.index()),
                Integer.toHexString(step.entryBytes()),
                Long.toHexString(step.entryHpa()),
                step.entryHpa());
    }

    private static List<Cached> caches(Walk walk, MachineSnapshot machine, AddressSpace space) {
        var found = new ArrayList<Cached>();
        long key = (long) walk.requester().raw() << 20 | space.pasid();
        int tag = space.domain(machine).map(Domain::tag).orElse(-1);
        for (var cache : cachesOf(machine, walk.unit())) {
            for (var line : cache.lines()) {
                if (cache.kind() == CacheKind.PASID_ENTRY && !space.isOwn() && line.key() == key) {
                    found.add(
                            new Cached(
                                    "PASID cache, set %d, way %d".formatted(line.set(), line.way()),
                                    line.stale().isEmpty()));
                }
            }
            if (cache.kind() == CacheKind.IOTLB) {
                iotlb(cache, tag).ifPresent(found::add);
            }
        }
        return found;
    }

    private static List<CacheSnapshot> cachesOf(MachineSnapshot machine, String unit) {
        return machine.units().stream()
                .filter(u -> u.name().equals(unit))
                .findFirst()
                .map(MachineSnapshot.Unit::caches)
                .orElse(List.of());
    }

    private static Optional<Cached> iotlb(CacheSnapshot cache, int tag) {
        var lines = cache.lines().stream().filter(line -> line.domain() == tag).toList();
        return lines.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new Cached(
                                "IOTLB, %s of its domain".formatted(entries(lines.size())),
                                lines.stream().allMatch(line -> line.stale().isEmpty())));
    }

    private static String entries(int number) {
        return number == 1 ? "1 entry" : number + " entries";
    }

    private static String stopped(Walk walk) {
        boolean reached =
                walk.steps().stream()
                        .anyMatch(s ->
                                s.kind() == Kind.TABLE_ENTRY
                                        || s.kind() == Kind.LEAF_ENTRY
                                        || s.kind() == Kind.ACCESS);
        return reached
                ? ""
                : switch (walk.outcome()) {
                    case Walk.Outcome.Faulted(var reason, _, _) ->
                            "%02xh: %s".formatted(reason.code(), reason.meaning());
                    case Walk.Outcome.NotTranslated(String why, _) -> why;
                    case Walk.Outcome.Reached _ -> "";
                };
    }
}

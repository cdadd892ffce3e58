package iommulab.app.memory;

import iommulab.app.memory.HexModel.Use;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.engine.iommu.Field;
import iommulab.engine.session.FrameView;
import iommulab.engine.session.FrameView.Place;
import iommulab.engine.session.MachineSnapshot;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What is told of the selected word: the entry that it is part of, where that leads, and who leads to
/// it. Pure.
///
/// @param kicker whose structure it is
/// @param hpa of the first word
/// @param raw its words, lowest first
/// @param fields decoded; none of a word that no IOMMU reads
/// @param target hpa to which it leads first, -1 if nowhere
/// @param order how it lies in memory; empty if that cannot be told
/// @param memory the words of memory that hold it
record Detail(
        String kicker,
        String title,
        long hpa,
        List<Long> raw,
        List<Field> fields,
        long target,
        Optional<WordOrder> order,
        List<Long> memory,
        List<Way> ways) {
    private static final int MAPPINGS_SHOWN = 6;

    /// One line about where something leads or comes from.
    ///
    /// @param to what a click selects; empty for what is no place in the machine
    /// @param aside behind it
    record Way(String label, String text, Optional<Subject> to, String aside) {}

    Detail {
        raw = List.copyOf(raw);
        fields = List.copyOf(fields);
        memory = List.copyOf(memory);
        ways = List.copyOf(ways);
    }

    /// @param hpa of the selected word
    static Detail of(
            FrameView frame, HexModel hex, List<Place> places, MachineSnapshot machine, long hpa) {
        var word = hex.at(hpa);
        var ways = new ArrayList<Way>();
        word.use().ifPresent(use -> ways.addAll(leads(use, places)));
        for (var part : frame.parts()) {
            ways.add(pointer(part));
        }
        ways.addAll(mappings(machine, hpa));
        if (word.use().isEmpty()) {
            return new Detail(
                    frame.parts().isEmpty()
                            ? frame.region()
                            : "%s, %s"
                                    .formatted(
                                            frame.parts().getFirst().unit(),
                                            frame.parts().getFirst().what()),
                    word.raw() == 0 ? "Nothing but zeros" : "A word that no IOMMU reads",
                    hpa,
                    List.of(word.raw()),
                    List.of(),
                    -1,
                    Optional.of(WordOrder.LITTLE_ENDIAN),
                    List.of(word.raw()),
                    ways);
        }
        var use = word.use().get();
        var entry = use.entry();
        return new Detail(
                "%s, %s".formatted(use.part().unit(), use.part().what()),
                "%s %d".formatted(entry.name(), entry.index()),
                entry.hpa(),
                entry.raw(),
                entry.fields(),
                entry.target(),
                order(frame, use),
                memory(frame, use),
                ways);
    }

    private static List<Long> memory(FrameView frame, Use use) {
        int first = (int) (use.start() - frame.hpa()) / HexModel.WORD_BYTES;
        return frame.words().subList(first, first + use.entry().raw().size());
    }

    /// One word may look the same in two orders; all of a structure hardly do.
    private static Optional<WordOrder> order(FrameView frame, Use use) {
        if (use.entry().hpa() != use.start()) {
            return Optional.of(WordOrder.UPPER_HALF);
        }
        return Stream.of(WordOrder.LITTLE_ENDIAN, WordOrder.BIG_ENDIAN, WordOrder.LOWER_HALF)
                .filter(order ->
                        use.part().entries().stream()
                                .map(entry -> new Use(use.part(), entry))
                                .filter(each -> each.start() == each.entry().hpa())
                                .allMatch(each ->
                                        memory(frame, each).stream()
                                                .map(order::taken)
                                                .toList()
                                                .equals(each.entry().raw())))
                .findFirst();
    }

    /// Where a word of it lies.
    long addressOf(int word) {
        return (hpa & -HexModel.WORD_BYTES) + (long) word * HexModel.WORD_BYTES;
    }

    private static List<Way> leads(Use use, List<Place> places) {
        if (use.entry().targets().isEmpty()) {
            return List.of(new Way("Leads", "nowhere", Optional.empty(), ""));
        }
        return use.entry().targets().stream()
                .map(target ->
                        new Way(
                                "Leads to",
                                Words.hex(target),
                                Optional.of(new Subject.Memory(target)),
                                what(places, target)))
                .toList();
    }

    /// What lies at an address.
    private static String what(List<Place> places, long hpa) {
        return places.stream()
                .filter(p -> hpa >= p.hpa() && hpa < p.hpa() + p.bytes())
                .findFirst()
                .map(Place::what)
                .orElse("a page, no table");
    }

    private static Way pointer(FrameView.Part part) {
        return part.pointer() < 0
                ? new Way("Pointed to by", part.pointedBy(), Optional.empty(), "a register")
                : new Way(
                        "Pointed to by",
                        Words.hex(part.pointer()),
                        Optional.of(new Subject.Memory(part.pointer())),
                        part.pointedBy());
    }

    private static List<Way> mappings(MachineSnapshot machine, long hpa) {
        var ways = new ArrayList<Way>();
        int more = 0;
        for (var domain : machine.domains()) {
            for (var mapping : domain.mappings()) {
                long offset = hpa - mapping.hpa();
                boolean holds = Long.compareUnsigned(offset, mapping.bytes()) < 0;
                if (domain.parent() != 0 || !holds) {
                    continue;
                }
                if (ways.size() == MAPPINGS_SHOWN) {
                    more++;
                    continue;
                }
                ways.add(
                        new Way(
                                "Mapped by",
                                "domain " + domain.id(),
                                Optional.of(new Subject.Mapping(domain.id(), mapping.iova())),
                                "at %s, %s"
                                        .formatted(
                                                Words.hex(mapping.iova() + offset),
                                                mapping.permissions())));
            }
        }
        if (more > 0) {
            ways.add(
                    new Way(
                            "",
                            Words.count(more, "more mapping"),
                            Optional.empty(),
                            "of this address"));
        }
        return ways;
    }

    /// One sentence about a frame.
    static String finding(FrameView frame, MachineSnapshot machine) {
        if (!frame.backed()) {
            return "Nothing answers at %s: reads give ones.".formatted(Words.hex(frame.hpa()));
        }
        if (!frame.parts().isEmpty()) {
            var first = frame.parts().getFirst();
            int others = frame.parts().size() - 1;
            return "%s is the %s of %s%s."
                    .formatted(
                            Words.hex(frame.hpa()),
                            first.what(),
                            first.unit(),
                            others == 0
                                    ? ""
                                    : ", and %s besides".formatted(Words.count(others, "thing")));
        }
        var domains =
                machine.domains().stream()
                        .filter(d -> d.parent() == 0)
                        .filter(d ->
                                d.mappings().stream()
                                        .anyMatch(m ->
                                                frame.hpa() >= m.hpa()
                                                        && frame.hpa() < m.hpa() + m.bytes()))
                        .toList();
        return switch (domains.size()) {
            case 0 -> "No IOMMU uses the frame at %s.".formatted(Words.hex(frame.hpa()));
            case 1 ->
                    "Domain %d maps the frame at %s; no IOMMU reads it."
                            .formatted(domains.getFirst().id(), Words.hex(frame.hpa()));
            default ->
                    "%s map the frame at %s; no IOMMU reads it."
                            .formatted(
                                    Words.count(domains.size(), "domain"), Words.hex(frame.hpa()));
        };
    }
}

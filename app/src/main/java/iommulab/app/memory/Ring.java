package iommulab.app.memory;

import iommulab.app.shell.Words;
import iommulab.engine.iommu.Field;
import iommulab.engine.iommu.QueueState;
import iommulab.engine.session.FrameView;
import iommulab.engine.session.FrameView.Entry;
import iommulab.engine.session.MachineSnapshot;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// A ring between software and an IOMMU, with its newest entries as they lie in memory. Pure.
///
/// @param rows newest first
record Ring(String unit, QueueState queue, List<Row> rows) {
    /// Entries that are shown, however large the ring is.
    static final int SHOWN = 128;

    private static final long FRAME = -4096;

    /// One entry.
    ///
    /// @param index in the ring
    /// @param state whether it has been read, in words
    /// @param isWaiting whether it has not
    /// @param says its fields, in words
    record Row(int index, long hpa, String state, boolean isWaiting, String name, String says) {}

    Ring {
        rows = List.copyOf(rows);
    }

    /// The name under which a ring is chosen.
    static String name(String unit, QueueState queue) {
        return "%s, %s".formatted(unit, queue.name());
    }

    /// All rings of a machine, by name.
    static Map<String, Ring> all(MachineSnapshot machine) {
        return machine.units().stream()
                .flatMap(u -> u.queues().stream().map(q -> new Ring(u.name(), q, List.of())))
                .collect(
                        Collectors.toMap(
                                r -> name(r.unit(), r.queue()),
                                r -> r,
                                (one, _) -> one,
                                java.util.LinkedHashMap::new));
    }

    int length() {
        return queue.bytes() / queue.entryBytes();
    }

    /// Number of entries that nobody has read yet.
    int waiting() {
        return Math.floorMod(queue.tail() - queue.head(), queue.bytes()) / queue.entryBytes();
    }

    /// Frames in which the newest entries lie.
    List<Long> frames() {
        return indices().stream().map(i -> address(i) & FRAME).distinct().toList();
    }

    private List<Integer> indices() {
        var indices = new ArrayList<Integer>();
        int newest = queue.tail() / queue.entryBytes() - 1;
        for (int back = 0; back < Math.min(SHOWN, length()); back++) {
            indices.add(Math.floorMod(newest - back, length()));
        }
        return indices;
    }

    private long address(int index) {
        return queue.base() + (long) index * queue.entryBytes();
    }

    /// The same ring with what lies in it.
    Ring with(List<FrameView> frames) {
        var entries = new HashMap<Long, Entry>();
        for (var frame : frames) {
            for (var part : frame.parts()) {
                if (part.unit().equals(unit)) {
                    part.entries().forEach(e -> entries.putIfAbsent(e.hpa(), e));
                }
            }
        }
        int waiting = waiting();
        var rows = new ArrayList<Row>();
        var indices = indices();
        for (int age = 0; age < indices.size(); age++) {
            var entry = entries.get(address(indices.get(age)));
            if (entry != null && !entry.isZero()) {
                rows.add(row(indices.get(age), entry, age < waiting));
            }
        }
        return new Ring(unit, queue, rows);
    }

    private Row row(int index, Entry entry, boolean waits) {
        return new Row(
                index, entry.hpa(), waits ? "waits" : "read", waits, entry.name(), says(entry));
    }

    /// What is set in an entry; what tells its sort is in its name.
    private static String says(Entry entry) {
        return entry.fields().stream()
                .filter(f -> !f.name().isEmpty() && f.value() != 0)
                .filter(f -> !f.meaning().equalsIgnoreCase(entry.name()))
                .map(f -> "%s %s".formatted(f.name(), meaning(f)))
                .collect(Collectors.joining(";  "));
    }

    private static String meaning(Field field) {
        return field.meaning().isEmpty() ? Words.hex(field.value()) : field.meaning();
    }

    /// One sentence about the ring.
    String finding() {
        var name = "the %s of %s".formatted(queue.name(), unit);
        if (queue.overflowed()) {
            return "Entries were lost: %s was full.".formatted(name);
        }
        int waiting = waiting();
        var reader = queue.toHardware() ? "the hardware" : "the driver";
        return waiting == 0
                ? "Nothing waits in %s.".formatted(name)
                : "%s in %s for %s."
                        .formatted(
                                waiting == 1
                                        ? "1 entry waits"
                                        : Words.thousands(waiting) + " entries wait",
                                name,
                                reader);
    }

    /// Who writes it, where it lies, where it is read and written next.
    String facts() {
        return "%s; %s of %d B at %s; head %s, tail %s"
                .formatted(
                        queue.toHardware()
                                ? "software writes, hardware reads"
                                : "hardware writes, software reads",
                        Words.thousands(length()) + " entries",
                        queue.entryBytes(),
                        Words.hex(queue.base()),
                        Words.hex(queue.head()),
                        Words.hex(queue.tail()));
    }
}

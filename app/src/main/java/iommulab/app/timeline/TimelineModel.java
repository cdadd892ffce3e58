package iommulab.app.timeline;

import iommulab.app.shell.Words;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.JournalView;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What the timeline shows: a column for every command of the journal, a lane for every device that did
/// DMA, and a mark for each of the last requests in the column of the command that caused it.
///
/// @param columns oldest first; those from `position` on are undone
/// @param position journal position, 0 is power-on
/// @param lanes by address
/// @param moreLanes devices that did DMA and have no lane
record TimelineModel(List<Column> columns, int position, List<Lane> lanes, int moreLanes) {
    private static final int LANES = 12;

    /// @param number of the command, from 1
    /// @param tick requests served when it was done, in words
    /// @param events how many marks stand in it
    record Column(int number, String title, String tick, boolean undone, int events) {}

    record Lane(PciAddress device, String note, List<Mark> marks) {
        Lane {
            marks = List.copyOf(marks);
        }
    }

    /// @param column index of the column
    /// @param place order within the column, from 0
    record Mark(int column, int place, long tick, DmaOutcome outcome) {}

    TimelineModel {
        columns = List.copyOf(columns);
        lanes = List.copyOf(lanes);
    }

    static TimelineModel of(MachineSnapshot machine) {
        var journal = machine.journal();
        var byTick = new ArrayList<>(machine.events());
        byTick.sort(Comparator.comparingLong(DmaEvent::tick));
        var counts = new int[journal.entries().size()];
        Map<PciAddress, List<Mark>> marks = new LinkedHashMap<>();
        Map<PciAddress, String> notes = new LinkedHashMap<>();
        int column = 0;
        for (var event : byTick) {
            column = columnOf(journal, event.tick(), column);
            if (column < journal.position()) {
                marks.computeIfAbsent(event.device(), _ -> new ArrayList<>())
                        .add(new Mark(column, counts[column]++, event.tick(), event.outcome()));
                notes.put(event.device(), note(event));
            }
        }
        var lanes =
                marks.entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(e ->
                                new Lane(
                                        e.getKey(),
                                        notes.getOrDefault(e.getKey(), ""),
                                        e.getValue()))
                        .toList();
        return new TimelineModel(
                columns(journal, counts),
                journal.position(),
                lanes.subList(0, Math.min(LANES, lanes.size())),
                Math.max(0, lanes.size() - LANES));
    }

    /// The command that was in force when a request was served; the last one while traffic runs on.
    private static int columnOf(JournalView journal, long tick, int from) {
        int column = from;
        while (column < journal.position() - 1
                && journal.entries().get(column).tickAfter() < tick) {
            column++;
        }
        return column;
    }

    private static String note(DmaEvent event) {
        if (!event.device().withoutDomain().equals(event.requester().toString())) {
            return "as " + event.requester();
        }
        return event.peer().map(p -> "to " + p.withoutDomain()).orElse(event.unit());
    }

    private static List<Column> columns(JournalView journal, int[] counts) {
        var columns = new ArrayList<Column>();
        for (int i = 0; i < journal.entries().size(); i++) {
            var entry = journal.entries().get(i);
            columns.add(
                    new Column(
                            entry.number(),
                            entry.title(),
                            Words.thousands(entry.tickAfter()),
                            i >= journal.position(),
                            counts[i]));
        }
        return columns;
    }

    /// The timeline in one sentence, for who cannot see it.
    String sentence() {
        return "Timeline at command %d of %d; %s"
                .formatted(position, columns.size(), Words.count(lanes.size(), "device"));
    }
}

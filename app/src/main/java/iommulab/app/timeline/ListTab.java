package iommulab.app.timeline;

import iommulab.app.shell.Panel;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.app.shell.Workbench;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.Fault;

import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;

import java.util.List;
import java.util.function.Function;

/// A list of what happened, newest first; choosing a row selects it in every panel.
public final class ListTab<T> implements Panel {
    private static final long PAUSE_NANOS = 250_000_000;

    private final TableView<T> table = new TableView<>();
    private final Function<MachineSnapshot, List<T>> source;
    private List<T> shown = List.of();
    private long shownAt;
    private boolean filling;

    private ListTab(
            Workbench bench,
            String title,
            String nothing,
            Function<MachineSnapshot, List<T>> source,
            Function<T, Subject> subject,
            List<TableColumn<T, String>> columns) {
        this.source = source;
        table.setId("list-" + title);
        table.setAccessibleText(title);
        table.setPlaceholder(new Label(nothing));
        table.setColumnResizePolicy(TableView.CONSTRAINED_RESIZE_POLICY_FLEX_LAST_COLUMN);
        table.getColumns().setAll(columns);
        table.getSelectionModel()
                .selectedItemProperty()
                .addListener((_, _, chosen) -> {
                    if (chosen != null && !filling) {
                        bench.select(subject.apply(chosen));
                    }
                });
    }

    /// The last requests.
    public static ListTab<DmaEvent> events(Workbench bench) {
        return new ListTab<DmaEvent>(
                bench,
                "Events",
                "No DMA yet. Add a source in Traffic, then Run.",
                MachineSnapshot::events,
                e -> new Subject.DmaEvent(e.tick()),
                List.of(
                        Columns.text("tick", 7, "mono-cell", e -> Words.thousands(e.tick())),
                        Columns.text("device", 9, "mono-cell", e -> e.device().toString()),
                        Columns.text("access", 9, "plain-cell", ListTab::access),
                        Columns.text("iova", 11, "mono-cell", e -> Words.hex(e.iova())),
                        Columns.text("outcome", 9, "plain-cell", e -> e.outcome().word()),
                        Columns.text("reached", 11, "mono-cell", ListTab::reached),
                        Columns.text("reads", 4, "mono-cell", e -> Integer.toString(e.reads())),
                        Columns.text("cycles", 6, "mono-cell", e -> Words.thousands(e.cycles())),
                        Columns.text("note", 20, "plain-cell", DmaEvent::note)));
    }

    private static String access(DmaEvent event) {
        return event.access().word() + " " + Words.bytes(event.bytes());
    }

    private static String reached(DmaEvent event) {
        return event.fault()
                .map(f -> "%02xh".formatted(f.code()))
                .orElseGet(
                        () -> event.peer().map(Object::toString).orElse(Words.hex(event.target())));
    }

    /// The last faults.
    public static ListTab<Fault> faults(Workbench bench) {
        return new ListTab<Fault>(
                bench,
                "Faults",
                "No faults.",
                MachineSnapshot::faults,
                f -> new Subject.Fault(f.sequence()),
                List.of(
                        Columns.text("tick", 7, "mono-cell", f -> Words.thousands(f.tick())),
                        Columns.text("device", 9, "mono-cell", f -> f.device().toString()),
                        Columns.text("access", 5, "plain-cell", f -> f.access().word()),
                        Columns.text("iova", 11, "mono-cell", f -> Words.hex(f.iova())),
                        Columns.text(
                                "code", 4, "mono-cell", f -> "%02xh".formatted(f.reason().code())),
                        Columns.text("reason", 30, "plain-cell", f -> f.reason().kernelText())));
    }

    @Override
    public Node view() {
        return table;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        long now = System.nanoTime();
        var newest = source.apply(machine);
        if (newest.equals(shown) || machine.running() && now - shownAt < PAUSE_NANOS) {
            return;
        }
        shownAt = now;
        shown = newest;
        filling = true;
        table.getItems().setAll(newest);
        filling = false;
    }
}

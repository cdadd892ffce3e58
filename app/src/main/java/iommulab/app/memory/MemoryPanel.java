package iommulab.app.memory;

import iommulab.app.memory.Detail.Way;
import iommulab.app.shell.HexField;
import iommulab.app.shell.Panel;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.app.theme.Icons;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import org.jspecify.annotations.Nullable;
import org.kordamp.ikonli.feather.Feather;

import java.util.List;
import java.util.OptionalInt;

/// Layout and gestures of the Memory perspective; what it says comes from [HexModel] and [Detail].
public final class MemoryPanel implements Panel {
    private static final long NOWHERE = -1;
    private static final long FRAME = -4096;

    private final Workbench workbench;
    private final MemoryFeed feed;
    private final Visited visited = new Visited();
    private final PlaceTree tree;
    private final HexView hex;
    private final EntryPane entry;
    private final Label finding = new Label();
    private final Label caption = new Label();
    private final Button back = new Button();
    private final Button forward = new Button();
    private final HexField address = new HexField("address", 14);
    private final BorderPane root = new BorderPane();
    private Subject seen = new Subject.Nothing();
    private long selected = NOWHERE;
    private boolean arriving;
    private @Nullable Detail detail;

    /// @param workbench tells what lies in memory and takes the commands
    public MemoryPanel(Workbench workbench) {
        this.workbench = workbench;
        feed = new MemoryFeed(workbench, System::nanoTime, this::render);
        tree = new PlaceTree(this::select);
        hex = new HexView(workbench.palette(), this::select);
        entry =
                new EntryPane(
                        workbench.palette(),
                        (command, where) -> workbench.submit(command, where),
                        this::follow,
                        this::walk);
        entry.onField(hex.canvas()::light);
        hex.canvas().onPoint(this::point);
        hex.canvas().onFollow(this::followEntry);
        root.setTop(new VBox(tools(), finding));
        root.setLeft(tree);
        root.setCenter(new VBox(hex, caption));
        root.setRight(side());
        VBox.setVgrow(hex, Priority.ALWAYS);
        finding.setId("memory-finding");
        finding.getStyleClass().addAll("finding", "memory-finding");
        caption.setId("memory-caption");
        caption.getStyleClass().add("walk-caption");
        caption.setMaxWidth(Double.MAX_VALUE);
        root.getStyleClass().addAll("canvas-surface", "memory");
    }

    private Node tools() {
        var title = new Label("Memory");
        title.getStyleClass().add("panel-title");
        title.setMinWidth(Region.USE_PREF_SIZE);
        icon(back, Feather.ARROW_LEFT, "Back");
        icon(forward, Feather.ARROW_RIGHT, "Forward");
        back.setId("memory-back");
        forward.setId("memory-forward");
        back.setOnAction(_ -> workbench.select(new Subject.Memory(visited.back())));
        forward.setOnAction(_ -> workbench.select(new Subject.Memory(visited.forward())));
        address.setId("memory-address");
        address.setAccessibleText("Go to a host-physical address");
        address.setOnAction(_ -> address.number().ifPresent(this::select));
        var to = new Label("Go to");
        to.getStyleClass().add("secondary");
        for (var part : List.of(back, forward, to, address)) {
            part.getStyleClass().add("not-on-wall");
        }
        var tools = new HBox(title, back, forward, to, address);
        tools.getStyleClass().add("panel-tools");
        return tools;
    }

    private static void icon(Button button, Feather icon, String name) {
        Icons.put(button, icon);
        button.getStyleClass().add("flat");
        button.setAccessibleText(name);
        button.setTooltip(new Tooltip(name));
    }

    private Node side() {
        var scroll = new ScrollPane(entry);
        scroll.setFitToWidth(true);
        scroll.setHbarPolicy(ScrollPane.ScrollBarPolicy.NEVER);
        scroll.getStyleClass().addAll("memory-side", "not-on-wall");
        return scroll;
    }

    @Override
    public Node view() {
        return root;
    }

    @Override
    public boolean takesInspectorsPlace() {
        return true;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        if (!subject.equals(seen)) {
            seen = subject;
            MemoryActions.placeOf(machine, subject).ifPresent(this::comeTo);
        }
        feed.follow(machine);
        if (selected == NOWHERE) {
            feed.places().stream().mapToLong(p -> p.hpa()).findFirst().ifPresent(this::comeTo);
        }
        if (selected != NOWHERE) {
            feed.follow(machine, selected);
        }
        render();
    }

    /// At the beginning of a structure, the first entry that says something is what is looked for.
    private void comeTo(long hpa) {
        arriving =
                (hpa & FRAME) != (selected & FRAME)
                        && feed.places().stream().anyMatch(p -> p.hpa() == hpa);
        selected = hpa & -HexModel.WORD_BYTES;
        visited.visit(selected);
    }

    private void select(long hpa) {
        workbench.select(new Subject.Memory(hpa & -HexModel.WORD_BYTES));
    }

    /// Shows what the engine has said so far; of a frame that is still on its way, the one before.
    private void render() {
        back.setDisable(!visited.canGoBack());
        forward.setDisable(!visited.canGoForward());
        tree.show(feed.places(), selected);
        var frame = feed.frame().filter(f -> f.hpa() == (selected & FRAME));
        if (frame.isEmpty()) {
            return;
        }
        var machine = workbench.machine();
        var model = HexModel.of(frame.get(), machine.units());
        if (arriving) {
            arriving = false;
            selected = model.firstEntryFrom(selected);
            visited.visit(selected);
        }
        hex.canvas().show(model, selected);
        detail = Detail.of(frame.get(), model, feed.places(), machine, selected);
        entry.show(detail);
        finding.setText(Detail.finding(frame.get(), machine));
        if (!hex.canvas().isHover()) {
            tellSelected();
        }
    }

    private void tellSelected() {
        hex.canvas().selected().ifPresent(pointed -> caption.setText(pointed.words()));
    }

    private void follow(Way way) {
        way.to()
                .ifPresent(to -> {
                    workbench.select(to);
                    if (to instanceof Subject.Mapping) {
                        workbench.open(Perspective.DOMAINS);
                    }
                });
    }

    private void followEntry() {
        if (detail != null && detail.target() >= 0) {
            select(detail.target());
        }
    }

    private void walk(Detail through) {
        WayThrough.show(
                workbench,
                through.hpa(),
                through.target(),
                () ->
                        caption.setText(
                                "No request of this machine's functions to what is mapped reads"
                                        + " this entry."));
    }

    /// Tells of the word under the pointer, and lights the field there if its entry is selected.
    private void point(OptionalInt index, OptionalInt bit) {
        if (index.isEmpty()) {
            entry.light(null);
            tellSelected();
            return;
        }
        hex.canvas()
                .pointed(index.getAsInt(), bit)
                .ifPresent(pointed -> {
                    caption.setText(pointed.words());
                    boolean isSelected = detail != null && pointed.entry() == detail.hpa();
                    entry.light(isSelected ? pointed.field().orElse(null) : null);
                });
    }
}

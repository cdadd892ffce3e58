package iommulab.app.memory;

import iommulab.app.memory.Detail.Way;
import iommulab.app.shell.HexField;
import iommulab.app.shell.Panel;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.app.theme.Icons;
import iommulab.engine.iommu.Field;
import iommulab.engine.session.FrameView;
import iommulab.engine.session.MachineSnapshot;

import javafx.css.PseudoClass;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;

import org.controlsfx.control.SegmentedButton;
import org.jspecify.annotations.Nullable;
import org.kordamp.ikonli.feather.Feather;

import java.util.List;
import java.util.OptionalInt;

/// Layout and gestures of the Memory perspective; what it says comes from [HexModel] and [Detail].
public final class MemoryPanel implements Panel {
    private static final long NOWHERE = -1;
    private static final long FRAME = -4096;

    private static final PseudoClass WIDE = PseudoClass.getPseudoClass("wide");

    /// Width from which there is room for longer names beside four words in a row.
    private static final double ROOMY = 1400;

    private final Workbench workbench;
    private final MemoryFeed feed;
    private final Visited visited = new Visited();
    private final PlaceTree tree;
    private final HexView hex;
    private final EntryPane entry;
    private final QueuesView queues;
    private final ToggleButton inFrame = new ToggleButton("Frame");
    private final ToggleButton inQueues = new ToggleButton("Queues");
    private final VBox frame;
    private final Label empty =
            new Label("No IOMMU uses memory yet. Go to an address above to see what lies there.");
    private final Label finding = new Label();
    private final Label caption = new Label();
    private final Button back = new Button();
    private final Button forward = new Button();
    private final HexField address = new HexField("address", 14);
    private final BorderPane root = new BorderPane();
    private Subject seen = new Subject.Nothing();
    private long selected = NOWHERE;
    private Subject chosenInQueue = seen;
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
        entry.onField(this::light);
        hex.canvas().onPoint(this::point);
        hex.canvas().onFollow(this::followEntry);
        root.setTop(new VBox(tools(), finding));
        root.setLeft(tree);
        queues = new QueuesView(workbench, this::selectInQueue, this::render);
        frame = new VBox(hex, caption);
        root.setCenter(new StackPane(frame, queues, empty));
        root.setRight(side());
        VBox.setVgrow(hex, Priority.ALWAYS);
        finding.setId("memory-finding");
        finding.getStyleClass().addAll("finding", "memory-finding");
        caption.setId("memory-caption");
        caption.getStyleClass().add("walk-caption");
        caption.setMaxWidth(Double.MAX_VALUE);
        root.getStyleClass().addAll("canvas-surface", "memory");
        root.widthProperty()
                .addListener((_, _, width) ->
                        root.pseudoClassStateChanged(
                                WIDE,
                                width.doubleValue() > ROOMY * hex.canvas().scaleProperty().get()));
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
        inFrame.setSelected(true);
        inFrame.setId("memory-frame");
        inQueues.setId("memory-queues");
        var views = new SegmentedButton(inFrame, inQueues);
        views.getToggleGroup()
                .selectedToggleProperty()
                .addListener((_, before, now) -> {
                    if (now == null && before != null) {
                        before.setSelected(true);
                    }
                    showQueues(workbench.machine());
                    render();
                });
        var space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        for (var part : List.of(back, forward, to, address)) {
            part.getStyleClass().add("not-on-wall");
        }
        var tools = new HBox(title, back, forward, to, address, space, views);
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
            if (!subject.equals(chosenInQueue)) {
                inFrame.setSelected(true);
                inQueues.setSelected(false);
            }
            MemoryActions.placeOf(machine, subject).ifPresent(this::comeTo);
        }
        feed.follow(machine);
        if (selected == NOWHERE) {
            feed.places().stream().mapToLong(p -> p.hpa()).findFirst().ifPresent(this::comeTo);
        }
        if (selected != NOWHERE) {
            feed.follow(machine, selected);
        }
        showQueues(machine);
        render();
    }

    private void showQueues(MachineSnapshot machine) {
        if (inQueues.isSelected()) {
            queues.show(machine);
        }
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

    private void selectInQueue(long hpa) {
        chosenInQueue = new Subject.Memory(hpa);
        workbench.select(chosenInQueue);
    }

    /// Shows what the engine has said so far; of a frame that is still on its way, the one before.
    private void render() {
        back.setDisable(!visited.canGoBack());
        forward.setDisable(!visited.canGoForward());
        tree.show(feed.places(), selected);
        var machine = workbench.machine();
        empty.setVisible(selected == NOWHERE && inFrame.isSelected());
        queues.setVisible(inQueues.isSelected());
        frame.setVisible(inFrame.isSelected() && selected != NOWHERE);
        if (inQueues.isSelected()) {
            finding.setText(queues.finding());
        }
        feed.frame().filter(f -> f.hpa() == (selected & FRAME)).ifPresent(f -> render(f, machine));
    }

    private void render(FrameView frame, MachineSnapshot machine) {
        var model = HexModel.of(frame, machine.units());
        if (arriving) {
            arriving = false;
            selected = model.firstEntryFrom(selected);
            visited.visit(selected);
        }
        hex.canvas().show(model, selected);
        detail = Detail.of(frame, model, feed.places(), machine, selected);
        entry.show(detail);
        if (inFrame.isSelected()) {
            finding.setText(Detail.finding(frame, machine));
        }
        if (!hex.canvas().isHover()) {
            tellSelected();
        }
    }

    private void light(@Nullable Field field) {
        hex.canvas()
                .light(field == null || detail == null ? null : MemoryActions.lit(detail, field));
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

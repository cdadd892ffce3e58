package iommulab.app.traffic;

import iommulab.app.shell.Panel;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.app.theme.LinePlot;
import iommulab.app.theme.LinePlot.Ink;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TextField;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import java.util.List;

/// Layout and gestures of the Traffic perspective; what it says comes from [TrafficModel].
public final class TrafficPanel implements Panel {
    private static final LinePlot.Axis PERCENT =
            new LinePlot.Axis(0, 100, List.of(0.0, 50.0, 100.0));
    private static final double LEAST_PLOT = 60;
    private static final String NOT_YET = "Run traffic to see it.";

    private final Workbench workbench;
    private final Label total = new Label();
    private final Button run = new Button("▶ Run");
    private final Button one = new Button("Step one");
    private final TextField count = new TextField("1000");
    private final Button many = new Button("Run N");
    private final SourceTable table;
    private final SourceForm form;
    private final DmaForm dma;
    private final CostForm costs;
    private final LinePlot hits;
    private final LinePlot cycles;
    private final RateHistory rates = new RateHistory();
    private final BorderPane root = new BorderPane();
    private Subject seen = new Subject.Nothing();

    /// @param workbench takes the commands
    public TrafficPanel(Workbench workbench) {
        this.workbench = workbench;
        form = new SourceForm((command, where) -> workbench.submit(command, where));
        table = new SourceTable(row -> form.edit(row.source()));
        dma = new DmaForm(workbench);
        costs = new CostForm((command, where) -> workbench.submit(command, where));
        hits = new LinePlot(workbench.palette());
        cycles = new LinePlot(workbench.palette());
        root.setTop(tools());
        var formScroll = new ScrollPane(form);
        formScroll.setFitToWidth(true);
        formScroll.getStyleClass().addAll("fault-side-scroll", "traffic-side");
        hits.setId("plot-hits");
        cycles.setId("plot-cycles");
        var scale = hits.scaleProperty();
        scale.addListener((_, _, s) -> table.showLess(hits.onWall().get(), s.doubleValue()));
        var foot = plots();
        var left = new VBox(table, foot);
        VBox.setVgrow(table, Priority.SOMETIMES);
        VBox.setVgrow(foot, Priority.ALWAYS);
        root.setCenter(left);
        var side = new VBox(formScroll, dma);
        side.getStyleClass().add("not-on-wall");
        root.setRight(side);
        VBox.setVgrow(formScroll, Priority.ALWAYS);
        dma.getStyleClass().add("one-request");
        root.getStyleClass().addAll("canvas-surface", "traffic");
    }

    private Node tools() {
        var title = new Label("Traffic");
        title.getStyleClass().add("panel-title");
        title.setMinWidth(Region.USE_PREF_SIZE);
        total.setMinWidth(0);
        for (var control : List.of(count, many, one)) {
            control.getStyleClass().add("not-on-wall");
        }
        for (var button : List.of(many, one, run)) {
            button.setMinWidth(Region.USE_PREF_SIZE);
        }
        total.getStyleClass().add("muted");
        total.setId("traffic-total");
        run.setId("traffic-run");
        run.getStyleClass().add("primary");
        run.setOnAction(_ -> workbench.setRunning(!workbench.machine().running()));
        one.setId("traffic-one");
        one.setOnAction(_ -> workbench.submit(new Command.RunTraffic(1), one));
        count.setId("traffic-count");
        count.setPrefColumnCount(7);
        many.setId("traffic-many");
        many.setOnAction(
                _ -> requests().ifPresent(n -> workbench.submit(new Command.RunTraffic(n), many)));
        count.setOnAction(_ -> many.fire());
        count.textProperty().addListener((_, _, _) -> many.setDisable(requests().isEmpty()));
        var space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        var tools = new HBox(title, total, space, count, many, one, run);
        tools.getStyleClass().add("panel-tools");
        return tools;
    }

    private java.util.OptionalLong requests() {
        try {
            long requests = Long.parseLong(count.getText().strip());
            return requests > 0
                    ? java.util.OptionalLong.of(requests)
                    : java.util.OptionalLong.empty();
        } catch (NumberFormatException e) {
            return java.util.OptionalLong.empty();
        }
    }

    private Node plots() {
        var left =
                new VBox(
                        head("Given by the IOTLB alone, %"),
                        hits,
                        head("Cost of a request"),
                        cycles);
        left.setMinWidth(0);
        HBox.setHgrow(left, Priority.ALWAYS);
        VBox.setVgrow(hits, Priority.ALWAYS);
        VBox.setVgrow(cycles, Priority.ALWAYS);
        hits.minHeightProperty().bind(hits.scaleProperty().multiply(LEAST_PLOT));
        cycles.minHeightProperty().bind(cycles.scaleProperty().multiply(LEAST_PLOT));
        var right = new VBox(head("Costs in cycles; Enter sets a price"), costs);
        right.getStyleClass().addAll("cost-column", "not-on-wall");
        for (var column : List.of(left, right)) {
            column.getStyleClass().add("foot-column");
        }
        var row = new HBox(left, right);
        row.getStyleClass().add("traffic-foot");
        return row;
    }

    private static Label head(String text) {
        var label = new Label(text);
        label.getStyleClass().add("section-head");
        return label;
    }

    @Override
    public Node view() {
        return root;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        rates.add(System.nanoTime(), machine);
        var model = TrafficModel.of(machine, rates);
        total.setText(model.total());
        run.setText(model.running() ? "❚❚ Pause" : "▶ Run");
        boolean none = model.rows().isEmpty();
        run.setDisable(none && !model.running());
        one.setDisable(none);
        many.setDisable(none || requests().isEmpty());
        table.show(model.rows());
        form.show(machine);
        dma.show(machine);
        costs.show(machine);
        if (!subject.equals(seen)) {
            seen = subject;
            if (subject instanceof Subject.Function(var address)) {
                form.choose(address);
            }
        }
        plot();
    }

    private void plot() {
        hits.show(List.of(line("hits", Ink.HIT, List.of(), rates.hitRate())), PERCENT, NOT_YET);
        var cost =
                List.of(
                        line("cycles", Ink.ACCENT, List.of(), rates.cycles()),
                        line("reads", Ink.WALK, List.of(8.0, 3.0, 2.0, 3.0), rates.reads()));
        cycles.show(cost, LinePlot.Axis.above(cost), NOT_YET);
    }

    private static LinePlot.Line line(
            String name, Ink ink, List<Double> dash, List<LinePlot.Point> points) {
        var last = points.isEmpty() ? "–" : "%.1f".formatted(points.getLast().y());
        return new LinePlot.Line(name, last, ink, dash, points);
    }
}

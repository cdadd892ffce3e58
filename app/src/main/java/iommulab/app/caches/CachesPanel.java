package iommulab.app.caches;

import iommulab.app.shell.Panel;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.app.theme.LinePlot;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Unit;

import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.Menu;
import javafx.scene.control.MenuButton;
import javafx.scene.control.MenuItem;
import javafx.scene.control.ToggleButton;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;

import org.controlsfx.control.SegmentedButton;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;

/// Layout and gestures of the Caches perspective; what it says comes from [CachesModel].
public final class CachesPanel implements Panel {
    private static final LinePlot.Axis PERCENT =
            new LinePlot.Axis(0, 100, List.of(0.0, 50.0, 100.0));

    private final Workbench workbench;
    private final SegmentedButton units = new SegmentedButton();
    private final MenuButton invalidate = new MenuButton("Invalidate…");
    private final GridsView grids;
    private final StaleBox stale = new StaleBox(this::sendMissing);
    private final LinePlot plot;
    private final MissesBar misses;
    private final GeometryForm geometry;
    private final Label queue = new Label();
    private final Label missesHead = head("Misses of the IOTLB by cause");
    private final BorderPane content = new BorderPane();
    private final Label empty = new Label("This machine has no IOMMU that the lab emulates.");
    private final BorderPane root = new BorderPane();
    private final HitHistory history = new HitHistory();
    private List<Node> aboutUnit = List.of();
    private List<String> names = List.of();
    private @Nullable String chosen;

    /// @param workbench takes the commands
    public CachesPanel(Workbench workbench) {
        this.workbench = workbench;
        grids = new GridsView(this::grid);
        plot = new LinePlot(workbench.palette());
        misses = new MissesBar(workbench.palette());
        geometry = new GeometryForm((command, where) -> workbench.submit(command, where));
        root.setTop(tools());
        content.setCenter(grids);
        content.setBottom(foot());
        var empties = new StackPane(empty);
        empties.getStyleClass().add("empty-state");
        root.setCenter(new StackPane(empties, content));
        root.getStyleClass().addAll("canvas-surface", "caches");
    }

    private CacheGrid grid() {
        var cells = new CacheGrid[1];
        cells[0] =
                new CacheGrid(
                        workbench.palette(),
                        line -> cells[0].cache().ifPresent(cache -> select(cache, line)));
        return cells[0];
    }

    private void select(CacheSnapshot cache, CacheSnapshot.Line line) {
        if (chosen != null) {
            workbench.select(
                    new Subject.CacheLine(
                            chosen, cache.kind(), cache.level(), line.set(), line.way()));
        }
    }

    private Node tools() {
        var title = new Label("Caches");
        title.getStyleClass().add("panel-title");
        queue.getStyleClass().add("secondary");
        queue.setMinWidth(0);
        invalidate.setId("cache-invalidate");
        invalidate.setOnShowing(_ -> invalidate.getItems().setAll(invalidations()));
        invalidate.getItems().setAll(List.of(new MenuItem("IOTLB, all")));
        var space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        var queueHead = head("Invalidation queue");
        var legend = new GridLegend(workbench.palette());
        aboutUnit = List.of(queueHead, queue, legend, invalidate);
        var tools = new HBox(title, units, queueHead, queue, space, legend, invalidate);
        for (var part : tools.getChildren()) {
            if (part != title && part != units && part != space && part != invalidate) {
                part.getStyleClass().add("not-on-wall");
            }
        }
        title.setMinWidth(Region.USE_PREF_SIZE);
        tools.getStyleClass().add("panel-tools");
        return tools;
    }

    private Node foot() {
        var plotHead = head("Hit ratio, %, moving average over " + HitHistory.WINDOW + " lookups");
        var left = new VBox(plotHead, plot);
        left.setMinWidth(0);
        VBox.setVgrow(plot, Priority.ALWAYS);
        HBox.setHgrow(left, Priority.ALWAYS);
        var middle = new VBox(missesHead, misses);
        misses.setPrefHeight(80);
        middle.setMinWidth(264);
        middle.setPrefWidth(264);
        var right = new VBox(head("Geometry"), geometry);
        right.setMinWidth(Region.USE_PREF_SIZE);
        var row = new HBox(left, middle, right);
        row.getStyleClass().addAll("cache-foot", "not-on-wall");
        for (var column : List.of(left, middle, right)) {
            column.getStyleClass().add("foot-column");
        }
        var box = new StackPane(stale);
        box.getStyleClass().add("stale-place");
        box.managedProperty().bind(stale.managedProperty());
        return new VBox(box, row);
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
        var emulated = machine.units().stream().filter(u -> !u.caches().isEmpty()).toList();
        showUnits(emulated.stream().map(Unit::name).toList(), subject);
        var unit = emulated.stream().filter(u -> u.name().equals(chosen)).findFirst();
        content.setVisible(unit.isPresent());
        aboutUnit.forEach(part -> part.setVisible(unit.isPresent()));
        empty.setVisible(unit.isEmpty());
        unit.ifPresent(u -> show(u, subject));
    }

    private void show(Unit unit, Subject subject) {
        var model = CachesModel.of(unit, subject);
        grids.show(model);
        stale.show(model);
        misses.show(model.misses());
        queue.setText(model.queue());
        geometry.show(unit);
        history.add(unit);
        plot.show(history.lines(), PERCENT, "Run traffic to see the hit ratio.");
    }

    private void showUnits(List<String> now, Subject subject) {
        if (!now.equals(names)) {
            names = now;
            units.getButtons().clear();
            for (var name : now) {
                var button = new ToggleButton(name);
                button.setOnAction(_ -> {
                    chosen = name;
                    button.setSelected(true);
                    workbench.select(new Subject.Unit(name));
                });
                units.getButtons().add(button);
            }
        }
        var asked =
                switch (subject) {
                    case Subject.Unit(String name) -> Optional.of(name);
                    case Subject.CacheLine line -> Optional.of(line.unit());
                    case Subject.Nothing _,
                            Subject.Function _,
                            Subject.Group _,
                            Subject.Domain _,
                            Subject.Mapping _,
                            Subject.Pasid _,
                            Subject.Fault _,
                            Subject.DmaEvent _,
                            Subject.WalkStep _,
                            Subject.Memory _,
                            Subject.Software _ ->
                            Optional.<String>empty();
                };
        if (asked.filter(now::contains).isPresent()) {
            chosen = asked.get();
        } else if (chosen == null || !now.contains(chosen)) {
            chosen = now.isEmpty() ? null : now.getFirst();
        }
        int index = chosen == null ? -1 : now.indexOf(chosen);
        if (index >= 0) {
            units.getButtons().get(index).setSelected(true);
        }
    }

    private Optional<Unit> unit() {
        return workbench.machine().units().stream()
                .filter(u -> u.name().equals(chosen))
                .findFirst();
    }

    private List<MenuItem> invalidations() {
        var items = new ArrayList<MenuItem>();
        var ofDomains = new LinkedHashMap<String, Menu>();
        unit().ifPresent(unit ->
                CachesActions.menu(unit, workbench.machine())
                        .forEach((words, what) -> {
                            var item = new MenuItem(words);
                            item.setOnAction(_ ->
                                    workbench.submit(
                                            CachesActions.command(unit, what), invalidate));
                            int ofOne = words.indexOf(", domain");
                            if (ofOne < 0) {
                                items.add(item);
                            } else {
                                var cache = words.substring(0, ofOne) + ", one domain";
                                ofDomains.computeIfAbsent(cache, Menu::new).getItems().add(item);
                            }
                        }));
        items.addAll(ofDomains.values());
        return items;
    }

    private void sendMissing() {
        unit().ifPresent(unit -> {
            var entries = CachesModel.of(unit, workbench.subject().get()).stale();
            for (Command command : CachesActions.missing(unit, entries)) {
                workbench.submit(command, stale);
            }
        });
    }
}

package iommulab.app.groups;

import static iommulab.app.groups.GroupCell.fixed;
import static iommulab.app.groups.GroupCell.label;

import iommulab.app.shell.FunctionNames;
import iommulab.app.shell.Panel;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import org.controlsfx.control.SearchableComboBox;

import java.util.Objects;
import java.util.Optional;

/// The Groups perspective: list, proof, what-if. Layout; what it says comes from the models.
public final class GroupsPanel implements Panel {
    private final Workbench workbench;
    private final GroupsActions actions;
    private final GroupListView list;
    private final ProofView proof;
    private final WhatIfView whatIf;
    private final SearchableComboBox<PciAddress> first = new SearchableComboBox<>();
    private final SearchableComboBox<PciAddress> second = new SearchableComboBox<>();
    private final Label verdict = new Label();
    private final HBox tools = new HBox();
    private final Label edited = label("", "badge", "accent");
    private final Label summary = label("", "muted");
    private final HBox bar = new HBox();
    private final VBox root = new VBox();
    private Optional<Pair> pair = Optional.empty();
    private Subject seen = new Subject.Nothing();
    private boolean showing;

    /// A panel that shows the groups of a workbench's machine.
    public GroupsPanel(Workbench workbench) {
        this.workbench = workbench;
        this.actions = new GroupsActions(workbench);
        this.list = new GroupListView(workbench, member -> compareWith(member.function()));
        this.proof = new ProofView(workbench);
        this.whatIf =
                new WhatIfView(
                        workbench,
                        (port, bit) -> actions.toggle(port.function(), bit.mask()),
                        path -> actions.close(path.turnsAt()));
        actions.edits().addListener((_, _, _) -> showAgain());
        actions.preview().addListener((_, _, _) -> showAgain());
        layOut();
    }

    private void layOut() {
        var sheet = Objects.requireNonNull(getClass().getResource("/theme/groups.css"));
        root.getStylesheets().add(sheet.toExternalForm());
        root.getStyleClass().addAll("groups", "canvas-surface");
        root.setId("groups-panel");
        tools.getStyleClass().add("panel-tools");
        chooser(first, "pair-first");
        chooser(second, "pair-second");
        verdict.getStyleClass().add("muted");
        var columns = new HBox(list.view(), middle(), whatIf.view());
        VBox.setVgrow(columns, Priority.ALWAYS);
        columns.setMinHeight(0);
        bar.getStyleClass().add("what-if-bar");
        bar.getChildren()
                .setAll(
                        fixed(edited),
                        GroupCell.stretching(summary),
                        button("Discard", "what-if-discard", actions::discard),
                        button("Copy as report", "what-if-copy", this::copyReport),
                        primary(button("Apply to machine", "what-if-apply", this::apply)));
        root.getChildren().setAll(columns, bar);
    }

    private Node middle() {
        var middle = new VBox(tools, proof.view());
        VBox.setVgrow(proof.view(), Priority.ALWAYS);
        HBox.setHgrow(middle, Priority.ALWAYS);
        middle.setMinWidth(0);
        middle.setPrefWidth(100);
        return middle;
    }

    private void chooser(SearchableComboBox<PciAddress> box, String id) {
        box.setId(id);
        box.getStyleClass().add("pair-chooser");
        box.setMinWidth(Region.USE_PREF_SIZE);
        box.setConverter(new AddressWords());
        box.valueProperty()
                .addListener((_, _, _) -> {
                    if (!showing && first.getValue() != null) {
                        setPair(new Pair(first.getValue(), Optional.ofNullable(second.getValue())));
                    }
                });
    }

    private static Button button(String text, String id, Runnable run) {
        var button = new Button(text);
        button.setId(id);
        button.setMinWidth(Region.USE_PREF_SIZE);
        button.setOnAction(_ -> run.run());
        return button;
    }

    private static Button primary(Button button) {
        button.getStyleClass().add("primary");
        return button;
    }

    private void apply() {
        actions.apply(bar);
    }

    private void copyReport() {
        var machine = workbench.machine();
        GroupsActions.copy(Report.of(machine.name(), proofOf(machine), whatIfOf(machine)));
        summary.setText("Copied.");
    }

    private void compareWith(PciAddress function) {
        pair.filter(p -> !p.first().equals(function))
                .ifPresent(p -> setPair(new Pair(p.first(), Optional.of(function))));
    }

    private void setPair(Pair next) {
        pair = Optional.of(next);
        showAgain();
    }

    private void showAgain() {
        show(workbench.machine(), seen);
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
        if (showing) {
            return;
        }
        showing = true;
        boolean selectedAnother = !subject.equals(seen);
        seen = subject;
        if (selectedAnother || pair.filter(p -> p.fits(machine)).isEmpty()) {
            pair = Pair.of(machine, subject, pair);
        }
        actions.follow(machine);
        list.show(machine, subject);
        showPair(machine);
        proof.show(proofOf(machine));
        var model = whatIfOf(machine);
        whatIf.show(model);
        bar.setVisible(!model.edited().isEmpty());
        bar.setManaged(!model.edited().isEmpty());
        edited.setText("What if: " + model.edited());
        summary.setText(model.summary() + " The machine is untouched until you apply.");
        showing = false;
    }

    private Optional<ProofModel> proofOf(MachineSnapshot machine) {
        return pair.map(p ->
                ProofModel.of(
                        machine,
                        p,
                        machine.grouping().proof(p.first(), p.second().orElse(p.first()))));
    }

    private WhatIfModel whatIfOf(MachineSnapshot machine) {
        return WhatIfModel.of(machine, pair, actions.edits().get(), actions.preview().get());
    }

    private void showPair(MachineSnapshot machine) {
        var title = label("Groups", "panel-title");
        var functions = machine.topology().functions().stream().map(f -> f.address()).toList();
        for (var box : java.util.List.of(first, second)) {
            if (!box.getItems().equals(functions)) {
                box.getItems().setAll(functions);
            }
        }
        first.setValue(pair.map(Pair::first).orElse(null));
        second.setValue(pair.flatMap(Pair::second).orElse(null));
        if (pair.isEmpty() && machine.grouping().groups().isEmpty()) {
            tools.getChildren().setAll(fixed(title), label("this machine has none", "muted"));
            return;
        }
        tools.getChildren()
                .setAll(
                        fixed(title),
                        fixed(
                                label(
                                        pair.flatMap(Pair::second).isPresent()
                                                ? "why do"
                                                : "why is",
                                        "muted")),
                        first,
                        fixed(label("and", "muted")),
                        second);
        pair.ifPresent(p -> tools.getChildren().addAll(verdict(machine, p)));
    }

    private static java.util.List<Node> verdict(MachineSnapshot machine, Pair pair) {
        var group = machine.grouping().groupOf(pair.first());
        boolean together =
                pair.second().map(s -> machine.grouping().groupOf(s).equals(group)).orElse(true);
        if (group.isEmpty()) {
            return java.util.List.of(
                    fixed(label(FunctionNames.address(pair.first()) + " has no group", "muted")));
        }
        return together
                ? java.util.List.of(
                        fixed(
                                label(
                                        pair.second().isPresent() ? "share group" : "in group",
                                        "muted")),
                        GroupCell.tab(group.get().id()))
                : java.util.List.of(fixed(label("not share a group", "muted")));
    }
}

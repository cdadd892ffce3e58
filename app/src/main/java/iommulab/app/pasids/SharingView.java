package iommulab.app.pasids;

import iommulab.app.pasids.SharingModel.Owner;
import iommulab.app.pasids.SharingModel.Row;
import iommulab.app.pasids.SharingModel.Use;
import iommulab.app.shell.DeedList;
import iommulab.app.shell.KernelChoices;
import iommulab.app.shell.PasidDeeds;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Who submits work with which PASID: from guests and threads through rights and numbers to devices, and the way
/// of the last ENQCMD.
final class SharingView extends ScrollPane {
    private final Workbench workbench;
    private final VBox owners = new VBox();
    private final VBox path = new VBox();
    private final EnqcmdForm form;
    private final Map<String, DeedList> deeds = new HashMap<>();
    private final Label nobody =
            new Label(
                    "No process runs on this machine, so nobody can submit work: a file names"
                            + " those that run when it is switched on.");
    private @Nullable SharingModel shown;
    private Optional<EnqcmdPath> shownPath = Optional.empty();

    SharingView(Workbench workbench) {
        this.workbench = workbench;
        form = new EnqcmdForm(workbench);
        form.getStyleClass().add("not-on-wall");
        setId("pasid-sharing");
        nobody.setWrapText(true);
        nobody.getStyleClass().add("muted");
        owners.getStyleClass().add("sharing-owners");
        path.setId("enqcmd-path");
        path.getStyleClass().add("enqcmd-path");
        path.setVisible(false);
        path.managedProperty().bind(path.visibleProperty());
        var content = new VBox(heads(), nobody, owners, path, form);
        content.getStyleClass().add("sharing");
        setContent(content);
        setFitToWidth(true);
    }

    private static Node heads() {
        var heads = new HBox();
        heads.getStyleClass().addAll("sharing-row", "sharing-heads");
        head(heads, "Guest PASID", "per VM, set by the guest", "sharing-guest");
        head(heads, "Right", "of process", "sharing-right");
        head(heads, "Host PASID", "on the bus", "sharing-host");
        gap(heads);
        head(heads, "Address space", "what an address means", "sharing-space");
        gap(heads);
        head(heads, "Devices", "who may use the number", "sharing-devices");
        return heads;
    }

    private static void gap(HBox heads) {
        var gap = new Region();
        gap.getStyleClass().add("sharing-gap");
        heads.getChildren().add(gap);
    }

    private static void head(HBox heads, String name, String about, String style) {
        var words = label(name, "row-name");
        words.setWrapText(true);
        var box = new VBox(words, label(about, "secondary", "not-on-wall"));
        box.getStyleClass().add(style);
        box.setMinWidth(0);
        heads.getChildren().add(box);
    }

    private static Label label(String text, String... styles) {
        var label = new Label(text);
        label.getStyleClass().addAll(styles);
        label.setMinWidth(0);
        return label;
    }

    void show(MachineSnapshot machine) {
        form.offer(machine);
        var model = SharingModel.of(machine);
        if (!model.equals(shown)) {
            shown = model;
            nobody.setVisible(model.owners().isEmpty());
            nobody.setManaged(nobody.isVisible());
            deeds.keySet().retainAll(model.owners().stream().map(Owner::key).toList());
            owners.getChildren().setAll(model.owners().stream().map(this::owner).toList());
        }
        var possible = new PasidDeeds(new KernelChoices(machine.software()));
        deeds.forEach((key, list) ->
                list.show(
                        key.matches("vm[0-9]+") ? possible.machine(key) : possible.process(key),
                        machine));
        var way = EnqcmdPath.of(machine);
        if (!way.equals(shownPath)) {
            shownPath = way;
            path.setVisible(way.isPresent());
            way.ifPresent(this::showPath);
        }
    }

    /// One sentence about all of them.
    String headline() {
        return shown == null ? "" : shown.headline();
    }

    private Node owner(Owner owner) {
        var box = new VBox(label(owner.title(), "row-name"), label(owner.detail(), "secondary"));
        for (var row : owner.rows()) {
            box.getChildren().add(row(row));
        }
        if (owner.rows().isEmpty()) {
            box.getChildren().add(label(owner.empty(), "muted"));
        }
        box.getChildren().add(deeds.computeIfAbsent(owner.key(), _ -> deeds()));
        box.getStyleClass().add("sharing-owner");
        return box;
    }

    private DeedList deeds() {
        var list = DeedList.inRows(workbench, (_, _) -> {}, () -> {});
        list.getStyleClass().add("not-on-wall");
        return list;
    }

    private Node row(Row row) {
        boolean refused = !row.refusal().isEmpty();
        var line = new HBox();
        line.getStyleClass().add("sharing-row");
        var guest =
                cell(
                        "sharing-guest",
                        label(row.guest(), "mono-big"),
                        label(row.from(), "secondary", "not-on-wall"));
        var right =
                new HBox(
                        wire(refused),
                        label(refused ? "✕" : "✓", "badge", refused ? "fault" : "hit"),
                        wire(refused));
        right.getStyleClass().add("sharing-right");
        line.getChildren().addAll(guest, right);
        if (refused) {
            guest.getStyleClass().add("refused");
            var why = label(row.refusal(), "says-fault");
            why.setWrapText(true);
            var box = cell("sharing-refusal", label("no entry", "says-fault", "strong"), why);
            HBox.setHgrow(box, Priority.ALWAYS);
            line.getChildren().add(box);
        } else {
            var space = label(row.space(), "body-text");
            space.setWrapText(true);
            var devices = new FlowPane();
            devices.getStyleClass().add("sharing-devices");
            row.uses().forEach(use -> devices.getChildren().add(device(row.host(), use)));
            line.getChildren()
                    .addAll(
                            cell(
                                    "sharing-host",
                                    label("" + row.host(), "mono-big"),
                                    label(row.hostDetail(), "secondary", "not-on-wall")),
                            wire(false),
                            cell("sharing-space", space),
                            wire(false),
                            devices);
            HBox.setHgrow(devices, Priority.ALWAYS);
        }
        return line;
    }

    private static Region wire(boolean refused) {
        var wire = new Region();
        wire.getStyleClass().add("sharing-wire");
        if (refused) {
            wire.getStyleClass().add("refused");
        }
        return wire;
    }

    private static VBox cell(String style, Node... content) {
        var cell = new VBox(content);
        cell.getStyleClass().addAll("sharing-cell", style);
        cell.setMinWidth(0);
        return cell;
    }

    /// A device; its entry is what is selected.
    private Button device(int pasid, Use use) {
        boolean knows = use.domain() != 0;
        var button = new Button((knows ? "✓ " : "✕ ") + use.name());
        button.getStyleClass().addAll("badge", knows ? "hit" : "blocked");
        button.setAccessibleText(
                knows
                        ? "%s has an entry for PASID %d: domain %d"
                                .formatted(use.name(), pasid, use.domain())
                        : "%s has no entry for PASID %d: its requests fault"
                                .formatted(use.name(), pasid));
        button.setTooltip(new javafx.scene.control.Tooltip(button.getAccessibleText()));
        button.setOnAction(_ ->
                workbench.select(
                        knows
                                ? new Subject.Pasid(use.device(), pasid)
                                : new Subject.Function(use.device())));
        return button;
    }

    private void showPath(EnqcmdPath way) {
        var title = label((way.failed() ? "✕ " : "✓ ") + way.title(), "row-name");
        title.getStyleClass().add(way.failed() ? "says-fault" : "says-hit");
        var steps = new FlowPane();
        steps.getStyleClass().add("enqcmd-steps");
        int number = 1;
        for (var step : way.steps()) {
            if (number > 1) {
                steps.getChildren().add(label("→", "muted"));
            }
            var box =
                    cell(
                            "enqcmd-step",
                            label(number + " " + step.name(), "strong"),
                            label(step.words(), "secondary"));
            switch (step.end()) {
                case PASSED -> box.getStyleClass().add("passed");
                case STOPPED -> box.getStyleClass().add("stopped");
                case NEVER_REACHED -> box.getStyleClass().add("never");
            }
            box.setMinWidth(Region.USE_PREF_SIZE);
            steps.getChildren().add(box);
            number++;
        }
        var rule = label(way.rule(), "muted");
        rule.setWrapText(true);
        path.getChildren().setAll(title, steps);
        if (!way.rule().isEmpty()) {
            path.getChildren().add(rule);
        }
        path.getStyleClass().remove("failed");
        if (way.failed()) {
            path.getStyleClass().add("failed");
        }
    }
}

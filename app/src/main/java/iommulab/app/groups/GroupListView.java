package iommulab.app.groups;

import iommulab.app.groups.GroupList.GroupRow;
import iommulab.app.groups.GroupList.MemberRow;
import iommulab.app.groups.GroupList.Row;
import iommulab.app.groups.GroupList.UngroupedRow;
import iommulab.app.groups.GroupList.ViableRow;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.ListView;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseEvent;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;

import org.controlsfx.control.textfield.CustomTextField;

import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

/// The list of groups with its filter. A click on a group opens and selects it; a click on a member
/// makes the proof about it; Ctrl and a click compare it with the one selected.
final class GroupListView {
    private final Workbench workbench;
    private final CustomTextField filter = new CustomTextField();
    private final Label counted = new Label();
    private final ListView<Row> list = new ListView<>();
    private final VBox view = new VBox(filter, list);
    private final Set<Integer> open = new HashSet<>();
    private final Consumer<MemberRow> compare;
    private GroupList shown = new GroupList(java.util.List.of(), "");
    private Subject revealed = new Subject.Nothing();

    /// @param compare what Ctrl and a click on a member do
    GroupListView(Workbench workbench, Consumer<MemberRow> compare) {
        this.workbench = workbench;
        this.compare = compare;
        filter.setId("group-filter");
        filter.setPromptText("group, device, driver");
        counted.getStyleClass().add("mono-secondary");
        filter.setRight(counted);
        filter.textProperty().addListener((_, _, _) -> show(workbench.machine(), revealed));
        list.setId("group-list");
        list.setCellFactory(_ -> new GroupCell());
        // Reasons wrap at the list's width, and the list keeps the heights that it measured before.
        list.widthProperty().addListener((_, _, _) -> list.refresh());
        list.addEventHandler(MouseEvent.MOUSE_CLICKED, this::click);
        list.addEventHandler(KeyEvent.KEY_PRESSED, this::key);
        VBox.setVgrow(list, Priority.ALWAYS);
        VBox.setMargin(filter, new javafx.geometry.Insets(8, 10, 8, 10));
        view.getStyleClass().add("group-column");
    }

    Node view() {
        return view;
    }

    void show(MachineSnapshot machine, Subject subject) {
        var group = groupOf(machine, subject);
        if (!subject.equals(revealed) && group >= 0) {
            open.add(group);
        }
        var next = GroupList.of(machine, filter.getText(), open);
        if (!next.equals(shown)) {
            shown = next;
            list.getItems().setAll(next.rows());
            counted.setText(next.counted());
        }
        if (!subject.equals(revealed)) {
            revealed = subject;
            select(machine, subject, group);
        }
    }

    private static int groupOf(MachineSnapshot machine, Subject subject) {
        return switch (subject) {
            case Subject.Group(int id) -> id;
            case Subject.Function(var f) ->
                    machine.grouping().groupOf(f).map(g -> g.id()).orElse(-1);
            default -> -1;
        };
    }

    private void select(MachineSnapshot machine, Subject subject, int group) {
        for (int i = 0; i < shown.rows().size(); i++) {
            boolean is =
                    switch (shown.rows().get(i)) {
                        case GroupRow row ->
                                subject instanceof Subject.Group && row.group() == group;
                        case MemberRow row ->
                                subject instanceof Subject.Function(var f)
                                        && row.function().equals(f);
                        case UngroupedRow row ->
                                subject instanceof Subject.Function(var f)
                                        && row.function().equals(f);
                        case ViableRow _ -> false;
                    };
            if (is) {
                list.getSelectionModel().select(i);
                list.scrollTo(Math.max(0, i - 4));
            }
        }
    }

    private void click(MouseEvent event) {
        var row = list.getSelectionModel().getSelectedItem();
        if (row instanceof MemberRow member && event.isShortcutDown()) {
            compare.accept(member);
        } else if (row != null) {
            choose(row);
        }
    }

    private void key(KeyEvent event) {
        var row = list.getSelectionModel().getSelectedItem();
        if (row != null && (event.getCode() == KeyCode.ENTER || event.getCode() == KeyCode.SPACE)) {
            choose(row);
            event.consume();
        }
    }

    private void choose(Row row) {
        switch (row) {
            case GroupRow group -> {
                if (!open.remove(group.group())) {
                    open.add(group.group());
                }
                revealed = new Subject.Group(group.group());
                if (Objects.equals(workbench.subject().get(), revealed)) {
                    show(workbench.machine(), revealed);
                }
                workbench.select(revealed);
            }
            case MemberRow member -> workbench.select(new Subject.Function(member.function()));
            case UngroupedRow one -> workbench.select(new Subject.Function(one.function()));
            case ViableRow viable -> workbench.select(new Subject.Group(viable.group()));
        }
    }
}

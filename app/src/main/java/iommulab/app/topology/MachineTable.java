package iommulab.app.topology;

import iommulab.app.shell.FunctionNames;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciTopology;
import iommulab.engine.session.MachineSnapshot;

import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.scene.Node;
import javafx.scene.control.TreeItem;
import javafx.scene.control.TreeTableColumn;
import javafx.scene.control.TreeTableView;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// The machine as a table: the same functions in the same tree, the same selection.
final class MachineTable {
    private final Workbench workbench;
    private final TreeTableView<PciFunction> table = new TreeTableView<>(new TreeItem<>());
    private final Map<PciAddress, TreeItem<PciFunction>> items = new HashMap<>();
    private PciTopology shown = PciTopology.EMPTY;
    private TableWords words = TableWords.of(MachineSnapshot.POWER_OFF);
    private boolean following;

    MachineTable(Workbench workbench) {
        this.workbench = workbench;
        table.setId("machine-table");
        table.setShowRoot(false);
        column("Address", 190, f -> FunctionNames.address(f.address())).getStyleClass().add("mono");
        column("Device", 320, FunctionNames::name);
        column("In the tree", 150, FunctionNames::role);
        column("Group", 70, f -> words.group(f.address()));
        column("Domain", 130, f -> words.domain(f.address()));
        column("Driver", 120, f -> f.driver().orElse("–"));
        column("Unit", 90, f -> words.unit(f.address()));
        table.getSelectionModel()
                .selectedItemProperty()
                .addListener((_, _, item) -> select(Optional.ofNullable(item)));
    }

    private TreeTableColumn<PciFunction, String> column(
            String title, double width, Function<PciFunction, String> text) {
        var column = new TreeTableColumn<PciFunction, String>(title);
        column.setPrefWidth(width);
        column.setCellValueFactory(row -> {
            var function = row.getValue().getValue();
            return new ReadOnlyStringWrapper(function == null ? "" : text.apply(function));
        });
        table.getColumns().add(column);
        return column;
    }

    private void select(Optional<TreeItem<PciFunction>> item) {
        if (!following) {
            item.map(TreeItem::getValue)
                    .ifPresent(f -> workbench.select(new Subject.Function(f.address())));
        }
    }

    Node view() {
        return table;
    }

    void show(MachineSnapshot machine, Subject subject) {
        if (!table.isVisible()) {
            return;
        }
        words = TableWords.of(machine);
        following = true;
        if (machine.topology() != shown) {
            shown = machine.topology();
            fill();
        }
        Looks.functionOf(machine, subject)
                .map(items::get)
                .ifPresent(item -> table.getSelectionModel().select(item));
        table.refresh();
        following = false;
    }

    private void fill() {
        items.clear();
        var root = new TreeItem<PciFunction>();
        for (var function : shown.functions()) {
            var item = new TreeItem<>(function);
            item.setExpanded(true);
            items.put(function.address(), item);
            var parent = function.parent().map(items::get).orElse(root);
            parent.getChildren().add(item);
        }
        table.setRoot(root);
    }
}

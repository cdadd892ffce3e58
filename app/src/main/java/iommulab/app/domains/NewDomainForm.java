package iommulab.app.domains;

import iommulab.app.shell.FunctionChooser;
import iommulab.app.theme.Popovers;
import iommulab.engine.group.DomainType;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.layout.GridPane;

import org.controlsfx.control.PopOver;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/// Asks for what a new domain needs: below which device's IOMMU, type, levels.
final class NewDomainForm extends GridPane {
    private static final Map<DomainType, String> TYPES =
            Map.of(
                    DomainType.UNMANAGED, "page table",
                    DomainType.IDENTITY, "identity",
                    DomainType.BLOCKED, "blocked");
    private static final Map<Integer, String> LEVELS =
            Map.of(3, "3: 39 bits", 4, "4: 48 bits", 5, "5: 57 bits");

    private final FunctionChooser like = new FunctionChooser();
    private final ComboBox<DomainType> type = new ComboBox<>();
    private final ComboBox<Integer> levels = new ComboBox<>();
    private final Button create = new Button("Create");
    private final PopOver popOver = new PopOver(this);

    NewDomainForm(BiConsumer<Command, Node> submit) {
        getStyleClass().addAll("form-grid", "pop-over-form");
        like.setPrefWidth(190);
        type.getItems()
                .addAll(List.of(DomainType.UNMANAGED, DomainType.IDENTITY, DomainType.BLOCKED));
        type.setConverter(words(TYPES));
        type.setValue(DomainType.UNMANAGED);
        type.setId("domain-type");
        levels.getItems().addAll(List.of(3, 4, 5));
        levels.setConverter(words(LEVELS));
        levels.setValue(4);
        levels.setId("domain-levels");
        levels.disableProperty().bind(type.valueProperty().isNotEqualTo(DomainType.UNMANAGED));
        create.setId("domain-create");
        create.getStyleClass().add("primary");
        create.disableProperty().bind(like.valueProperty().isNull());
        addRow(0, new Label("for the IOMMU of"), like);
        addRow(1, new Label("type"), type);
        addRow(2, new Label("levels"), levels);
        add(create, 1, 3);
        popOver.setTitle("New domain");
        popOver.setHeaderAlwaysVisible(true);
        popOver.setArrowLocation(PopOver.ArrowLocation.TOP_CENTER);
        popOver.setDetachable(false);
        popOver.setAutoHide(true);
        Popovers.dress(popOver);
        create.setOnAction(_ -> {
            boolean table = type.getValue() == DomainType.UNMANAGED;
            submit.accept(
                    new Command.CreateDomain(
                            like.chosen().orElseThrow(),
                            type.getValue(),
                            table ? levels.getValue() : 0),
                    create);
        });
    }

    private static <T> javafx.util.StringConverter<T> words(Map<T, String> words) {
        return new javafx.util.StringConverter<>() {
            @Override
            public String toString(T value) {
                return value == null ? "" : words.getOrDefault(value, String.valueOf(value));
            }

            @Override
            public T fromString(String text) {
                return words.entrySet().stream()
                        .filter(e -> e.getValue().equals(text))
                        .findFirst()
                        .orElseThrow()
                        .getKey();
            }
        };
    }

    void open(Node below, MachineSnapshot machine, Optional<PciAddress> selected) {
        like.show(machine);
        selected.ifPresent(like::choose);
        popOver.show(below);
    }

    void close() {
        popOver.hide();
    }
}

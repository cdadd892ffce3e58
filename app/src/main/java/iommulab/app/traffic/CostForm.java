package iommulab.app.traffic;

import iommulab.engine.session.Command;
import iommulab.engine.session.CostEvent;
import iommulab.engine.session.MachineSnapshot;

import javafx.css.PseudoClass;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.Priority;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.BiConsumer;

/// The cost table: a price in cycles for everything that takes time. Enter sets a price.
final class CostForm extends GridPane {
    private static final PseudoClass ERROR = PseudoClass.getPseudoClass("error");
    private static final long MOST = 1_000_000;

    private final Map<CostEvent, TextField> fields = new EnumMap<>(CostEvent.class);
    private Map<CostEvent, Long> shown = Map.of();

    CostForm(BiConsumer<Command, Node> submit) {
        getStyleClass().add("cost-grid");
        var name = new ColumnConstraints();
        name.setHgrow(Priority.ALWAYS);
        name.setMinWidth(0);
        getColumnConstraints().add(name);
        int row = 0;
        for (var event : CostEvent.values()) {
            var label = new Label(event.words());
            label.getStyleClass().add("secondary");
            var field = new TextField();
            field.setId("cost-" + event.name().toLowerCase().replace('_', '-'));
            field.getStyleClass().addAll("mono", "align-right");
            field.setPrefColumnCount(5);
            field.setMinWidth(USE_PREF_SIZE);
            field.textProperty()
                    .addListener(
                            (_, _, text) -> field.pseudoClassStateChanged(ERROR, price(text) < 0));
            field.setOnAction(_ -> {
                long price = price(field.getText());
                if (price >= 0) {
                    submit.accept(new Command.SetCost(event, price), field);
                }
            });
            fields.put(event, field);
            addRow(row++, label, field);
        }
    }

    /// @return -1 if the text is no price
    static long price(String text) {
        try {
            long price = Long.parseLong(text.strip());
            return price > MOST ? -1 : price;
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    void show(MachineSnapshot machine) {
        if (!machine.costs().equals(shown)) {
            shown = machine.costs();
            shown.forEach((event, cycles) -> {
                var field = fields.get(event);
                if (field != null) {
                    field.setText(String.valueOf(cycles));
                }
            });
        }
    }
}

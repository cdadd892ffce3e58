package iommulab.app.traffic;

import iommulab.engine.session.Command;
import iommulab.engine.session.CostEvent;

import javafx.beans.value.ObservableValue;
import javafx.css.PseudoClass;
import javafx.scene.Node;
import javafx.scene.control.TextField;

import org.controlsfx.control.PropertySheet;
import org.controlsfx.property.editor.PropertyEditor;

import java.util.Locale;
import java.util.Optional;
import java.util.function.BiConsumer;

/// One price of the cost table as a property with its editor. What is typed counts from Enter on, so
/// that a price under way is no command.
final class CostItem implements PropertySheet.Item {
    private static final PseudoClass ERROR = PseudoClass.getPseudoClass("error");

    private final CostEvent event;
    private final TextField field = new TextField();

    CostItem(CostEvent event, BiConsumer<Command, Node> submit) {
        this.event = event;
        field.setId("cost-" + event.name().toLowerCase(Locale.ROOT).replace('_', '-'));
        field.setAccessibleText("cycles for the " + event.words());
        field.getStyleClass().addAll("mono", "align-right");
        field.setPrefColumnCount(5);
        field.textProperty()
                .addListener((_, _, text) ->
                        field.pseudoClassStateChanged(ERROR, CostForm.price(text) < 0));
        field.setOnAction(_ -> {
            long price = CostForm.price(field.getText());
            if (price >= 0) {
                submit.accept(new Command.SetCost(event, price), field);
            }
        });
    }

    void show(long cycles) {
        field.setText(String.valueOf(cycles));
    }

    PropertyEditor<Long> editor() {
        return new PropertyEditor<>() {
            @Override
            public Node getEditor() {
                return field;
            }

            @Override
            public Long getValue() {
                return CostForm.price(field.getText());
            }

            @Override
            public void setValue(Long cycles) {
                show(cycles);
            }
        };
    }

    @Override
    public Class<?> getType() {
        return Long.class;
    }

    @Override
    public String getCategory() {
        return "Costs";
    }

    @Override
    public String getName() {
        return event.words();
    }

    @Override
    public String getDescription() {
        return "Cycles that one %s takes".formatted(event.words());
    }

    @Override
    public Object getValue() {
        return CostForm.price(field.getText());
    }

    /// The machine has the value; it is written by a command.
    @Override
    public void setValue(Object value) {}

    @Override
    public Optional<ObservableValue<? extends Object>> getObservableValue() {
        return Optional.empty();
    }
}

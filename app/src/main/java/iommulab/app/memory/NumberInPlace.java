package iommulab.app.memory;

import iommulab.app.shell.HexField;

import javafx.css.PseudoClass;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.input.KeyCode;
import javafx.scene.layout.StackPane;

/// A number that becomes a field to write it in when it is pressed. Enter sends it, Escape leaves it.
final class NumberInPlace extends StackPane {
    private static final PseudoClass ERROR = PseudoClass.getPseudoClass("error");

    private final Button shown;
    private final String name;
    private final int digits;
    private final long value;
    private final Taker onNumber;

    /// Takes a number that was written.
    interface Taker {
        /// @param where it was written
        /// @return false if it cannot be taken
        boolean take(long number, NumberInPlace where);
    }

    /// @param name for people who cannot see where it stands
    /// @param text the number as it is shown
    /// @param digits width of the field
    NumberInPlace(String name, String text, long value, int digits, Taker onNumber) {
        this.name = name;
        this.digits = digits;
        this.value = value;
        this.onNumber = onNumber;
        shown = new Button(text);
        shown.getStyleClass().addAll("number-in-place", "mono");
        shown.setAccessibleText("Change " + name + ", now " + text);
        shown.setMinWidth(USE_PREF_SIZE);
        shown.setOnAction(_ -> edit());
        setAlignment(Pos.CENTER_LEFT);
        getChildren().setAll(shown);
    }

    /// Style of the number while it is not written.
    void large() {
        shown.getStyleClass().setAll("number-in-place", "mono-big");
    }

    private void edit() {
        var field = new HexField("hex", digits);
        field.setId("memory-edit");
        field.setAccessibleText("New value of " + name);
        field.setText(Long.toHexString(value));
        field.setOnAction(_ -> send(field));
        field.setOnKeyPressed(press -> {
            if (press.getCode() == KeyCode.ESCAPE) {
                press.consume();
                leave();
                shown.requestFocus();
            }
        });
        getChildren().setAll(field);
        field.requestFocus();
        field.selectAll();
        field.focusedProperty()
                .addListener((_, _, focused) -> {
                    if (!focused) {
                        leave();
                    }
                });
    }

    private void send(HexField field) {
        if (field.number().isEmpty() || !onNumber.take(field.number().getAsLong(), this)) {
            field.pseudoClassStateChanged(ERROR, true);
            return;
        }
        leave();
        shown.requestFocus();
    }

    private void leave() {
        getChildren().setAll(shown);
    }

    /// Whether somebody is writing.
    boolean isEdited() {
        return !getChildren().contains(shown);
    }

    boolean hasFocus() {
        return shown.isFocused();
    }

    void focus() {
        shown.requestFocus();
    }
}

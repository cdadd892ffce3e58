package iommulab.app.shell;

import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.css.PseudoClass;
import javafx.scene.control.TextField;

import java.util.OptionalLong;

/// A text field for an address or a length: hex with or without `0x`, with `_` or spaces between the
/// digits, or decimal with a unit (`4K`, `2M`, `1G`). Says at once what it cannot read.
public final class HexField extends TextField {
    private static final PseudoClass ERROR = PseudoClass.getPseudoClass("error");

    private final ReadOnlyStringWrapper complaint = new ReadOnlyStringWrapper("");

    /// @param prompt an example, shown while the field is empty
    /// @param columns width in digits
    public HexField(String prompt, int columns) {
        setPromptText(prompt);
        setPrefColumnCount(columns);
        getStyleClass().add("mono");
        textProperty().addListener((_, _, _) -> judge());
    }

    /// What is wrong with the text; empty if nothing is.
    public ReadOnlyStringProperty complaint() {
        return complaint.getReadOnlyProperty();
    }

    /// The number, if the text is one.
    public OptionalLong number() {
        return HexText.parse(getText());
    }

    /// Shows a number, in hex.
    public void show(long number) {
        setText("0x" + Long.toHexString(number));
    }

    private void judge() {
        boolean wrong = !getText().isBlank() && number().isEmpty();
        complaint.set(
                wrong
                        ? "'%s' is no number: write hex as 0x1000, or a length as 4K, 2M, 1G"
                                .formatted(getText().strip())
                        : "");
        pseudoClassStateChanged(ERROR, wrong);
    }
}

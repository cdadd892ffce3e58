package iommulab.app.shell;

import iommulab.engine.iommu.PasidPrefix;

import javafx.beans.value.ChangeListener;
import javafx.css.PseudoClass;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;

import java.util.Optional;

/// The PASID prefix of a request: a number or nothing, and with a number the intent.
public final class PrefixFields extends HBox {
    private static final PseudoClass ERROR = PseudoClass.getPseudoClass("error");
    private static final int PASID_BITS = 20;

    private final HexField pasid = new HexField("none", 7);
    private final ToggleButton execute = new ToggleButton("execute");
    private final ToggleButton privileged = new ToggleButton("privileged");

    /// @param name beginning of the ids of its controls, such as `dma`
    /// @param changed told when something was typed or chosen
    public PrefixFields(String name, Runnable changed) {
        getStyleClass().add("form-row");
        pasid.setId(name + "-pasid");
        pasid.setAccessibleText("PASID, empty for none");
        pasid.setTooltip(new Tooltip("PASID prefix: 20 bits; empty for a request without one"));
        execute.setId(name + "-execute");
        execute.setTooltip(new Tooltip("what is read will be executed"));
        privileged.setId(name + "-privileged");
        privileged.setTooltip(new Tooltip("the device acts for a supervisor"));
        ChangeListener<Object> heard =
                (_, _, _) -> {
                    judge();
                    changed.run();
                };
        for (var intent : new ToggleButton[] {execute, privileged}) {
            intent.getStyleClass().add("chip");
            intent.setMinWidth(USE_PREF_SIZE);
            intent.selectedProperty().addListener(heard);
        }
        pasid.textProperty().addListener(heard);
        getChildren().addAll(pasid, execute, privileged);
        judge();
    }

    private void judge() {
        boolean none = pasid.getText().isBlank();
        execute.setDisable(none);
        privileged.setDisable(none);
        pasid.pseudoClassStateChanged(ERROR, prefix().isEmpty());
    }

    /// The prefix; empty as long as what is typed is no PASID.
    public Optional<PasidPrefix> prefix() {
        if (pasid.getText().isBlank()) {
            return Optional.of(PasidPrefix.NONE);
        }
        var number = pasid.number();
        return number.isEmpty() || number.getAsLong() >>> PASID_BITS != 0
                ? Optional.empty()
                : Optional.of(
                        new PasidPrefix(
                                (int) number.getAsLong(),
                                execute.isSelected(),
                                privileged.isSelected()));
    }

    /// What is wrong with the text; empty if nothing is.
    public String complaint() {
        return prefix().isPresent() ? "" : "A PASID has 20 bits: 0 to 0xfffff, or nothing.";
    }

    /// Shows the prefix of a request that was made elsewhere.
    public void show(PasidPrefix prefix) {
        if (prefix.isPresent()) {
            pasid.show(prefix.pasid());
        } else {
            pasid.setText("");
        }
        execute.setSelected(prefix.execute());
        privileged.setSelected(prefix.privileged());
    }
}

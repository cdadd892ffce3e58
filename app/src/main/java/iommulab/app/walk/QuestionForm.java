package iommulab.app.walk;

import iommulab.app.shell.FunctionChooser;
import iommulab.app.shell.HexField;
import iommulab.app.shell.PrefixFields;
import iommulab.engine.iommu.Access;
import iommulab.engine.pci.AddressType;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.WalkQuestion;

import javafx.beans.binding.Bindings;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;

import org.controlsfx.control.SegmentedButton;

import java.util.function.Consumer;

/// The line in which a request is put together: device, iova, bytes, read or write.
final class QuestionForm extends HBox {
    private static final int MOST_BYTES = 4096;

    private final FunctionChooser device = new FunctionChooser();
    private final HexField iova = new HexField("0xffdc2000", 18);
    private final HexField bytes = new HexField("0x40", 4);
    private final ToggleButton read = new ToggleButton("read");
    private final ToggleButton write = new ToggleButton("write");
    private final PrefixFields prefix = new PrefixFields("walk", this::judge);
    private AddressType type = AddressType.UNTRANSLATED;
    private final Button ask = new Button("Ask");
    private final Button typed = new Button();
    private final Label complaint = new Label();
    private final BooleanProperty valid = new SimpleBooleanProperty();

    QuestionForm(Consumer<WalkQuestion> onAsk) {
        getStyleClass().addAll("panel-tools", "walk-question");
        device.setId("walk-device");
        device.setPrefWidth(170);
        iova.setId("walk-iova");
        bytes.setId("walk-bytes");
        read.setId("walk-read");
        write.setId("walk-write");
        ask.setId("walk-ask");
        read.setSelected(true);
        bytes.setText("0x40");
        complaint.getStyleClass().addAll("secondary", "says-fault");
        var access = new SegmentedButton(read, write);
        // From the beginning: what is shown before the buttons are laid out has to be exclusive,
        // too.
        var one = new ToggleGroup();
        one.getToggles().addAll(read, write);
        access.setToggleGroup(one);
        getChildren()
                .addAll(
                        caption("Ask"),
                        device,
                        caption("IOVA"),
                        iova,
                        caption("bytes"),
                        bytes,
                        access,
                        caption("PASID"),
                        prefix,
                        typed,
                        ask,
                        complaint);
        typed.setId("walk-type");
        typed.getStyleClass().add("chip");
        typed.setMinWidth(USE_PREF_SIZE);
        typed.setTooltip(new Tooltip("Ask about an ordinary request instead"));
        typed.setOnAction(_ -> forgetType());
        forgetType();
        ask.setOnAction(_ -> onAsk.accept(question()));
        iova.setOnAction(_ -> ask.fire());
        bytes.setOnAction(_ -> ask.fire());
        judge();
        device.valueProperty().addListener((_, _, _) -> judge());
        iova.textProperty().addListener((_, _, _) -> judge());
        bytes.textProperty().addListener((_, _, _) -> judge());
        ask.disableProperty().bind(valid.not());
        complaint
                .textProperty()
                .bind(
                        Bindings.createStringBinding(
                                () ->
                                        iova.complaint().get().isEmpty()
                                                ? bytes.complaint().get()
                                                : iova.complaint().get(),
                                iova.complaint(),
                                bytes.complaint()));
    }

    /// Tells the fields of one form from those of another by their ids.
    void nameFields(String prefix) {
        for (var field : getChildren()) {
            if (field.getId() != null) {
                field.setId(field.getId().replace("walk", prefix));
            }
        }
    }

    private static Label caption(String text) {
        var label = new Label(text);
        label.getStyleClass().add("secondary");
        label.setMinWidth(USE_PREF_SIZE);
        return label;
    }

    private void forgetType() {
        type = AddressType.UNTRANSLATED;
        typed.setManaged(false);
        typed.setVisible(false);
    }

    void show(MachineSnapshot machine) {
        device.show(machine);
    }

    /// Shows a question that was asked elsewhere, so that it can be asked again with a change.
    void show(WalkQuestion question) {
        device.chooseAny(question.function());
        type = question.type();
        typed.setText(
                switch (type) {
                    case UNTRANSLATED -> "";
                    case TRANSLATION_REQUEST -> "a question (ATS)";
                    case TRANSLATED -> "translated already";
                });
        typed.setManaged(type != AddressType.UNTRANSLATED);
        typed.setVisible(typed.isManaged());
        iova.show(question.iova());
        bytes.show(question.bytes());
        prefix.show(question.prefix());
        (question.access() == Access.READ ? read : write).setSelected(true);
    }

    private void judge() {
        long length = bytes.number().orElse(0);
        valid.set(
                device.chosen().isPresent()
                        && iova.number().isPresent()
                        && length >= 1
                        && length <= MOST_BYTES
                        && prefix.prefix().isPresent());
    }

    private WalkQuestion question() {
        return new WalkQuestion(
                device.chosen().orElseThrow(),
                iova.number().orElseThrow(),
                (int) bytes.number().orElseThrow(),
                write.isSelected() ? Access.WRITE : Access.READ,
                prefix.prefix().orElseThrow(),
                type,
                true);
    }
}

package iommulab.app.topology;

import iommulab.app.shell.FunctionNames;
import iommulab.app.shell.PrefixFields;
import iommulab.app.shell.Workbench;
import iommulab.app.theme.Popovers;
import iommulab.engine.iommu.Access;
import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;

import javafx.geometry.Insets;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ChoiceBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.util.StringConverter;

import org.controlsfx.control.PopOver;

import java.util.Optional;

/// Asks which request a device shall make, and lets it make it.
final class SendDma {
    private static final int PAGE = 4096;

    private static final StringConverter<AddressType> WORDS =
            new StringConverter<>() {
                @Override
                public String toString(AddressType type) {
                    return type == AddressType.TRANSLATED
                            ? "sent as translated already (hpa)"
                            : "as the device sends it";
                }

                @Override
                public AddressType fromString(String words) {
                    return AddressType.valueOf(words);
                }
            };

    private final TextField iova = new TextField("0x0");
    private final TextField bytes = new TextField("64");
    private final ChoiceBox<Access> access = new ChoiceBox<>();
    private final ChoiceBox<AddressType> type = new ChoiceBox<>();
    private final PrefixFields prefix = new PrefixFields("send-dma", () -> {});
    private final Label refusal = new Label();

    private SendDma() {
        access.getItems().setAll(Access.values());
        access.setValue(Access.READ);
        type.setId("send-dma-type");
        type.getItems().setAll(AddressType.UNTRANSLATED, AddressType.TRANSLATED);
        type.setConverter(WORDS);
        type.setValue(AddressType.UNTRANSLATED);
        iova.setId("send-dma-iova");
        iova.getStyleClass().add("mono");
        bytes.setId("send-dma-bytes");
        refusal.getStyleClass().add("says-fault");
        refusal.setManaged(false);
        refusal.setVisible(false);
    }

    static void ask(Workbench workbench, PciAddress function, Node where) {
        var form = new SendDma();
        var send = new Button("Send");
        send.setId("send-dma");
        send.setDefaultButton(true);
        send.getStyleClass().add("primary");
        var grid = new GridPane();
        grid.setHgap(8);
        grid.setVgap(6);
        grid.setPadding(new Insets(12));
        grid.addRow(0, new Label("iova"), form.iova);
        grid.addRow(1, new Label("bytes"), form.bytes);
        grid.addRow(2, new Label("access"), form.access);
        grid.addRow(3, new Label("PASID"), form.prefix);
        grid.addRow(4, new Label("address"), form.type);
        grid.add(form.refusal, 0, 5, 2, 1);
        grid.add(new HBox(send), 1, 6);
        var popOver = new PopOver(grid);
        popOver.setTitle("DMA of " + FunctionNames.address(function));
        popOver.setHeaderAlwaysVisible(true);
        popOver.setDetachable(false);
        Popovers.dress(popOver);
        send.setOnAction(_ ->
                form.command(function)
                        .ifPresent(command -> {
                            popOver.hide();
                            workbench.submit(command, where);
                        }));
        popOver.show(where);
    }

    private Optional<Command> command(PciAddress function) {
        try {
            long address =
                    Long.parseUnsignedLong(iova.getText().strip().replaceFirst("^0x", ""), 16);
            int length = Integer.parseInt(bytes.getText().strip());
            var intent = prefix.prefix();
            if (length >= 1 && length <= PAGE && intent.isPresent()) {
                return Optional.of(
                        new Command.IssueDma(
                                function,
                                address,
                                length,
                                access.getValue(),
                                intent.get(),
                                type.getValue()));
            }
        } catch (NumberFormatException _) {
            // said below, with the rule for all fields
        }
        refusal.setText(
                "iova is hex, such as 0x1000; bytes are 1 to 4096; a PASID has 20 bits or is"
                        + " empty");
        refusal.setManaged(true);
        refusal.setVisible(true);
        return Optional.empty();
    }
}

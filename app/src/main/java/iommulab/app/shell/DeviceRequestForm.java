package iommulab.app.shell;

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
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;

import org.controlsfx.control.PopOver;

import java.util.Optional;

/// Asks what a device with a TLB shall ask of its IOMMU, a translation or pages, and lets it ask.
final class DeviceRequestForm {
    private static final int USUAL_BYTES = 8;
    private static final int MOST_PAGES = 32;

    private final PciAddress function;
    private final boolean pages;
    private final HexField iova = new HexField("0x0", 15);
    private final ChoiceBox<Integer> count = new ChoiceBox<>();
    private final ChoiceBox<Access> access = new ChoiceBox<>();
    private final PrefixFields prefix;
    private final Button ask = new Button();
    private final Label refusal = new Label();

    private DeviceRequestForm(PciAddress function, boolean pages, long address) {
        this.function = function;
        this.pages = pages;
        var name = pages ? "page-request" : "translation-request";
        prefix = new PrefixFields(name, () -> {});
        iova.setId(name + "-iova");
        iova.show(address);
        access.setId(name + "-access");
        access.getItems().setAll(Access.values());
        access.setValue(Access.READ);
        count.setId(name + "-pages");
        for (int number = 1; number <= MOST_PAGES; number *= 2) {
            count.getItems().add(number);
        }
        count.setValue(1);
        ask.setText(pages ? "Ask for the pages" : "Ask");
        ask.setId(name + "-ask");
        ask.setDefaultButton(true);
        ask.getStyleClass().add("primary");
        refusal.getStyleClass().add("says-fault");
        refusal.setManaged(false);
        refusal.setVisible(false);
    }

    /// @param pages whether it asks for pages; else for a translation
    /// @param address that the form begins with
    static void ask(
            Workbench workbench, PciAddress function, boolean pages, long address, Node where) {
        var form = new DeviceRequestForm(function, pages, address);
        var popOver = new PopOver(form.grid());
        popOver.setTitle(
                (pages ? "Page request of " : "Translation request of ")
                        + FunctionNames.address(function));
        popOver.setHeaderAlwaysVisible(true);
        popOver.setDetachable(false);
        Popovers.dress(popOver);
        form.ask.setOnAction(_ ->
                form.command()
                        .ifPresentOrElse(
                                command -> {
                                    popOver.hide();
                                    workbench.submit(command, where);
                                },
                                form::complain));
        popOver.show(where);
    }

    private GridPane grid() {
        var grid = new GridPane();
        grid.setHgap(8);
        grid.setVgap(6);
        grid.setPadding(new Insets(12));
        int row = 0;
        grid.addRow(row++, new Label("iova"), iova);
        if (pages) {
            grid.addRow(row++, new Label("pages"), count);
        }
        grid.addRow(row++, new Label("access"), access);
        grid.addRow(row++, new Label("PASID"), prefix);
        grid.add(refusal, 0, row++, 2, 1);
        grid.add(new HBox(ask), 1, row);
        return grid;
    }

    private Optional<Command> command() {
        var address = iova.number();
        var intent = prefix.prefix();
        if (address.isEmpty() || intent.isEmpty()) {
            return Optional.empty();
        }
        long at = address.getAsLong();
        return Optional.of(
                pages
                        ? new Command.RequestPages(
                                function, at, count.getValue(), access.getValue(), intent.get())
                        : new Command.IssueDma(
                                function,
                                at & -USUAL_BYTES,
                                USUAL_BYTES,
                                access.getValue(),
                                intent.get(),
                                AddressType.TRANSLATION_REQUEST));
    }

    private void complain() {
        refusal.setText("iova is hex, such as 0x1000; a PASID has 20 bits or is empty");
        refusal.setManaged(true);
        refusal.setVisible(true);
    }
}

package iommulab.app.shell;

import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.session.MachineSnapshot;

import javafx.util.StringConverter;

import org.controlsfx.control.SearchableComboBox;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// Chooses one function of the machine by typing a part of its address or driver.
public final class FunctionChooser extends SearchableComboBox<PciAddress> {
    private static final int BRIDGE = 0x06;

    private List<PciFunction> shown = List.of();
    private Map<PciAddress, String> words = Map.of();

    /// A chooser that offers nothing until it is shown a machine.
    public FunctionChooser() {
        setPromptText("device");
        setConverter(
                new StringConverter<>() {
                    @Override
                    public String toString(PciAddress address) {
                        return address == null ? "" : words.getOrDefault(address, "" + address);
                    }

                    @Override
                    public PciAddress fromString(String text) {
                        return PciAddress.parse(text.split(" ")[0]);
                    }
                });
    }

    /// Offers the functions of a machine that can issue DMA: all but bridges.
    public void show(MachineSnapshot machine) {
        var functions =
                machine.topology().functions().stream()
                        .filter(f -> f.ids().classCode() >>> 16 != BRIDGE)
                        .toList();
        if (functions.equals(shown)) {
            return;
        }
        shown = functions;
        var chosen = getValue();
        words =
                functions.stream()
                        .collect(Collectors.toMap(PciFunction::address, FunctionChooser::words));
        var addresses = new ArrayList<>(functions.stream().map(PciFunction::address).toList());
        getItems().setAll(addresses);
        if (chosen != null && addresses.contains(chosen)) {
            setValue(chosen);
        } else if (!addresses.isEmpty()) {
            setValue(addresses.getFirst());
        }
    }

    /// The chosen function, if there is one.
    public Optional<PciAddress> chosen() {
        return Optional.ofNullable(getValue());
    }

    /// Chooses a function if it is offered.
    public void choose(PciAddress address) {
        if (getItems().contains(address)) {
            setValue(address);
        }
    }

    /// Chooses a function, also a bridge, which is offered from then on.
    public void chooseAny(PciAddress address) {
        if (!getItems().contains(address)) {
            getItems().add(address);
        }
        setValue(address);
    }

    private static String words(PciFunction function) {
        var address = function.address();
        var name = address.domain() == 0 ? address.withoutDomain() : address.toString();
        return name + function.driver().map(d -> "  " + d).orElse("");
    }
}

package iommulab.app.pasids;

import iommulab.app.shell.AddressSpace;
import iommulab.app.shell.FunctionChooser;
import iommulab.app.shell.HexField;
import iommulab.app.theme.Popovers;
import iommulab.engine.group.DomainType;
import iommulab.engine.pci.Pasid;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.Unit;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.layout.GridPane;
import javafx.util.StringConverter;

import org.controlsfx.control.PopOver;

import java.util.Comparator;
import java.util.Optional;

/// Asks which PASID of which device shall mean which domain. What the device cannot do is said while it is
/// typed; what the kernel refuses, beside the button.
final class AttachForm extends GridPane {
    private static final double WORDS = 300;

    private final FunctionChooser device = new FunctionChooser();
    private final HexField pasid = new HexField("0x2a", 8);
    private final ComboBox<Integer> domain = new ComboBox<>();
    private final Button attach = new Button("Attach");
    private final Label complaint = new Label();
    private final PopOver popOver = new PopOver(this);
    private MachineSnapshot machine = MachineSnapshot.POWER_OFF;

    AttachForm(PasidsActions actions) {
        getStyleClass().addAll("form-grid", "pop-over-form");
        device.setId("attach-device");
        device.setPrefWidth(190);
        pasid.setId("attach-pasid");
        domain.setId("attach-domain");
        domain.setPrefWidth(190);
        domain.setConverter(
                new StringConverter<>() {
                    @Override
                    public String toString(Integer id) {
                        return id == null ? "" : words(id);
                    }

                    @Override
                    public Integer fromString(String text) {
                        throw new IllegalStateException("nobody types here: " + text);
                    }
                });
        attach.setId("attach-button");
        attach.getStyleClass().add("primary");
        complaint.setId("attach-complaint");
        complaint.setWrapText(true);
        complaint.setPrefWidth(WORDS);
        complaint.setMinHeight(USE_PREF_SIZE);
        complaint.getStyleClass().addAll("secondary", "says-fault");
        addRow(0, new Label("device"), device);
        addRow(1, new Label("PASID"), pasid);
        addRow(2, new Label("means"), domain);
        add(complaint, 0, 3, 2, 1);
        add(attach, 1, 4);
        popOver.setTitle("Attach a PASID");
        popOver.setHeaderAlwaysVisible(true);
        popOver.setArrowLocation(PopOver.ArrowLocation.TOP_CENTER);
        popOver.setDetachable(false);
        popOver.setAutoHide(true);
        Popovers.dress(popOver);
        device.valueProperty().addListener((_, _, _) -> offer());
        pasid.textProperty().addListener((_, _, _) -> judge());
        domain.valueProperty().addListener((_, _, _) -> judge());
        pasid.setOnAction(_ -> attach.fire());
        attach.setOnAction(
                _ -> actions.attach(space(), domain.getValue(), attach).thenRun(popOver::hide));
    }

    private AddressSpace space() {
        return new AddressSpace(device.chosen().orElseThrow(), (int) pasid.number().orElseThrow());
    }

    /// @param selected the device that is offered first
    void open(Node below, MachineSnapshot now, Optional<PciAddress> selected) {
        machine = now;
        device.show(now);
        selected.ifPresent(device::choose);
        offer();
        popOver.show(below);
    }

    /// The domains that the device's IOMMU knows, the newest first-stage domain first.
    private void offer() {
        var kept = domain.getValue();
        var unit = device.chosen().flatMap(this::unitOf);
        var offered =
                machine.domains().stream()
                        .filter(d -> unit.filter(u -> u.name().equals(d.unit())).isPresent())
                        .filter(d -> d.byUser() && d.type() != DomainType.BLOCKED)
                        .sorted(
                                Comparator.comparing(Domain::stage)
                                        .thenComparing(Domain::id, Comparator.reverseOrder()))
                        .map(Domain::id)
                        .toList();
        domain.getItems().setAll(offered);
        domain.setValue(
                kept != null && offered.contains(kept)
                        ? kept
                        : offered.stream().findFirst().orElse(null));
        judge();
    }

    private Optional<Unit> unitOf(PciAddress function) {
        return machine.units().stream().filter(u -> u.functions().contains(function)).findFirst();
    }

    private String words(int id) {
        return machine.domains().stream()
                .filter(d -> d.id() == id)
                .findFirst()
                .map(d -> "%d  %s".formatted(id, d.name()))
                .orElse("" + id);
    }

    private void judge() {
        var why = complaint();
        complaint.setText(why);
        complaint.setManaged(!why.isEmpty());
        attach.setDisable(!why.isEmpty() || pasid.number().isEmpty() || domain.getValue() == null);
    }

    private String complaint() {
        var function = device.chosen().flatMap(machine.topology()::find);
        if (function.isEmpty()) {
            return "";
        }
        var capability = Pasid.of(function.get().config());
        if (capability.isEmpty()) {
            return PasidsModel.whyNot(function.get());
        }
        if (unitOf(function.get().address()).isEmpty()) {
            return "No IOMMU serves the device: there is no table for its PASIDs.";
        }
        if (!pasid.complaint().get().isEmpty()) {
            return pasid.complaint().get();
        }
        int width = capability.get().width();
        if (pasid.number().isPresent() && pasid.number().getAsLong() >>> width != 0) {
            return "The device sends PASIDs of %d bits: 0 to 0x%x."
                    .formatted(width, (1L << width) - 1);
        }
        return domain.getItems().isEmpty()
                ? "There is no address space to attach. Make one first: New address space…"
                : "";
    }
}

package iommulab.app.pasids;

import iommulab.app.shell.Workbench;
import iommulab.engine.pci.Pasid;
import iommulab.engine.session.Call;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.control.Button;
import javafx.scene.control.ChoiceBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;

import java.util.List;

/// Lets a thread of a process, or a guest, submit work by ENQCMD.
final class EnqcmdForm extends HBox {
    private static final int COLUMNS = 6;

    private final ChoiceBox<String> who = new ChoiceBox<>();
    private final Label what = new Label("thread");
    private final TextField number = new TextField("t0");
    private final ChoiceBox<String> device = new ChoiceBox<>();
    private final Button submit = new Button("ENQCMD");

    EnqcmdForm(Workbench workbench) {
        who.setId("enqcmd-who");
        who.setAccessibleText("Who submits");
        number.setId("enqcmd-number");
        number.setPrefColumnCount(COLUMNS);
        number.getStyleClass().add("mono");
        what.setLabelFor(number);
        device.setId("enqcmd-device");
        device.setAccessibleText("Device whose queue takes the work");
        submit.setId("enqcmd-submit");
        submit.getStyleClass().add("primary");
        submit.setOnAction(_ -> workbench.submit(new Command.KernelCall(call()), submit));
        who.valueProperty()
                .addListener((_, _, now) -> {
                    boolean guest = now != null && isGuest(now);
                    what.setText(guest ? "guest PASID" : "thread");
                    number.setText(guest ? "1" : "t0");
                });
        var to = new Label("to");
        getChildren().addAll(new Label("Submit as"), who, what, number, to, device, submit);
        getStyleClass().add("enqcmd-form");
    }

    private static boolean isGuest(String name) {
        return name.matches("vm[0-9]+");
    }

    /// Who can submit, and to which devices.
    void offer(MachineSnapshot machine) {
        keep(
                who,
                machine.software().nodes().stream()
                        .filter(node -> node.type().equals("process") || isGuest(node.key()))
                        .map(node -> node.key())
                        .toList());
        var capable =
                machine.topology().functions().stream()
                        .filter(function -> Pasid.of(function.config()).isPresent())
                        .map(function -> function.address())
                        .toList();
        keep(
                device,
                machine.software().groups().stream()
                        .flatMap(group -> group.members().stream())
                        .filter(member -> capable.contains(member.function()))
                        .map(member -> member.name())
                        .toList());
        submit.setDisable(who.getValue() == null || device.getValue() == null);
    }

    private static void keep(ChoiceBox<String> box, List<String> names) {
        if (!box.getItems().equals(names)) {
            var chosen = box.getValue();
            box.getItems().setAll(names);
            box.setValue(
                    names.contains(chosen) ? chosen : names.isEmpty() ? null : names.getFirst());
        }
    }

    private Call call() {
        var name = String.valueOf(who.getValue());
        var to = String.valueOf(device.getValue());
        if (!isGuest(name)) {
            return Call.of("enqcmd.submit")
                    .with("process", name)
                    .with("thread", number.getText().strip())
                    .with("device", to);
        }
        var call = Call.of("enqcmd.guest_submit").with("vm", name).with("device", to);
        return number.getText().isBlank()
                ? call
                : call.with("guest_pasid", number.getText().strip());
    }
}

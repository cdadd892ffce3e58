package iommulab.app.traffic;

import iommulab.app.shell.FunctionChooser;
import iommulab.app.shell.HexField;
import iommulab.app.shell.PrefixFields;
import iommulab.app.shell.Workbench;
import iommulab.engine.iommu.Access;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.Outcome;
import iommulab.engine.session.WalkQuestion;

import javafx.scene.control.Button;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.ToggleButton;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;

import org.controlsfx.control.SegmentedButton;
import org.jspecify.annotations.Nullable;

/// Lets one device make one request, and tells how it ended.
final class DmaForm extends VBox {
    private static final int MOST_BYTES = 4096;

    private final Workbench workbench;
    private final FunctionChooser device = new FunctionChooser();
    private final HexField iova = new HexField("0x40000000", 12);
    private final HexField bytes = new HexField("0x40", 5);
    private final ToggleButton read = new ToggleButton("read");
    private final ToggleButton write = new ToggleButton("write");
    private final PrefixFields prefix = new PrefixFields("dma", this::judge);
    private final Button send = new Button("Send");
    private final Label result = new Label();
    private final Hyperlink walk = new Hyperlink("open walk");
    private @Nullable DmaEvent last;

    DmaForm(Workbench workbench) {
        this.workbench = workbench;
        getStyleClass().add("traffic-form");
        device.setId("dma-device");
        device.setMaxWidth(Double.MAX_VALUE);
        iova.setId("dma-iova");
        bytes.setId("dma-bytes");
        bytes.setText("0x40");
        send.setId("dma-send");
        result.setId("dma-result");
        read.setSelected(true);
        result.setWrapText(true);
        walk.setVisible(false);
        var grid = new GridPane();
        grid.getStyleClass().add("form-grid");
        grid.addRow(0, caption("device"), device);
        grid.addRow(1, caption("IOVA"), iova);
        grid.addRow(2, caption("bytes"), bytes);
        grid.addRow(3, caption("PASID"), prefix);
        var row = new HBox(new SegmentedButton(read, write), send, walk);
        row.getStyleClass().add("form-row");
        var head = new Label("One request");
        head.getStyleClass().add("section-head");
        getChildren().addAll(head, grid, row, result);
        for (var field : new HexField[] {iova, bytes}) {
            field.textProperty().addListener((_, _, _) -> judge());
            field.setOnAction(_ -> send.fire());
        }
        device.valueProperty().addListener((_, _, _) -> judge());
        send.setOnAction(_ -> send());
        walk.setOnAction(_ -> openWalk());
        judge();
    }

    private static Label caption(String text) {
        var label = new Label(text);
        label.getStyleClass().add("secondary");
        label.setMinWidth(USE_PREF_SIZE);
        return label;
    }

    void show(MachineSnapshot machine) {
        device.show(machine);
    }

    private void judge() {
        long length = bytes.number().orElse(0);
        send.setDisable(
                device.chosen().isEmpty()
                        || iova.number().isEmpty()
                        || length < 1
                        || length > MOST_BYTES
                        || prefix.prefix().isEmpty());
    }

    private void send() {
        workbench
                .submit(
                        new Command.IssueDma(
                                device.chosen().orElseThrow(),
                                iova.number().orElseThrow(),
                                (int) bytes.number().orElseThrow(),
                                write.isSelected() ? Access.WRITE : Access.READ,
                                prefix.prefix().orElseThrow()),
                        send)
                .thenAccept(outcome -> {
                    if (outcome instanceof Outcome.DmaFinished(var event)) {
                        last = event;
                        result.setText(TrafficModel.ended(event));
                        walk.setVisible(true);
                    }
                });
    }

    private void openWalk() {
        if (last != null) {
            workbench.openWalk(
                    new WalkQuestion(
                            last.device(),
                            last.iova(),
                            last.bytes(),
                            last.access(),
                            last.prefix(),
                            false),
                    -1);
        }
    }
}

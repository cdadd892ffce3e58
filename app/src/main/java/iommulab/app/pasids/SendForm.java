package iommulab.app.pasids;

import iommulab.app.shell.AddressSpace;
import iommulab.app.shell.FunctionNames;
import iommulab.app.shell.HexField;
import iommulab.app.shell.PrefixFields;
import iommulab.app.shell.Words;
import iommulab.app.shell.Workbench;
import iommulab.app.theme.Popovers;
import iommulab.engine.iommu.Access;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.Outcome;
import iommulab.engine.session.WalkQuestion;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.ToggleButton;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;

import org.controlsfx.control.PopOver;
import org.controlsfx.control.SegmentedButton;
import org.jspecify.annotations.Nullable;

/// Lets a device make one request with a PASID, tells how it ended and leads to its walk.
final class SendForm extends GridPane {
    private static final int MOST_BYTES = 4096;
    private static final double WORDS = 300;

    private final Workbench workbench;
    private final HexField iova = new HexField("0x40000000", 14);
    private final HexField bytes = new HexField("0x40", 6);
    private final ToggleButton read = new ToggleButton("read");
    private final ToggleButton write = new ToggleButton("write");
    private final PrefixFields prefix = new PrefixFields("pasid-send", this::judge);
    private final Button send = new Button("Send");
    private final Label result = new Label();
    private final Hyperlink walk = new Hyperlink("open walk");
    private final PopOver popOver = new PopOver(this);
    private @Nullable AddressSpace space;
    private @Nullable DmaEvent last;

    SendForm(Workbench workbench) {
        this.workbench = workbench;
        getStyleClass().addAll("form-grid", "pop-over-form");
        iova.setId("pasid-send-iova");
        bytes.setId("pasid-send-bytes");
        bytes.setText("0x40");
        read.setSelected(true);
        send.setId("pasid-send");
        send.getStyleClass().add("primary");
        result.setId("pasid-send-result");
        result.setWrapText(true);
        result.setPrefWidth(WORDS);
        result.setMinHeight(USE_PREF_SIZE);
        walk.setId("pasid-send-walk");
        addRow(0, new Label("iova"), iova);
        addRow(1, new Label("bytes"), bytes);
        addRow(2, new Label("access"), new SegmentedButton(read, write));
        addRow(3, new Label("PASID"), prefix);
        var row = new HBox(send, walk);
        row.getStyleClass().add("form-row");
        add(row, 1, 4);
        add(result, 0, 5, 2, 1);
        popOver.setHeaderAlwaysVisible(true);
        popOver.setDetachable(false);
        popOver.setAutoHide(true);
        popOver.setArrowLocation(PopOver.ArrowLocation.TOP_RIGHT);
        Popovers.dress(popOver);
        iova.textProperty().addListener((_, _, _) -> judge());
        bytes.textProperty().addListener((_, _, _) -> judge());
        iova.setOnAction(_ -> send.fire());
        bytes.setOnAction(_ -> send.fire());
        send.setOnAction(_ -> send());
        walk.setOnAction(_ -> openWalk());
        judge();
    }

    void open(Node below, AddressSpace asked) {
        if (!asked.equals(space)) {
            space = asked;
            last = null;
            iova.show(PasidsActions.firstAddress(workbench.machine(), asked));
            prefix.show(asked.prefix());
        }
        tell();
        popOver.setTitle("DMA of " + FunctionNames.address(asked.function()));
        popOver.show(below);
    }

    private void judge() {
        long length = bytes.number().orElse(0);
        send.setDisable(
                iova.number().isEmpty()
                        || length < 1
                        || length > MOST_BYTES
                        || prefix.prefix().isEmpty());
    }

    private void send() {
        if (space == null) {
            return;
        }
        workbench
                .submit(
                        new Command.IssueDma(
                                space.function(),
                                iova.number().orElseThrow(),
                                (int) bytes.number().orElseThrow(),
                                write.isSelected() ? Access.WRITE : Access.READ,
                                prefix.prefix().orElseThrow()),
                        send)
                .thenAccept(outcome -> {
                    if (outcome instanceof Outcome.DmaFinished(var event)) {
                        last = event;
                        tell();
                    }
                });
    }

    private void tell() {
        walk.setVisible(last != null);
        result.setManaged(last != null);
        result.setText(last == null ? "" : words(last));
    }

    static String words(DmaEvent event) {
        return event.fault()
                .map(fault -> "fault %02xh: %s".formatted(fault.code(), fault.kernelText()))
                .orElseGet(() ->
                        "%s, reaches %s, %s"
                                .formatted(
                                        event.outcome().word(),
                                        Words.hex(event.target()),
                                        Words.count(event.reads(), "read")));
    }

    private void openWalk() {
        if (last != null) {
            popOver.hide();
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

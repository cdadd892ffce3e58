package iommulab.app.groups;

import iommulab.app.shell.Workbench;
import iommulab.engine.pci.Acs;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Preview;

import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.scene.Node;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;

import java.util.List;
import java.util.Optional;

/// Edits of ACS bits that are tried, and their way into the machine: nothing is written before Apply.
final class GroupsActions {
    private final Workbench workbench;
    private final ReadOnlyObjectWrapper<WhatIf> edits = new ReadOnlyObjectWrapper<>(WhatIf.NOTHING);
    private final ReadOnlyObjectWrapper<Optional<Preview>> preview =
            new ReadOnlyObjectWrapper<>(Optional.empty());
    private int asked;

    GroupsActions(Workbench workbench) {
        this.workbench = workbench;
    }

    ReadOnlyObjectProperty<WhatIf> edits() {
        return edits.getReadOnlyProperty();
    }

    /// What the engine said of the edits; empty while it is asked.
    ReadOnlyObjectProperty<Optional<Preview>> preview() {
        return preview.getReadOnlyProperty();
    }

    void toggle(PciAddress function, int bit) {
        acs(function).ifPresent(acs -> set(edits.get().toggled(function, acs, bit)));
    }

    /// Sets request and completion redirect where a path turns around.
    void close(PciAddress turnsAt) {
        acs(turnsAt)
                .ifPresent(acs ->
                        set(
                                edits.get()
                                        .withBits(
                                                turnsAt,
                                                acs,
                                                Acs.REQUEST_REDIRECT | Acs.COMPLETION_REDIRECT)));
    }

    private Optional<Acs> acs(PciAddress function) {
        return workbench.machine().topology().find(function).flatMap(f -> Acs.of(f.config()));
    }

    void discard() {
        set(WhatIf.NOTHING);
    }

    /// Drops edits that the machine has overtaken.
    void follow(MachineSnapshot machine) {
        var still = edits.get().on(machine.topology());
        if (!still.equals(edits.get())) {
            set(still);
        }
    }

    private void set(WhatIf next) {
        edits.set(next);
        preview.set(Optional.empty());
        int question = ++asked;
        if (!next.isEmpty()) {
            workbench
                    .preview(next.commands(workbench.machine().topology()))
                    .thenAccept(answer -> {
                        if (question == asked) {
                            preview.set(Optional.of(answer));
                        }
                    });
        }
    }

    /// Sends the edits to the machine, in order; a refusal stops and is shown at `where`.
    void apply(Node where) {
        submit(edits.get().commands(workbench.machine().topology()), where);
    }

    private void submit(List<Command> commands, Node where) {
        if (commands.isEmpty()) {
            discard();
            return;
        }
        workbench
                .submit(commands.getFirst(), where)
                .thenAccept(_ -> submit(commands.subList(1, commands.size()), where));
    }

    static void copy(String report) {
        var content = new ClipboardContent();
        content.putString(report);
        Clipboard.getSystemClipboard().setContent(content);
    }
}

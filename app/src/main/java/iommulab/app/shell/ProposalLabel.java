package iommulab.app.shell;

import iommulab.engine.os.call.Vocabulary;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.control.Label;

/// Says that something was proposed and is not in Linux: in the tool bars of what a machine in proposal mode
/// shows differently, and beside each call that Linux never got.
public final class ProposalLabel extends Label {
    private ProposalLabel(String text) {
        super(text);
        getStyleClass().add("proposal");
        managedProperty().bind(visibleProperty());
    }

    /// For a tool bar; seen only while the machine is in proposal mode.
    public static ProposalLabel ofMachine() {
        var label = new ProposalLabel("proposal, not in Linux");
        label.setMinWidth(USE_PREF_SIZE);
        label.setAccessibleText("proposal: guest ENQCMD is not in Linux");
        label.setVisible(false);
        label.getStyleClass().add("of-machine");
        return label;
    }

    /// For one call.
    public static ProposalLabel ofCall() {
        var label = new ProposalLabel("proposal");
        label.setMinWidth(USE_PREF_SIZE);
        label.setAccessibleText("proposal: Linux has no such call");
        return label;
    }

    /// Whether Linux never got a call.
    ///
    /// @param text `enqcmd.vm_map(vm=vm1, …)` or its name alone
    public static boolean concerns(String text) {
        int end = text.indexOf('(');
        return Vocabulary.all()
                .find(end < 0 ? text : text.substring(0, end))
                .filter(Vocabulary.Entry::isProposal)
                .isPresent();
    }

    /// Appears with the machine's proposal mode.
    public void show(MachineSnapshot machine) {
        setVisible(machine.software().proposals());
    }
}

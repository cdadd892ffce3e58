package iommulab.app.shell;

import iommulab.engine.session.MachineSnapshot;

/// A state of the machine as far as commands make it. Every answer of the engine is followed by a snapshot
/// of the same state: a panel that asked after each would never end.
public record JournalState(String machine, String origin, int position, long hash) {
    public static JournalState of(MachineSnapshot machine) {
        var journal = machine.journal();
        return new JournalState(
                machine.name(),
                machine.origin(),
                journal.position(),
                journal.undoable().map(entry -> entry.stateHash()).orElse(0L));
    }
}

package iommulab.app.memory;

import iommulab.engine.session.MachineSnapshot;

/// What is different when memory may be. Every answer of the engine is followed by a new snapshot of the
/// same machine: to ask after each would never end.
record Moment(String machine, String origin, int position, long stateHash, long requests) {
    static Moment of(MachineSnapshot machine) {
        var journal = machine.journal();
        return new Moment(
                machine.name(),
                machine.origin(),
                journal.position(),
                journal.undoable().map(e -> e.stateHash()).orElse(0L),
                machine.counters().requests());
    }
}

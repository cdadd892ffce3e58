package iommulab.app.shell;

import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Fault;

/// What the status bar says, in the words shown.
///
/// @param name of the machine
/// @param tick requests served since power-on
/// @param rate requests per second, empty while paused
/// @param iotlb share of hits, empty before the first translation
/// @param faults kinds and number; empty if none
/// @param rules the grouping rules in force
/// @param state hash of the machine at the journal's position, empty at power-on
record StatusModel(
        String name,
        String tick,
        String rate,
        String iotlb,
        String faults,
        String rules,
        String state) {

    static StatusModel of(MachineSnapshot machine, Rates rates) {
        var counters = machine.counters();
        return new StatusModel(
                machine.name(),
                "tick " + Words.thousands(counters.requests()),
                machine.running() ? Words.amount(rates.requestsPerSecond()) + " DMA/s" : "",
                iotlb(machine, rates),
                faults(machine),
                "rules: " + machine.grouping().ruleSet(),
                machine.journal()
                        .undoable()
                        // A run that goes on has no hash yet.
                        .filter(_ -> !machine.running())
                        .map(entry -> "state " + Words.hash(entry.stateHash()))
                        .orElse(""));
    }

    private static String iotlb(MachineSnapshot machine, Rates rates) {
        double now = rates.hitRate();
        if (machine.running() && !Double.isNaN(now)) {
            return "IOTLB %.1f %% hits".formatted(now * 100);
        }
        var counters = machine.counters();
        long translated = counters.hits() + counters.walks();
        return translated == 0
                ? ""
                : "IOTLB %.1f %% hits".formatted(counters.hits() * 100.0 / translated);
    }

    private static String faults(MachineSnapshot machine) {
        long all = machine.counters().faults();
        if (all == 0) {
            return "";
        }
        long kinds = machine.faults().stream().map(Fault::reason).distinct().count();
        return "%s, %s".formatted(Words.count(kinds, "fault kind"), Words.count(all, "fault"));
    }
}

package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.KnownStructures;
import iommulab.engine.iommu.Structure;
import iommulab.engine.iommu.TableUse.Entries;
import iommulab.engine.iommu.TableVisits;
import iommulab.engine.iommu.TableVisits.Table;

/// Finds the rings in memory that an AMD IOMMU uses, and the words that completion waits have it store.
final class AmdRings {
    private static final int ENTRY_BYTES = 16;
    private static final long STORE_ADDRESS = (1L << 52) - 8;
    private static final String COMMANDS = "command buffer";
    private static final Structure STORED =
            new Structure.Builder("Completion data", 1)
                    .value(0, 63, 0, "data", "0x%x"::formatted)
                    .build();

    private final AmdUnit unit;
    private final TableVisits visits;

    AmdRings(AmdUnit unit, TableVisits visits) {
        this.unit = unit;
        this.visits = visits;
    }

    void visit() {
        if (unit.commands().isRunning()) {
            commands();
        }
        log(unit.events(), "event log", raw -> event(raw[0]));
        var request = AmdLogStructures.pageRequest();
        log(unit.pageRequests().log(), "page request log", _ -> request);
    }

    private void log(LogRing log, String what, Entries entries) {
        if (log.isRunning()) {
            visits.tell(ring(log.address(), log.bytes(), what, entries));
        }
    }

    private static Table ring(long address, int bytes, String what, Entries entries) {
        return new Table(
                what, address, bytes, ENTRY_BYTES, what, -1, what + " base register", entries);
    }

    private void commands() {
        var buffer = unit.commands();
        var table = ring(buffer.address(), buffer.bytes(), COMMANDS, new Commands());
        for (var piece : visits.tell(table)) {
            piece.forEachEntry(
                    visits.memory(),
                    (_, hpa, raw) -> {
                        if (store(raw[0]) >= 0) {
                            stored(store(raw[0]), hpa);
                        }
                    });
        }
    }

    private void stored(long address, long command) {
        visits.tell(
                new Table(
                        "completion data",
                        address,
                        8,
                        8,
                        "data of completion waits",
                        command,
                        COMMANDS,
                        Entries.of(STORED)));
    }

    /// Where a completion wait stores its data; -1 if the command stores none.
    private static long store(long low) {
        return (int) (low >>> 60) == AmdCommand.COMPLETION_WAIT && (low & 1) != 0
                ? low & STORE_ADDRESS
                : -1;
    }

    private static Structure event(long low) {
        return AmdLogStructures.event((int) (low >>> 60)).orElseGet(() -> unknown("event"));
    }

    private static Structure unknown(String what) {
        return new Structure.Builder("Unknown " + what, 2)
                .value(0, 63, 60, "code", "0x%x"::formatted)
                .ignored(0, 59, 0)
                .ignored(1, 63, 0)
                .build();
    }

    /// The commands of the command buffer.
    private static final class Commands implements Entries {
        private final KnownStructures known = new KnownStructures();

        @Override
        public Structure structure(long[] raw) {
            int opcode = (int) (raw[0] >>> 60);
            return known.of(
                    opcode,
                    () -> AmdCommandStructures.of(opcode).orElseGet(() -> unknown("command")));
        }

        @Override
        public long[] targets(long[] raw) {
            return new long[] {store(raw[0])};
        }
    }
}

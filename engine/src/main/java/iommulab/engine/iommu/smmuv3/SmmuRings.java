package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.Structure;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.TableUse.Entries;
import iommulab.engine.iommu.TableVisits;
import iommulab.engine.iommu.TableVisits.Table;

import java.util.List;

/// Finds the queues in memory that an SMMU uses.
final class SmmuRings {
    private static final String COMMANDS = "command queue";

    private final SmmuUnit unit;
    private final TableVisits visits;

    SmmuRings(SmmuUnit unit, TableVisits visits) {
        this.unit = unit;
        this.visits = visits;
    }

    void visit() {
        if (unit.commands().isEnabled()) {
            commands();
        }
        if (unit.events().isEnabled()) {
            tell(
                    unit.events().ring(),
                    EventRecord.BYTES,
                    "event queue",
                    "SMMU_EVENTQ_BASE",
                    Entries.of(QueueStructures.event()));
        }
        if (unit.pageRequests().isEnabled()) {
            tell(
                    unit.pageRequests().ring(),
                    PageRequestQueue.ENTRY_BYTES,
                    "PRI queue",
                    "SMMU_PRIQ_BASE",
                    Entries.of(QueueStructures.pageRequest()));
        }
    }

    private void commands() {
        for (var piece :
                tell(
                        unit.commands().ring(),
                        SmmuCommand.BYTES,
                        COMMANDS,
                        "SMMU_CMDQ_BASE",
                        new Commands())) {
            piece.forEachEntry(
                    visits.memory(),
                    (_, hpa, raw) -> {
                        if (message(raw) >= 0) {
                            visits.tellWritten("message of SYNC", message(raw), hpa, COMMANDS);
                        }
                    });
        }
    }

    private List<TableUse> tell(
            Ring ring, int entryBytes, String what, String register, Entries entries) {
        long bytes = (long) entryBytes << ring.bits();
        return visits.tell(
                new Table(what, ring.base(), bytes, entryBytes, what, -1, register, entries));
    }

    /// Where a SYNC writes its message; -1 if the command writes none.
    private static long message(long[] raw) {
        var command = new SmmuCommand(raw[0], raw[1]);
        boolean writes = command.opcode() == SmmuCommand.SYNC && command.signal() == 1;
        return writes && command.messageAddress() != 0 ? command.messageAddress() : -1;
    }

    /// The commands of the command queue.
    private static final class Commands implements Entries {
        @Override
        public Structure structure(long[] raw) {
            return QueueStructures.command(new SmmuCommand(raw[0], raw[1]));
        }

        @Override
        public long[] targets(long[] raw) {
            return new long[] {message(raw)};
        }
    }
}

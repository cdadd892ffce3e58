package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.KnownStructures;
import iommulab.engine.iommu.Structure;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.TableUse.Entries;
import iommulab.engine.iommu.TableVisits;
import iommulab.engine.iommu.TableVisits.Table;

/// Finds the rings in memory that a VT-d unit uses, and the words that waits in them have it write.
final class VtdRings {
    private static final String QUEUE = "invalidation queue";

    private final VtdUnit unit;
    private final TableVisits visits;

    VtdRings(VtdUnit unit, TableVisits visits) {
        this.unit = unit;
        this.visits = visits;
    }

    void visit() {
        if (unit.queue().isEnabled()) {
            invalidationQueue();
        }
        var requests = unit.pageRequests();
        if (unit.capabilities().pageRequests() && requests.base() != 0) {
            visits.tell(
                    new Table(
                            "page request queue",
                            requests.base(),
                            requests.bytes(),
                            requests.entryBytes(),
                            "page request queue",
                            -1,
                            "PQA_REG",
                            Entries.of(VtdQueueStructures.PAGE_REQUEST)));
        }
    }

    private void invalidationQueue() {
        var queue = unit.queue();
        var table =
                new Table(
                        QUEUE,
                        queue.base(),
                        queue.bytes(),
                        queue.descriptorBytes(),
                        QUEUE,
                        -1,
                        "IQA_REG",
                        new Descriptors());
        for (TableUse piece : visits.tell(table)) {
            piece.forEachEntry(
                    visits.memory(),
                    (_, hpa, raw) -> {
                        if (status(raw) >= 0) {
                            visits.tellWritten("status of waits", status(raw), hpa, QUEUE);
                        }
                    });
        }
    }

    /// Where a wait has its status written; -1 if the descriptor asks for none.
    private static long status(long[] raw) {
        boolean writes = (raw[0] & 1 << 5) != 0;
        int type = new InvalidationDescriptor(raw[0], raw[1]).type();
        return type == InvalidationDescriptor.WAIT && writes ? raw[1] & -4L : -1;
    }

    /// The descriptors of the invalidation queue.
    private static final class Descriptors implements Entries {
        private final KnownStructures known = new KnownStructures();

        @Override
        public Structure structure(long[] raw) {
            int type = new InvalidationDescriptor(raw[0], 0).type();
            return known.of(type, () -> VtdQueueStructures.descriptorAt(raw[0], raw.length));
        }

        @Override
        public long[] targets(long[] raw) {
            return new long[] {status(raw)};
        }
    }
}

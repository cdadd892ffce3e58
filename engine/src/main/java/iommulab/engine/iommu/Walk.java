package iommulab.engine.iommu;

import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.RequesterId;

import java.util.List;
import java.util.Optional;

/// Everything an IOMMU did for one request, step by step: what the Walk perspective shows.
///
/// @param unit name of the IOMMU, such as `dmar0`
/// @param device the function that asked
/// @param requester the name under which the IOMMU saw it
/// @param iova the address asked for
/// @param bytes length asked for
/// @param prefix its PASID prefix, if it had one
/// @param domain domain ID of the device entry, -1 if the walk ended before it was known
/// @param addressBits number of iova bits that the tables translate (39, 48, 57); 0 if unknown
/// @param steps in the order in which the hardware made them
/// @param outcome how it ended
/// @param reads memory reads made
/// @param cycles cost of all steps, by the machine's cost table
public record Walk(
        String unit,
        PciAddress device,
        RequesterId requester,
        long iova,
        int bytes,
        Access access,
        PasidPrefix prefix,
        int domain,
        int addressBits,
        List<Step> steps,
        Outcome outcome,
        int reads,
        long cycles) {

    public Walk {
        steps = List.copyOf(steps);
    }

    /// The same walk told in other steps.
    Walk with(List<Step> told, Outcome ended) {
        return new Walk(
                unit,
                device,
                requester,
                iova,
                bytes,
                access,
                prefix,
                domain,
                addressBits,
                told,
                ended,
                reads,
                cycles);
    }

    /// One step: an entry read from memory or given by a cache, a cache probe, or the end.
    ///
    /// @param kind what sort of step
    /// @param name what was read, such as `Root entry`, `Level 4`, `IOTLB probe`
    /// @param detail the second line, such as `second stage, leaf` or `bus 03`
    /// @param tableHpa hpa of the table that holds the entry
    /// @param index index into that table
    /// @param indexSource where the index comes from
    /// @param indexHigh highest bit of the source that makes the index; -1 if none
    /// @param indexLow lowest bit
    /// @param entryBytes size of one entry
    /// @param entryHpa hpa of the entry
    /// @param raw the 64-bit words of the entry, lowest first; empty if nothing was read
    /// @param fields the entry decoded, from bit 63 of the last word down to bit 0 of the first
    /// @param givenBy who gave it
    /// @param cachePlace `set 1, way 0` if a cache gave or missed it, else empty
    /// @param cycles cost of this step
    /// @param finding one sentence: what the hardware concluded here
    /// @param cell where it stands in the grid of a nested walk
    public record Step(
            Kind kind,
            String name,
            String detail,
            long tableHpa,
            int index,
            IndexSource indexSource,
            int indexHigh,
            int indexLow,
            int entryBytes,
            long entryHpa,
            List<Long> raw,
            List<Field> fields,
            GivenBy givenBy,
            String cachePlace,
            long cycles,
            String finding,
            Cell cell) {
        public Step {
            raw = List.copyOf(raw);
            fields = List.copyOf(fields);
        }

        /// A step outside the grid of a nested walk.
        public Step(
                Kind kind,
                String name,
                String detail,
                long tableHpa,
                int index,
                IndexSource indexSource,
                int indexHigh,
                int indexLow,
                int entryBytes,
                long entryHpa,
                List<Long> raw,
                List<Field> fields,
                GivenBy givenBy,
                String cachePlace,
                long cycles,
                String finding) {
            this(
                    kind,
                    name,
                    detail,
                    tableHpa,
                    index,
                    indexSource,
                    indexHigh,
                    indexLow,
                    entryBytes,
                    entryHpa,
                    raw,
                    fields,
                    givenBy,
                    cachePlace,
                    cycles,
                    finding,
                    Cell.NONE);
        }

        /// The same step at a place in the grid.
        public Step at(Cell place) {
            return placed(entryHpa, place);
        }

        /// The same step with its entry elsewhere than where the sum of table and index points, which is a
        /// gpa in a table that is itself read through the second stage.
        public Step readAt(long hpa) {
            return placed(hpa, cell);
        }

        private Step placed(long hpa, Cell place) {
            return new Step(
                    kind,
                    name,
                    detail,
                    tableHpa,
                    index,
                    indexSource,
                    indexHigh,
                    indexLow,
                    entryBytes,
                    hpa,
                    raw,
                    fields,
                    givenBy,
                    cachePlace,
                    cycles,
                    finding,
                    place);
        }
    }

    /// A place in the grid of a nested walk. A row is one address that goes through the second stage.
    ///
    /// @param row level of the first-stage table whose entry is wanted; 0 for the final address;
    ///     above all levels, downwards from 32, for device and PASID structures that are read through the
    ///     second stage
    /// @param column level of the second-stage table; 0 for the first-stage entry itself
    public record Cell(int row, int column) {
        /// Not in a grid.
        public static final Cell NONE = new Cell(-1, -1);
    }

    /// What sort of step.
    public enum Kind {
        ROOT_ENTRY,
        DEVICE_ENTRY,
        /// An entry of a PASID directory, or of a context-descriptor or GCR3 table above the last level.
        PASID_DIRECTORY_ENTRY,
        /// The entry that belongs to one PASID of the requester.
        PASID_ENTRY,
        IOTLB_PROBE,
        TABLE_ENTRY,
        LEAF_ENTRY,
        /// The access to what lies at the translated address.
        ACCESS,
        FAULT
    }

    /// Which number an index is cut from.
    public enum IndexSource {
        NONE,
        REQUESTER,
        PASID,
        IOVA,
        /// A guest-physical address on its way through the second stage.
        GPA
    }

    /// Who gave an entry.
    public enum GivenBy {
        MEMORY("memory"),
        DEVICE_CACHE("context cache"),
        PASID_CACHE("PASID cache"),
        IOTLB("IOTLB"),
        NESTED_CACHE("nested cache"),
        DEVICE_TLB("device TLB"),
        PAGING_CACHE("paging cache"),
        /// Not needed, because a cache gave a later entry.
        SAVED("saved, not read"),
        NOBODY("");

        private final String words;

        GivenBy(String words) {
            this.words = words;
        }

        public String words() {
            return words;
        }
    }

    /// How a walk ended.
    public sealed interface Outcome {
        /// @param hpa address of the first byte
        /// @param pageBytes size of the page that served it, a power of two; 0 for pass-through
        /// @param permissions what the tables allow
        /// @param stale whether a cached entry was used that no longer agrees with memory
        record Reached(long hpa, long pageBytes, Permissions permissions, boolean stale)
                implements Outcome {}

        /// @param reason what the hardware recorded
        /// @param step index of the step that failed
        /// @param recorded whether a fault record was written (FPD, overflow and merging silence it)
        record Faulted(FaultReason reason, int step, boolean recorded) implements Outcome {}

        /// The request never entered DMA remapping: the interrupt window, translation off, no IOMMU.
        ///
        /// @param why one sentence
        record NotTranslated(String why, Optional<Long> hpa) implements Outcome {}
    }
}

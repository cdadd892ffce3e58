package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.Walk.Cell;
import iommulab.engine.iommu.WalkRecording;
import iommulab.engine.iommu.WalkRecording.CacheProbed;
import iommulab.engine.iommu.WalkRecording.DeviceTableRead;
import iommulab.engine.iommu.WalkRecording.EntryMarked;
import iommulab.engine.iommu.WalkRecording.SecondStageBegun;
import iommulab.engine.iommu.WalkRecording.SecondStageEnded;
import iommulab.engine.iommu.WalkRecording.TableEntryRead;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// What a translation read and which caches it asked, by place in the grid of the walk: a row for each
/// address that goes through stage 2, a column for each of its levels.
final class SmmuReads {
    /// Row of the first context structure that is read through stage 2; the next is one below.
    static final int DESCRIPTOR_ROW = 32;

    private static final int LEAF_LEVEL = 1;

    private final Map<Cell, TableEntryRead> tables = new LinkedHashMap<>();
    private final Map<Integer, DeviceTableRead> structures = new LinkedHashMap<>();
    private final Map<Cell, CacheProbed> probes = new HashMap<>();
    private final Map<Integer, Long> inputs = new HashMap<>();
    private final Set<Long> marked = new HashSet<>();
    private @Nullable Cell last;
    private int row;
    private int nextFirst;
    private boolean below;

    /// @param firstLevels levels of the tree of stage 1, 0 if there is none
    /// @param configurationCached whether a cache gave the context
    SmmuReads(WalkRecording recording, int firstLevels, boolean configurationCached) {
        nextFirst = firstLevels;
        row = 0;
        int descriptorRow = DESCRIPTOR_ROW;
        boolean configured = configurationCached;
        for (var event : recording.events()) {
            switch (event) {
                case CacheProbed probe -> probed(probe);
                case DeviceTableRead read -> {
                    structures.put(read.step(), read);
                    if (read.step() >= StreamTables.DESCRIPTOR_DIRECTORY) {
                        descriptorRow--;
                    }
                    configured |= read.step() == StreamTables.DESCRIPTOR;
                    last = null;
                }
                case SecondStageBegun begun -> {
                    below = true;
                    row = configured ? nextFirst : descriptorRow;
                    inputs.put(row, begun.gpa());
                }
                case SecondStageEnded _ -> below = false;
                case TableEntryRead read -> read(read);
                case EntryMarked mark -> marked.add(mark.entryHpa());
            }
        }
    }

    private void read(TableEntryRead read) {
        var cell =
                read.stage() == Stage.FIRST
                        ? new Cell(read.level(), 0)
                        : new Cell(below ? row : 0, read.level());
        tables.put(cell, read);
        last = cell;
        if (read.stage() == Stage.FIRST) {
            boolean leaf =
                    read.level() == LEAF_LEVEL || (read.raw() & StageOneFormat.NOT_BLOCK) == 0;
            nextFirst = leaf ? 0 : read.level() - 1;
        }
    }

    private void probed(CacheProbed probe) {
        var cell =
                switch (probe.kind()) {
                    case NESTED -> new Cell(row, 0);
                    case NESTED_PAGING -> new Cell(row, probe.level());
                    case PAGING_STRUCTURE -> new Cell(probe.level(), 0);
                    case IOTLB, DEVICE_ENTRY, PASID_ENTRY, DEVICE_TLB -> Cell.NONE;
                };
        if (probe.kind() == CacheKind.PAGING_STRUCTURE && probe.isHit()) {
            nextFirst = probe.level() - 1;
        }
        if (cell != Cell.NONE) {
            boolean nested = probe.kind() == CacheKind.NESTED;
            probes.put(nested ? nestedProbe(row) : cell, probe);
        }
    }

    private static Cell nestedProbe(int row) {
        return new Cell(row, -1);
    }

    /// Table entries read, in order.
    Map<Cell, TableEntryRead> tables() {
        return tables;
    }

    /// The read of a structure on the way to the context, see [StreamTables]; null if none was made.
    @Nullable DeviceTableRead structure(int step) {
        return structures.get(step);
    }

    /// The probe of a paging-structure cache for an entry, null if none was made.
    @Nullable CacheProbed probe(Cell cell) {
        return probes.get(cell);
    }

    /// The probe of the nested cache for a row, null if none was made.
    @Nullable CacheProbed nested(int forRow) {
        return probes.get(nestedProbe(forRow));
    }

    /// The intermediate address of a row.
    long input(int forRow) {
        return inputs.getOrDefault(forRow, 0L);
    }

    /// Whether an access flag or dirty state was set in an entry.
    boolean isMarked(long entryHpa) {
        return marked.contains(entryHpa);
    }

    /// The table entry read last, null if a structure was read after it, or nothing was.
    @Nullable Cell last() {
        return last;
    }
}

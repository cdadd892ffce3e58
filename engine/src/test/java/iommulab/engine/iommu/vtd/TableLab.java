package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableWalker;
import iommulab.engine.iommu.builder.TableBuilder;
import iommulab.engine.iommu.builder.TableLimits;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.memory.Region;

import java.util.List;
import java.util.Optional;

/// RAM, frames for tables, and a reader of second-stage tables that is as plain as can be.
final class TableLab {
    static final long NOT_MAPPED = -1;

    final PhysicalMemory memory =
            new PhysicalMemory(
                    new AddressMap(
                            List.of(
                                    new Region(
                                            AddressRange.of(0, 1L << 31),
                                            Region.RegionKind.RAM,
                                            "System RAM",
                                            Optional.empty()))));
    final FrameAllocator frames;
    private final TableWalker hardware =
            new TableWalker(
                    memory, new SecondStageFormat(VtdCapabilities.EVERYTHING), Stage.SECOND);

    TableLab(int tableFrames) {
        frames = new FrameAllocator(AddressRange.of(0x100_0000, tableFrames * 4096L));
    }

    TableBuilder domain(TableLimits limits) throws MappingRefused {
        return TableBuilder.create(
                TableStore.ofHost(memory, frames), new SecondStageEncoder(), limits, 3);
    }

    /// @return hpa of the page, with the right to read in bit 0 and to write in bit 1; or [#NOT_MAPPED]
    long read(TableBuilder tables, long iova) {
        long table = tables.top();
        for (int shift = 12 + 9 * (tables.limits().levels() - 1); ; shift -= 9) {
            long entry = memory.read64(table + (iova >> shift & 0x1ff) * 8);
            if ((entry & 3) == 0) {
                return NOT_MAPPED;
            }
            long address = entry & 0x000f_ffff_ffff_f000L;
            if (shift == 12 || (shift <= 30 && (entry & 0x80) != 0)) {
                return (address + (iova & (1L << shift) - 1) & -4096L) | entry & 3;
            }
            table = address;
        }
    }

    /// What the hardware's walker says, in the form of [#read].
    long walk(TableBuilder tables, long iova) {
        hardware.enter(tables.top(), tables.limits().levels(), 0, 0);
        long leaf = hardware.walk(iova, 0, 0, 0);
        if (leaf == TableWalker.NOT_PRESENT) {
            return NOT_MAPPED;
        }
        if (leaf < 0) {
            throw new AssertionError("the walk of 0x%x ends with %d".formatted(iova, leaf));
        }
        long offset = iova & (1L << TableEntry.nextLevel(leaf)) - 4096;
        return TableEntry.address(leaf) + offset | TableEntry.rights(leaf);
    }
}

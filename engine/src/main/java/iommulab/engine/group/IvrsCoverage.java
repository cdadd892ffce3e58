package iommulab.engine.group;

import iommulab.engine.firmware.Ivrs;
import iommulab.engine.firmware.Ivrs.Ivhd;

import java.util.List;

/// Which AMD-Vi unit serves a function: the last whose entries name its device ID. A unit's own PCI
/// function is served by none.
/// Source: `amd_iommu_rlookup_table` in `drivers/iommu/amd/init.c`.
final class IvrsCoverage implements Coverage {
    private final FunctionTable table;
    private final List<Ivhd> units;
    private final IvrsRanges ranges;
    private final List<IommuUnit> used;

    IvrsCoverage(FunctionTable table, GroupFacts facts, Ivrs ivrs) {
        this.table = table;
        this.units = ivrs.unitsUsed();
        this.ranges = new IvrsRanges(ivrs);
        this.used = facts.units();
    }

    @Override
    public Cover of(int f) {
        int segment = table.address(f).domain();
        int id = table.address(f).requesterId().raw();
        for (var unit : units) {
            if (unit.segment() == segment && unit.deviceId() == id) {
                return Cover.none("it is an IOMMU itself");
            }
        }
        int unit = ranges.unitOf(segment, id);
        return unit < 0
                ? Cover.none("no entry of the IVRS table names it")
                : Cover.by(
                        nameOf(unit),
                        nameOf(unit) + " translates its requests: the IVRS table names it");
    }

    /// By its own PCI function; the kernel numbers the units otherwise than the table orders them.
    private String nameOf(int unit) {
        var own = units.get(unit);
        for (var candidate : used) {
            if (candidate.function().isPresent()
                    && candidate.function().get().domain() == own.segment()
                    && candidate.function().get().requesterId().raw() == own.deviceId()) {
                return candidate.name();
            }
        }
        return "ivhd" + unit;
    }
}

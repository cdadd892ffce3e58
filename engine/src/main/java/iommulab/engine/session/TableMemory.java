package iommulab.engine.session;

import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.Region;
import iommulab.engine.memory.Region.RegionKind;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The part of RAM from which the kernel takes frames for translation tables. A real kernel takes them
/// anywhere; ours keeps them together, so that a picture can show them.
final class TableMemory {
    private static final long LARGEST = 256L << 20;
    private static final long PAGE = 4096;
    private static final Region USUAL_RAM =
            new Region(
                    AddressRange.of(0, 2L << 30),
                    RegionKind.RAM,
                    "System RAM (assumed)",
                    Optional.empty());
    private static final Region INTERRUPTS =
            new Region(
                    new AddressRange(0xfee0_0000L, 0xfeef_ffffL),
                    RegionKind.INTERRUPT,
                    "Interrupt window",
                    Optional.empty());

    private TableMemory() {}

    /// The map with a region for tables at the end of the largest RAM, an eighth of it, unless it has
    /// one; with RAM, if the map has none; with the interrupt window.
    static AddressMap reservedIn(AddressMap map) {
        var regions = new ArrayList<>(map.regions());
        if (regions.stream().noneMatch(region -> region.kind() == RegionKind.RAM)) {
            regions.removeIf(region -> region.range().overlaps(USUAL_RAM.range()));
            regions.add(USUAL_RAM);
        }
        if (regions.stream().noneMatch(region -> region.range().overlaps(INTERRUPTS.range()))) {
            regions.add(INTERRUPTS);
        }
        if (regions.stream().noneMatch(region -> region.kind() == RegionKind.TABLES)) {
            split(regions);
        }
        return new AddressMap(regions);
    }

    private static void split(List<Region> regions) {
        var largest =
                regions.stream()
                        .filter(region -> region.kind() == RegionKind.RAM)
                        .max(Comparator.comparingLong(region -> region.range().bytes()))
                        .orElseThrow();
        var range = largest.range();
        long bytes = Math.min(LARGEST, range.bytes() / 8) & -PAGE;
        long start = (range.last() + 1 - bytes) & -PAGE;
        regions.remove(largest);
        regions.add(
                new Region(
                        new AddressRange(range.start(), start - 1),
                        largest.kind(),
                        largest.name(),
                        largest.owner()));
        regions.add(
                new Region(
                        new AddressRange(start, range.last()),
                        RegionKind.TABLES,
                        "Translation tables",
                        Optional.empty()));
    }

    /// Where tables lie in a map that has a region for them.
    static AddressRange in(AddressMap map) {
        return map.regions().stream()
                .filter(region -> region.kind() == RegionKind.TABLES)
                .findFirst()
                .orElseThrow()
                .range();
    }

    /// Where the memory of processes lies: the upper half of the largest RAM, but for its end.
    static AddressRange forProcesses(AddressMap map) {
        var ram = largestRam(map);
        long half = ram.start() + ram.bytes() / 2 & -PAGE;
        return new AddressRange(half, forGuestTables(map) - 1);
    }

    /// hpa of the memory in which guests keep their tables: the end of the largest RAM.
    static long forGuestTables(AddressMap map) {
        return largestRam(map).last() + 1 - GuestTables.bytes() & -GuestTables.bytes();
    }

    private static AddressRange largestRam(AddressMap map) {
        return map.regions().stream()
                .filter(region -> region.kind() == RegionKind.RAM)
                .max(Comparator.comparingLong(region -> region.range().bytes()))
                .orElseThrow()
                .range();
    }
}

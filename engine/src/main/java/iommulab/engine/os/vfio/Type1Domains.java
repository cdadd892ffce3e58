package iommulab.engine.os.vfio;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.DeviceGroup;
import iommulab.engine.os.device.PagingDomains;
import iommulab.engine.os.device.PhysicalDevice;
import iommulab.engine.os.device.ReservedRange;
import iommulab.engine.os.device.UnitTraits;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Ledger;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// The tables of a container's mappings: one for each kind of IOMMU that its groups are behind. Groups of
/// the same kind share one. Source: kernel `struct vfio_domain`.
final class Type1Domains {
    private final PagingDomains paging;
    private final Book<Integer, Table> tables;
    private final Book<Integer, Attached> groups;

    /// One table.
    ///
    /// @param domain number of the domain
    /// @param snoop whether its entries force snooping
    record Table(int domain, int unit, boolean snoop) {}

    /// A group that uses a table.
    private record Attached(DeviceGroup group, int domain) {}

    Type1Domains(Ledger ledger, PagingDomains paging) {
        this.paging = paging;
        tables = new Book<>(ledger);
        groups = new Book<>(ledger);
    }

    Collection<Table> tables() {
        return tables.all().values();
    }

    boolean isEmpty() {
        return tables.isEmpty();
    }

    boolean has(DeviceGroup group) {
        return groups.has(group.id());
    }

    /// Whether all DMA through the tables is forced to snoop.
    boolean forceSnooping() {
        return tables().stream().allMatch(Table::snoop);
    }

    // ---- groups

    /// Puts a group on a table.
    ///
    /// @return the table, if it had to be made and is empty yet
    Optional<Table> attach(DeviceGroup group) throws CallFailed {
        int unit = unitOf(group);
        boolean snoop = group.members().stream().allMatch(PhysicalDevice::enforcesCoherency);
        var same =
                tables().stream()
                        .filter(table -> table.unit() == unit && table.snoop() == snoop)
                        .findFirst();
        var made = Optional.<Table>empty();
        if (same.isEmpty()) {
            int domain =
                    paging.createPaging(unit, new PagingDomains.Wanted(false, false, snoop, false));
            made = Optional.of(new Table(domain, unit, snoop));
            tables.set(domain, made.get());
        }
        int domain = same.or(() -> Optional.of(tables.all().lastEntry().getValue())).get().domain();
        group.attach(domain, false);
        groups.set(group.id(), new Attached(group, domain));
        return made;
    }

    /// @throws CallFailed (EINVAL) no IOMMU stands before it
    private static int unitOf(DeviceGroup group) throws CallFailed {
        for (var member : group.members()) {
            if (member.unit().isPresent()) {
                return member.unitNumber();
            }
        }
        throw new CallFailed("EINVAL", "No IOMMU stands before %s.".formatted(group));
    }

    /// Takes a group off; a table that nobody uses goes.
    void detach(DeviceGroup group) throws CallFailed {
        int domain = groups.find(group.id()).orElseThrow().domain();
        group.block();
        groups.remove(group.id());
        if (groups.all().values().stream().noneMatch(attached -> attached.domain() == domain)) {
            tables.remove(domain);
            paging.destroy(domain);
        }
    }

    // ---- entries

    void map(Type1Mapping mapping) throws CallFailed {
        for (var table : tables()) {
            map(table, mapping);
        }
    }

    void map(Table table, Type1Mapping mapping) throws CallFailed {
        for (var piece : mapping.pieces()) {
            paging.map(
                    table.domain(),
                    mapping.iova() + piece.offset(),
                    piece.hpa(),
                    piece.bytes(),
                    mapping.permissions());
        }
    }

    void unmap(Type1Mapping mapping) throws CallFailed {
        for (var table : tables()) {
            paging.unmap(table.domain(), mapping.iova(), mapping.bytes());
        }
    }

    // ---- which addresses can be mapped

    /// Whether every table reaches a range, and no group has anything of it reserved.
    boolean allow(long first, long last) {
        return whyNot(first, last).isEmpty();
    }

    /// What keeps a range from being mapped.
    Optional<String> whyNot(long first, long last) {
        for (var attached : groups.all().values()) {
            var why = whyNot(attached.group(), first, last);
            if (why.isPresent()) {
                return why;
            }
        }
        return Optional.empty();
    }

    /// What about a group keeps a range from being mapped.
    static Optional<String> whyNot(DeviceGroup group, long first, long last) {
        for (var member : group.members()) {
            var unit = member.unit();
            if (unit.isPresent() && !reaches(unit.get(), first, last)) {
                return Optional.of(
                        "%s translates 0x%x-0x%x only"
                                .formatted(
                                        unit.get().name(),
                                        unit.get().firstIova(),
                                        unit.get().lastIova()));
            }
            for (var range : reserved(member)) {
                if (range.overlaps(first, last)) {
                    return Optional.of("%s of %s is reserved".formatted(range, member));
                }
            }
        }
        return Optional.empty();
    }

    private static boolean reaches(UnitTraits unit, long first, long last) {
        return Long.compareUnsigned(first, unit.firstIova()) >= 0
                && Long.compareUnsigned(last, unit.lastIova()) <= 0;
    }

    private static List<ReservedRange> reserved(PhysicalDevice member) {
        return member.reserved().stream()
                .filter(range -> range.kind() != ReservedRange.Kind.DIRECT_RELAXABLE)
                .toList();
    }

    /// Free ranges as first and last iova, ascending; none without groups.
    List<long[]> freeRanges() {
        var free = new ArrayList<long[]>();
        boolean any = false;
        for (var attached : groups.all().values()) {
            for (var member : attached.group().members()) {
                if (member.unit().isPresent()) {
                    var unit = member.unit().get();
                    if (!any) {
                        free.add(new long[] {unit.firstIova(), unit.lastIova()});
                        any = true;
                    }
                    cut(free, unit.lastIova() + 1, -1);
                    cut(free, 0, unit.firstIova() - 1);
                }
                reserved(member).forEach(range -> cut(free, range.start(), range.last()));
            }
        }
        return free;
    }

    private static void cut(List<long[]> free, long first, long last) {
        if (Long.compareUnsigned(first, last) > 0 || last == -1 && first == 0) {
            return;
        }
        for (int i = free.size() - 1; i >= 0; i--) {
            long low = free.get(i)[0];
            long high = free.get(i)[1];
            if (Long.compareUnsigned(low, last) > 0 || Long.compareUnsigned(first, high) > 0) {
                continue;
            }
            free.remove(i);
            if (Long.compareUnsigned(last, high) < 0) {
                free.add(i, new long[] {last + 1, high});
            }
            if (Long.compareUnsigned(low, first) < 0) {
                free.add(i, new long[] {low, first - 1});
            }
        }
    }
}

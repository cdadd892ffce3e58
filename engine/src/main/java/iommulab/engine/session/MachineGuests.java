package iommulab.engine.session;

import iommulab.engine.iommu.PageCounts;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.TableChange;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.GuestDomains;
import iommulab.engine.os.device.GuestEntry;
import iommulab.engine.pci.PciAddress;

import java.util.List;
import java.util.Optional;

/// Domains of a machine whose tables guests keep, and what guests write into them.
final class MachineGuests implements GuestDomains {
    private final Machine machine;
    private final DomainDrivers drivers;

    MachineGuests(Machine machine, DomainDrivers drivers) {
        this.machine = machine;
        this.drivers = drivers;
    }

    private Domains domains() {
        return machine.domains;
    }

    @Override
    public int createNested(int unit, int parent, GuestTable table) throws CallFailed {
        if (!domains().guestTables().has(table.number())) {
            throw new CallFailed(
                    "EINVAL", "No guest has made a table %d.".formatted(table.number()));
        }
        return DomainDrivers.passOn(() ->
                        domains().createOnGuestTable(unit, drivers.domain(parent), table.number()))
                .id();
    }

    @Override
    public int createOnGuestEntry(int unit, int parent, GuestEntry entry, int like)
            throws CallFailed {
        int tag = like == 0 ? 0 : drivers.domain(like).identity().tag();
        return DomainDrivers.passOn(() ->
                        domains().createOnGuestEntry(unit, drivers.domain(parent), entry, tag))
                .id();
    }

    @Override
    public Optional<GuestEntry> guestWritesPasid(PciAddress function, int pasid, GuestTable table)
            throws CallFailed {
        var unit = machine.wiring().unitOf().get(function);
        if (unit == null || !machine.units.get(unit).isEmulated()) {
            return Optional.empty();
        }
        var tables = domains().guestTables();
        int number = table.number();
        return DomainDrivers.passOn(() -> {
            var builder = tables.builder(number, drivers.driver(tables.unitOf(number)));
            return tables.writePasid(function, pasid, number, builder, drivers.driver(unit));
        });
    }

    @Override
    public GuestTable createGuestTable(int unit) throws CallFailed {
        drivers.requireEmulated(unit);
        return new GuestTable(
                DomainDrivers.passOn(
                        () -> domains().guestTables().create(unit, drivers.driver(unit))));
    }

    @Override
    public void guestMaps(GuestTable table, long gva, long gpa, long bytes, Permissions permissions)
            throws CallFailed {
        var tables = domains().guestTables();
        DomainDrivers.passOnDoing(() -> {
            var builder =
                    tables.builder(table.number(), drivers.driver(tables.unitOf(table.number())));
            builder.map(gva, gpa, bytes, permissions);
            tables.update(table.number(), builder);
        });
    }

    @Override
    public void guestUnmaps(GuestTable table, long gva, long bytes) throws CallFailed {
        var tables = domains().guestTables();
        DomainDrivers.passOnDoing(() -> {
            var builder =
                    tables.builder(table.number(), drivers.driver(tables.unitOf(table.number())));
            if (builder.pagesIn(gva, bytes).equals(PageCounts.NONE)) {
                return;
            }
            builder.unmap(gva, bytes);
            tables.update(table.number(), builder);
        });
    }

    @Override
    public void invalidateNested(int number, long iova, long bytes, boolean leavesOnly)
            throws CallFailed {
        var domain = drivers.domain(number);
        var all = domain.tables().orElseThrow().limits().everything();
        var range = bytes == -1 ? all : AddressRange.of(iova, bytes);
        drivers.flush(
                domain, new TableChange(range, PageCounts.NONE, List.of(range), !leavesOnly, 0));
    }

    @Override
    public void guestCommand(
            int unit, int domain, Optional<PciAddress> function, long low, long high)
            throws CallFailed {
        int tag = drivers.domain(domain).identity().tag();
        int requester = function.map(stream -> drivers.requesterOf(stream).raw()).orElse(-1);
        DomainDrivers.passOnDoing(() -> drivers.driver(unit).carryOut(tag, requester, low, high));
    }
}

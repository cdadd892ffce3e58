package iommulab.engine.session;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.PagingDomains;

import java.util.TreeSet;
import java.util.function.LongConsumer;

/// Domains of a machine whose tables the kernel fills: every change is made by the drivers, in the tables
/// that hardware walks.
final class MachinePaging implements PagingDomains {
    private final Machine machine;
    private final DomainDrivers drivers;

    MachinePaging(Machine machine, DomainDrivers drivers) {
        this.machine = machine;
        this.drivers = drivers;
    }

    private Domains domains() {
        return machine.domains;
    }

    @Override
    public int createPaging(int unit, Wanted wanted) throws CallFailed {
        drivers.requireEmulated(unit);
        var driver = drivers.driver(unit);
        return DomainDrivers.passOn(
                        () -> {
                            var domain = domains().createOfStage(unit, driver.stageOf(wanted));
                            if (wanted.snoop()) {
                                domain.enforceSnooping(driver);
                            }
                            return domain;
                        })
                .id();
    }

    @Override
    public int createProcessTable(int unit) throws CallFailed {
        drivers.requireEmulated(unit);
        return DomainDrivers.passOn(() -> domains().createFirstStage(unit, 0, 0)).id();
    }

    @Override
    public void destroy(int domain) {
        try {
            domains().drop(domain);
        } catch (MappingRefused changedByHand) {
            // Its frames are lost: somebody has overwritten the tables that led to them.
        }
    }

    @Override
    public void map(int number, long iova, long hpa, long bytes, Permissions permissions)
            throws CallFailed {
        var domain = drivers.domain(number);
        DomainDrivers.passOnDoing(() -> {
            var change = domain.map(iova, hpa, bytes, permissions);
            for (var driver : drivers.driversOf(domain)) {
                driver.flushMapped(domain.identity().tag(), domain.identity().stage(), change);
            }
        });
    }

    @Override
    public void unmap(int number, long iova, long bytes) throws CallFailed {
        var domain = drivers.domain(number);
        DomainDrivers.passOnDoing(() -> {
            drivers.flush(domain, domain.unmap(iova, bytes));
        });
    }

    // ---- dirty tracking

    @Override
    public void trackDirty(int number, boolean on) throws CallFailed {
        var domain = drivers.domain(number);
        DomainDrivers.passOnDoing(
                () -> domain.trackDirty(on, drivers.driver(domain.identity().unit())));
    }

    @Override
    public void dirtyPages(
            int number, long iova, long bytes, long pageBytes, boolean clear, LongConsumer visitor)
            throws CallFailed {
        var domain = drivers.domain(number);
        var pages = new TreeSet<Long>();
        DomainDrivers.passOnDoing(() -> {
            var change =
                    domain.readDirty(
                            iova,
                            bytes,
                            clear,
                            (start, size) -> {
                                long first = Math.max(start, iova) & -pageBytes;
                                long end = Math.min(start + size, iova + bytes);
                                for (long page = first; page < end; page += pageBytes) {
                                    pages.add(page);
                                }
                            });
            if (clear) {
                drivers.flush(domain, change);
            }
        });
        pages.forEach(visitor::accept);
    }
}

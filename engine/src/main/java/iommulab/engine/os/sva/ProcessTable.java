package iommulab.engine.os.sva;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.PagingDomains;
import iommulab.engine.os.process.AddressSpace;

/// The table of a process for the devices behind one IOMMU: it leads where the process's own addresses
/// lead, and follows when memory goes. Nothing is pinned. Source: kernel `IOMMU_DOMAIN_SVA`.
///
/// @param domain number of the domain
public record ProcessTable(PagingDomains paging, int unit, int domain, AddressSpace memory)
        implements AddressSpace.MemoryWatcher {
    /// @throws CallFailed (EOPNOTSUPP) the IOMMU cannot walk tables of processes, (ENOMEM) no frame is left
    static ProcessTable create(PagingDomains paging, int unit, AddressSpace memory)
            throws CallFailed {
        int domain = paging.createProcessTable(unit);
        for (var area : memory.areas()) {
            paging.map(
                    domain,
                    area.va(),
                    area.hpa(),
                    area.bytes(),
                    Permissions.of(true, area.writable()));
        }
        var table = new ProcessTable(paging, unit, domain, memory);
        memory.watchers().set(domain, table);
        return table;
    }

    @Override
    public void unmapped(long va, long bytes) throws CallFailed {
        paging.unmap(domain, va, bytes);
    }

    void destroy() {
        memory.watchers().remove(domain);
        paging.destroy(domain);
    }

    @Override
    public String toString() {
        return "domain %d of %s at IOMMU %d".formatted(domain, memory, unit);
    }
}

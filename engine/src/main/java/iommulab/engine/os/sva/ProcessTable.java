package iommulab.engine.os.sva;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.IommuCore;
import iommulab.engine.os.process.AddressSpace;

/// The table of a process for the devices behind one IOMMU: it leads where the process's own addresses
/// lead, and follows when memory goes. Nothing is pinned. Source: kernel `IOMMU_DOMAIN_SVA`.
///
/// @param domain number of the domain
public record ProcessTable(IommuCore core, int unit, int domain, AddressSpace memory)
        implements AddressSpace.MemoryWatcher {
    /// @throws CallFailed (EOPNOTSUPP) the IOMMU cannot walk tables of processes, (ENOMEM) no frame is left
    static ProcessTable create(IommuCore core, int unit, AddressSpace memory) throws CallFailed {
        int domain = core.createProcessTable(unit);
        for (var area : memory.areas()) {
            core.map(
                    domain,
                    area.va(),
                    area.hpa(),
                    area.bytes(),
                    Permissions.of(true, area.writable()));
        }
        var table = new ProcessTable(core, unit, domain, memory);
        memory.watchers().set(domain, table);
        return table;
    }

    @Override
    public void unmapped(long va, long bytes) throws CallFailed {
        core.unmap(domain, va, bytes);
    }

    void destroy() {
        memory.watchers().remove(domain);
        core.destroy(domain);
    }

    @Override
    public String toString() {
        return "domain %d of %s at IOMMU %d".formatted(domain, memory, unit);
    }
}

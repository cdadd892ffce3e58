package iommulab.engine.os.device;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.call.CallFailed;

import java.util.function.LongConsumer;

/// Domains with tables that the kernel fills itself, by number. Source: kernel `iommu_map`, `iommu_unmap`,
/// `struct iommu_dirty_ops`.
public interface PagingDomains {
    /// What a table that people fill has to be able to do.
    ///
    /// @param parent guests' tables will be nested on it
    /// @param dirty it can record writes
    /// @param snoop its entries force snooping
    /// @param pasids devices that use it may use PASIDs besides
    record Wanted(boolean parent, boolean dirty, boolean snoop, boolean pasids) {}

    /// An empty table.
    ///
    /// @return number of the domain
    /// @throws CallFailed (EOPNOTSUPP) the unit has no such table, (ENOMEM) no frame is left
    int createPaging(int unit, Wanted wanted) throws CallFailed;

    /// An empty table of the format that processes have: for sharing address spaces.
    int createProcessTable(int unit) throws CallFailed;

    /// Frees a domain that nobody uses.
    void destroy(int domain);

    /// @param iova multiple of the smallest page of the unit, as all others
    /// @throws CallFailed (ENOMEM) no frame is left for a table
    void map(int domain, long iova, long hpa, long bytes, Permissions permissions)
            throws CallFailed;

    /// Takes the entries of a range away, with the invalidations that it needs, also of what is nested on
    /// it. Addresses that are not mapped are passed over.
    void unmap(int domain, long iova, long bytes) throws CallFailed;

    // ---- dirty tracking

    /// Switches recording of writes on, or off. Old marks are wiped when it is switched on.
    void trackDirty(int domain, boolean on) throws CallFailed;

    /// Visits the first address of every page of `pageBytes` in a range that was written to.
    ///
    /// @param clear whether the marks are taken away
    void dirtyPages(
            int domain, long iova, long bytes, long pageBytes, boolean clear, LongConsumer visitor)
            throws CallFailed;
}

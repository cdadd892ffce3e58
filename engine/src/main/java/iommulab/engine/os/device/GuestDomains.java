package iommulab.engine.os.device;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.pci.PciAddress;

import java.util.Optional;

/// Domains whose tables a guest keeps in its own memory, nested on one that the kernel fills; and what
/// the guest writes into those tables. Source: kernel `IOMMU_DOMAIN_NESTED`.
public interface GuestDomains {
    /// A table that a guest keeps in its own memory.
    ///
    /// @param parent domain through which the guest's addresses go
    /// @param table the guest's table
    /// @throws CallFailed (EINVAL) if the unit cannot use it
    int createNested(int unit, int parent, GuestTable table) throws CallFailed;

    /// Everything that a guest's own entry of a device leads to: the guest's table of PASIDs, and a first
    /// stage for each of them.
    ///
    /// @param parent domain through which the guest's addresses go
    /// @param like a domain that caches cannot tell from this one, as the guest gives both one number; 0 for
    ///     none
    int createOnGuestEntry(int unit, int parent, GuestEntry entry, int like) throws CallFailed;

    /// A table that some guest keeps.
    ///
    /// @param number of the table; see [#createGuestTable]
    record GuestTable(int number) {}

    /// A new empty table of a guest, in the guest's memory.
    GuestTable createGuestTable(int unit) throws CallFailed;

    /// The guest writes entries of its table. No hardware is told.
    ///
    /// @param gva first address, multiple of 4096
    /// @param gpa where it leads, multiple of 4096
    void guestMaps(GuestTable table, long gva, long gpa, long bytes, Permissions permissions)
            throws CallFailed;

    /// Nothing happens where nothing is mapped.
    void guestUnmaps(GuestTable table, long gva, long bytes) throws CallFailed;

    /// The guest writes the entry of a PASID into the table that it keeps for a device. No hardware is told.
    ///
    /// @return the guest's own entry of the device; empty if hardware reads no such tables of guests
    /// @throws CallFailed (EINVAL) the PASID is too wide, (ENOMEM) the guest has no frame left
    Optional<GuestEntry> guestWritesPasid(PciAddress function, int pasid, GuestTable table)
            throws CallFailed;

    /// The guest says that translations of its table have changed.
    ///
    /// @param bytes `-1` for all
    /// @param leavesOnly whether no entry above the leaves has changed
    void invalidateNested(int domain, long iova, long bytes, boolean leavesOnly) throws CallFailed;

    /// A command of a guest's IOMMU, carried out on the real one.
    ///
    /// @param domain whose number hardware is to be told: that of the guest's second stage, or one nested in it
    /// @param function that the command is about; empty for one about translations
    /// @param low bits 63:0, without numbers of devices and domains
    /// @param high bits 127:64
    /// @throws CallFailed (EOPNOTSUPP) if the unit takes no such commands
    void guestCommand(int unit, int domain, Optional<PciAddress> function, long low, long high)
            throws CallFailed;
}

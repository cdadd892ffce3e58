package iommulab.engine.os.device;

import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.pci.PciAddress;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.LongConsumer;

/// The kernel's IOMMU core as its other parts use it: domains by number, groups, PASIDs, all executed by
/// the real drivers on the real tables. Source: kernel `include/linux/iommu.h`.
///
/// A refusal half-way leaves things half done: the caller of the kernel restores the machine.
public interface IommuCore {

    // ---- what there is

    /// A function of the machine.
    ///
    /// @param name how people call it, such as `devA`; else its address
    /// @param group number of its group; empty if it has none
    /// @param unit number of its IOMMU; empty if none translates it
    /// @param driver that it was bound to when the machine was switched on
    record Function(
            PciAddress address,
            String name,
            OptionalInt group,
            OptionalInt unit,
            Optional<String> driver,
            DeviceTraits traits) {}

    /// A group of functions.
    ///
    /// @param defaultType as sysfs prints it
    /// @param reserved by firmware and by the IOMMU for its members
    record GroupFacts(
            int id, List<PciAddress> members, String defaultType, List<ReservedRange> reserved) {
        public GroupFacts {
            members = List.copyOf(members);
            reserved = List.copyOf(reserved);
        }
    }

    /// Now, in the order of discovery.
    List<Function> functions();

    /// Now, by number.
    List<GroupFacts> groups();

    UnitTraits unit(int number);

    /// The machine's record of which driver a function is bound to.
    void bound(PciAddress function, Optional<String> driver);

    /// Whether a group is in its default domain: nobody went behind the kernel's back.
    boolean isInDefault(int group);

    // ---- domains

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
    int createOnGuestEntry(int unit, int parent, GuestEntry entry) throws CallFailed;

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

    /// Frees a domain that nobody uses.
    void destroy(int domain);

    /// @param iova multiple of the smallest page of the unit, as all others
    /// @throws CallFailed (ENOMEM) no frame is left for a table
    void map(int domain, long iova, long hpa, long bytes, Permissions permissions)
            throws CallFailed;

    /// Takes the entries of a range away, with the invalidations that it needs, also of what is nested on
    /// it. Addresses that are not mapped are passed over.
    void unmap(int domain, long iova, long bytes) throws CallFailed;

    /// The guest says that translations of its table have changed.
    ///
    /// @param bytes `-1` for all
    /// @param leavesOnly whether no entry above the leaves has changed
    void invalidateNested(int domain, long iova, long bytes, boolean leavesOnly) throws CallFailed;

    /// A command of a guest's virtual SMMU, carried out on the real one.
    ///
    /// @param parent domain of the guest's second stage
    /// @param function that the command is about; empty for one about translations
    /// @param low bits 63:0, without stream and VMID
    /// @param high bits 127:64
    /// @throws CallFailed (EOPNOTSUPP) if the unit takes no such commands
    void guestCommand(int unit, int parent, Optional<PciAddress> function, long low, long high)
            throws CallFailed;

    /// hpa of the top table, 0 without tables.
    long tableOf(int domain);

    // ---- who uses them

    /// Puts all members of a group into a domain.
    void attach(int group, int domain) throws CallFailed;

    /// Stops all requests without PASID of a group.
    void block(int group) throws CallFailed;

    /// Puts a group into its default domain.
    void useDefault(int group) throws CallFailed;

    /// Makes another default domain for a group that is in its default domain or blocked.
    ///
    /// @param type as sysfs prints it, or `auto`
    void setDefaultType(int group, String type) throws CallFailed;

    /// @param pasid 20 bits; replaces what the PASID used before
    void attachPasid(PciAddress function, int pasid, int domain) throws CallFailed;

    /// Nothing happens if it is not attached.
    void detachPasid(PciAddress function, int pasid) throws CallFailed;

    // ---- dirty tracking

    /// Switches recording of writes on, or off. Old marks are wiped when it is switched on.
    void trackDirty(int domain, boolean on) throws CallFailed;

    /// Visits the first address of every page of `pageBytes` in a range that was written to.
    ///
    /// @param clear whether the marks are taken away
    void dirtyPages(
            int domain, long iova, long bytes, long pageBytes, boolean clear, LongConsumer visitor)
            throws CallFailed;

    // ---- page requests

    /// Pages that a function asks for by hardware, and has no answer for yet.
    ///
    /// @param pasid 0 for requests without PASID
    /// @param group page request group index, 9 bits
    /// @param pages iova of each
    record PageAsk(int pasid, int group, List<Long> pages) {
        public PageAsk {
            pages = List.copyOf(pages);
        }
    }

    /// All that a function has open, by group.
    List<PageAsk> openPageRequests(PciAddress function);

    /// Answers a group by way of the function's IOMMU; what the function may try again it tries.
    void answerPages(PciAddress function, int group, PageResponse response);

    // ---- DMA

    /// One request of a function, through the fabric and its IOMMU.
    ///
    /// @param pasid empty for none
    Dma dma(PciAddress function, long iova, int bytes, boolean write, OptionalInt pasid)
            throws CallFailed;

    /// How a request ended.
    ///
    /// @param hpa that it reached, if it did
    /// @param reason why it was stopped: `blocked`, `unmapped`, `perm`, `s1_unmapped`, `s1_perm`, `pasid`;
    ///     empty if it was not
    /// @param message what hardware and kernel say of it
    record Dma(boolean reached, long hpa, String reason, String message) {}
}

package iommulab.engine.os;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.FaultRecord;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableChange;
import iommulab.engine.iommu.builder.EntryEncoder;
import iommulab.engine.iommu.builder.TableLimits;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.os.device.GuestEntry;
import iommulab.engine.os.device.GuestEvent;
import iommulab.engine.os.device.PagingDomains;
import iommulab.engine.pci.RequesterId;

import java.util.List;
import java.util.Optional;

/// Linux's driver of one IOMMU: it owns the tables that say which device uses which translation, and
/// tells the hardware what to forget. It speaks to the hardware by memory and registers alone.
///
/// Not thread-safe: one engine thread owns it.
public interface IommuDriver {
    Iommu unit();

    // ---- domains

    /// @throws MappingRefused (ENOSPC) if the hardware knows no domain number as high as this
    void requireTag(int tag) throws MappingRefused;

    /// Whether identity needs no tables.
    boolean passesThrough();

    /// The stage in which the kernel builds a domain that only has to translate.
    Stage usualStage();

    /// The stage in which a domain is built that others may be nested in.
    default Stage parentStage() {
        return usualStage();
    }

    /// The stage of a table that people fill, by what it has to be able to do.
    ///
    /// @throws MappingRefused (EOPNOTSUPP) if the driver has no table that can all of it
    default Stage stageOf(PagingDomains.Wanted wanted) throws MappingRefused {
        return TableWishes.usual(this, wanted);
    }

    /// What tables of a stage can do.
    ///
    /// @param levels 0 for the usual number
    /// @throws MappingRefused (EINVAL) no tables of so many levels, (EOPNOTSUPP) no such stage
    TableLimits limits(Stage stage, int levels) throws MappingRefused;

    /// The addresses that software should hand out in a domain: what its tables span, or less. The tables
    /// themselves do not enforce it.
    default AddressRange aperture(TableLimits limits) {
        return new AddressRange(0, (1L << limits.iovaBits()) - 1);
    }

    /// How entries of a stage are written.
    EntryEncoder encoder(Stage stage);

    // ---- devices

    /// Lets a requester use a domain.
    void attach(RequesterId requester, Attachment to) throws MappingRefused;

    boolean isAttached(RequesterId requester);

    /// Takes a requester out of its domain, and the unit's memory of it with it.
    void detach(RequesterId requester) throws MappingRefused;

    /// Lets the requests of a requester with a PASID use a domain.
    ///
    /// @param pasid 20 bits
    /// @throws MappingRefused (EOPNOTSUPP) if the hardware as it is set up has no PASIDs, (EINVAL) if the
    ///     requester's own domain does not leave room for them, (ENOMEM) no frame is left
    void attachPasid(RequesterId requester, int pasid, Attachment to) throws MappingRefused;

    /// The reverse; the hardware forgets what it cached.
    void detachPasid(RequesterId requester, int pasid) throws MappingRefused;

    /// A guest's driver writes the entry of a PASID into the table that it keeps for a device. Neither the
    /// hardware nor this driver is told.
    ///
    /// @param table as the guest left it; empty if the device has none yet
    /// @param guest the guest's memory
    /// @param to what the PASID is to use, numbered as the guest numbers address spaces
    /// @return the table; empty if hardware reads no such tables of guests
    /// @throws MappingRefused (EINVAL) the PASID is too wide, (ENOMEM) the guest has no frame left
    default Optional<GuestDirectory> writeForGuest(
            Optional<GuestDirectory> table, TableStore guest, int pasid, Attachment to)
            throws MappingRefused {
        return Optional.empty();
    }

    /// Whether hardware can do what a guest's own entry of a device asks for.
    ///
    /// @throws MappingRefused (EOPNOTSUPP) if not
    default void requireEntry(GuestEntry entry) throws MappingRefused {}

    /// Lets a device keep translations for itself and ask for pages, or not any more: its entry says so.
    ///
    /// @throws MappingRefused (EOPNOTSUPP) if the hardware as it is set up cannot, (ENOMEM) no frame is left
    void serve(RequesterId requester, DeviceServices services) throws MappingRefused;

    /// Answers a group of page requests, and takes what was read out of the queue.
    ///
    /// @param pasid of the group, or [Iommu#NO_PASID]
    /// @param group 9 bits
    void respond(RequesterId requester, int pasid, int group, PageResponse response);

    // ---- dirty tracking and snooping

    /// Whether hardware can mark the pages of a stage that devices write. Linux offers it for the stage
    /// that leads to host memory.
    boolean tracksDirty(Stage stage);

    /// Lets hardware mark what is written through a domain, or not, in the entry of every device and PASID
    /// that uses it, also below a domain nested in it, now and later. Hardware forgets those entries and
    /// their translations. [Domain#trackDirty] is what callers want: it sees to the leaves, too.
    ///
    /// @param stage of the domain's tables
    void trackDirty(int tag, Stage stage, boolean on) throws MappingRefused;

    /// Whether a domain of a stage can make all its requests look into the processors' caches, whatever
    /// devices ask for.
    default boolean enforcesSnooping(Stage stage) {
        return false;
    }

    /// Sets what entries of devices and PASIDs must say for it, now and later; see
    /// [Domain#enforceSnooping].
    default void enforceSnooping(int tag, Stage stage) throws MappingRefused {}

    /// The domain is gone: its number may come back with another.
    void forgetDomain(int tag);

    // ---- invalidation

    /// After a map: some hardware may hold something of what was not present.
    ///
    /// @param stage of the tables that were changed
    void flushMapped(int tag, Stage stage, TableChange change);

    /// After an unmap, or after dirty marks were cleared: every range of which a cache may hold the old translation.
    void flushUnmapped(int tag, Stage stage, TableChange change);

    /// Tells the hardware to forget.
    ///
    /// @param viaQueue by the queue in memory; else by register
    /// @throws MappingRefused (EOPNOTSUPP) if it has no such way or no such invalidation, (EINVAL) if a
    ///     number does not fit
    void invalidate(Invalidation what, boolean viaQueue) throws MappingRefused;

    /// How long it waits for devices.
    Patience patience();

    /// As [#invalidate] by the queue, but the driver goes away at once: a queue that waits for a device can be
    /// looked at, until the device answers or the driver sends its next commands and gives it up.
    default void post(Invalidation what) throws MappingRefused {
        patience().without(() -> invalidate(what, true));
    }

    /// Carries out a command of a guest, whose second stage belongs to a domain.
    ///
    /// @param tag of that domain
    /// @param requester whom the command is about, -1 for translations of the guest
    /// @param low bits 63:0, without both
    /// @param high bits 127:64
    /// @throws MappingRefused (EOPNOTSUPP) if the hardware has no queue that guests could share
    default void carryOut(int tag, int requester, long low, long high) throws MappingRefused {
        throw new MappingRefused(
                "EOPNOTSUPP", "The hardware takes no commands that a guest has written.");
    }

    // ---- the unit as a whole

    /// Switches translation. Off, every request goes through as it is.
    void setTranslation(boolean on);

    /// Acknowledges every recorded fault.
    void clearFaults();

    /// The lines that the kernel prints when the unit reports a fault.
    ///
    /// @param prefix of the request
    /// @param record what the unit wrote to its log in memory
    List<String> kernelLines(
            RequesterId requester,
            PasidPrefix prefix,
            long iova,
            Access access,
            FaultReason reason,
            FaultRecord record);

    /// What of a fault a guest may read that has a virtual IOMMU of this kind; empty for what is none of the
    /// guest's business, and where Linux tells guests nothing.
    ///
    /// @param record what the unit wrote to its log in memory
    default Optional<GuestEvent> eventForGuest(FaultRecord record) {
        return Optional.empty();
    }

    // ---- going back

    /// What the driver remembers beside memory and the unit's registers.
    interface State {
        /// The driver as it was, over a unit and memory as they were.
        IommuDriver resume(Iommu unit, PhysicalMemory memory, FrameAllocator frames);
    }

    State checkpoint();
}

package iommulab.engine.iommu.amdvi;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.ReadAhead;
import iommulab.engine.iommu.SecondStage;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableWalker;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// The walks of an AMD IOMMU through host tables, guest tables, and guest tables that lie in what host
/// tables map; and why a walk failed, as the event log will tell it. Allocates nothing.
final class AmdWalks {
    private static final long FAILED = -1;

    private final TableWalker host;
    private final TableWalker marking;
    private final TableWalker guest;
    private final SecondStage below;
    private final Gcr3Table gcr3;
    private AmdCaches caches;

    private @Nullable AmdFault fault;
    private long faultAddress;
    private boolean faultInGuest;
    private StopCause cause = StopCause.OTHER;
    private int reads;
    private int probes;
    private int nestedProbes;

    /// @param looksOnly whether accessed and dirty bits are not written, though they would be
    AmdWalks(
            PhysicalMemory memory,
            AmdCapabilities capabilities,
            AmdCaches caches,
            boolean looksOnly) {
        boolean marks = capabilities.hostAccessed();
        host = new TableWalker(memory, new HostTableFormat(false, looksOnly), Stage.SECOND);
        marking = new TableWalker(memory, new HostTableFormat(marks, looksOnly), Stage.SECOND);
        below = new SecondStage(memory, new HostTableFormat(marks, looksOnly));
        var guestFormat = new GuestTableFormat(capabilities.noExecute(), looksOnly);
        guest = new TableWalker(memory, guestFormat, Stage.FIRST);
        gcr3 = new Gcr3Table(memory, capabilities);
        this.caches = caches;
        useCaches(caches);
    }

    void useCaches(AmdCaches newCaches) {
        caches = newCaches;
        host.useCaches(CacheKind.PAGING_STRUCTURE, newCaches.pagingInUse());
        marking.useCaches(CacheKind.PAGING_STRUCTURE, newCaches.pagingInUse());
        guest.useCaches(CacheKind.PAGING_STRUCTURE, newCaches.pagingInUse());
        below.useCaches(newCaches.nested(), newCaches.nestedPagingInUse());
    }

    void observe(WalkObserver observer) {
        host.observe(observer);
        marking.observe(observer);
        guest.observe(observer);
        below.observe(observer);
    }

    // ---- host table alone

    /// @param entry packed, see [DeviceTableEntry]
    /// @param marks HAD
    /// @return the leaf, or negative; then see [#fault]
    long byHostTable(long entry, int marks, long iova, long needs, long hopes, long origin) {
        nestedProbes = 0;
        int mode = DeviceTableEntry.packedMode(entry);
        int bits = hostBits(mode);
        if (bits < 64 && iova >>> bits != 0) {
            reads = 0;
            probes = 0;
            return fail(AmdFault.BEYOND_TABLE, iova, false);
        }
        var walker = marks == 0 ? host : marking;
        walker.enter(
                DeviceTableEntry.packedHostTable(entry),
                mode,
                DeviceTableEntry.space(entry),
                marks);
        long leaf = walker.walk(iova, needs, hopes, origin);
        reads = walker.reads();
        probes = walker.probes();
        return leaf >= 0 ? leaf : hostFailure(leaf, iova, walker.lastEntry());
    }

    private static int hostBits(int mode) {
        return Math.min(64, 12 + 9 * mode);
    }

    private long hostFailure(long answer, long address, long entryHpa) {
        if (answer == TableWalker.NO_TABLE
                || answer == TableWalker.NO_FIRST_TABLE
                || answer == TableWalker.NO_UPDATE) {
            return fail(AmdFault.TABLE_UNREADABLE, entryHpa, false);
        }
        return fail(hostFault(answer), address, false);
    }

    private static AmdFault hostFault(long answer) {
        if (answer == TableWalker.NO_RIGHT) {
            return AmdFault.RIGHT_MISSING;
        }
        if (answer == TableWalker.SKIPPED) {
            return AmdFault.LEVEL_SKIPPED;
        }
        if (answer == SecondStage.TOO_WIDE) {
            return AmdFault.BEYOND_TABLE;
        }
        return switch (TableWalker.brokenRule(answer)) {
            case -1 -> AmdFault.PAGE_NOT_PRESENT;
            case HostTableFormat.ALIGNMENT_RULE -> AmdFault.TABLE_RESERVED;
            default -> AmdFault.LEVEL_ILLEGAL;
        };
    }

    // ---- guest tables

    /// Finds the guest table of a PASID.
    ///
    /// @param inGuest whether the GCR3 table lies in what the host table maps
    /// @param origin of the request, see [Origin]: it names the PASID
    /// @param iova of the request
    /// @return its packed entry, see [PasidEntry]; or negative
    long pasidEntry(
            long entry,
            long detail,
            boolean inGuest,
            long origin,
            long iova,
            WalkObserver observer) {
        probes = 0;
        nestedProbes = 0;
        int pasid = Origin.pasid(origin);
        if (inGuest) {
            enterBelow(entry, DeviceTableEntry.hostMarks(detail), origin);
        }
        var failure =
                gcr3.read(
                        DeviceTableEntry.packedGcr3Table(detail),
                        DeviceTableEntry.packedGcr3Levels(detail),
                        pasid,
                        inGuest ? below : null,
                        observer);
        reads = gcr3.reads();
        if (inGuest) {
            reads += below.reads();
            probes = below.probes();
            nestedProbes = below.asked();
        }
        if (gcr3.isStoppedBelow()) {
            return hostFailure(below.answer(), below.gpa(), below.lastEntry());
        }
        if (failure != null) {
            boolean unreadable = failure == AmdFault.TABLE_UNREADABLE;
            fail(failure, unreadable ? gcr3.entryHpa() : iova, true);
            if (failure == AmdFault.BEYOND_TABLE) {
                cause = StopCause.PASID;
            }
            return FAILED;
        }
        int domain = caches.spaces().owner(DeviceTableEntry.space(entry));
        return PasidEntry.pack(
                gcr3.guestTable(),
                caches.space(domain, pasid),
                DeviceTableEntry.packedGuestLevels(detail),
                DeviceTableEntry.packedMode(entry) != 0,
                DeviceTableEntry.rights(entry));
    }

    /// @param pasidEntry packed, see [PasidEntry]
    /// @param behind what is kept of its device, see [PasidEntry#behind]; not looked at if not nested
    /// @param iova of the request; only a canonical one is translated
    /// @param needs rights, of one privilege
    /// @return the leaf of both stages together, or negative; then see [#fault]
    long byGuestTable(
            long pasidEntry, long behind, long iova, long needs, long hopes, long origin) {
        reads = 0;
        probes = 0;
        nestedProbes = 0;
        if (!PasidEntry.isCanonical(pasidEntry, iova)) {
            return fail(AmdFault.BEYOND_TABLE, iova, true);
        }
        if ((PasidEntry.rights(pasidEntry) & TableEntry.READ) == 0) {
            // No table can be read for a device that may not read.
            return fail(AmdFault.RIGHT_MISSING, iova, true);
        }
        boolean nested = PasidEntry.isNested(pasidEntry);
        if (nested) {
            enterBelow(behind, DeviceTableEntry.hostMarks(PasidEntry.detail(behind)), origin);
        }
        guest.through(nested ? below : null);
        guest.enter(
                PasidEntry.guestTable(pasidEntry),
                PasidEntry.levels(pasidEntry),
                PasidEntry.space(pasidEntry),
                0);
        long leaf = guest.walk(PasidEntry.address(pasidEntry, iova), needs, hopes, origin);
        reads = guest.reads();
        probes = guest.probes();
        if (leaf >= 0 && nested) {
            leaf = throughHost(leaf, iova, needs, hopes);
        } else if (leaf < 0) {
            leaf = guestFailure(leaf, iova);
        }
        if (nested) {
            reads += below.reads();
            probes += below.probes();
            nestedProbes = below.asked();
        }
        return leaf;
    }

    /// @param marks HAD
    private void enterBelow(long entry, int marks, long origin) {
        int mode = DeviceTableEntry.packedMode(entry);
        below.enter(
                DeviceTableEntry.packedHostTable(entry),
                mode,
                hostBits(mode),
                DeviceTableEntry.space(entry),
                marks,
                origin);
    }

    private long throughHost(long leaf, long iova, long needs, long hopes) {
        long gpa = Iotlb.hpa(leaf, iova);
        long second = below.place(gpa, plain(needs), plain(hopes & leaf));
        return second < 0
                ? hostFailure(second, gpa, below.lastEntry())
                : TableEntry.combine(leaf, second, Iotlb.hpa(second, gpa));
    }

    /// The host table knows no privilege.
    private static long plain(long rights) {
        return rights & (TableEntry.READ | TableEntry.WRITE | TableEntry.EXECUTE)
                | rights >>> 56 & (TableEntry.READ | TableEntry.WRITE)
                | rights >>> 54 & TableEntry.EXECUTE;
    }

    private long guestFailure(long answer, long iova) {
        if (answer == TableWalker.BELOW) {
            return hostFailure(below.answer(), below.gpa(), below.lastEntry());
        }
        if (answer == TableWalker.NO_TABLE
                || answer == TableWalker.NO_FIRST_TABLE
                || answer == TableWalker.NO_UPDATE) {
            return fail(AmdFault.TABLE_UNREADABLE, guest.lastEntry(), true);
        }
        if (answer == TableWalker.NO_RIGHT) {
            return fail(AmdFault.RIGHT_MISSING, iova, true);
        }
        return fail(
                TableWalker.brokenRule(answer) >= 0
                        ? AmdFault.TABLE_RESERVED
                        : AmdFault.PAGE_NOT_PRESENT,
                iova,
                true);
    }

    // ---- what walks will read

    /// Adds the walk of a host table alone; whether it marks use makes no difference.
    void foreseeHost(long entry, long iova, ReadAhead ahead) {
        int mode = DeviceTableEntry.packedMode(entry);
        int bits = hostBits(mode);
        if (bits == 64 || iova >>> bits == 0) {
            ahead.add(host, DeviceTableEntry.packedHostTable(entry), mode, iova, 0);
        }
    }

    /// Adds the walk of a guest table that lies in host memory.
    ///
    /// @param iova canonical
    void foreseeGuest(long pasidEntry, long iova, ReadAhead ahead) {
        if (!PasidEntry.isNested(pasidEntry)) {
            long address = PasidEntry.address(pasidEntry, iova);
            int levels = PasidEntry.levels(pasidEntry);
            ahead.add(guest, PasidEntry.guestTable(pasidEntry), levels, address, 0);
        }
    }

    // ---- failures

    private long fail(AmdFault why, long address, boolean inGuest) {
        fault = why;
        faultAddress = address;
        faultInGuest = inGuest;
        cause = causeOf(why, inGuest);
        return FAILED;
    }

    private static StopCause causeOf(AmdFault why, boolean inGuest) {
        return switch (why) {
            case PAGE_NOT_PRESENT, BEYOND_TABLE, LEVEL_SKIPPED ->
                    inGuest ? StopCause.FIRST_STAGE_UNMAPPED : StopCause.SECOND_STAGE_UNMAPPED;
            case RIGHT_MISSING ->
                    inGuest ? StopCause.FIRST_STAGE_RIGHTS : StopCause.SECOND_STAGE_RIGHTS;
            case PASID_NOT_PRESENT -> StopCause.PASID;
            case DEVICE_ENTRY_RESERVED,
                    DEVICE_ENTRY_ILLEGAL,
                    BEYOND_DEVICE_TABLE,
                    TABLE_RESERVED,
                    LEVEL_ILLEGAL,
                    DEVICE_TABLE_UNREADABLE,
                    TABLE_UNREADABLE,
                    TRANSLATION_REFUSED,
                    PORT_REFUSED,
                    MANAGEMENT_REFUSED,
                    PAGE_REQUEST_REFUSED ->
                    StopCause.OTHER;
        };
    }

    /// What the failure of the last walk comes to in the terms of all architectures.
    StopCause cause() {
        return cause;
    }

    /// Why the last walk failed; null if none did.
    @Nullable AmdFault fault() {
        return fault;
    }

    /// What the event says: address of the request, gpa, or hpa of an entry that could not be read.
    long faultAddress() {
        return faultAddress;
    }

    /// Whether it failed in the guest's tables, not in the host's.
    boolean isFaultInGuest() {
        return faultInGuest;
    }

    /// Memory reads of the last walk.
    int reads() {
        return reads;
    }

    /// Paging-structure caches asked in the last walk.
    int probes() {
        return probes;
    }

    /// Times that the cache of finished host translations was asked in the last walk.
    int nestedProbes() {
        return nestedProbes;
    }
}

package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Interned;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.cache.PasidEntryCache;
import iommulab.engine.cache.Spaces;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TranslationCaches;

/// All caches of a RISC-V IOMMU, and what each invalidation command removes from them.
/// Spec: RISC-V IOMMU, "Caching in-memory data structures", "IOMMU Page-Table cache invalidation commands",
/// "IOMMU directory cache invalidation commands".
final class RiscvCaches {
    /// Owner of the spaces of devices without a second stage: the host.
    static final int HOST = -1;

    /// Bit of the inner half of a space: its supervisor may use the user's pages.
    static final int SUM = 1 << 20;

    private static final int PSCIDS = SUM - 1;
    private static final int LEVELS_CACHED = 4;
    private static final int MOST_SPACES = (1 << 16) - 16;

    private final Spaces spaces;
    private int highestSpace;
    private final Interned<DeviceContext> deviceContexts;
    private final Interned<ProcessContext> processContexts;
    private final TranslationCaches held;

    RiscvCaches(CacheShapes shapes, long seed) {
        spaces = new Spaces();
        deviceContexts = new Interned<>();
        processContexts = new Interned<>();
        held = new TranslationCaches(shapes, LEVELS_CACHED, seed, seed + 4 + LEVELS_CACHED);
    }

    private RiscvCaches(RiscvCaches other) {
        spaces = other.spaces.copy();
        highestSpace = other.highestSpace;
        deviceContexts = other.deviceContexts.copy();
        processContexts = other.processContexts.copy();
        held = other.held.copy();
    }

    RiscvCaches copy() {
        return new RiscvCaches(this);
    }

    CacheShapes shapes() {
        return held.shapes();
    }

    /// Gives the caches of a kind another shape; they are empty afterwards.
    void reshape(CacheKind kind, CacheGeometry geometry) {
        held.reshape(kind, geometry);
    }

    DeviceEntryCache devices() {
        return held.devices();
    }

    PasidEntryCache processes() {
        return held.pasids();
    }

    Iotlb iotlb() {
        return held.iotlb();
    }

    /// Guest-physical pages of nested walks.
    Iotlb nested() {
        return held.nested();
    }

    /// By level, from 2.
    PagingStructureCache[] paging() {
        return held.paging();
    }

    /// Of second stages below a first, by level, from 2.
    PagingStructureCache[] nestedPaging() {
        return held.nestedPaging();
    }

    /// By level, from 2; none if they are off.
    PagingStructureCache[] pagingInUse() {
        return held.pagingInUse();
    }

    /// By level, from 2; none if they are off.
    PagingStructureCache[] nestedPagingInUse() {
        return held.nestedPagingInUse();
    }

    // ---- address spaces and contexts by number

    /// The number of an address space.
    ///
    /// @param owner GSCID, or [#HOST]
    /// @param inner PSCID, with [#SUM]; or [Spaces#NONE] if the first stage is Bare
    int space(int owner, int inner) {
        int space = spaces.of(owner, inner);
        highestSpace = Math.max(highestSpace, space);
        return space;
    }

    /// Makes sure that the numbers of a few spaces and contexts can be given; at worst, by starting anew.
    void makeRoom() {
        if (highestSpace > MOST_SPACES || deviceContexts.isFull() || processContexts.isFull()) {
            removeAll();
        }
    }

    /// GSCID of a space, or [#HOST].
    int owner(int space) {
        return spaces.owner(space);
    }

    /// PSCID of a space, -1 if its first stage is Bare.
    int pscid(int space) {
        int inner = spaces.inner(space);
        return inner == Spaces.NONE ? -1 : inner & PSCIDS;
    }

    /// `GSCID 3, PSCID 5`
    String words(int space) {
        int pscid = pscid(space);
        String process = pscid < 0 ? "" : "PSCID " + pscid;
        if (owner(space) == HOST) {
            return process.isEmpty() ? "no address space" : process;
        }
        return "GSCID " + owner(space) + (process.isEmpty() ? "" : ", " + process);
    }

    int number(DeviceContext context) {
        return deviceContexts.of(context);
    }

    int number(ProcessContext context) {
        return processContexts.of(context);
    }

    DeviceContext deviceContext(long number) {
        return deviceContexts.value((int) number);
    }

    ProcessContext processContext(long number) {
        return processContexts.value((int) number);
    }

    // ---- invalidations, each with the number of entries it removed

    int removeAll() {
        int removed = held.removeEntries() + held.removeTranslations();
        spaces.clear();
        highestSpace = 0;
        deviceContexts.clear();
        processContexts.clear();
        return removed;
    }

    /// IODIR.INVAL_DDT for all devices, and with them their processes.
    int removeDevices() {
        return held.removeEntries();
    }

    /// IODIR.INVAL_DDT for one device, and with it its processes.
    int removeDevice(int device) {
        return devices().remove((other, _) -> other == device)
                + processes().remove((other, _, _) -> other == device);
    }

    /// IODIR.INVAL_PDT
    int removeProcess(int device, int process) {
        return processes().remove((other, pid, _) -> other == device && pid == process);
    }

    /// IOTINVAL.VMA: what first stages gave.
    ///
    /// @param owner GSCID, or [#HOST]
    /// @param pscid only entries of this one that are not global; -1 for all
    int removeFirstStage(int owner, int pscid, Addresses addresses) {
        Iotlb.LineTest test =
                (space, word) ->
                        owner(space) == owner
                                && (pscid < 0
                                        || pscid(space) == pscid
                                                && (word & TableEntry.GLOBAL) == 0);
        return remove(iotlb(), paging(), test, addresses);
    }

    /// IOTINVAL.GVMA: what second stages gave, and all translations that went through them: an entry of the
    /// IOTLB does not know its guest-physical address.
    ///
    /// @param gscid -1 for all
    int removeSecondStage(int gscid, Addresses addresses) {
        Iotlb.LineTest test =
                (space, _) -> gscid < 0 ? owner(space) != HOST : owner(space) == gscid;
        int removed = remove(nested(), nestedPaging(), test, addresses) + iotlb().remove(test);
        for (var cache : paging()) {
            removed += cache.remove(test);
        }
        return removed;
    }

    private static int remove(
            Iotlb pages, PagingStructureCache[] tables, Iotlb.LineTest test, Addresses addresses) {
        int removed = 0;
        switch (addresses) {
            case Addresses.All() -> {
                removed = pages.remove(test);
                for (var cache : tables) {
                    removed += cache.remove(test);
                }
            }
            case Addresses.Range(long first, int pageBits, boolean withTables) -> {
                removed = pages.remove(test, Path.key(first), pageBits);
                for (int i = 0; withTables && i < tables.length; i++) {
                    // The tables' prefixes are cut to what their tree translates: 39, 48 or 57
                    // bits.
                    for (int bits = 39; bits <= 57; bits += 9) {
                        long key = first & (1L << bits) - 1;
                        removed += tables[i].remove(test, key, pageBits);
                    }
                }
            }
        }
        return removed;
    }

    /// Which addresses an invalidation covers.
    sealed interface Addresses {
        /// All of a space, leaves and tables above them.
        record All() implements Addresses {}

        /// A range of 2^pageBits pages.
        ///
        /// @param withTables also the tables on the way to it
        record Range(long first, int pageBits, boolean withTables) implements Addresses {}
    }

    long stateHash() {
        long hash = held.stateHash(0);
        hash = (hash * 31 + deviceContexts.hashCode()) * 31 + processContexts.hashCode();
        return hash * 31 + spaces.stateHash();
    }
}

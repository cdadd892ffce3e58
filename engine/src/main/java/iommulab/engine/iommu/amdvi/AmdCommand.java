package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.Reach;

import java.util.Optional;

/// One command of the command buffer: 128 bits.
/// Spec: AMD IOMMU, "Commands".
///
/// @param low bits 63:0
/// @param high bits 127:64
public record AmdCommand(long low, long high) {
    public static final int COMPLETION_WAIT = 1;
    public static final int INVALIDATE_DEVTAB_ENTRY = 2;
    public static final int INVALIDATE_PAGES = 3;
    public static final int INVALIDATE_IOTLB_PAGES = 4;
    public static final int INVALIDATE_INTERRUPT_TABLE = 5;
    static final int PREFETCH_PAGES = 6;
    static final int COMPLETE_PPR = 7;
    public static final int INVALIDATE_ALL = 8;

    /// The address that means all pages, with S set.
    public static final long ALL_PAGES = 0x7fff_ffff_ffff_f000L;

    private static final long SIZE_IN_ADDRESS = 1;
    private static final long TABLES_TOO = 1 << 1;
    private static final long GUEST = 1 << 2;
    private static final long INVALIDATE_FIRST = 1 << 4;
    private static final int OPCODES = 9;

    /* By opcode: bits that must be zero. */
    private static final long[] RESERVED_LOW = new long[OPCODES];
    private static final long[] RESERVED_HIGH = new long[OPCODES];

    static {
        for (int opcode = 1; opcode < OPCODES; opcode++) {
            var layout = AmdCommandStructures.of(opcode).orElseThrow();
            RESERVED_LOW[opcode] = layout.reservedBits(0);
            RESERVED_HIGH[opcode] = layout.reservedBits(1);
        }
    }

    private static AmdCommand of(int opcode, long low, long high) {
        return new AmdCommand((long) opcode << 60 | low, high);
    }

    /// Stores 64 bits of data when everything before it is done.
    ///
    /// @param storeHpa multiple of 8
    public static AmdCommand waitAndStore(long data, long storeHpa) {
        return of(COMPLETION_WAIT, storeHpa | 1, data);
    }

    /// Raises an interrupt when everything before it is done.
    public static AmdCommand waitAndInterrupt() {
        return of(COMPLETION_WAIT, 1 << 1, 0);
    }

    public static AmdCommand invalidateDeviceEntry(int device) {
        return of(INVALIDATE_DEVTAB_ENTRY, device, 0);
    }

    /// Pages of the host table of a domain.
    ///
    /// @param pages address and size, as [#pages] gives them
    public static AmdCommand invalidateHostPages(int domain, long pages, boolean tablesToo) {
        return of(INVALIDATE_PAGES, (long) domain << 32, pages | (tablesToo ? TABLES_TOO : 0));
    }

    /// Pages of the guest table of a PASID.
    ///
    /// @param pages address and size, as [#pages] gives them
    public static AmdCommand invalidateGuestPages(
            int domain, int pasid, long pages, boolean tablesToo) {
        return of(
                INVALIDATE_PAGES,
                (long) domain << 32 | pasid,
                pages | GUEST | (tablesToo ? TABLES_TOO : 0));
    }

    /// Everything that belongs to a domain, of all its PASIDs.
    public static AmdCommand invalidateDomain(int domain) {
        return invalidateHostPages(domain, ALL_PAGES | SIZE_IN_ADDRESS, true);
    }

    /// Pages in the device's own TLB.
    ///
    /// @param pasid -1 for none
    public static AmdCommand invalidateDevicePages(int device, int queue, int pasid, long pages) {
        long low = device | (long) queue << 32 | 1L << 24;
        if (pasid < 0) {
            return of(INVALIDATE_IOTLB_PAGES, low, pages);
        }
        long split =
                (pasid >>> 8 & 0xffL) << 16 | (pasid & 0xffL) << 48 | (pasid >>> 16 & 0xfL) << 56;
        return of(INVALIDATE_IOTLB_PAGES, low | split, pages | GUEST);
    }

    public static AmdCommand invalidateInterruptTable(int device) {
        return of(INVALIDATE_INTERRUPT_TABLE, device, 0);
    }

    /// Walks for pages before a device asks.
    ///
    /// @param pasid -1 for none
    /// @param pages 1 to 256
    public static AmdCommand prefetch(
            int device, int pasid, long address, int pages, boolean invalidateFirst) {
        return of(
                PREFETCH_PAGES,
                device | pages - 1L << 24 | (pasid < 0 ? 0 : (long) pasid << 32),
                address & -4096L
                        | (pasid < 0 ? 0 : GUEST)
                        | (invalidateFirst ? INVALIDATE_FIRST : 0));
    }

    /// Answers a group of page requests.
    ///
    /// @param pasid -1 for none
    /// @param status 0 success, 1 invalid request, 15 failure
    public static AmdCommand completePageRequest(int device, int pasid, int group, int status) {
        return of(
                COMPLETE_PPR,
                device | (pasid < 0 ? 0 : (long) pasid << 32),
                (pasid < 0 ? 0 : GUEST) | (long) group << 32 | (long) status << 44);
    }

    public static AmdCommand invalidateAll() {
        return of(INVALIDATE_ALL, 0, 0);
    }

    /// Address and size of 2^`pageBits` aligned pages of 4 KiB, as the address field holds them.
    ///
    /// @param pageBits 0 to 51
    public static long pages(long address, int pageBits) {
        if (pageBits == 0) {
            return address & -4096L;
        }
        long low = (1L << 12 + pageBits) - 1;
        return (address & ~low | low >>> 1) & -4096L | SIZE_IN_ADDRESS;
    }

    // ---- fields

    public int opcode() {
        return (int) (low >>> 60);
    }

    /// Whether hardware takes it: known, and no reserved bit set.
    boolean isValid(AmdCapabilities capabilities) {
        int opcode = opcode();
        if (opcode == 0
                || opcode >= OPCODES
                || (low & RESERVED_LOW[opcode] | high & RESERVED_HIGH[opcode]) != 0) {
            return false;
        }
        return switch (opcode) {
            case INVALIDATE_ALL -> capabilities.invalidateAll();
            case INVALIDATE_IOTLB_PAGES -> capabilities.deviceTlb();
            case PREFETCH_PAGES -> (capabilities.features() & 1) != 0;
            case COMPLETE_PPR -> capabilities.pageRequests();
            default -> true;
        };
    }

    int device() {
        return (int) low & 0xffff;
    }

    int domain() {
        return (int) (low >>> 32) & 0xffff;
    }

    boolean tablesToo() {
        return (high & TABLES_TOO) != 0;
    }

    boolean isGuest() {
        return (high & GUEST) != 0;
    }

    /// Bit 4 of a prefetch: what is cached is to be forgotten first.
    boolean invalidatesFirst() {
        return (high & INVALIDATE_FIRST) != 0;
    }

    /// PASID, wherever this command has it; -1 if it names none.
    int pasid() {
        if (!isGuest()) {
            return -1;
        }
        return switch (opcode()) {
            case INVALIDATE_PAGES -> (int) low & 0xf_ffff;
            case INVALIDATE_IOTLB_PAGES ->
                    (int) (low >>> 48) & 0xff
                            | ((int) (low >>> 16) & 0xff) << 8
                            | ((int) (low >>> 56) & 0xf) << 16;
            default -> (int) (low >>> 32) & 0xf_ffff;
        };
    }

    /// Pages that a prefetch wants.
    int prefetchPages() {
        return ((int) (low >>> 24) & 0xff) + 1;
    }

    int group() {
        return (int) (high >>> 32) & 0x1ff;
    }

    int status() {
        return (int) (high >>> 44) & 0xf;
    }

    /// How many address bits the pages span: 12 for one page, 64 for everything.
    int rangeBits() {
        if ((high & SIZE_IN_ADDRESS) == 0) {
            return 12;
        }
        return Math.min(64, 13 + Long.numberOfTrailingZeros(~(high >>> 12)));
    }

    /// First address of the pages.
    long rangeStart() {
        int bits = rangeBits();
        return bits == 64 ? 0 : high & -1L << bits;
    }

    /// Which caches forget what.
    public Reach reach() {
        return switch (opcode()) {
            case COMPLETION_WAIT -> new Reach.Nothing("it waits");
            case INVALIDATE_DEVTAB_ENTRY -> new Reach.DeviceEntry(device());
            case INVALIDATE_PAGES ->
                    new Reach.Pages(
                            Optional.of(new Reach.AddressSpace("domain", domain())),
                            rangeStart(),
                            rangeBytes(),
                            !tablesToo());
            case INVALIDATE_IOTLB_PAGES ->
                    new Reach.DeviceTlb(device(), rangeStart(), rangeBytes());
            case INVALIDATE_INTERRUPT_TABLE ->
                    new Reach.Nothing("interrupts are not remapped by tables");
            case INVALIDATE_ALL -> new Reach.Everything(false);
            default -> new Reach.Nothing("it forgets nothing");
        };
    }

    /// 0 for all addresses.
    private long rangeBytes() {
        int bits = rangeBits();
        return bits == Long.SIZE ? 0 : 1L << bits;
    }

    /// What it asks for, in words.
    @Override
    public String toString() {
        return switch (opcode()) {
            case COMPLETION_WAIT -> waitWords();
            case INVALIDATE_DEVTAB_ENTRY -> "device table entry of 0x%04x".formatted(device());
            case INVALIDATE_PAGES -> "domain %d, %s".formatted(domain(), rangeWords());
            case INVALIDATE_IOTLB_PAGES ->
                    "device-TLB of 0x%04x, %s".formatted(device(), rangeWords());
            case INVALIDATE_INTERRUPT_TABLE -> "interrupt table of 0x%04x".formatted(device());
            case PREFETCH_PAGES ->
                    "prefetch for 0x%04x, %d pages from 0x%x"
                            .formatted(device(), prefetchPages(), high & -4096L);
            case COMPLETE_PPR ->
                    "page request group %d of 0x%04x, response %d"
                            .formatted(group(), device(), status());
            case INVALIDATE_ALL -> "everything";
            default -> "unknown command %d".formatted(opcode());
        };
    }

    private String waitWords() {
        boolean stores = (low & 1) != 0;
        return stores ? "wait, store 0x%x to 0x%x".formatted(high, low & (1L << 52) - 8) : "wait";
    }

    private String rangeWords() {
        var whose = isGuest() ? "PASID %d, ".formatted(pasid()) : "";
        var what = tablesToo() && opcode() == INVALIDATE_PAGES ? ", with tables" : "";
        return rangeBits() == 64
                ? whose + "all pages" + what
                : "%s%d pages from 0x%x%s"
                        .formatted(whose, 1L << rangeBits() - 12, rangeStart(), what);
    }
}

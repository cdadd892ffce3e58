package iommulab.engine.iommu.selftest;

/// The registers of the self-test's IOMMU, 64 bits each. A write takes effect at once.
public final class SelftestRegisters {
    /// Read only: 5:0 bits of an address, 11:6 bits within the smallest page, 17:12 bits of a PASID.
    public static final int CAPABILITIES = 0x00;

    /// Bit 0: requests are translated.
    public static final int CONTROL = 0x08;

    /// 51:12 address of the device table, 8:0 its size in 4 KiB, minus one.
    public static final int DEVICE_TABLE = 0x10;

    /// 51:12 address of the fault log, bit 0 on.
    public static final int LOG = 0x18;

    /// Byte offset of the first record that software has not read.
    public static final int LOG_HEAD = 0x20;

    /// Read only: byte offset where hardware writes next.
    public static final int LOG_TAIL = 0x28;

    /// The first address of pages to forget.
    public static final int ADDRESS = 0x30;

    /// Forgets: 63:60 what, 51:32 PASID, 31:16 domain or requester, 5:0 number of pages (2^n of 4 KiB).
    public static final int INVALIDATE = 0x38;

    /// Forget everything.
    public static final int EVERYTHING = 0;

    /// Forget the entry of a requester and of its PASIDs.
    public static final int DEVICE = 1;

    /// Forget the entry of a PASID of a requester.
    public static final int PASID = 2;

    /// Forget the translations of a domain.
    public static final int DOMAIN = 3;

    /// Forget the translations of some pages of a domain.
    public static final int PAGES = 4;

    static final int PASID_BITS = 20;
    private static final long CAPABILITY_BITS =
            SelftestFormat.ADDRESS_BITS
                    | (long) SelftestFormat.SHAPE.pageShift() << 6
                    | (long) PASID_BITS << 12;

    private final SelftestState unit;

    SelftestRegisters(SelftestState unit) {
        this.unit = unit;
    }

    /// @return 0 where no register is, or where one cannot be read
    public long read64(int offset) {
        return switch (offset) {
            case CAPABILITIES -> CAPABILITY_BITS;
            case CONTROL -> unit.isTranslating() ? 1 : 0;
            case DEVICE_TABLE -> unit.deviceTableRegister();
            case LOG -> unit.log().state().base();
            case LOG_HEAD -> unit.log().state().head();
            case LOG_TAIL -> unit.log().state().tail();
            case ADDRESS -> unit.invalidateAddress();
            default -> 0;
        };
    }

    /// Writes to other offsets do nothing.
    public void write64(int offset, long value) {
        switch (offset) {
            case CONTROL -> unit.adoptRegisters(value, unit.deviceTableRegister());
            case DEVICE_TABLE -> unit.adoptRegisters(read64(CONTROL), value);
            case LOG -> unit.log().setBase(value);
            case LOG_HEAD -> unit.log().setHead(value);
            case ADDRESS -> unit.setInvalidateAddress(value);
            case INVALIDATE -> invalidate(value);
            default -> {
                // Nothing is there.
            }
        }
    }

    private void invalidate(long command) {
        int who = (int) (command >>> 16) & 0xffff;
        var caches = unit.caches();
        switch ((int) (command >>> 60)) {
            case EVERYTHING -> caches.removeAll();
            case DEVICE -> caches.removeDevice(who);
            case PASID -> caches.removePasid(who, (int) (command >>> 32) & 0xf_ffff);
            case DOMAIN -> caches.removeDomain(who);
            case PAGES -> caches.removePages(who, unit.invalidateAddress(), (int) command & 0x3f);
            default -> {
                // No such invalidation.
            }
        }
    }

    /// The word that makes [#INVALIDATE] forget.
    ///
    /// @param what of the constants above
    /// @param who domain or requester, 16 bits
    public static long command(int what, int who, int pasid, int addressMask) {
        return (long) what << 60 | (long) pasid << 32 | (long) who << 16 | addressMask;
    }
}

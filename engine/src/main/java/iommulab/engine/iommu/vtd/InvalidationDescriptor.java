package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.PageResponse;

import java.util.Optional;

/// One descriptor of the invalidation queue: 128 bits that ask for one invalidation or one wait.
/// Spec: VT-d, "Queued Invalidation Interface".
///
/// @param low bits 63:0
/// @param high bits 127:64
public record InvalidationDescriptor(long low, long high) {
    static final int CONTEXT = 1;
    static final int IOTLB = 2;
    static final int DEVICE_TLB = 3;
    static final int INTERRUPT_ENTRY = 4;
    static final int WAIT = 5;
    static final int PASID_IOTLB = 6;
    static final int PASID_CACHE = 7;
    static final int PASID_DEVICE_TLB = 8;
    static final int PAGE_GROUP_RESPONSE = 9;

    static final int GLOBAL = 1;
    static final int DOMAIN = 2;

    /// Device-selective in the context cache, page-selective in the IOTLB.
    static final int SELECTIVE = 3;

    /// In the PASID cache.
    static final int ALL_OF_DOMAIN = 0;

    /// In the PASID cache.
    static final int ONE_PASID = 1;

    /// In the PASID cache: global.
    static final int EVERY_PASID = 3;

    public static InvalidationDescriptor contextGlobal() {
        return new InvalidationDescriptor(CONTEXT | GLOBAL << 4, 0);
    }

    public static InvalidationDescriptor contextDomain(int domain) {
        return new InvalidationDescriptor(CONTEXT | DOMAIN << 4 | (long) domain << 16, 0);
    }

    /// @param functionMask 0 to 3
    public static InvalidationDescriptor contextDevice(
            int domain, int requester, int functionMask) {
        return new InvalidationDescriptor(
                CONTEXT
                        | SELECTIVE << 4
                        | (long) domain << 16
                        | (long) requester << 32
                        | (long) functionMask << 48,
                0);
    }

    public static InvalidationDescriptor iotlbGlobal() {
        return new InvalidationDescriptor(IOTLB | GLOBAL << 4, 0);
    }

    public static InvalidationDescriptor iotlbDomain(int domain) {
        return new InvalidationDescriptor(IOTLB | DOMAIN << 4 | (long) domain << 16, 0);
    }

    /// @param addressMask 2^n pages
    /// @param leavesOnly IH: no entry that points to a table was changed
    public static InvalidationDescriptor iotlbPage(
            int domain, long iova, int addressMask, boolean leavesOnly) {
        return new InvalidationDescriptor(
                IOTLB | SELECTIVE << 4 | (long) domain << 16,
                iova & -4096L | (leavesOnly ? 1 << 6 : 0) | addressMask);
    }

    public static InvalidationDescriptor pasidGlobal() {
        return new InvalidationDescriptor(PASID_CACHE | EVERY_PASID << 4, 0);
    }

    public static InvalidationDescriptor pasidDomain(int domain) {
        return new InvalidationDescriptor(PASID_CACHE | (long) domain << 16, 0);
    }

    /// @param pasid 20 bits
    public static InvalidationDescriptor pasidEntry(int domain, int pasid) {
        return new InvalidationDescriptor(
                PASID_CACHE | ONE_PASID << 4 | (long) domain << 16 | (long) pasid << 32, 0);
    }

    /// All first-stage and nested translations of a PASID.
    ///
    /// @param pasid 20 bits
    public static InvalidationDescriptor pasidIotlb(int domain, int pasid) {
        return new InvalidationDescriptor(
                PASID_IOTLB | DOMAIN << 4 | (long) domain << 16 | (long) pasid << 32, 0);
    }

    /// @param pasid 20 bits
    /// @param addressMask 2^n pages
    /// @param leavesOnly IH: no entry that points to a table was changed
    public static InvalidationDescriptor pasidPage(
            int domain, int pasid, long iova, int addressMask, boolean leavesOnly) {
        return new InvalidationDescriptor(
                PASID_IOTLB | SELECTIVE << 4 | (long) domain << 16 | (long) pasid << 32,
                iova & -4096L | (leavesOnly ? 1 << 6 : 0) | addressMask);
    }

    /// What a device keeps of a range, without PASID.
    ///
    /// @param iova aligned to the size
    /// @param rangeShift two to this power is the size in bytes, from 12
    public static InvalidationDescriptor deviceTlb(int requester, long iova, int rangeShift) {
        return new InvalidationDescriptor(
                DEVICE_TLB | (long) requester << 32,
                sized(iova, rangeShift) | (rangeShift > 12 ? 1 : 0));
    }

    /// What a device keeps of a range under a PASID.
    ///
    /// @param pasid 20 bits
    /// @param rangeShift two to this power is the size in bytes, from 12
    /// @param allPasids global: whatever the PASID
    public static InvalidationDescriptor pasidDeviceTlb(
            int requester, int pasid, long iova, int rangeShift, boolean allPasids) {
        return new InvalidationDescriptor(
                PASID_DEVICE_TLB | (long) requester << 16 | (long) pasid << 32,
                sized(iova, rangeShift) | (rangeShift > 12 ? 1 << 11 : 0) | (allPasids ? 1 : 0));
    }

    /// An address whose lowest zero bit tells the size.
    private static long sized(long iova, int rangeShift) {
        long ones = rangeShift >= 64 ? -1L : (1L << rangeShift - 1) - 1;
        return rangeShift == 12 ? iova & -4096L : (iova & -1L << rangeShift | ones) & -4096L;
    }

    /// The answer to a group of page requests.
    ///
    /// @param pasid 20 bits, or [Iommu#NO_PASID]
    /// @param group 9 bits
    public static InvalidationDescriptor pageGroupResponse(
            int requester, int pasid, int group, PageResponse response) {
        return new InvalidationDescriptor(
                PAGE_GROUP_RESPONSE
                        | (pasid < 0 ? 0 : 1 << 4 | (long) pasid << 32)
                        | (long) response.code() << 12
                        | (long) requester << 16,
                (long) group << 3 | 1 << 2);
    }

    /// Writes 32 bits of data when everything before it is done.
    ///
    /// @param statusHpa multiple of 4
    public static InvalidationDescriptor waitAndWrite(int data, long statusHpa) {
        return new InvalidationDescriptor(WAIT | 1 << 5 | (long) data << 32, statusHpa);
    }

    int type() {
        return (int) low & 0xf | (int) (low >>> 9 & 7) << 4;
    }

    /// What a page group response tells; none if its code means nothing.
    Optional<PageResponse> response() {
        return PageResponse.ofCode((int) (low >>> 12) & 0xf);
    }

    int granularity() {
        return (int) (low >>> 4) & 3;
    }

    int domain() {
        return (int) (low >>> 16) & 0xffff;
    }

    int requester() {
        return (int) (low >>> 32) & 0xffff;
    }

    int pasid() {
        return (int) (low >>> 32) & 0xf_ffff;
    }

    int functionMask() {
        return (int) (low >>> 48) & 3;
    }

    int addressMask() {
        return (int) high & 0x3f;
    }

    boolean leavesOnly() {
        return (high & 1 << 6) != 0;
    }

    /// Whether hardware with these capabilities can execute it: a type it has, no reserved bit, no
    /// reserved granularity, no address mask beyond MAMV.
    boolean isValid(VtdCapabilities capabilities) {
        return switch (type()) {
            case CONTEXT -> granularity() != 0 && onlyIn(0x3_ffff_ffff_003fL, 0);
            case IOTLB -> granularity() != 0 && isValidIotlb(capabilities);
            case DEVICE_TLB ->
                    capabilities.deviceTlb() && onlyIn(0xfff0_ffff_001f_f00fL, -4096L | 1);
            case PASID_DEVICE_TLB ->
                    capabilities.deviceTlb()
                            && capabilities.scalable()
                            && onlyIn(0xffff_ffff_ffff_f1ffL, -4096L | 1 << 11 | 1);
            case PAGE_GROUP_RESPONSE ->
                    capabilities.pageRequests()
                            && response().isPresent()
                            && onlyIn(0xf_ffff_ffff_f01fL, 0xffc);
            case INTERRUPT_ENTRY ->
                    capabilities.interruptRemapping() && onlyIn(0xffff_f800_001fL, 0);
            case WAIT -> onlyIn(0xffff_ffff_0000_00ffL, -4L);
            case PASID_IOTLB ->
                    capabilities.scalable()
                            && granularity() >= DOMAIN
                            && isValidPasidIotlb(capabilities);
            case PASID_CACHE ->
                    capabilities.scalable()
                            && granularity() != DOMAIN
                            && onlyIn(0xf_ffff_ffff_003fL, 0);
            default -> false;
        };
    }

    private boolean isValidIotlb(VtdCapabilities capabilities) {
        return onlyIn(0xffff_00ffL, -4096L | 0x7f)
                && (granularity() != SELECTIVE || addressMask() <= capabilities.maxAddressMask());
    }

    private boolean isValidPasidIotlb(VtdCapabilities capabilities) {
        return granularity() == DOMAIN
                ? onlyIn(0xf_ffff_ffff_003fL, 0)
                : onlyIn(0xf_ffff_ffff_003fL, -4096L | 0x7f)
                        && addressMask() <= capabilities.maxAddressMask();
    }

    private boolean onlyIn(long lowBits, long highBits) {
        return (low & ~lowBits) == 0 && (high & ~highBits) == 0;
    }

    /// What it asks for, in words.
    @Override
    public String toString() {
        return switch (type()) {
            case CONTEXT -> "context cache, " + contextWords();
            case IOTLB -> "IOTLB, " + iotlbWords();
            case DEVICE_TLB -> "device-TLB of 0x%04x".formatted(requester());
            case INTERRUPT_ENTRY -> "interrupt entry cache";
            case WAIT -> "wait, write 0x%x to 0x%x".formatted((int) (low >>> 32), high & -4L);
            case PASID_DEVICE_TLB ->
                    "device-TLB of 0x%04x, PASID %d"
                            .formatted((int) (low >>> 16) & 0xffff, pasid());
            case PAGE_GROUP_RESPONSE ->
                    "page group %d of 0x%04x: response %s"
                            .formatted(
                                    high >>> 3 & 0x1ff,
                                    (int) (low >>> 16) & 0xffff,
                                    response().map(Enum::name).orElse("unknown"));
            case PASID_IOTLB -> "PASID-based IOTLB, " + pasidIotlbWords();
            case PASID_CACHE -> "PASID cache, " + pasidCacheWords();
            default -> "unknown type %d".formatted(type());
        };
    }

    private String contextWords() {
        return switch (granularity()) {
            case GLOBAL -> "global";
            case DOMAIN -> "domain %d".formatted(domain());
            default ->
                    "domain %d, device 0x%04x%s"
                            .formatted(
                                    domain(),
                                    requester(),
                                    functionMask() == 0 ? "" : ", function mask " + functionMask());
        };
    }

    private String iotlbWords() {
        return switch (granularity()) {
            case GLOBAL -> "global";
            case DOMAIN -> "domain %d".formatted(domain());
            default ->
                    "domain %d, %d pages from 0x%x%s"
                            .formatted(
                                    domain(),
                                    1L << addressMask(),
                                    high & -4096L,
                                    leavesOnly() ? ", leaves only" : "");
        };
    }

    private String pasidCacheWords() {
        return switch (granularity()) {
            case ALL_OF_DOMAIN -> "domain %d".formatted(domain());
            case ONE_PASID -> "domain %d, PASID %d".formatted(domain(), pasid());
            default -> "global";
        };
    }

    private String pasidIotlbWords() {
        return granularity() == DOMAIN
                ? "domain %d, PASID %d".formatted(domain(), pasid())
                : "domain %d, PASID %d, %d pages from 0x%x%s"
                        .formatted(
                                domain(),
                                pasid(),
                                1L << addressMask(),
                                high & -4096L,
                                leavesOnly() ? ", leaves only" : "");
    }
}

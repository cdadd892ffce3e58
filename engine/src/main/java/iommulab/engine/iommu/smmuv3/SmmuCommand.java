package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.Reach;

import java.util.Optional;

/// One command of the command queue: 128 bits that ask for an invalidation, for something to be fetched, for
/// stalled requests to go on, or for everything before it to be complete.
/// Spec: SMMUv3, "Commands".
///
/// @param low bits 63:0
/// @param high bits 127:64
public record SmmuCommand(long low, long high) {
    static final int BYTES = 16;

    static final int PREFETCH_CONFIG = 0x01;
    static final int PREFETCH_ADDR = 0x02;
    static final int CFGI_STE = 0x03;
    static final int CFGI_STE_RANGE = 0x04;
    public static final int CFGI_CD = 0x05;
    public static final int CFGI_CD_ALL = 0x06;
    public static final int TLBI_NH_ALL = 0x10;
    public static final int TLBI_NH_ASID = 0x11;
    public static final int TLBI_NH_VA = 0x12;
    public static final int TLBI_NH_VAA = 0x13;
    static final int TLBI_EL2_ALL = 0x20;
    static final int TLBI_EL2_ASID = 0x21;
    static final int TLBI_EL2_VA = 0x22;
    static final int TLBI_EL2_VAA = 0x23;
    static final int TLBI_S12_VMALL = 0x28;
    static final int TLBI_S2_IPA = 0x2a;
    public static final int TLBI_NSNH_ALL = 0x30;
    public static final int ATC_INV = 0x40;
    static final int PRI_RESP = 0x41;
    static final int RESUME = 0x44;
    static final int STALL_TERM = 0x45;
    static final int SYNC = 0x46;

    private static final int SECURE = 1 << 10;
    private static final int SUBSTREAM_VALID = 1 << 11;
    private static final int EVERYTHING = 52;
    private static final int EVERY_STREAM = 31;

    public static SmmuCommand configStream(int stream, boolean leaf) {
        return new SmmuCommand(CFGI_STE | (long) stream << 32, leaf ? 1 : 0);
    }

    /// @param range 2^(range + 1) streams
    public static SmmuCommand configRange(int stream, int range) {
        return new SmmuCommand(CFGI_STE_RANGE | (long) stream << 32, range);
    }

    public static SmmuCommand configAll() {
        return new SmmuCommand(CFGI_STE_RANGE, EVERY_STREAM);
    }

    public static SmmuCommand configDescriptor(int stream, int substream, boolean leaf) {
        return new SmmuCommand(
                CFGI_CD | (long) substream << 12 | (long) stream << 32, leaf ? 1 : 0);
    }

    public static SmmuCommand configDescriptors(int stream) {
        return new SmmuCommand(CFGI_CD_ALL | (long) stream << 32, 0);
    }

    public static SmmuCommand tlbStage1(int vmid) {
        return new SmmuCommand(TLBI_NH_ALL | (long) vmid << 32, 0);
    }

    public static SmmuCommand tlbAsid(int vmid, int asid) {
        return new SmmuCommand(TLBI_NH_ASID | (long) vmid << 32 | (long) asid << 48, 0);
    }

    public static SmmuCommand tlbAddress(int vmid, int asid, long iova, boolean leaf) {
        return new SmmuCommand(
                TLBI_NH_VA | (long) vmid << 32 | (long) asid << 48, iova & -4096L | (leaf ? 1 : 0));
    }

    public static SmmuCommand tlbAddressAllAsids(int vmid, long iova, boolean leaf) {
        return new SmmuCommand(TLBI_NH_VAA | (long) vmid << 32, iova & -4096L | (leaf ? 1 : 0));
    }

    /// Everything of a hypervisor.
    public static SmmuCommand tlbHypervisor() {
        return new SmmuCommand(TLBI_EL2_ALL, 0);
    }

    public static SmmuCommand tlbHypervisorAsid(int asid) {
        return new SmmuCommand(TLBI_EL2_ASID | (long) asid << 48, 0);
    }

    public static SmmuCommand tlbHypervisorAddress(int asid, long iova, boolean leaf) {
        return new SmmuCommand(TLBI_EL2_VA | (long) asid << 48, iova & -4096L | (leaf ? 1 : 0));
    }

    public static SmmuCommand tlbHypervisorAddressAllAsids(long iova, boolean leaf) {
        return new SmmuCommand(TLBI_EL2_VAA, iova & -4096L | (leaf ? 1 : 0));
    }

    public static SmmuCommand tlbVmid(int vmid) {
        return new SmmuCommand(TLBI_S12_VMALL | (long) vmid << 32, 0);
    }

    public static SmmuCommand tlbIntermediate(int vmid, long ipa, boolean leaf) {
        return new SmmuCommand(TLBI_S2_IPA | (long) vmid << 32, ipa & -4096L | (leaf ? 1 : 0));
    }

    public static SmmuCommand tlbAll() {
        return new SmmuCommand(TLBI_NSNH_ALL, 0);
    }

    /// The same invalidation by address for (number + 1) << scale granules.
    ///
    /// @param number 5 bits
    /// @param scale 5 bits
    public SmmuCommand forRange(Granule granule, int number, int scale) {
        long tg =
                switch (granule) {
                    case FOUR_KIB -> 1;
                    case SIXTEEN_KIB -> 2;
                    case SIXTY_FOUR_KIB -> 3;
                };
        return new SmmuCommand(low | (long) number << 12 | (long) scale << 20, high | tg << 10);
    }

    /// @param response 0 terminate, 1 retry, 2 abort
    public static SmmuCommand resume(int stream, int tag, int response) {
        return new SmmuCommand(RESUME | (long) stream << 32 | (long) response << 12, tag);
    }

    public static SmmuCommand terminateStalled(int stream) {
        return new SmmuCommand(STALL_TERM | (long) stream << 32, 0);
    }

    /// @param substream negative for none
    /// @param size 2^size pages; 52 for everything
    public static SmmuCommand deviceTlb(int stream, int substream, long iova, int size) {
        return new SmmuCommand(
                ATC_INV | substreamBits(substream) | (long) stream << 32, iova & -4096L | size);
    }

    /// The answer to a group of page requests.
    ///
    /// @param substream negative for none
    public static SmmuCommand respond(int stream, int substream, int group, PageResponse response) {
        long code =
                switch (response) {
                    case INVALID_REQUEST -> 0;
                    case FAILURE -> 1;
                    case SUCCESS -> 2;
                };
        return new SmmuCommand(
                PRI_RESP | substreamBits(substream) | (long) stream << 32, group | code << 12);
    }

    private static long substreamBits(int substream) {
        return substream < 0 ? 0 : SUBSTREAM_VALID | (long) substream << 12;
    }

    public static SmmuCommand sync() {
        return new SmmuCommand(SYNC, 0);
    }

    /// Completion writes 32 bits of data.
    public static SmmuCommand syncAndWrite(int data, long hpa) {
        return new SmmuCommand(SYNC | 1 << 12 | (long) data << 32, hpa & (1L << 52) - 4);
    }

    public int opcode() {
        return (int) low & 0xff;
    }

    int stream() {
        return (int) (low >>> 32);
    }

    int substream() {
        return (int) (low >>> 12) & 0xf_ffff;
    }

    /// CFGI_STE_RANGE: bits of the stream number that do not count.
    int ignoredStreamBits() {
        int range = (int) high & 31;
        return range == EVERY_STREAM ? -1 : (2 << range) - 1;
    }

    int vmid() {
        return (int) (low >>> 32) & 0xffff;
    }

    int asid() {
        return (int) (low >>> 48);
    }

    boolean leavesOnly() {
        return (high & 1) != 0;
    }

    /// Whether it invalidates translations by address.
    boolean isByAddress() {
        return switch (opcode()) {
            case TLBI_NH_VA, TLBI_NH_VAA, TLBI_EL2_VA, TLBI_EL2_VAA, TLBI_S2_IPA -> true;
            default -> false;
        };
    }

    /// First address; 56 bits of it count.
    long address() {
        return high & (1L << 56) - 4096;
    }

    /// Bytes from [#address]: one page of 4 KiB, or with TG a range.
    long bytes(SmmuCapabilities capabilities) {
        int granule = (int) (high >>> 10) & 3;
        if (granule == 0 || !capabilities.rangeInvalidation()) {
            return 4096;
        }
        long number = (low >>> 12 & 31) + 1;
        int scale = (int) (low >>> 20) & 31;
        return number << scale + 10 + 2 * granule;
    }

    /// RESUME: 0 terminate, 1 retry, 2 abort.
    int response() {
        return (int) (low >>> 12) & 3;
    }

    int tag() {
        return (int) high & 0xffff;
    }

    /// Substream, or negative if SSV is clear.
    int substreamOrNone() {
        return (low & SUBSTREAM_VALID) != 0 ? substream() : Iommu.NO_PASID;
    }

    /// ATC_INV: for all substreams.
    boolean isGlobal() {
        return (low & 1 << 9) != 0;
    }

    /// ATC_INV: log2 of the bytes to forget.
    int deviceRangeShift() {
        int size = (int) high & 63;
        return size >= EVERYTHING ? Long.SIZE : 12 + size;
    }

    /// ATC_INV: aligned to its size.
    long deviceRangeStart() {
        int shift = deviceRangeShift();
        return shift == Long.SIZE ? 0 : high & -1L << shift;
    }

    /// PRI_RESP: page request group index.
    int pageGroup() {
        return (int) high & 0x1ff;
    }

    /// PRI_RESP: 0 denied, 1 failed, 2 success.
    PageResponse pageResponse() {
        return switch ((int) (high >>> 12) & 3) {
            case 0 -> PageResponse.INVALID_REQUEST;
            case 2 -> PageResponse.SUCCESS;
            default -> PageResponse.FAILURE;
        };
    }

    /// SYNC: 0 nothing, 1 interrupt or write, 2 event.
    int signal() {
        return (int) (low >>> 12) & 3;
    }

    int messageData() {
        return (int) (low >>> 32);
    }

    long messageAddress() {
        return high & (1L << 52) - 4;
    }

    /// Whether hardware with these capabilities executes it.
    boolean isLegal(SmmuCapabilities capabilities) {
        boolean streams = opcode() < TLBI_NH_ALL || opcode() >= ATC_INV && opcode() < SYNC;
        if (streams && (low & SECURE) != 0) {
            return false;
        }
        return switch (opcode()) {
            case PREFETCH_CONFIG, PREFETCH_ADDR, CFGI_STE, CFGI_STE_RANGE, TLBI_NSNH_ALL -> true;
            case CFGI_CD, CFGI_CD_ALL, TLBI_NH_ALL, TLBI_NH_ASID, TLBI_NH_VA, TLBI_NH_VAA ->
                    capabilities.stage1();
            case TLBI_EL2_ALL, TLBI_EL2_ASID, TLBI_EL2_VA, TLBI_EL2_VAA ->
                    capabilities.hypervisor();
            case TLBI_S12_VMALL, TLBI_S2_IPA -> capabilities.stage2();
            case ATC_INV -> capabilities.ats();
            case PRI_RESP -> capabilities.pri();
            case RESUME, STALL_TERM -> capabilities.mayStall();
            case SYNC -> signal() != 3;
            default -> false;
        };
    }

    /// Which caches forget what, with all capabilities there are.
    public Reach reach() {
        return switch (opcode()) {
            case CFGI_STE -> new Reach.DeviceEntry(streamNumber());
            case CFGI_CD -> new Reach.PasidEntries(streamNumber(), Optional.of((long) substream()));
            case CFGI_CD_ALL -> new Reach.PasidEntries(streamNumber(), Optional.empty());
            case TLBI_NH_ALL, TLBI_EL2_ALL, TLBI_S12_VMALL, TLBI_NSNH_ALL ->
                    new Reach.Everything(false);
            case TLBI_NH_ASID, TLBI_EL2_ASID ->
                    new Reach.Space(new Reach.AddressSpace("ASID", asid()));
            case TLBI_NH_VA, TLBI_EL2_VA ->
                    pages(Optional.of(new Reach.AddressSpace("ASID", asid())));
            case TLBI_NH_VAA, TLBI_EL2_VAA, TLBI_S2_IPA -> pages(Optional.empty());
            case ATC_INV -> {
                int shift = deviceRangeShift();
                yield new Reach.DeviceTlb(
                        streamNumber(), deviceRangeStart(), shift == Long.SIZE ? 0 : 1L << shift);
            }
            default -> new Reach.Nothing("it forgets nothing");
        };
    }

    private long streamNumber() {
        return low >>> 32;
    }

    private Reach pages(Optional<Reach.AddressSpace> space) {
        return new Reach.Pages(
                space, high & -4096L, bytes(SmmuCapabilities.EVERYTHING), leavesOnly());
    }

    /// What it asks for, in words.
    @Override
    public String toString() {
        return switch (opcode()) {
            case PREFETCH_CONFIG -> "CMD_PREFETCH_CONFIG stream 0x%04x".formatted(stream());
            case PREFETCH_ADDR -> "CMD_PREFETCH_ADDR stream 0x%04x".formatted(stream());
            case CFGI_STE -> "CMD_CFGI_STE stream 0x%04x".formatted(stream());
            case CFGI_STE_RANGE ->
                    ignoredStreamBits() == -1
                            ? "CMD_CFGI_ALL"
                            : "CMD_CFGI_STE_RANGE streams from 0x%04x, %d"
                                    .formatted(
                                            stream() & ~ignoredStreamBits(),
                                            ignoredStreamBits() + 1);
            case CFGI_CD ->
                    "CMD_CFGI_CD stream 0x%04x, substream %d".formatted(stream(), substream());
            case CFGI_CD_ALL -> "CMD_CFGI_CD_ALL stream 0x%04x".formatted(stream());
            case TLBI_NH_ALL -> "CMD_TLBI_NH_ALL VMID %d".formatted(vmid());
            case TLBI_NH_ASID -> "CMD_TLBI_NH_ASID VMID %d, ASID %d".formatted(vmid(), asid());
            case TLBI_NH_VA ->
                    "CMD_TLBI_NH_VA VMID %d, ASID %d, %s".formatted(vmid(), asid(), addressWords());
            case TLBI_NH_VAA -> "CMD_TLBI_NH_VAA VMID %d, %s".formatted(vmid(), addressWords());
            case TLBI_EL2_ALL -> "CMD_TLBI_EL2_ALL";
            case TLBI_EL2_ASID -> "CMD_TLBI_EL2_ASID ASID %d".formatted(asid());
            case TLBI_EL2_VA -> "CMD_TLBI_EL2_VA ASID %d, %s".formatted(asid(), addressWords());
            case TLBI_EL2_VAA -> "CMD_TLBI_EL2_VAA %s".formatted(addressWords());
            case TLBI_S12_VMALL -> "CMD_TLBI_S12_VMALL VMID %d".formatted(vmid());
            case TLBI_S2_IPA -> "CMD_TLBI_S2_IPA VMID %d, %s".formatted(vmid(), addressWords());
            case TLBI_NSNH_ALL -> "CMD_TLBI_NSNH_ALL";
            case ATC_INV -> "CMD_ATC_INV stream 0x%04x, 0x%x".formatted(stream(), high & -4096L);
            case PRI_RESP -> "CMD_PRI_RESP stream 0x%04x".formatted(stream());
            case RESUME -> "CMD_RESUME stream 0x%04x, request %d".formatted(stream(), tag());
            case STALL_TERM -> "CMD_STALL_TERM stream 0x%04x".formatted(stream());
            case SYNC -> "CMD_SYNC";
            default -> "opcode 0x%02x".formatted(opcode());
        };
    }

    private String addressWords() {
        boolean range = (high >>> 10 & 3) != 0;
        return "0x%x%s%s"
                .formatted(
                        high & -4096L,
                        range ? ", %d KiB".formatted(bytes(SmmuCapabilities.EVERYTHING) >> 10) : "",
                        leavesOnly() ? ", leaves only" : "");
    }
}

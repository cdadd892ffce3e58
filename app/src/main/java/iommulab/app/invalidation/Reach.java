package iommulab.app.invalidation;

import iommulab.engine.os.call.Numbers;

import java.util.Map;
import java.util.Optional;

/// What an entry of a request makes caches forget, in words, as far as its fields tell. Pure. Source: kernel
/// `struct iommu_hwpt_vtd_s1_invalidate`; Arm SMMUv3, "Command encodings"; AMD IOMMU, "Commands".
record Reach(InvalidationTarget target) {
    private static final long ALL = -1;

    /// @param entry its fields as typed
    String of(EntryKind kind, Map<String, String> entry) {
        return switch (kind) {
            case VTD_S1 -> pages(number(entry, "addr"), number(entry, "npages"), entry);
            case SELFTEST ->
                    (number(entry, "flags") & 1) != 0
                            ? "all words of the table's IOTLB"
                            : "word %d of the table's IOTLB".formatted(number(entry, "iotlb_id"));
            case VIOMMU_SELFTEST ->
                    "%s of %s"
                            .formatted(
                                    (number(entry, "flags") & 1) != 0
                                            ? "all cache words"
                                            : "cache word " + number(entry, "cache_id"),
                                    device(number(entry, "vdev_id")));
            case ARM_SMMUV3 -> arm(number(entry, EntryKind.LOW), number(entry, EntryKind.HIGH));
            case AMD -> amd(number(entry, EntryKind.LOW), number(entry, EntryKind.HIGH));
        };
    }

    /// A device that a new command may name.
    Optional<Long> firstDevice() {
        return target.devices().keySet().stream().findFirst();
    }

    private static long number(Map<String, String> entry, String field) {
        return Numbers.read(entry.getOrDefault(field, "0").strip()).orElse(0L);
    }

    /// What the guest calls that.
    private String device(long number) {
        var name = target.devices().get(number);
        return name == null
                ? "device 0x%x, which the guest does not have".formatted(number)
                : "%s, the guest's 0x%x".formatted(name, number);
    }

    private String domain() {
        return target.domain() == 0 ? "the guest" : "domain " + target.domain();
    }

    // ---- VT-d

    private String pages(long address, long pages, Map<String, String> entry) {
        var leaf = (number(entry, "flags") & 1) != 0 ? ", leaves alone" : "";
        if (pages == ALL) {
            return "everything of %s%s".formatted(domain(), leaf);
        }
        return pages == 0
                ? "no page: npages is 0"
                : "%s of %s from 0x%x%s"
                        .formatted(
                                pages == 1 ? "1 page" : pages + " pages", domain(), address, leaf);
    }

    // ---- Arm

    private String arm(long low, long high) {
        return switch ((int) low & 0xff) {
            case 0x10, 0x30 -> "all translations of the guest";
            case 0x11 -> "all translations of ASID %d".formatted(low >>> 48);
            case 0x12 -> "page 0x%x of ASID %d".formatted(high & -0x1000L, low >>> 48);
            case 0x13 -> "page 0x%x of all ASIDs".formatted(high & -0x1000L);
            case 0x05 ->
                    "context descriptor %d of %s"
                            .formatted(low >>> 12 & 0xfffff, device(low >>> 32));
            case 0x06 -> "all context descriptors of " + device(low >>> 32);
            case 0x40 -> "device TLB of " + device(low >>> 32);
            default -> "0x%02x is no command that a guest may give".formatted(low & 0xff);
        };
    }

    // ---- AMD

    private String amd(long low, long high) {
        return switch ((int) (low >>> 60)) {
            case 1 -> "nothing: it waits";
            case 2 -> "device table entry of " + device(low & 0xffff);
            case 3 ->
                    (high & 1) != 0
                            ? "pages of the guest's domain %d".formatted(low >>> 32 & 0xffff)
                            : "page 0x%x of the guest's domain %d"
                                    .formatted(high & -0x1000L, low >>> 32 & 0xffff);
            case 4 -> "device TLB of " + device(low & 0xffff);
            case 5 -> "nothing here: interrupts are not remapped by tables";
            case 8 -> "everything of the guest, and nothing of others";
            default -> "%d is no command that a guest may give".formatted(low >>> 60);
        };
    }
}

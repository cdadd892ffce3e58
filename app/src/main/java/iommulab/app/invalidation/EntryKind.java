package iommulab.app.invalidation;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// A kind of invalidation entry. Commands of an SMMUv3 and of AMD's IOMMU are two words as the hardware has
/// them. Source: kernel `include/uapi/linux/iommufd.h`, `drivers/iommu/iommufd/iommufd_test.h`; Arm SMMUv3,
/// "Command encodings"; AMD IOMMU, "Commands".
enum EntryKind {
    SELFTEST("selftest", 8, List.of("flags", "iotlb_id"), List.of()),
    VTD_S1("vtd_s1", 24, List.of("addr", "npages", "flags"), List.of()),
    VIOMMU_SELFTEST("viommu_selftest", 12, List.of("flags", "vdev_id", "cache_id"), List.of()),
    ARM_SMMUV3(
            "arm_smmuv3",
            16,
            List.of(EntryKind.LOW, EntryKind.HIGH),
            List.of(
                    new Preset("TLBI_NSNH_ALL", 0x30, 0, false),
                    new Preset("TLBI_NH_ALL", 0x10, 0, false),
                    new Preset("TLBI_NH_ASID", 0x11, 0, false),
                    new Preset("TLBI_NH_VA", 0x12, 0x1000, false),
                    new Preset("TLBI_NH_VAA", 0x13, 0x1000, false),
                    new Preset("CFGI_CD", 0x05, 1, true),
                    new Preset("CFGI_CD_ALL", 0x06, 0, true),
                    new Preset("ATC_INV", 0x40, 52, true))),
    /// Linux has no array of them: the guest's own command buffer is read by hardware, one by one.
    AMD(
            "amd",
            16,
            List.of(EntryKind.LOW, EntryKind.HIGH),
            List.of(
                    new Preset("INVALIDATE_IOMMU_ALL", 8L << 60, 0, false),
                    new Preset("INVALIDATE_IOMMU_PAGES", 3L << 60, 0x7fff_ffff_ffff_f003L, false),
                    new Preset("INVALIDATE_DEVTAB_ENTRY", 2L << 60, 0, true),
                    new Preset("INVALIDATE_IOTLB_PAGES", 4L << 60, 0x7fff_ffff_ffff_f001L, true),
                    new Preset("COMPLETION_WAIT", 1L << 60, 0, false)));

    /// Bits 63:0 of a command.
    static final String LOW = "63:0";

    /// Bits 127:64 of a command.
    static final String HIGH = "127:64";

    private static final int ARM_STREAM = 32;

    private final String word;
    private final int bytes;
    private final List<String> fields;
    private final List<Preset> presets;

    /// A command with the fields that are always so.
    ///
    /// @param namesDevice whether the guest's number of a device stands in it
    record Preset(String name, long low, long high, boolean namesDevice) {}

    EntryKind(String word, int bytes, List<String> fields, List<Preset> presets) {
        this.word = word;
        this.bytes = bytes;
        this.fields = fields;
        this.presets = presets;
    }

    /// As the calls have it.
    String word() {
        return word;
    }

    /// Bytes of one entry.
    int bytes() {
        return bytes;
    }

    /// Names of the fields.
    List<String> fields() {
        return fields;
    }

    /// Commands to begin with; none if entries are no commands.
    List<Preset> presets() {
        return presets;
    }

    boolean isOfCommands() {
        return !presets.isEmpty();
    }

    /// The low word of a command that names a device of the guest.
    long naming(Preset preset, long device) {
        return !preset.namesDevice()
                ? preset.low()
                : preset.low() | (this == ARM_SMMUV3 ? device << ARM_STREAM : device);
    }

    static Optional<EntryKind> of(String word) {
        return Arrays.stream(values()).filter(kind -> kind.word.equals(word)).findFirst();
    }
}

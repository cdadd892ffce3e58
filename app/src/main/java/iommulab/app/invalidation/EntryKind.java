package iommulab.app.invalidation;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// A kind of invalidation entry. Source: kernel `include/uapi/linux/iommufd.h`,
/// `drivers/iommu/iommufd/iommufd_test.h`.
enum EntryKind {
    SELFTEST("selftest", 8, "flags", "iotlb_id"),
    VTD_S1("vtd_s1", 24, "addr", "npages", "flags"),
    VIOMMU_SELFTEST("viommu_selftest", 12, "flags", "vdev_id", "cache_id");

    private final String word;
    private final int bytes;
    private final List<String> fields;

    EntryKind(String word, int bytes, String... fields) {
        this.word = word;
        this.bytes = bytes;
        this.fields = List.of(fields);
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

    static Optional<EntryKind> of(String word) {
        return Arrays.stream(values()).filter(kind -> kind.word.equals(word)).findFirst();
    }
}

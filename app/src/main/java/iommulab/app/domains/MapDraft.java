package iommulab.app.domains;

import iommulab.engine.memory.AddressRange;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.Mapping;

import java.util.OptionalLong;

/// A mapping that somebody is about to make or to remove: says while it is typed what the engine would
/// refuse. Pure.
///
/// @param iova first address, if there is one
/// @param hpa where it leads; not asked for when unmapping
/// @param bytes length
record MapDraft(OptionalLong iova, OptionalLong hpa, OptionalLong bytes) {
    private static final long PAGE = 4096;
    private static final int HPA_BITS = 52;
    private static final int LOWEST_TABLE_BITS = 12;
    private static final int BITS_PER_LEVEL = 9;

    /// What stands in the way of mapping; empty if nothing does or something is still missing.
    String complaintToMap(Domain domain) {
        var common = complaint(domain);
        if (!common.isEmpty()) {
            return common;
        }
        if (hpa.isPresent()) {
            long at = hpa.getAsLong();
            if (at % PAGE != 0) {
                return unaligned(target(domain), at);
            }
            if (at >>> HPA_BITS != 0) {
                return "%s 0x%x needs more than %d bits.".formatted(target(domain), at, HPA_BITS);
            }
        }
        if (iova.isPresent() && bytes.isPresent()) {
            var wanted = AddressRange.of(iova.getAsLong(), bytes.getAsLong());
            for (var mapping : domain.mappings()) {
                if (range(mapping).overlaps(wanted)) {
                    return "Domain %d already maps 0x%x to 0x%x. Unmap it first, or choose another range."
                            .formatted(domain.id(), mapping.iova(), range(mapping).last());
                }
            }
        }
        return "";
    }

    /// What stands in the way of unmapping.
    String complaintToUnmap(Domain domain) {
        var common = complaint(domain);
        if (!common.isEmpty() || iova.isEmpty() || bytes.isEmpty()) {
            return common;
        }
        var wanted = AddressRange.of(iova.getAsLong(), bytes.getAsLong());
        return domain.mappings().stream().anyMatch(m -> range(m).overlaps(wanted))
                ? ""
                : "Domain %d maps nothing from 0x%x to 0x%x."
                        .formatted(domain.id(), wanted.start(), wanted.last());
    }

    private String complaint(Domain domain) {
        if (!DomainsModel.hasTable(domain)) {
            return "Domain %d has no table: its type is %s."
                    .formatted(domain.id(), domain.type().sysfs());
        }
        if (iova.isPresent() && iova.getAsLong() % PAGE != 0) {
            return unaligned("IOVA", iova.getAsLong());
        }
        if (bytes.isPresent() && (bytes.getAsLong() % PAGE != 0 || bytes.getAsLong() <= 0)) {
            return "0x%x bytes: take a multiple of 0x1000.".formatted(bytes.getAsLong());
        }
        int bits = addressBits(domain);
        long last = iova.orElse(0) + bytes.orElse(1) - 1;
        if (bits < 64 && (iova.orElse(0) >>> bits != 0 || last >>> bits != 0)) {
            return "0x%x lies beyond the %d bits that %d levels translate."
                    .formatted(last, bits, domain.levels());
        }
        return "";
    }

    private static String unaligned(String what, long address) {
        return "%s 0x%x lies within a page: take 0x%x.".formatted(what, address, address & -PAGE);
    }

    boolean isCompleteToMap() {
        return isCompleteToUnmap() && hpa.isPresent();
    }

    boolean isCompleteToUnmap() {
        return iova.isPresent() && bytes.isPresent();
    }

    /// What the domain's tables lead to: `GPA` if they are those of a guest, else `HPA`.
    static String target(Domain domain) {
        return domain.parent() == 0 ? "HPA" : "GPA";
    }

    static int addressBits(Domain domain) {
        return LOWEST_TABLE_BITS + BITS_PER_LEVEL * domain.levels();
    }

    static AddressRange range(Mapping mapping) {
        return AddressRange.of(mapping.iova(), mapping.bytes());
    }
}

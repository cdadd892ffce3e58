package iommulab.app.invalidation;

import iommulab.engine.os.SoftwareView;

import java.util.List;
import java.util.Set;

/// Something that an invalidation can name, rightly or wrongly.
///
/// @param key as in [SoftwareView.Node]
/// @param id its number in its IOMMUFD
/// @param entryType what its entries are; empty if it takes none
/// @param domain number of its domain, 0 if hardware knows none
record InvalidationTarget(
        String key, String iommufd, String type, int id, String entryType, int domain) {
    private static final Set<String> TYPES = Set.of("HWPT_NESTED", "VIOMMU", "HWPT_PAGING", "IOAS");

    /// Nested tables and virtual IOMMUs first: the others are refused.
    static List<InvalidationTarget> of(SoftwareView software) {
        return software.nodes().stream()
                .filter(node -> TYPES.contains(node.type()))
                .map(node ->
                        new InvalidationTarget(
                                node.key(),
                                node.within(),
                                node.type(),
                                node.id(),
                                entryType(node),
                                node.domain()))
                .sorted((one, other) ->
                        Boolean.compare(one.entryType().isEmpty(), other.entryType().isEmpty()))
                .toList();
    }

    private static String entryType(SoftwareView.Node node) {
        return switch (node.type()) {
            case "HWPT_NESTED" -> node.fact("entries of an invalidation").orElse("");
            case "VIOMMU" -> EntryKind.VIOMMU_SELFTEST.word();
            default -> "";
        };
    }

    /// `iommufd1/3 HWPT_NESTED`
    @Override
    public String toString() {
        return key + " " + type;
    }
}

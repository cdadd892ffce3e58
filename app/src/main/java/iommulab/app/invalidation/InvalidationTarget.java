package iommulab.app.invalidation;

import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.Numbers;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/// Something that an invalidation can name, rightly or wrongly.
///
/// @param key as in [SoftwareView.Node]
/// @param id its number in its IOMMUFD
/// @param entryType what its entries are; empty if it takes none
/// @param domain number of its domain, or of the one that it is nested on; 0 if hardware knows none
/// @param devices functions by the numbers that the guest has for them
record InvalidationTarget(
        String key,
        String iommufd,
        String type,
        int id,
        String entryType,
        int domain,
        SortedMap<Long, String> devices) {
    InvalidationTarget {
        devices = Collections.unmodifiableSortedMap(new TreeMap<>(devices));
    }

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
                                domain(software, node),
                                devices(software, node)))
                .sorted((one, other) ->
                        Boolean.compare(one.entryType().isEmpty(), other.entryType().isEmpty()))
                .toList();
    }

    private static String entryType(SoftwareView.Node node) {
        return switch (node.type()) {
            case "HWPT_NESTED" -> node.fact("entries of an invalidation").orElse("");
            case "VIOMMU" ->
                    switch (node.fact("type").orElse("")) {
                        case "selftest" -> EntryKind.VIOMMU_SELFTEST.word();
                        case "arm_smmuv3" -> EntryKind.ARM_SMMUV3.word();
                        case "amd" -> EntryKind.AMD.word();
                        default -> "";
                    };
            default -> "";
        };
    }

    private static int domain(SoftwareView software, SoftwareView.Node node) {
        return node.domain() != 0
                ? node.domain()
                : software.nodes().stream()
                        .filter(other -> other.within().equals(node.within()))
                        .filter(other ->
                                node.fact("on")
                                        .filter((other.type() + " " + other.id())::equals)
                                        .isPresent())
                        .mapToInt(SoftwareView.Node::domain)
                        .findFirst()
                        .orElse(0);
    }

    private static SortedMap<Long, String> devices(SoftwareView software, SoftwareView.Node node) {
        var devices = new TreeMap<Long, String>();
        for (var edge : software.keeping(node.key())) {
            software.node(edge.from())
                    .filter(other -> other.type().equals("VDEVICE"))
                    .ifPresent(device ->
                            devices.put(
                                    device.fact("number in the guest")
                                            .flatMap(Numbers::read)
                                            .orElse(0L),
                                    device.fact("function").orElse("")));
        }
        return devices;
    }

    /// `iommufd1/3 HWPT_NESTED`
    @Override
    public String toString() {
        return key + " " + type;
    }
}

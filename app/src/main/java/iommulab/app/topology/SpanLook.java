package iommulab.app.topology;

import iommulab.engine.memory.Region.RegionKind;

import java.util.List;

/// What one span of the memory column says.
///
/// @param address its first address
/// @param shares what domains map into it, in words, each with its number
record SpanLook(RegionKind kind, String title, String second, String address, List<Share> shares) {

    record Share(int domain, String words) {}

    static SpanLook of(MemorySpan span) {
        return new SpanLook(
                span.kind(),
                title(span),
                second(span),
                Bytes.address(span.range().start()),
                span.domains().stream()
                        .limit(3)
                        .map(share ->
                                new Share(
                                        share.domain(),
                                        "domain %d, %s"
                                                .formatted(
                                                        share.domain(),
                                                        Bytes.words(share.bytes()))))
                        .toList());
    }

    private static String title(MemorySpan span) {
        return switch (span.kind()) {
            case RAM -> span.name();
            case TABLES -> "Translation tables";
            case BAR -> span.regions() == 1 ? span.name() : "BARs of devices";
            case INTERRUPT -> "Interrupt window";
            case RESERVED -> span.regions() == 1 ? span.name() : span.regions() + " reserved";
        };
    }

    /// How much it is; what is reserved says its count before.
    private static String second(MemorySpan span) {
        boolean counted = span.regions() > 1 && span.kind() != RegionKind.RESERVED;
        return Bytes.words(span.bytes()) + (counted ? " in " + span.regions() + " regions" : "");
    }
}

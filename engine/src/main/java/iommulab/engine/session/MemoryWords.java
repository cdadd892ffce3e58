package iommulab.engine.session;

import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.Region;

import java.util.stream.Collectors;

/// Where memory is, in words for messages.
final class MemoryWords {
    private MemoryWords() {}

    /// `0x0-0x9fbff, 0x100000-0x7fffffff`
    static String ram(AddressMap map) {
        return map.regions().stream()
                .filter(region -> region.kind().isMemory())
                .map(Region::range)
                .map(Object::toString)
                .limit(6)
                .collect(Collectors.joining(", "));
    }
}

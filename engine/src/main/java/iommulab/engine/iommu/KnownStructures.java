package iommulab.engine.iommu;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/// Bit tables that were made once: a frame has hundreds of entries of the same kind.
public final class KnownStructures {
    private final Map<Integer, Structure> byKind = new HashMap<>();

    /// None yet.
    public KnownStructures() {}

    /// The bit table of a kind of entry.
    ///
    /// @param kind the caller's number for it
    /// @param maker makes it the first time
    public Structure of(int kind, Supplier<Structure> maker) {
        return byKind.computeIfAbsent(kind, _ -> maker.get());
    }
}

package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// Reads root and context tables from memory: from a requester to its context entry.
/// Spec: VT-d, "Root Entry", "Context Entry".
final class DeviceTables {
    private final PhysicalMemory memory;
    private final VtdCapabilities capabilities;
    private final long rootReserved;
    private final long contextReserved;
    private long low;
    private long high;
    private int reads;
    private @Nullable VtdFault fault;

    DeviceTables(PhysicalMemory memory, VtdCapabilities capabilities) {
        this.memory = memory;
        this.capabilities = capabilities;
        rootReserved = 0xffeL | -1L << capabilities.hostAddressBits();
        contextReserved = ContextEntry.reservedInLow(capabilities);
    }

    /// Finds the context entry of a requester and checks it.
    ///
    /// @param rootTable hpa
    /// @return why there is none that can be used, or null
    @Nullable VtdFault read(long rootTable, int requester, WalkObserver observer) {
        low = 0;
        high = 0;
        reads = 1;
        long rootHpa = rootTable + (requester >>> 8) * 16L;
        long rootLow = memory.read64(rootHpa);
        long rootHigh = memory.read64(rootHpa + 8);
        observer.deviceTableRead(0, rootTable, requester >>> 8, rootHpa, rootLow, rootHigh);
        fault = checkRoot(rootHpa, rootLow, rootHigh);
        if (fault == null) {
            readContext(rootLow & -4096L, requester & 0xff, observer);
        }
        return fault;
    }

    private @Nullable VtdFault checkRoot(long rootHpa, long rootLow, long rootHigh) {
        if (rootLow == -1 && !memory.isBacked(rootHpa)) {
            return VtdFault.ROOT_UNREADABLE;
        }
        if ((rootLow & 1) == 0) {
            return VtdFault.ROOT_NOT_PRESENT;
        }
        return (rootLow & rootReserved | rootHigh) != 0 ? VtdFault.ROOT_RESERVED : null;
    }

    private void readContext(long contextTable, int devfn, WalkObserver observer) {
        long contextHpa = contextTable + devfn * 16L;
        low = memory.read64(contextHpa);
        high = memory.read64(contextHpa + 8);
        reads = 2;
        observer.deviceTableRead(1, contextTable, devfn, contextHpa, low, high);
        if (low == -1 && !memory.isBacked(contextHpa)) {
            low = 0;
            fault = VtdFault.CONTEXT_UNREADABLE;
        } else {
            fault = checkContext();
        }
    }

    /// The checks in the order in which they decide the reason: present, reserved bits, width, type.
    private @Nullable VtdFault checkContext() {
        if (!ContextEntry.isPresent(low)) {
            return VtdFault.CONTEXT_NOT_PRESENT;
        }
        if ((low & contextReserved | high & ContextEntry.reservedInHigh()) != 0) {
            return VtdFault.CONTEXT_RESERVED;
        }
        int levels = ContextEntry.levels(high);
        boolean usable =
                capabilities.supportsLevels(levels)
                        && switch (ContextEntry.type(low)) {
                            case ContextEntry.TYPE_UNTRANSLATED -> true;
                            case ContextEntry.TYPE_DEVICE_TLB -> capabilities.deviceTlb();
                            // Pass-through has no tree, and must name the deepest.
                            case ContextEntry.TYPE_PASS_THROUGH ->
                                    capabilities.passThrough()
                                            && levels == capabilities.deepestLevels();
                            default -> false;
                        };
        return usable ? null : VtdFault.CONTEXT_INVALID;
    }

    /// First word of the context entry that was read; 0 if the walk ended before it.
    long low() {
        return low;
    }

    /// Second word.
    long high() {
        return high;
    }

    /// Entries read.
    int reads() {
        return reads;
    }
}

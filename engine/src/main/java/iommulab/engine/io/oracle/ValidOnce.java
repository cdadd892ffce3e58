package iommulab.engine.io.oracle;

import com.google.gson.JsonObject;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.vtd.VtdRegisters;
import iommulab.engine.iommu.vtd.VtdUnit;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/// Remembers what memory was, in order to tell whether a stale answer is a legal one: a cache may give
/// any translation that was valid for the domain and page at some time since the last invalidation that
/// covers it.
final class ValidOnce {
    private sealed interface Event {
        /// Memory before software changed it.
        record Store(PhysicalMemory.Checkpoint before) implements Event {}

        record Invalidation(JsonObject step) implements Event {}
    }

    private final PhysicalMemory memory;
    private final VtdUnit uncached;
    private final List<Event> events = new ArrayList<>();
    private final TreeSet<Integer> requesters = new TreeSet<>();

    /// @param unit whose answers are judged; its registers are asked for when a judgement is made
    ValidOnce(VtdUnit unit, PhysicalMemory memory) {
        this.memory = memory;
        uncached = new VtdUnit(unit.capabilities(), memory, CacheShapes.NONE, 0);
    }

    void beforeStep(JsonObject step) {
        switch (step.get("op").getAsString()) {
            case "store" -> events.add(new Event.Store(memory.checkpoint()));
            case "dma" -> requesters.add((int) VtdReplay.bits(step, "sid"));
            default -> events.add(new Event.Invalidation(step));
        }
    }

    /// Whether `answer` to a DMA was right for some device of the same domain at some time since the last
    /// invalidation that covers it.
    boolean explains(JsonObject step, DmaAnswer answer, VtdUnit unit) {
        int domain = unit.lastDomain();
        long iova = VtdReplay.bits(step, "iova");
        var now = memory.checkpoint();
        boolean found = wasRight(step, answer, unit, domain);
        for (int i = events.size() - 1; i >= 0 && !found; i--) {
            if (events.get(i) instanceof Event.Store(var before)) {
                memory.restore(before);
                found = wasRight(step, answer, unit, domain);
            } else if (events.get(i) instanceof Event.Invalidation(var what)
                    && covers(what, domain, iova)) {
                break;
            }
        }
        memory.restore(now);
        return found;
    }

    /// With memory as it is.
    private boolean wasRight(JsonObject step, DmaAnswer answer, VtdUnit unit, int domain) {
        var registers = uncached.registers();
        registers.write64(VtdRegisters.ROOT_TABLE_ADDRESS, unit.rootTableAddress());
        registers.write32(
                VtdRegisters.GLOBAL_COMMAND, VtdRegisters.ROOT_POINTER | VtdRegisters.TRANSLATION);
        return requesters.stream()
                .anyMatch(requester -> {
                    var then = VtdReplay.dma(uncached, requester, step, true);
                    return uncached.lastDomain() == domain
                            && answer.pieces().equals(then.pieces())
                            && answer.sameReason(then);
                });
    }

    private static boolean covers(JsonObject what, int domain, long iova) {
        if (what.get("op").getAsString().startsWith("translation")) {
            return true;
        }
        if (!what.has("kind")) {
            return false;
        }
        return switch (what.get("kind").getAsString()) {
            case "iotlb-global" -> true;
            case "iotlb-domain" -> what.get("domain").getAsInt() == domain;
            case "iotlb-page" -> {
                int shift = 12 + what.get("address_mask").getAsInt();
                yield what.get("domain").getAsInt() == domain
                        && (VtdReplay.bits(what, "addr") ^ iova) >>> shift == 0;
            }
            default -> false;
        };
    }
}

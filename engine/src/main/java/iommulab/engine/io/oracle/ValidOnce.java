package iommulab.engine.io.oracle;

import com.google.gson.JsonObject;

import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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

    /// A unit with the registers of the one whose answers are judged, and without caches.
    interface Uncached {
        /// What it answers to a DMA, with memory as it is; empty if the requester is not in the domain.
        Optional<DmaAnswer> answer(JsonObject step, int requester, int domain);
    }

    private final PhysicalMemory memory;
    private final Uncached uncached;
    private final List<Event> events = new ArrayList<>();
    private final TreeSet<Integer> requesters = new TreeSet<>();

    ValidOnce(PhysicalMemory memory, Uncached uncached) {
        this.memory = memory;
        this.uncached = uncached;
    }

    void beforeStep(JsonObject step) {
        switch (step.get("op").getAsString()) {
            case "store" -> events.add(new Event.Store(memory.checkpoint()));
            case "dma" -> requesters.add((int) MemoryImage.bits(step, "sid"));
            default -> events.add(new Event.Invalidation(step));
        }
    }

    /// Whether `answer` to a DMA was right for some device of the same domain at some time since the last
    /// invalidation that covers it.
    ///
    /// @param domain that the unit found for it
    boolean explains(JsonObject step, DmaAnswer answer, int domain) {
        long iova = MemoryImage.bits(step, "iova");
        var now = memory.checkpoint();
        boolean found = wasRight(step, answer, domain);
        for (int i = events.size() - 1; i >= 0 && !found; i--) {
            if (events.get(i) instanceof Event.Store(var before)) {
                memory.restore(before);
                found = wasRight(step, answer, domain);
            } else if (events.get(i) instanceof Event.Invalidation(var what)
                    && covers(what, domain, iova)) {
                break;
            }
        }
        memory.restore(now);
        return found;
    }

    /// With memory as it is.
    private boolean wasRight(JsonObject step, DmaAnswer answer, int domain) {
        return requesters.stream()
                .flatMap(requester -> uncached.answer(step, requester, domain).stream())
                .anyMatch(then -> answer.pieces().equals(then.pieces()) && answer.sameReason(then));
    }

    private static boolean covers(JsonObject what, int domain, long iova) {
        if (what.get("op").getAsString().startsWith("translation")) {
            return true;
        }
        if (!what.has("kind")) {
            return false;
        }
        return switch (what.get("kind").getAsString()) {
            case "iotlb-global", "all" -> true;
            case "iotlb-domain" -> what.get("domain").getAsInt() == domain;
            case "iotlb-page" -> {
                int shift = 12 + what.get("address_mask").getAsInt();
                yield what.get("domain").getAsInt() == domain
                        && (MemoryImage.bits(what, "addr") ^ iova) >>> shift == 0;
            }
            case "pages" -> what.get("domain").getAsInt() == domain && coversPages(what, iova);
            default -> false;
        };
    }

    /// AMD-Vi: with S the lowest zero bit of the address gives the size.
    private static boolean coversPages(JsonObject what, long iova) {
        long address = MemoryImage.bits(what, "addr");
        int shift = what.has("s") ? 13 + Long.numberOfTrailingZeros(~(address >>> 12)) : 12;
        return shift > 63 || (address ^ iova) >>> shift == 0;
    }
}

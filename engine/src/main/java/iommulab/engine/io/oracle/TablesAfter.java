package iommulab.engine.io.oracle;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import iommulab.engine.memory.PhysicalMemory;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// What the words of an image should be after each step: as software left them, with the accessed and
/// dirty bits that walks set.
final class TablesAfter {
    /* A and D of a first-stage entry. */
    private static final long MARKS = 3 << 5;

    private final PhysicalMemory memory;
    private final Map<Long, Long> words = new TreeMap<>();
    /* Where accessed and dirty bits are not known: a stale entry may have spared the walk, or not. */
    private final Set<Long> unsure = new TreeSet<>();

    /// @param pages of the image, loaded already
    TablesAfter(PhysicalMemory memory, JsonArray pages) {
        this.memory = memory;
        for (var element : pages) {
            var page = element.getAsJsonObject();
            long gpa = MemoryImage.bits(page, "gpa");
            var offsets = page.getAsJsonObject("qwords");
            for (var offset : offsets.keySet()) {
                words.put(gpa + Long.decode(offset), MemoryImage.bits(offsets, offset));
            }
        }
    }

    void stored(long hpa, long word) {
        unsure.remove(hpa);
        words.put(hpa, word);
    }

    /// Compares memory after a DMA. Where a stale entry was allowed to serve one, the bits that it set are
    /// not known until software writes the entry again.
    Optional<String> compare(JsonObject step) {
        boolean stale = step.has("stale_allowed");
        expect(step, "memory_after", stale);
        expect(step, "spec_memory_after", stale);
        var wrong = new StringBuilder();
        words.forEach((hpa, word) -> {
            long now = memory.read64(hpa);
            long compared = stale || unsure.contains(hpa) ? ~MARKS : -1;
            if (stale && now != word) {
                unsure.add(hpa);
            }
            if (((now ^ word) & compared) != 0) {
                wrong.append(" 0x%x is 0x%x, not 0x%x".formatted(hpa, now, word));
            }
        });
        words.replaceAll((hpa, _) -> memory.read64(hpa));
        return wrong.isEmpty() ? Optional.empty() : Optional.of("tables afterwards:" + wrong);
    }

    private void expect(JsonObject step, String member, boolean stale) {
        if (step.has(member)) {
            var changed = step.getAsJsonObject(member);
            for (var hpa : changed.keySet()) {
                long at = Long.parseUnsignedLong(hpa, 2, hpa.length(), 16);
                words.put(at, MemoryImage.bits(changed, hpa));
                if (stale) {
                    unsure.add(at);
                }
            }
        }
    }
}

package iommulab.engine.io.oracle;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.memory.Region;
import iommulab.engine.memory.Region.RegionKind;

import java.util.List;
import java.util.Optional;

/// The memory of a file of DMA steps: what RAM there is and what lies in it, and beyond it a few pages for
/// rings and logs that the file does not know.
final class MemoryImage {
    /// Beyond every address that an image can name, because its host has fewer bits.
    static final long RINGS = 1L << 51;

    private static final int RING_BYTES = 4 * 4096;

    private MemoryImage() {}

    /// @param pages as the file has them
    static PhysicalMemory read(JsonArray pages) {
        var memory =
                new PhysicalMemory(
                        new AddressMap(
                                List.of(
                                        ram(0, 0x9_ffff),
                                        ram(0x10_0000, 0x7fff_ffff),
                                        ram(RINGS, RINGS + RING_BYTES - 1))));
        for (var element : pages) {
            var page = element.getAsJsonObject();
            long gpa = bits(page, "gpa");
            var words = page.getAsJsonObject("qwords");
            for (var offset : words.keySet()) {
                memory.write64(gpa + Long.decode(offset), bits(words, offset));
            }
        }
        return memory;
    }

    private static Region ram(long start, long last) {
        return new Region(
                new AddressRange(start, last), RegionKind.RAM, "System RAM", Optional.empty());
    }

    /// A number that a file writes in hex, `0x` before it.
    static long bits(JsonObject object, String member) {
        return bits(object.get(member).getAsString());
    }

    static long bits(String text) {
        return Long.parseUnsignedLong(text, 2, text.length(), 16);
    }
}

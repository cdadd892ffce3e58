package iommulab.engine.session;

import iommulab.engine.iommu.Field;

import java.util.List;

/// One 4 KiB frame of memory as the screen may see it: its words, and what they are to whom. Deeply
/// immutable.
///
/// @param hpa first byte, a multiple of 4096
/// @param backed whether memory answers there; else all words are ones
/// @param region name of the memory that it lies in, such as `System RAM`; empty if none
/// @param words 512 words of 64 bits
/// @param parts structures that lie in it, as IOMMUs would use them
/// @param mappings domains that map it, in words
public record FrameView(
        long hpa,
        boolean backed,
        String region,
        List<Long> words,
        List<Part> parts,
        List<String> mappings) {
    public FrameView {
        words = List.copyOf(words);
        parts = List.copyOf(parts);
        mappings = List.copyOf(mappings);
    }

    /// A structure, or the piece of it that lies in this frame.
    ///
    /// @param unit name of the IOMMU that uses it
    /// @param what it is
    /// @param pointer hpa of the entry that points to it, -1 if a register does
    /// @param pointedBy what points to it
    /// @param entries all of them, those that are zero too
    public record Part(
            String unit, String what, long pointer, String pointedBy, List<Entry> entries) {
        public Part {
            entries = List.copyOf(entries);
        }
    }

    /// One entry of a structure.
    ///
    /// @param hpa where it lies
    /// @param index in its table
    /// @param name of the structure, such as `Context entry`
    /// @param raw its 64-bit words, lowest first
    /// @param fields decoded, from the highest bit down
    /// @param targets hpas to which it leads; none if nowhere, several if it has several pointers
    public record Entry(
            long hpa,
            int index,
            String name,
            List<Long> raw,
            List<Field> fields,
            List<Long> targets) {
        public Entry {
            raw = List.copyOf(raw);
            fields = List.copyOf(fields);
            targets = List.copyOf(targets);
        }

        /// Whether nothing was written there, or everything taken back.
        public boolean isZero() {
            return raw.stream().allMatch(word -> word == 0);
        }

        /// hpa to which it leads first, -1 if nowhere.
        public long target() {
            return targets.isEmpty() ? -1 : targets.getFirst();
        }
    }

    /// A structure in memory, as a list of all of them shows it.
    ///
    /// @param bytes its size
    /// @param pointer hpa of the entry that points to it, -1 if a register does
    public record Place(String unit, String what, long hpa, int bytes, long pointer) {}
}

package iommulab.app.memory;

import iommulab.engine.iommu.QueueState;
import iommulab.engine.session.FrameView;
import iommulab.engine.session.FrameView.Entry;
import iommulab.engine.session.FrameView.Part;
import iommulab.engine.session.MachineSnapshot.Unit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A frame as the hex view shows it: 512 words, each with what it belongs to. Pure.
///
/// @param hpa of the first word
record HexModel(long hpa, List<Word> words) {
    static final int WORDS = 512;
    static final int WORD_BYTES = 8;

    /// What stands in a word.
    enum Tint {
        ZERO,
        /// Something, and no IOMMU reads it.
        DATA,
        /// Part of an entry that leads nowhere.
        ENTRY,
        /// Part of an entry that leads to a table or a page.
        LEADS
    }

    /// One word of 64 bits.
    ///
    /// @param use the entry that it is part of
    /// @param mark `head`, `tail` or both, if a ring is read or written here next; else empty
    record Word(long raw, Tint tint, Optional<Use> use, String mark) {}

    /// An entry, and the structure that it is part of.
    record Use(Part part, Entry entry) {
        /// Address of the word in which the entry begins: two of 32 bits share one.
        long start() {
            return entry.hpa() & -WORD_BYTES;
        }
    }

    HexModel {
        words = List.copyOf(words);
    }

    static HexModel of(FrameView frame, List<Unit> units) {
        var uses = uses(frame);
        var marks = marks(units);
        var words = new ArrayList<Word>();
        for (int i = 0; i < WORDS; i++) {
            long hpa = frame.hpa() + (long) i * WORD_BYTES;
            long raw = frame.words().get(i);
            var use = Optional.ofNullable(uses.get(hpa));
            words.add(new Word(raw, tint(raw, use), use, marks.getOrDefault(hpa, "")));
        }
        return new HexModel(frame.hpa(), words);
    }

    private static Tint tint(long raw, Optional<Use> use) {
        if (use.isEmpty() || use.get().entry().isZero()) {
            return raw == 0 ? Tint.ZERO : Tint.DATA;
        }
        return use.get().entry().target() >= 0 ? Tint.LEADS : Tint.ENTRY;
    }

    /// The entry of each word; where two structures lie in one frame, that of the first.
    private static Map<Long, Use> uses(FrameView frame) {
        var uses = new HashMap<Long, Use>();
        for (var part : frame.parts()) {
            for (var entry : part.entries()) {
                var use = new Use(part, entry);
                for (int word = 0; word < entry.raw().size(); word++) {
                    uses.putIfAbsent(use.start() + (long) word * WORD_BYTES, use);
                }
            }
        }
        return uses;
    }

    private static Map<Long, String> marks(List<Unit> units) {
        var marks = new HashMap<Long, String>();
        for (var unit : units) {
            for (QueueState queue : unit.queues()) {
                marks.merge(queue.base() + queue.head(), "head", HexModel::both);
                marks.merge(queue.base() + queue.tail(), "tail", HexModel::both);
            }
        }
        return marks;
    }

    private static String both(String one, String other) {
        return one.contains(other) ? one : one + ", " + other;
    }

    /// The word at an address of this frame.
    Word at(long address) {
        return words.get(indexOf(address));
    }

    /// Address of the first word of an entry that is not zero, from an address on; that address if there is
    /// none.
    long firstEntryFrom(long address) {
        for (int i = indexOf(address); i < WORDS; i++) {
            if (words.get(i).use().filter(use -> !use.entry().isZero()).isPresent()) {
                return addressOf(i);
            }
        }
        return address;
    }

    int indexOf(long address) {
        return (int) (address - hpa & 4095) / WORD_BYTES;
    }

    long addressOf(int index) {
        return hpa + (long) index * WORD_BYTES;
    }
}

package iommulab.engine.os;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;

import java.util.Map;
import java.util.TreeMap;

/// The table of one device's PASIDs, in two levels, as AMD-Vi (GCR3), SMMUv3 (context descriptors),
/// RISC-V (process directory) and the self-test's IOMMU have it. Lower tables have 4 KiB. It lies in a guest's
/// memory when the guest owns it. Tables
/// are kept until nothing of the device is attached any more.
///
/// Not thread-safe: one engine thread owns it.
final class PasidDirectory {
    private final Shape shape;
    private final long root;
    /* By address, as the tables themselves hold it: hpa. */
    private final TreeMap<Long, Long> tables;

    /// How one architecture lays it out.
    ///
    /// @param leafBits bits of the PASID that choose an entry of a lower table
    /// @param entryBytes size of such an entry
    interface Shape {
        /// Bits of the PASID that choose an entry of 8 bytes of the upper table.
        default int rootBits() {
            return 9;
        }

        int leafBits();

        int entryBytes();

        /// The entry of the upper table that leads to a lower one.
        long pointer(long table);
    }

    private PasidDirectory(Shape shape, long root, Map<Long, Long> tables) {
        this.shape = shape;
        this.root = root;
        this.tables = new TreeMap<>(tables);
    }

    /// A directory without PASIDs.
    ///
    /// @throws MappingRefused (ENOMEM) if no frame is left
    static PasidDirectory create(TableStore store, Shape shape) throws MappingRefused {
        var directory = new PasidDirectory(shape, 0, Map.of());
        long root = directory.newTable(store, rootFrames(shape));
        return new PasidDirectory(shape, root, directory.tables);
    }

    private static int rootFrames(Shape shape) {
        return Math.max(1, 1 << shape.rootBits() - 9);
    }

    /// Gives its frames back. Hardware must not know it any more.
    void destroy(FrameAllocator frames) {
        for (long table : tables.keySet()) {
            int count = table == root ? rootFrames(shape) : 1;
            for (int frame = 0; frame < count; frame++) {
                frames.free(table + frame * 4096L);
            }
        }
    }

    /// Address of the upper table.
    long root() {
        return root;
    }

    /// Bits of a PASID that it reaches.
    int pasidBits() {
        return shape.rootBits() + shape.leafBits();
    }

    /// Writes the entry of a PASID.
    ///
    /// @param words the first word last, so that the entry is valid when it is complete
    /// @throws MappingRefused (ENOMEM) if no frame is left
    void set(TableStore store, int pasid, long[] words) throws MappingRefused {
        long slot = slotOf(pasid);
        long leaf = leafOf(store.memory(), slot);
        if (leaf < 0) {
            long table = newTable(store, 1);
            store.memory().write64(slot, shape.pointer(table));
            leaf = hpaOf(table);
        }
        long entry = leaf + entryOffset(pasid);
        for (int word = words.length - 1; word >= 0; word--) {
            store.memory().write64(entry + word * 8L, words[word]);
        }
    }

    /// Writes the entry of a PASID again, if there is a table for it.
    ///
    /// @param words the first word last
    void rewrite(PhysicalMemory memory, int pasid, long[] words) {
        long leaf = leafOf(memory, slotOf(pasid));
        for (int word = words.length - 1; leaf >= 0 && word >= 0; word--) {
            memory.write64(leaf + entryOffset(pasid) + word * 8L, words[word]);
        }
    }

    /// Clears the entry of a PASID.
    void clear(PhysicalMemory memory, int pasid) {
        rewrite(memory, pasid, new long[shape.entryBytes() / 8]);
    }

    /// hpa of the entry of a PASID that has one.
    long entryOf(PhysicalMemory memory, int pasid) {
        return leafOf(memory, slotOf(pasid)) + entryOffset(pasid);
    }

    private long slotOf(int pasid) {
        return hpaOf(root) + (pasid >>> shape.leafBits()) * 8L;
    }

    private long entryOffset(int pasid) {
        return (pasid & (1 << shape.leafBits()) - 1) * (long) shape.entryBytes();
    }

    /// hpa of the lower table to which an entry leads, -1 if to none.
    private long leafOf(PhysicalMemory memory, long slot) {
        long entry = memory.read64(slot);
        for (var table : tables.entrySet()) {
            if (table.getKey() != root && shape.pointer(table.getKey()) == entry) {
                return table.getValue();
            }
        }
        return -1;
    }

    private long hpaOf(long table) {
        Long hpa = tables.get(table);
        if (hpa == null) {
            throw new IllegalStateException("no PASID table at 0x%x".formatted(table));
        }
        return hpa;
    }

    private long newTable(TableStore store, int frames) throws MappingRefused {
        long table = store.takeCleared(frames, "a table of PASIDs");
        tables.put(table, store.toHost().applyAsLong(table));
        return table;
    }

    /// A directory at one instant; its content is memory.
    record State(long root, Map<Long, Long> tables) {
        State {
            tables = Map.copyOf(tables);
        }

        PasidDirectory resume(Shape shape) {
            return new PasidDirectory(shape, root, tables);
        }
    }

    State checkpoint() {
        return new State(root, tables);
    }
}

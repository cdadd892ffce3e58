package iommulab.engine.cache;

import java.util.Arrays;

/// The address spaces that an IOMMU has met, each with a number of 16 bits: what its caches are tagged
/// with where the architecture tags with a pair (domain and PASID, VMID and ASID, GSCID and PSCID). The
/// entry cached for a device carries the number, so that a hit has nothing to look up.
///
/// Numbers are given in the order in which spaces are met and never change; when all are given, [#isFull]
/// says so, and the unit empties its caches and calls [#clear].
public final class Spaces {
    /// The inner half of a space that has none.
    public static final int NONE = -1;

    private static final int MOST = 1 << 16;

    /*
     *   keys  by number: owner << 32 | inner
     *   slots open addressing, at most half full: number + 1, 0 = free
     */
    private long[] keys = new long[8];
    private int[] slots = new int[32];
    private int count;

    /// No space yet.
    public Spaces() {}

    /// The same spaces with the same numbers, sharing nothing.
    public Spaces copy() {
        var copy = new Spaces();
        copy.keys = keys.clone();
        copy.slots = slots.clone();
        copy.count = count;
        return copy;
    }

    /// The number of a space; a new one if it was never met. Allocates only when it grows.
    ///
    /// @param owner domain, VMID or GSCID
    /// @param inner PASID, ASID or PSCID; [#NONE] if translations belong to the owner as a whole
    public int of(int owner, int inner) {
        long key = (long) owner << 32 | inner & 0xffff_ffffL;
        int slot = slotOf(key);
        if (slots[slot] != 0) {
            return slots[slot] - 1;
        }
        if (isFull()) {
            throw new IllegalStateException("all numbers of address spaces are given");
        }
        if ((count + 1) * 2 > slots.length) {
            grow();
            slot = slotOf(key);
        }
        if (count == keys.length) {
            keys = Arrays.copyOf(keys, count * 2);
        }
        keys[count] = key;
        slots[slot] = ++count;
        return count - 1;
    }

    /// Domain, VMID or GSCID of a space.
    public int owner(int space) {
        return (int) (keys[space] >> 32);
    }

    /// PASID, ASID or PSCID of a space, or [#NONE].
    public int inner(int space) {
        return (int) keys[space];
    }

    /// Whether no further number can be given.
    public boolean isFull() {
        return count == MOST;
    }

    /// Forgets all numbers. No cache may hold one.
    public void clear() {
        Arrays.fill(slots, 0);
        count = 0;
    }

    /// Hash of all numbers given.
    public long stateHash() {
        long hash = count;
        for (int space = 0; space < count; space++) {
            hash = hash * 31 + keys[space];
        }
        return hash;
    }

    private int slotOf(long key) {
        long spread = key * 0x9e37_79b9_7f4a_7c15L;
        int slot = (int) (spread >>> 32) & slots.length - 1;
        while (slots[slot] != 0 && keys[slots[slot] - 1] != key) {
            slot = slot + 1 & slots.length - 1;
        }
        return slot;
    }

    private void grow() {
        slots = new int[slots.length * 2];
        for (int space = 0; space < count; space++) {
            slots[slotOf(keys[space])] = space + 1;
        }
    }
}

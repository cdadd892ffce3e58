package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// Reads scalable mode's structures from memory: from a requester to its context entry, from there
/// through PASID directory and PASID table to the entry of one PASID.
/// Spec: VT-d, "Scalable-Mode Root Entry", "Scalable-Mode Context Entry", "Scalable-Mode PASID Directory
/// Entry", "Scalable-Mode PASID Table Entry".
final class ScalableTables {
    private static final int TABLE_INDEX_BITS = 6;
    private static final long DIRECTORY_RESERVED = 0xffc;

    private final PhysicalMemory memory;
    private final VtdCapabilities capabilities;
    private final long rootReserved;
    private final long directoryReserved;
    private final long[] words = new long[PasidEntry.WORDS];
    private int reads;
    private boolean silent;

    ScalableTables(PhysicalMemory memory, VtdCapabilities capabilities) {
        this.memory = memory;
        this.capabilities = capabilities;
        rootReserved = 0xffeL | -1L << capabilities.hostAddressBits();
        directoryReserved = reservedInDirectory(capabilities);
    }

    // ---- root and context entry

    /// Finds the context entry of a requester and checks it. Its words are then in [#word].
    ///
    /// @param rootTable hpa
    /// @return why there is none that can be used, or null
    @Nullable VtdFault readContext(long rootTable, int requester, WalkObserver observer) {
        silent = false;
        reads = 1;
        int bus = requester >>> 8;
        boolean upper = (requester & 0x80) != 0;
        long rootHpa = rootTable + bus * 16L;
        long low = memory.read64(rootHpa);
        long high = memory.read64(rootHpa + 8);
        observer.deviceTableRead(0, rootTable, bus, rootHpa, low, high);
        if (low == -1 && !memory.isBacked(rootHpa)) {
            return VtdFault.SM_ROOT_UNREADABLE;
        }
        // Only the half that counts for this device is looked at.
        long half = upper ? high : low;
        if ((half & 1) == 0) {
            return VtdFault.SM_ROOT_NOT_PRESENT;
        }
        return (half & rootReserved) != 0
                ? VtdFault.SM_ROOT_RESERVED
                : readContextEntry(half & -4096L, requester & 0x7f, observer);
    }

    private @Nullable VtdFault readContextEntry(long table, int index, WalkObserver observer) {
        long hpa = table + (long) index * ScalableContext.BYTES;
        readWords(hpa, 4);
        reads = 2;
        observer.deviceTableRead(1, table, index, hpa, words[0], words[1]);
        if (words[0] == -1 && !memory.isBacked(hpa)) {
            return VtdFault.SM_CONTEXT_UNREADABLE;
        }
        silent = ScalableContext.isSilent(words[0]);
        if (!ScalableContext.isPresent(words[0])) {
            return VtdFault.SM_CONTEXT_NOT_PRESENT;
        }
        long reserved =
                words[0] & ScalableContext.reserved(0, capabilities)
                        | words[1] & ScalableContext.reserved(1, capabilities)
                        | words[2]
                        | words[3];
        return reserved != 0 ? VtdFault.SM_CONTEXT_RESERVED : null;
    }

    // ---- PASID directory and table

    /// Finds the entry of a PASID and checks it. Its words are then in [#word].
    ///
    /// @param directory hpa of the PASID directory
    /// @param pasid that the directory is large enough for
    /// @param contextSilent FPD of the context entry
    /// @return why there is none that can be used, or null
    @Nullable VtdFault readPasidEntry(
            long directory, int pasid, boolean contextSilent, WalkObserver observer) {
        silent = contextSilent;
        reads = 1;
        int index = pasid >>> TABLE_INDEX_BITS;
        long hpa = directory + index * 8L;
        long entry = memory.read64(hpa);
        observer.deviceTableRead(2, directory, index, hpa, entry, 0);
        if (entry == -1 && !memory.isBacked(hpa)) {
            return VtdFault.DIRECTORY_UNREADABLE;
        }
        silent |= PasidEntry.isSilent(entry);
        if ((entry & 1) == 0) {
            return VtdFault.DIRECTORY_NOT_PRESENT;
        }
        return (entry & directoryReserved) != 0
                ? VtdFault.DIRECTORY_RESERVED
                : readTableEntry(entry & -4096L, pasid & (1 << TABLE_INDEX_BITS) - 1, observer);
    }

    private @Nullable VtdFault readTableEntry(long table, int index, WalkObserver observer) {
        long hpa = table + (long) index * PasidEntry.BYTES;
        readWords(hpa, PasidEntry.WORDS);
        reads = 2;
        observer.deviceTableRead(3, table, index, hpa, words[0], words[1]);
        if (words[0] == -1 && !memory.isBacked(hpa)) {
            return VtdFault.PASID_UNREADABLE;
        }
        silent |= PasidEntry.isSilent(words[0]);
        if (!PasidEntry.isPresent(words[0])) {
            return VtdFault.PASID_NOT_PRESENT;
        }
        long reserved = 0;
        for (int word = 0; word < PasidEntry.WORDS; word++) {
            reserved |= words[word] & PasidEntry.reserved(word);
        }
        if (reserved != 0) {
            return VtdFault.PASID_RESERVED;
        }
        return isUsable() ? null : VtdFault.PASID_INVALID;
    }

    /// Whether the unit has what the entry asks for.
    private boolean isUsable() {
        int type = PasidEntry.type(words[0]);
        boolean known =
                switch (type) {
                    case PasidEntry.FIRST_STAGE -> capabilities.firstStage();
                    case PasidEntry.SECOND_STAGE -> capabilities.secondStage();
                    case PasidEntry.NESTED -> capabilities.nested();
                    case PasidEntry.PASS_THROUGH -> capabilities.passThrough();
                    default -> false;
                };
        int mode = PasidEntry.firstStageMode(words[2]);
        boolean first = mode == 0 || mode == 1 && capabilities.firstStageFiveLevels();
        boolean second = capabilities.supportsLevels(PasidEntry.secondStageLevels(words[0]));
        return known
                && (first || !PasidEntry.hasFirstStage(type))
                && (second || !PasidEntry.hasSecondStage(type));
    }

    /// Bits of a PASID directory entry that must be zero.
    static long reservedInDirectory(VtdCapabilities capabilities) {
        return DIRECTORY_RESERVED | -1L << capabilities.hostAddressBits();
    }

    private void readWords(long hpa, int count) {
        for (int word = 0; word < count; word++) {
            words[word] = memory.read64(hpa + word * 8L);
        }
    }

    /// A word of the entry that was read last.
    long word(int index) {
        return words[index];
    }

    /// Entries read by the last call.
    int reads() {
        return reads;
    }

    /// FPD: an entry on the way says that qualified faults are not recorded.
    boolean isSilent() {
        return silent;
    }
}

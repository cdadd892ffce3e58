package iommulab.engine.iommu.selftest;

import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// Reads the entries of devices and PASIDs from memory. Not thread-safe: one engine thread owns it.
final class EntryReader {
    /// Bits of a PASID that choose an entry of a lower table.
    static final int LEAF_BITS = 7;

    /// Step of a device's entry, as [WalkObserver] is told.
    static final int DEVICE = 0;

    /// Step of an entry of a PASID directory.
    static final int DIRECTORY = 1;

    /// Step of a PASID's entry.
    static final int PASID = 2;

    private final PhysicalMemory memory;
    private WalkObserver observer = WalkObserver.NONE;
    private @Nullable SelftestFault fault;
    private int reads;

    EntryReader(PhysicalMemory memory) {
        this.memory = memory;
    }

    void observe(WalkObserver newObserver) {
        observer = newObserver;
    }

    /// The entry of a device, which may say blocked; null if there is none, see [#fault].
    @Nullable TranslationEntry device(long table, int tableBytes, int requester) {
        reads = 0;
        fault = null;
        if ((long) requester * TranslationEntry.BYTES >= tableBytes) {
            fault = SelftestFault.BEYOND_DEVICE_TABLE;
            return null;
        }
        return entry(DEVICE, table, requester, SelftestFault.DEVICE_TABLE_UNREADABLE);
    }

    /// The entry of a PASID of a device, which may say blocked; null if there is none, see [#fault].
    @Nullable TranslationEntry pasid(TranslationEntry device, int pasid) {
        reads = 0;
        fault = null;
        if (!device.hasPasids()) {
            fault = SelftestFault.PASIDS_OFF;
            return null;
        }
        long directory = TranslationEntry.table(device.pasidTable());
        int index = pasid >>> LEAF_BITS;
        long at = directory + index * 8L;
        long pointer = memory.read64(at);
        reads++;
        observer.deviceTableRead(DIRECTORY, directory, index, at, pointer, 0);
        if (!memory.isBacked(at)
                || (pointer & ~(TranslationEntry.ADDRESS | TranslationEntry.VALID)) != 0) {
            fault = SelftestFault.PASID_TABLE_UNREADABLE;
            return null;
        }
        if ((pointer & TranslationEntry.VALID) == 0) {
            fault = SelftestFault.PASID_NOT_ATTACHED;
            return null;
        }
        return entry(
                PASID,
                TranslationEntry.table(pointer),
                pasid & (1 << LEAF_BITS) - 1,
                SelftestFault.PASID_TABLE_UNREADABLE);
    }

    private @Nullable TranslationEntry entry(
            int step, long table, int index, SelftestFault unreadable) {
        long at = table + (long) index * TranslationEntry.BYTES;
        var entry =
                new TranslationEntry(
                        memory.read64(at),
                        memory.read64(at + 8),
                        memory.read64(at + 16),
                        memory.read64(at + 24));
        reads++;
        observer.deviceTableRead(step, table, index, at, entry.low(), entry.firstTable());
        if (!memory.isBacked(at)) {
            fault = unreadable;
            return null;
        }
        if (!entry.isWellFormed() || step == PASID && entry.pasidTable() != 0) {
            fault = SelftestFault.ENTRY_MALFORMED;
            return null;
        }
        return entry;
    }

    /// Why the last entry is none; null if it is one.
    @Nullable SelftestFault fault() {
        return fault;
    }

    /// Entries read for the last question.
    int reads() {
        return reads;
    }
}

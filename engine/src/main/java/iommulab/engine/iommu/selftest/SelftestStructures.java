package iommulab.engine.iommu.selftest;

import iommulab.engine.iommu.Structure;

import java.util.Arrays;

/// The structures that the self-test's IOMMU reads and writes, bit by bit. No specification describes them:
/// this is where they are described.
public final class SelftestStructures {
    private static final Structure DEVICE = entry("Device entry", true);
    private static final Structure PASID = entry("PASID entry", false);
    private static final Structure DIRECTORY =
            pointer(new Structure.Builder("PASID directory entry", 1), 0, "table", "PASID table")
                    .build();
    private static final Structure RECORD =
            new Structure.Builder("Fault record", 2)
                    .reserved(0, 63, 52)
                    .value(0, 51, 32, "PASID", value -> "PASID 0x%x".formatted(value))
                    .value(0, 31, 16, "requester", SelftestStructures::requester)
                    .reserved(0, 15, 10)
                    .bit(0, 9, "has PASID", "no PASID", "has a PASID")
                    .bit(0, 8, "write", "a read", "a write")
                    .value(0, 7, 0, "reason", SelftestStructures::reason)
                    .value(1, 63, 0, "address", value -> "0x%x".formatted(value))
                    .build();

    private SelftestStructures() {}

    /// 256 bits: what the requests of one device go through. One per requester, 32 bytes each, from the
    /// device table on.
    public static Structure deviceEntry() {
        return DEVICE;
    }

    /// 256 bits: what the requests of one PASID go through.
    public static Structure pasidEntry() {
        return PASID;
    }

    /// 64 bits: one of 8192, chosen by PASID bits 19:7; leads to a 4 KiB table of 128 PASID entries.
    public static Structure directoryEntry() {
        return DIRECTORY;
    }

    /// 128 bits: what the log keeps of a stopped request.
    public static Structure faultRecord() {
        return RECORD;
    }

    private static Structure entry(String name, boolean ofDevice) {
        var entry =
                new Structure.Builder(name, 4)
                        .reserved(0, 63, 48)
                        .value(0, 47, 32, "parent", value -> "second stage of domain " + value)
                        .value(0, 31, 16, "domain", value -> "domain " + value)
                        .reserved(0, 15, 4)
                        .bit(
                                0,
                                3,
                                "mark second",
                                "second-stage entries stay as they are",
                                "accessed and dirty bits are set in second-stage entries")
                        .bit(
                                0,
                                2,
                                "mark first",
                                "first-stage entries stay as they are",
                                "accessed and dirty bits are set in first-stage entries")
                        .value(0, 1, 0, "type", SelftestStructures::type);
        pointer(entry, 1, "first stage", "first-stage table");
        pointer(entry, 2, "second stage", "second-stage table");
        if (ofDevice) {
            pointer(entry, 3, "PASIDs", "PASID directory");
        } else {
            entry.reserved(3, 63, 0);
        }
        return entry.build();
    }

    private static Structure.Builder pointer(
            Structure.Builder entry, int word, String name, String what) {
        return entry.reserved(word, 63, 52)
                .address(word, 51, 12, name, what)
                .reserved(word, 11, 1)
                .bit(word, 0, name + " valid", "no " + what, "there is a " + what);
    }

    /// 64 bits: an entry of a page table, in both stages.
    ///
    /// @param level of the table that holds it: 1 maps pages, 2 and 3 point to tables
    public static Structure pageTableEntry(int level) {
        if (level > 1) {
            return new Structure.Builder("Level %d entry".formatted(level), 1)
                    .reserved(0, 63, 52)
                    .address(0, 51, 12, "table", "level %d table".formatted(level - 1))
                    .reserved(0, 11, 1)
                    .bit(0, 0, "P", "not present", "present")
                    .build();
        }
        return new Structure.Builder("Level 1 leaf", 1)
                .reserved(0, 63, 52)
                .address(0, 51, 11, "page", "2 KiB page")
                .reserved(0, 10, 5)
                .bit(0, 4, "D", "not written", "written")
                .bit(0, 3, "A", "not used", "used")
                .bit(0, 2, "W", "writes not allowed", "writes allowed")
                .bit(0, 1, "R", "reads not allowed", "reads allowed")
                .bit(0, 0, "P", "not present", "present")
                .build();
    }

    private static String type(long value) {
        return switch ((int) value) {
            case TranslationEntry.BLOCKED -> "blocked: requests end here";
            case TranslationEntry.PASS_THROUGH -> "addresses stay as they are";
            case TranslationEntry.TABLES -> "tables translate";
            default -> "unknown";
        };
    }

    private static String requester(long value) {
        return "%02x:%02x.%x".formatted(value >>> 8, value >>> 3 & 0x1f, value & 7);
    }

    private static String reason(long value) {
        return Arrays.stream(SelftestFault.values())
                .filter(fault -> fault.code() == value)
                .map(SelftestFault::meaning)
                .findFirst()
                .orElse("no such reason");
    }
}

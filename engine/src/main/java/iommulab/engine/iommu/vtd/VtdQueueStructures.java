package iommulab.engine.iommu.vtd;

import iommulab.engine.ImmutableValue;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.Structure;

import java.util.Locale;

/// What software and a VT-d unit tell each other beside the tables, bit by bit: the descriptors of the
/// invalidation queue and the fault recording registers.
/// Spec: VT-d, "Queued Invalidation Interface", "Fault Recording Registers".
@ImmutableValue
public final class VtdQueueStructures {
    private static final String[] CONTEXT_GRANULARITY = {
        "reserved", "all context entries", "those of a domain", "that of a device"
    };
    private static final String[] IOTLB_GRANULARITY = {
        "reserved", "all translations", "those of a domain", "pages of a domain"
    };
    private static final String[] PASID_IOTLB_GRANULARITY = {
        "reserved", "reserved", "all translations of a PASID", "pages of a PASID"
    };
    private static final String[] PASID_CACHE_GRANULARITY = {
        "entries of a domain", "one PASID of a domain", "reserved", "all entries"
    };
    private static final String[] ADDRESS_TYPE = {
        "untranslated request", "translation request", "translated request", "reserved"
    };

    /// 128 bits: one fault recording register.
    public static final Structure FAULT_RECORD =
            new Structure.Builder("Fault record", 2)
                    .bit(1, 63, "F", "empty", "filled; writing 1 empties it")
                    .bit(
                            1,
                            62,
                            "T1",
                            "a write, or a page request",
                            "a read, or an atomic operation")
                    .value(1, 61, 60, "AT", value -> ADDRESS_TYPE[(int) value])
                    .value(1, 59, 40, "PV", "PASID %d"::formatted)
                    .value(1, 39, 32, "FR", "reason %02Xh"::formatted)
                    .bit(1, 31, "PP", "the request had no PASID", "PV holds its PASID")
                    .bit(1, 30, "EXE", "no execute permission was asked for", "to execute")
                    .bit(1, 29, "PRIV", "user privilege", "supervisor privilege")
                    .bit(
                            1,
                            28,
                            "T2",
                            "T1 tells a write from a read",
                            "a page request or atomic one")
                    .reserved(1, 27, 16)
                    .value(1, 15, 0, "SID", value -> "from " + requester(value))
                    .address(0, 63, 12, "FI", "page")
                    .reserved(0, 11, 0)
                    .build();

    /// 256 bits: what a device asks for, as the page request queue holds it.
    public static final Structure PAGE_REQUEST =
            new Structure.Builder("Page request", 4)
                    .reserved(3, 63, 0)
                    .reserved(2, 63, 0)
                    .address(1, 63, 12, "ADDR", "page")
                    .value(1, 11, 3, "PRGI", "page request group %d"::formatted)
                    .bit(1, 2, "LPIG", "more of the group follow", "the last of its group")
                    .bit(1, 1, "WR", "not to write", "to write")
                    .bit(1, 0, "RD", "not to read", "to read")
                    .reserved(0, 63, 54)
                    .bit(0, 53, "PR", "user privilege", "supervisor privilege")
                    .bit(0, 52, "ER", "not to execute", "to execute")
                    .value(0, 51, 32, "PASID", "PASID %d"::formatted)
                    .value(0, 31, 16, "RID", value -> "from " + requester(value))
                    .reserved(0, 15, 9)
                    .bit(0, 8, "PP", "without PASID", "PASID holds its PASID")
                    .value(0, 7, 0, "TYPE", value -> value == 1 ? "page request" : "unknown")
                    .build();

    private VtdQueueStructures() {}

    /// The descriptor that stands in a queue.
    ///
    /// @param low its first word, which has the type
    /// @param words 2 for descriptors of 128 bits, 4 for those of 256 bits (IQA_REG.DW)
    public static Structure descriptorAt(long low, int words) {
        int type = new InvalidationDescriptor(low, 0).type();
        return switch (type) {
            case InvalidationDescriptor.CONTEXT -> contextInvalidation(words);
            case InvalidationDescriptor.IOTLB -> iotlbInvalidation(words);
            case InvalidationDescriptor.DEVICE_TLB -> deviceTlbInvalidation(words);
            case InvalidationDescriptor.INTERRUPT_ENTRY -> interruptEntryInvalidation(words);
            case InvalidationDescriptor.WAIT -> waitForInvalidations(words);
            case InvalidationDescriptor.PASID_IOTLB -> pasidIotlbInvalidation(words);
            case InvalidationDescriptor.PASID_CACHE -> pasidCacheInvalidation(words);
            case InvalidationDescriptor.PASID_DEVICE_TLB -> pasidDeviceTlbInvalidation(words);
            case InvalidationDescriptor.PAGE_GROUP_RESPONSE -> pageGroupResponse(words);
            default -> unknown(words);
        };
    }

    private static Structure contextInvalidation(int words) {
        return descriptor("Context cache invalidation", words, 0)
                .reserved(0, 63, 50)
                .value(0, 49, 48, "FM", VtdQueueStructures::functionMask)
                .value(0, 47, 32, "SID", VtdQueueStructures::requester)
                .value(0, 31, 16, "DID", "domain %d"::formatted)
                .reserved(0, 15, 6)
                .value(0, 5, 4, "G", value -> CONTEXT_GRANULARITY[(int) value])
                .build();
    }

    private static Structure iotlbInvalidation(int words) {
        return pages(descriptor("IOTLB invalidation", words, 1))
                .reserved(0, 63, 32)
                .value(0, 31, 16, "DID", "domain %d"::formatted)
                .reserved(0, 15, 8)
                .bit(0, 7, "DR", "reads may be pending", "reads under way are waited for")
                .bit(0, 6, "DW", "writes may be pending", "writes under way are waited for")
                .value(0, 5, 4, "G", value -> IOTLB_GRANULARITY[(int) value])
                .build();
    }

    private static Structure deviceTlbInvalidation(int words) {
        return descriptor("Device-TLB invalidation", words, 1)
                .address(1, 63, 12, "ADDR", "page")
                .reserved(1, 11, 1)
                .bit(1, 0, "S", "one page", "as many pages as the low ones of ADDR tell")
                .value(0, 63, 52, "PFSID_H", VtdQueueStructures::physicalFunction)
                .reserved(0, 51, 48)
                .value(0, 47, 32, "SID", VtdQueueStructures::requester)
                .reserved(0, 31, 21)
                .value(0, 20, 16, "MIP", value -> "at most %d pending".formatted(value))
                .value(0, 15, 12, "PFSID_L", VtdQueueStructures::physicalFunction)
                .reserved(0, 11, 4)
                .build();
    }

    private static Structure interruptEntryInvalidation(int words) {
        return descriptor("Interrupt entry cache invalidation", words, 0)
                .reserved(0, 63, 48)
                .value(0, 47, 32, "IIDX", "from index %d"::formatted)
                .value(0, 31, 27, "IM", value -> "%d entries".formatted(1L << value))
                .reserved(0, 26, 5)
                .bit(0, 4, "G", "all entries", "those from IIDX")
                .build();
    }

    private static Structure waitForInvalidations(int words) {
        return descriptor("Invalidation wait", words, 1)
                .address(1, 63, 2, "SADDR", "status word")
                .reserved(1, 1, 0)
                .value(0, 63, 32, "SDATA", "writes 0x%x"::formatted)
                .reserved(0, 31, 8)
                .bit(0, 7, "PD", "page requests may be pending", "page requests are drained")
                .bit(0, 6, "FN", "no order with what follows", "what follows waits for it")
                .bit(0, 5, "SW", "no status is written", "SDATA is written to SADDR")
                .bit(0, 4, "IF", "no interrupt", "an interrupt when done")
                .build();
    }

    private static Structure pasidIotlbInvalidation(int words) {
        return pages(descriptor("PASID-based IOTLB invalidation", words, 1))
                .reserved(0, 63, 52)
                .value(0, 51, 32, "PASID", "PASID %d"::formatted)
                .value(0, 31, 16, "DID", "domain %d"::formatted)
                .reserved(0, 15, 6)
                .value(0, 5, 4, "G", value -> PASID_IOTLB_GRANULARITY[(int) value])
                .build();
    }

    private static Structure pasidCacheInvalidation(int words) {
        return descriptor("PASID cache invalidation", words, 0)
                .reserved(0, 63, 52)
                .value(0, 51, 32, "PASID", "PASID %d"::formatted)
                .value(0, 31, 16, "DID", "domain %d"::formatted)
                .reserved(0, 15, 6)
                .value(0, 5, 4, "G", value -> PASID_CACHE_GRANULARITY[(int) value])
                .build();
    }

    private static Structure pasidDeviceTlbInvalidation(int words) {
        return descriptor("PASID-based device-TLB invalidation", words, 1)
                .address(1, 63, 12, "ADDR", "page")
                .bit(1, 11, "S", "one page", "as many pages as the low ones of ADDR tell")
                .reserved(1, 10, 1)
                .bit(1, 0, "G", "of this PASID", "of all PASIDs")
                .value(0, 63, 52, "PFSID_H", VtdQueueStructures::physicalFunction)
                .value(0, 51, 32, "PASID", "PASID %d"::formatted)
                .value(0, 31, 16, "SID", VtdQueueStructures::requester)
                .value(0, 15, 12, "PFSID_L", VtdQueueStructures::physicalFunction)
                .reserved(0, 11, 9)
                .value(0, 8, 4, "MIP", value -> "at most %d pending".formatted(value))
                .build();
    }

    private static Structure pageGroupResponse(int words) {
        return descriptor("Page group response", words, 1)
                .reserved(1, 63, 12)
                .value(1, 11, 3, "PRGI", "page request group %d"::formatted)
                .bit(1, 2, "LPIG", "more of the group follow", "the last of its group")
                .reserved(1, 1, 0)
                .reserved(0, 63, 52)
                .value(0, 51, 32, "PASID", "PASID %d"::formatted)
                .value(0, 31, 16, "RID", VtdQueueStructures::requester)
                .value(0, 15, 12, "RC", VtdQueueStructures::responseCode)
                .reserved(0, 11, 5)
                .bit(0, 4, "PP", "without PASID", "with the PASID")
                .build();
    }

    private static String responseCode(long value) {
        return PageResponse.ofCode((int) value)
                .map(response -> response.name().toLowerCase(Locale.ROOT).replace('_', ' '))
                .orElse("reserved");
    }

    private static String physicalFunction(long value) {
        return "bits of the physical function: 0x%x".formatted(value);
    }

    private static Structure unknown(int words) {
        var descriptor = new Structure.Builder("Unknown descriptor", words);
        for (int word = 1; word < words; word++) {
            descriptor.ignored(word, 63, 0);
        }
        return descriptor
                .ignored(0, 63, 12)
                .value(0, 11, 9, "TYPE[6:4]", "0x%x: hardware stops here"::formatted)
                .ignored(0, 8, 4)
                .value(0, 3, 0, "TYPE[3:0]", "0x%x: hardware stops here"::formatted)
                .build();
    }

    /// The type, and all words after `lastUsed`, which must be zero.
    private static Structure.Builder descriptor(String name, int words, int lastUsed) {
        if (words != 2 && words != 4) {
            throw new IllegalArgumentException("a descriptor has 2 or 4 words, not " + words);
        }
        var descriptor = new Structure.Builder(name, words);
        for (int word = lastUsed + 1; word < words; word++) {
            descriptor.reserved(word, 63, 0);
        }
        return descriptor.value(0, 3, 0, "TYPE", _ -> name);
    }

    private static Structure.Builder pages(Structure.Builder descriptor) {
        return descriptor
                .address(1, 63, 12, "ADDR", "page")
                .reserved(1, 11, 7)
                .bit(1, 6, "IH", "tables may have changed too", "leaves only have changed")
                .value(1, 5, 0, "AM", value -> "2^%d pages".formatted(value));
    }

    private static String requester(long raw) {
        return "%02x:%02x.%x".formatted(raw >>> 8, raw >>> 3 & 0x1f, raw & 7);
    }

    private static String functionMask(long value) {
        return switch ((int) value) {
            case 0 -> "all bits of the SID count";
            case 1 -> "bit 2 of the SID counts for nothing";
            case 2 -> "bits 2:1 of the SID count for nothing";
            default -> "bits 2:0 of the SID count for nothing";
        };
    }
}

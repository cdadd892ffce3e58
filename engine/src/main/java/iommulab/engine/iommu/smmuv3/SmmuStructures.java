package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.Structure;

/// The structures that lead an SMMU from a stream to its tables, bit by bit. What hardware ignores
/// (RES0) is ignored here, too.
/// Spec: SMMUv3, "Data structures used within the SMMU".
public final class SmmuStructures {
    private static final String[] OUTPUT_SIZES = {
        "32 bits", "36 bits", "40 bits", "42 bits", "44 bits", "48 bits", "52 bits"
    };

    private final SmmuCapabilities capabilities;

    /// @param capabilities decide which fields count
    public SmmuStructures(SmmuCapabilities capabilities) {
        this.capabilities = capabilities;
    }

    /// 64 bits: where the stream table entries of some streams are.
    public Structure streamDirectoryEntry() {
        return new Structure.Builder("Level 1 stream table descriptor", 1)
                .ignored(0, 63, 52)
                .address(0, 51, 6, "L2Ptr", "stream table entries")
                .ignored(0, 5, 5)
                .value(0, 4, 0, "Span", SmmuStructures::span)
                .build();
    }

    private static String span(long value) {
        return value == 0 || value > 11
                ? "no stream table entries"
                : "%d stream table entries".formatted(1L << value - 1);
    }

    /// 512 bits: what the requests of one stream go through.
    public Structure streamEntry() {
        var entry = new Structure.Builder("Stream table entry", 8);
        streamWord0(entry);
        streamWord1(entry);
        streamWord2(entry);
        return entry.ignored(3, 63, 52)
                .address(3, 51, 4, "S2TTB", "stage 2 table")
                .ignored(3, 3, 0)
                .value(4, 31, 16, "PARTID", value -> "memory partition %d".formatted(value))
                .ignored(4, 63, 32)
                .ignored(4, 15, 0)
                .ignored(5, 63, 0)
                .ignored(6, 63, 0)
                .ignored(7, 63, 0)
                .build();
    }

    private static void streamWord0(Structure.Builder entry) {
        entry.value(0, 63, 59, "S1CDMax", SmmuStructures::descriptors)
                .ignored(0, 58, 52)
                .address(0, 51, 6, "S1ContextPtr", "context descriptors")
                .value(0, 5, 4, "S1Fmt", SmmuStructures::descriptorFormat)
                .value(0, 3, 1, "Config", SmmuStructures::config)
                .bit(0, 0, "V", "not valid", "valid");
    }

    private static String descriptors(long value) {
        return value == 0
                ? "one context descriptor, no substreams"
                : "%d context descriptors".formatted(1L << value);
    }

    private static String descriptorFormat(long value) {
        return switch ((int) value) {
            case 1 -> "two levels, 64 descriptors in a leaf";
            case 2 -> "two levels, 1024 descriptors in a leaf";
            default -> "one linear table";
        };
    }

    private static String config(long value) {
        return switch ((int) value) {
            case 4 -> "bypass: addresses stay as they are";
            case 5 -> "stage 1";
            case 6 -> "stage 2";
            case 7 -> "stage 1, then stage 2";
            default -> "abort: every request is stopped, without an event";
        };
    }

    private static void streamWord1(Structure.Builder entry) {
        entry.ignored(1, 63, 52)
                .value(1, 51, 50, "INSTCFG", SmmuStructures::instruction)
                .value(1, 49, 48, "PRIVCFG", SmmuStructures::privilege)
                .value(1, 47, 46, "NSCFG", value -> "security attribute %d".formatted(value))
                .value(1, 45, 44, "SHCFG", value -> "shareability %d".formatted(value))
                .ignored(1, 43, 41)
                .value(1, 40, 37, "ALLOCCFG", value -> "allocation hints %d".formatted(value))
                .bit(1, 36, "MTCFG", "memory type as incoming", "memory type as MemAttr")
                .value(1, 35, 32, "MemAttr", value -> "memory attribute 0x%x".formatted(value))
                .value(1, 31, 30, "STRW", SmmuStructures::exceptionLevel)
                .value(1, 29, 28, "EATS", SmmuStructures::ats)
                .bit(1, 27, "S1STALLD", "stage 1 may stall", "stage 1 never stalls")
                .bit(1, 26, "S1MPAM", "no partition from descriptors", "partition from descriptors")
                .bit(1, 25, "S2FWB", "stage 2 combines memory types", "stage 2 forces memory types")
                .ignored(1, 24, 20)
                .bit(1, 19, "MEV", "each event is recorded", "events may be merged")
                .bit(1, 18, "PPAR", "page responses without substream", "with substream")
                .bit(1, 17, "DCP", "directed prefetch ignored", "directed prefetch allowed")
                .value(1, 16, 13, "CONT", value -> "2^%d equal entries".formatted(value))
                .bit(1, 12, "DRE", "destructive reads stay reads", "destructive reads allowed")
                .value(1, 11, 8, "S2HWU", value -> "hardware uses bits 0x%x".formatted(value))
                .value(1, 7, 6, "S1CSH", value -> "shareability %d".formatted(value))
                .value(1, 5, 4, "S1COR", value -> "outer cacheability %d".formatted(value))
                .value(1, 3, 2, "S1CIR", value -> "inner cacheability %d".formatted(value))
                .value(1, 1, 0, "S1DSS", SmmuStructures::withoutSubstream);
    }

    private static String instruction(long value) {
        return switch ((int) value) {
            case 2 -> "reads are data";
            case 3 -> "reads are instruction fetches";
            default -> "as incoming";
        };
    }

    private static String privilege(long value) {
        return switch ((int) value) {
            case 2 -> "unprivileged";
            case 3 -> "privileged";
            default -> "as incoming";
        };
    }

    private static String exceptionLevel(long value) {
        return switch ((int) value) {
            case 0 -> "EL1";
            case 2 -> "EL2";
            default -> "no level of the non-secure state";
        };
    }

    private static String ats(long value) {
        return switch ((int) value) {
            case 0 -> "the device may not use ATS";
            case 1 -> "the device may use ATS";
            case 2 -> "ATS for stage 1 alone";
            default -> "reserved";
        };
    }

    private static String withoutSubstream(long value) {
        return switch ((int) value) {
            case 1 -> "requests without substream skip stage 1";
            case 2 -> "requests without substream use descriptor 0";
            default -> "requests without substream are stopped";
        };
    }

    private void streamWord2(Structure.Builder entry) {
        entry.ignored(2, 63, 59)
                .bit(2, 58, "S2R", "stage 2 faults are not recorded", "stage 2 faults are recorded")
                .bit(2, 57, "S2S", "stage 2 faults stop the request", "stage 2 faults stall it")
                .bit(2, 56, "S2HA", "software sets access flags", "hardware sets access flags")
                .bit(2, 55, "S2HD", "software keeps the dirty state", "hardware does")
                .bit(
                        2,
                        54,
                        "S2PTW",
                        "tables in device memory allowed",
                        "tables in device memory fault")
                .bit(2, 53, "S2AFFD", "a clear access flag faults", "access flags do not count")
                .bit(2, 52, "S2ENDI", "little-endian tables", "big-endian tables")
                .bit(2, 51, "S2AA64", "AArch32 tables", "AArch64 tables")
                .value(2, 50, 48, "S2PS", this::outputSize)
                .value(2, 47, 46, "S2TG", SmmuStructures::granule0)
                .value(2, 45, 44, "S2SH0", value -> "shareability %d".formatted(value))
                .value(2, 43, 42, "S2OR0", value -> "outer cacheability %d".formatted(value))
                .value(2, 41, 40, "S2IR0", value -> "inner cacheability %d".formatted(value))
                .value(2, 39, 38, "S2SL0", value -> "start level code %d".formatted(value))
                .value(2, 37, 32, "S2T0SZ", value -> "%d-bit addresses".formatted(64 - value))
                .ignored(2, 31, 16)
                .value(2, 15, 0, "S2VMID", value -> "VMID %d".formatted(value));
    }

    private String outputSize(long value) {
        return value >= OUTPUT_SIZES.length
                ? "%d bits".formatted(capabilities.outputBits())
                : OUTPUT_SIZES[(int) value];
    }

    private static String granule0(long value) {
        int ordinal = Granule.ofTg0((int) value);
        return ordinal < 0 ? "no granule" : Granule.values()[ordinal] + " granule";
    }

    private static String granule1(long value) {
        int ordinal = Granule.ofTg1((int) value);
        return ordinal < 0 ? "no granule" : Granule.values()[ordinal] + " granule";
    }

    /// 64 bits: where the context descriptors of some substreams are.
    public Structure descriptorDirectoryEntry() {
        return new Structure.Builder("Level 1 context descriptor", 1)
                .ignored(0, 63, 52)
                .address(0, 51, 12, "L2Ptr", "context descriptors")
                .ignored(0, 11, 1)
                .bit(0, 0, "V", "no descriptors", "valid")
                .build();
    }

    /// 512 bits: one address space of stage 1.
    public Structure contextDescriptor() {
        var descriptor = new Structure.Builder("Context descriptor", 8);
        descriptorUpper(descriptor);
        descriptorLower(descriptor);
        for (int half = 0; half < 2; half++) {
            int word = 1 + half;
            descriptor
                    .value(word, 63, 60, "HWU" + half, value -> "bits 0x%x".formatted(value))
                    .ignored(word, 59, 52)
                    .address(word, 51, 4, "TTB" + half, "stage 1 table")
                    .ignored(word, 3, 3)
                    .bit(
                            word,
                            2,
                            half == 0 ? "E0PD0" : "E0PD1",
                            "as tables say",
                            "unprivileged requests fault")
                    .bit(
                            word,
                            1,
                            "HAD" + half,
                            "rights in tables count",
                            "rights in tables do not count")
                    .bit(word, 0, "NSCFG" + half, "secure", "non-secure");
        }
        return descriptor
                .value(3, 63, 0, "MAIR", value -> "memory types 0x%x".formatted(value))
                .value(4, 63, 0, "AMAIR", value -> "auxiliary memory types 0x%x".formatted(value))
                .value(5, 31, 16, "PARTID", value -> "memory partition %d".formatted(value))
                .ignored(5, 63, 32)
                .ignored(5, 15, 0)
                .ignored(6, 63, 0)
                .ignored(7, 63, 0)
                .build();
    }

    private void descriptorUpper(Structure.Builder descriptor) {
        descriptor
                .value(0, 63, 48, "ASID", value -> "ASID %d".formatted(value))
                .bit(0, 47, "ASET", "ASID shared with processors", "ASID of this unit alone")
                .bit(0, 46, "A", "a stopped read gives zero", "a stopped request is aborted")
                .bit(0, 45, "R", "stage 1 faults are not recorded", "stage 1 faults are recorded")
                .bit(0, 44, "S", "stage 1 faults stop the request", "stage 1 faults stall it")
                .bit(0, 43, "HA", "software sets access flags", "hardware sets access flags")
                .bit(0, 42, "HD", "software keeps the dirty state", "hardware does")
                .bit(0, 41, "AA64", "AArch32 tables", "AArch64 tables")
                .bit(
                        0,
                        40,
                        "PAN",
                        "privileged requests reach all",
                        "they do not reach unprivileged pages")
                .bit(0, 39, "TBI1", "top byte counts", "top byte of upper addresses ignored")
                .bit(0, 38, "TBI0", "top byte counts", "top byte of lower addresses ignored")
                .bit(
                        0,
                        37,
                        "UWXN",
                        "as tables say",
                        "unprivileged-writable is never executed with privilege")
                .bit(0, 36, "WXN", "as tables say", "writable is never executed")
                .bit(0, 35, "AFFD", "a clear access flag faults", "access flags do not count")
                .value(0, 34, 32, "IPS", this::outputSize);
    }

    private static void descriptorLower(Structure.Builder descriptor) {
        descriptor
                .bit(0, 31, "V", "not valid", "valid")
                .bit(0, 30, "EPD1", "upper addresses are walked", "upper addresses fault")
                .value(0, 29, 28, "SH1", value -> "shareability %d".formatted(value))
                .value(0, 27, 26, "OR1", value -> "outer cacheability %d".formatted(value))
                .value(0, 25, 24, "IR1", value -> "inner cacheability %d".formatted(value))
                .value(0, 23, 22, "TG1", SmmuStructures::granule1)
                .value(0, 21, 16, "T1SZ", value -> "%d-bit addresses".formatted(64 - value))
                .bit(0, 15, "ENDI", "little-endian tables", "big-endian tables")
                .bit(0, 14, "EPD0", "lower addresses are walked", "lower addresses fault")
                .value(0, 13, 12, "SH0", value -> "shareability %d".formatted(value))
                .value(0, 11, 10, "OR0", value -> "outer cacheability %d".formatted(value))
                .value(0, 9, 8, "IR0", value -> "inner cacheability %d".formatted(value))
                .value(0, 7, 6, "TG0", SmmuStructures::granule0)
                .value(0, 5, 0, "T0SZ", value -> "%d-bit addresses".formatted(64 - value));
    }
}

package iommulab.engine.iommu.vtd;

import iommulab.engine.ImmutableValue;
import iommulab.engine.iommu.Structure;

/// The registers by which software commands a VT-d unit and asks how it is, bit by bit, as the 64-bit
/// words in which [VtdRegisters] gives them: a pair of 32-bit registers is one word.
/// Spec: VT-d, "Register Descriptions".
@ImmutableValue
public final class VtdRegisterStructures {
    private static final String[] CONTEXT_GRANULARITY = {
        "none", "all context entries", "those of a domain", "that of a device"
    };
    private static final String[] IOTLB_GRANULARITY = {
        "none", "all translations", "those of a domain", "pages of a domain"
    };

    /// At 0x18: GCMD_REG in the lower half, GSTS_REG in the upper.
    public static final Structure GLOBAL =
            new Structure.Builder("Global command and status", 1)
                    .bit(0, 63, "TES", "translation is off", "translation is on")
                    .bit(0, 62, "RTPS", "no root pointer was set", "the root pointer is set")
                    .bit(0, 61, "FLS", "no fault log pointer was set", "its pointer is set")
                    .bit(0, 60, "AFLS", "primary fault logging", "advanced fault logging")
                    .bit(0, 59, "WBFS", "the write buffer is flushed", "it is being flushed")
                    .bit(0, 58, "QIES", "the queue is off", "the invalidation queue is on")
                    .bit(0, 57, "IRES", "interrupts go as they are", "interrupts are remapped")
                    .bit(0, 56, "IRTPS", "no interrupt table was set", "its pointer is set")
                    .bit(0, 55, "CFIS", "old interrupt format blocked", "it goes through")
                    .reserved(0, 54, 32)
                    .bit(0, 31, "TE", "translation off", "translation on")
                    .bit(0, 30, "SRTP", "no command", "take the root pointer")
                    .bit(0, 29, "SFL", "no command", "take the fault log pointer")
                    .bit(0, 28, "EAFL", "primary fault logging", "advanced fault logging")
                    .bit(0, 27, "WBF", "no command", "flush the write buffer")
                    .bit(0, 26, "QIE", "queue off", "invalidation queue on")
                    .bit(0, 25, "IRE", "interrupt remapping off", "interrupt remapping on")
                    .bit(0, 24, "SIRTP", "no command", "take the interrupt table's pointer")
                    .bit(0, 23, "CFI", "block the old interrupt format", "let it through")
                    .reserved(0, 22, 0)
                    .build();

    /// At 0x28: CCMD_REG.
    public static final Structure CONTEXT_COMMAND =
            new Structure.Builder("Context command", 1)
                    .bit(0, 63, "ICC", "done", "invalidate, or still at it")
                    .value(0, 62, 61, "CIRG", value -> "asked: " + context(value))
                    .value(0, 60, 59, "CAIG", value -> "done: " + context(value))
                    .reserved(0, 58, 34)
                    .value(0, 33, 32, "FM", "function mask %d"::formatted)
                    .value(0, 31, 16, "SID", "source 0x%04x"::formatted)
                    .value(0, 15, 0, "DID", "domain %d"::formatted)
                    .build();

    /// At ECAP.IRO: IVA_REG, and after it IOTLB_REG.
    public static final Structure IOTLB_INVALIDATE =
            new Structure.Builder("IOTLB invalidation", 2)
                    .bit(1, 63, "IVT", "done", "invalidate, or still at it")
                    .reserved(1, 62, 62)
                    .value(1, 61, 60, "IIRG", value -> "asked: " + iotlb(value))
                    .reserved(1, 59, 59)
                    .value(1, 58, 57, "IAIG", value -> "done: " + iotlb(value))
                    .reserved(1, 56, 50)
                    .bit(1, 49, "DR", "reads may be pending", "reads under way are waited for")
                    .bit(1, 48, "DW", "writes may be pending", "writes under way are waited for")
                    .value(1, 47, 32, "DID", "domain %d"::formatted)
                    .reserved(1, 31, 0)
                    .address(0, 63, 12, "ADDR", "page")
                    .reserved(0, 11, 7)
                    .bit(0, 6, "IH", "tables may have changed too", "leaves only have changed")
                    .value(0, 5, 0, "AM", "2^%d pages"::formatted)
                    .build();

    /// At 0x30: FSTS_REG in the upper half.
    public static final Structure FAULT_STATUS =
            new Structure.Builder("Fault status", 1)
                    .reserved(0, 63, 48)
                    .value(0, 47, 40, "FRI", "first pending fault in record %d"::formatted)
                    .bit(0, 39, "PRO", "no page request was lost", "a page request was lost")
                    .bit(0, 38, "ITE", "no invalidation timed out", "an invalidation timed out")
                    .bit(0, 37, "ICE", "no wrong completion", "a wrong completion came")
                    .bit(0, 36, "IQE", "the queue runs", "the queue stopped at a bad descriptor")
                    .bit(
                            0,
                            35,
                            "APF",
                            "no fault in the advanced log",
                            "a fault in the advanced log")
                    .bit(0, 34, "AFO", "the advanced log has room", "the advanced log overflowed")
                    .bit(0, 33, "PPF", "no fault is pending", "a record holds a fault")
                    .bit(0, 32, "PFO", "no fault was lost", "a fault was lost")
                    .reserved(0, 31, 0)
                    .build();

    /// At 0x80 and 0x88: IQH_REG and IQT_REG.
    public static final Structure QUEUE_POSITION =
            new Structure.Builder("Position in the invalidation queue", 1)
                    .reserved(0, 63, 19)
                    .value(0, 18, 4, "QP", value -> "byte 0x%x".formatted(value << 4))
                    .reserved(0, 3, 0)
                    .build();

    /// At 0x90: IQA_REG.
    public static final Structure QUEUE_ADDRESS =
            new Structure.Builder("Invalidation queue address", 1)
                    .address(0, 63, 12, "IQA", "queue")
                    .bit(0, 11, "DW", "descriptors of 128 bits", "descriptors of 256 bits")
                    .reserved(0, 10, 3)
                    .value(0, 2, 0, "QS", value -> "%d bytes".formatted(4096L << value))
                    .build();

    private VtdRegisterStructures() {}

    private static String context(long granularity) {
        return CONTEXT_GRANULARITY[(int) granularity];
    }

    private static String iotlb(long granularity) {
        return IOTLB_GRANULARITY[(int) granularity];
    }
}

package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.StopCause;

import java.util.Optional;
import java.util.Set;

/// Why an SMMU stops a request: the types of event records that DMA can cause.
/// Spec: SMMUv3, "Event records".
public enum SmmuFault implements FaultReason {
    UNSUPPORTED_UPSTREAM(
            0x01, "F_UUT", "The interconnect passed a request that this unit does not support."),
    BAD_STREAM_ID(
            0x02,
            "C_BAD_STREAMID",
            "The stream number lies beyond the stream table, or beyond the span of its second"
                    + " level."),
    STREAM_FETCH(
            0x03,
            "F_STE_FETCH",
            "No memory answers where the stream table entry, or the descriptor that leads to it,"
                    + " should be."),
    BAD_STREAM_ENTRY(
            0x04, "C_BAD_STE", "The stream table entry is not valid, or a field of it is illegal."),
    BAD_ATS_REQUEST(
            0x05,
            "F_BAD_ATS_TREQ",
            "The device asked for a translation, and its stream table entry does not let it."),
    STREAM_DISABLED(
            0x06,
            "F_STREAM_DISABLED",
            "A request without substream, and S1DSS stops such requests."),
    TRANSLATED_FORBIDDEN(
            0x07,
            "F_TRANSL_FORBIDDEN",
            "The device claims that its address is translated, and its stream table entry does"
                    + " not let it."),
    BAD_SUBSTREAM_ID(
            0x08,
            "C_BAD_SUBSTREAMID",
            "The substream lies beyond the table of context descriptors, or its stream has none."),
    DESCRIPTOR_FETCH(
            0x09,
            "F_CD_FETCH",
            "No memory answers where the context descriptor, or the descriptor that leads to it,"
                    + " should be."),
    BAD_DESCRIPTOR(
            0x0a, "C_BAD_CD", "The context descriptor is not valid, or a field of it is illegal."),
    WALK_ABORT(0x0b, "F_WALK_EABT", "No memory answers where a translation table should be."),
    TRANSLATION(
            0x10,
            "F_TRANSLATION",
            "Nothing is mapped there: an invalid descriptor, an address outside what the tables"
                    + " translate, or a half whose walks are disabled."),
    ADDRESS_SIZE(
            0x11,
            "F_ADDR_SIZE",
            "An address, of a table, of a page or of the request, has more bits than the size"
                    + " configured."),
    ACCESS_FLAG(
            0x12,
            "F_ACCESS",
            "The access flag of the page is 0, and hardware does not set it here."),
    PERMISSION(0x13, "F_PERMISSION", "The page does not allow this kind of access.");

    private final int code;
    private final String kernelText;
    private final String meaning;

    SmmuFault(int code, String kernelText, String meaning) {
        this.code = code;
        this.kernelText = kernelText;
        this.meaning = meaning;
    }

    /// Type of the event record, 8 bits.
    @Override
    public int code() {
        return code;
    }

    @Override
    public String kernelText() {
        return kernelText;
    }

    @Override
    public String meaning() {
        return meaning;
    }

    @Override
    public Set<StopCause> causes() {
        return switch (this) {
            case BAD_STREAM_ID, STREAM_DISABLED -> Set.of(StopCause.BLOCKED);
            case BAD_STREAM_ENTRY -> Set.of(StopCause.BLOCKED, StopCause.OTHER);
            case BAD_SUBSTREAM_ID -> Set.of(StopCause.PASID, StopCause.BLOCKED);
            case BAD_DESCRIPTOR -> Set.of(StopCause.PASID, StopCause.BLOCKED, StopCause.OTHER);
            case TRANSLATION ->
                    Set.of(StopCause.FIRST_STAGE_UNMAPPED, StopCause.SECOND_STAGE_UNMAPPED);
            case PERMISSION -> Set.of(StopCause.FIRST_STAGE_RIGHTS, StopCause.SECOND_STAGE_RIGHTS);
            case ADDRESS_SIZE -> Set.of(StopCause.SECOND_STAGE_UNMAPPED, StopCause.OTHER);
            case UNSUPPORTED_UPSTREAM,
                    STREAM_FETCH,
                    BAD_ATS_REQUEST,
                    TRANSLATED_FORBIDDEN,
                    DESCRIPTOR_FETCH,
                    WALK_ABORT,
                    ACCESS_FLAG ->
                    Set.of(StopCause.OTHER);
        };
    }

    /// Whether CD.R or STE.S2R can silence it, and CD.S or STE.S2S stall its request.
    public boolean isTranslationRelated() {
        return code >= TRANSLATION.code;
    }

    /// The reason that hardware numbers so.
    public static Optional<SmmuFault> ofCode(int code) {
        for (var fault : values()) {
            if (fault.code == code) {
                return Optional.of(fault);
            }
        }
        return Optional.empty();
    }
}

package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.builder.TableBuilder;

/// What a context entry is to say of a requester.
/// Spec: VT-d, "Context Entry".
///
/// @param domainTag domain ID, 16 bits
/// @param type what happens to its requests
/// @param levels of the second-stage tables, 3 to 5; with pass-through the deepest that the IOMMU knows
/// @param secondStage hpa of the top table; 0 with pass-through
/// @param silent whether most faults of this requester go unrecorded (FPD)
public record ContextAttachment(
        int domainTag, Type type, int levels, long secondStage, boolean silent) {

    public ContextAttachment {
        if ((domainTag & ~0xffff) != 0 || levels < 3 || levels > 5 || (secondStage & 0xfff) != 0) {
            throw new IllegalArgumentException(
                    "no context entry: domain %d, %d levels, tables at 0x%x"
                            .formatted(domainTag, levels, secondStage));
        }
    }

    /// The translation type, in the order of its encoding.
    public enum Type {
        /// Untranslated requests go through the second stage; others are blocked.
        SECOND_STAGE,
        /// The same, and the device may ask for translations and keep them (ATS).
        SECOND_STAGE_AND_DEVICE_TLB,
        /// Addresses are hpa already.
        PASS_THROUGH
    }

    /// Translation by tables.
    public static ContextAttachment to(int domainTag, TableBuilder tables) {
        return new ContextAttachment(
                domainTag, Type.SECOND_STAGE, tables.limits().levels(), tables.top(), false);
    }

    /// No translation.
    ///
    /// @param levels the deepest tables that the IOMMU supports
    public static ContextAttachment passThrough(int domainTag, int levels) {
        return new ContextAttachment(domainTag, Type.PASS_THROUGH, levels, 0, false);
    }

    long low() {
        return secondStage | (long) type.ordinal() << 2 | (silent ? 2 : 0) | 1;
    }

    long high() {
        return (long) domainTag << 8 | levels - 2;
    }
}

package iommulab.engine.iommu.smmuv3;

/// What an SMMU makes of the requests of devices with a TLB of their own: translation requests, and requests
/// whose address is translated already.
/// Spec: SMMUv3, "ATS and PRI", "ATS Translation Requests", "Translated transactions".
final class AtsRequests {
    private final SmmuUnit unit;
    private final StageWalks walks;

    AtsRequests(SmmuUnit unit, StageWalks walks) {
        this.unit = unit;
        this.walks = walks;
    }

    /// The address comes from an answer that the device was given before.
    long passTranslated(StreamContext context) {
        switch (context.stream().ats(unit.capabilities())) {
            case StreamEntry.ATS_FULL -> {
                return unit.ended(SmmuAnswers.STAGE_DEVICE, SmmuAnswers.UNCHANGED);
            }
            case StreamEntry.ATS_SPLIT -> {
                walks.begin();
                long needs = Rights.needed(unit.lastAccess(), context);
                long leaf =
                        walks.translated(
                                context,
                                unit.lastIova,
                                needs,
                                Origin.of(unit.stream(), unit.substream()));
                if (leaf < 0) {
                    unit.countWalk();
                    return unit.report(SmmuAnswers.STAGE_WALK, context);
                }
                return unit.walked(leaf);
            }
            default -> {
                return unit.refuse(SmmuFault.TRANSLATED_FORBIDDEN, context);
            }
        }
    }

    /// A translation request walks: what it finds is for the device's own cache. What only concerns the
    /// address is no fault, but an answer without rights.
    long ask(StreamContext context) {
        int ats = context.stream().ats(unit.capabilities());
        if (ats == 0) {
            return unit.refuse(SmmuFault.BAD_ATS_REQUEST, context);
        }
        walks.begin();
        unit.lastFacts |= (long) context.space(unit.lastIova) << SmmuAnswers.SPACE_AT;
        long wanted = Rights.needed(unit.lastAccess(), context);
        long origin = Origin.of(unit.stream(), unit.substream());
        long leaf = StopReport.STOPPED;
        if (walks.accepts(context, unit.lastIova)) {
            leaf =
                    ats == StreamEntry.ATS_SPLIT && context.isNested()
                            ? walks.split(context, unit.lastIova, wanted, origin)
                            : walks.walk(context, unit.lastIova, 0, wanted, origin);
        }
        if (leaf < 0 && !walks.stop().fault().isTranslationRelated()) {
            unit.countWalk();
            return unit.report(SmmuAnswers.STAGE_WALK, context);
        }
        return unit.walked(
                leaf < 0 || (leaf & wanted) == 0
                        ? SmmuAnswers.UNCHANGED
                        : Rights.told(leaf, unit.lastAccess(), context));
    }
}

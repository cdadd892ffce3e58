package iommulab.engine.iommu;

/// What stopped a request, in terms that all architectures share. Where there is one stage only, the cause
/// names that stage: which of the two it is depends on how the device's entry calls it.
public enum StopCause {
    /// The device may send nothing: it has no entry, or its entry says so.
    BLOCKED,
    /// The request has a PASID that has no entry, or that the device may not use.
    PASID,
    /// The first stage has nothing at this address.
    FIRST_STAGE_UNMAPPED,
    /// The first stage maps the address, but does not allow the request.
    FIRST_STAGE_RIGHTS,
    /// The second stage has nothing at this address, at that of a first-stage table, or of another
    /// structure that lies behind it.
    SECOND_STAGE_UNMAPPED,
    /// The second stage maps the address, but does not allow the request, or hardware's own access to a
    /// first-stage table.
    SECOND_STAGE_RIGHTS,
    /// Anything else: broken or unreadable tables, kinds of requests that are switched off.
    OTHER;

    /// What a walk came to that gave no page.
    ///
    /// @param stage that was walked
    /// @param answer of [TableWalker#walk] or [SecondStage#place], but not [TableWalker#BELOW]
    public static StopCause ofWalk(Stage stage, long answer) {
        boolean first = stage == Stage.FIRST;
        if (answer == TableWalker.NO_RIGHT) {
            return first ? FIRST_STAGE_RIGHTS : SECOND_STAGE_RIGHTS;
        }
        boolean nothing =
                answer == TableWalker.NOT_PRESENT
                        || answer == TableWalker.SKIPPED
                        || answer == SecondStage.TOO_WIDE;
        return !nothing ? OTHER : first ? FIRST_STAGE_UNMAPPED : SECOND_STAGE_UNMAPPED;
    }

    /// What a walk of a second stage came to whose entries leave some rights.
    ///
    /// @param rights that all entries on the way leave, see [TableWalker#lastRights]
    public static StopCause ofSecondStage(long rights) {
        return (rights & (TableEntry.READ | TableEntry.WRITE)) == 0
                ? SECOND_STAGE_UNMAPPED
                : SECOND_STAGE_RIGHTS;
    }
}

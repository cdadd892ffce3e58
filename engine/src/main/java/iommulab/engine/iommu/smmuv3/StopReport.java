package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.SecondStage;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.iommu.TableWalker;

/// Why a request is stopped, in the terms of the event record: fault, stage, class, address. Filled anew
/// for each request that is stopped, because a new object each time would be allocated on the way of
/// every faulting request.
final class StopReport {
    /// What a method gives that has filled the report.
    static final long STOPPED = -1;

    /* Class: what was being translated when it happened. */
    static final int DESCRIPTOR = 0;
    static final int TABLE = 1;
    static final int INPUT = 2;

    private SmmuFault fault = SmmuFault.TRANSLATION;
    private boolean secondStage;
    private boolean alwaysRecorded;
    private boolean absent;
    private boolean tooWide;
    private int eventClass;
    private long address;

    StopReport() {}

    /// @param newAddress q3 of the record: the intermediate address of a stage 2 fault, else 0
    long of(SmmuFault newFault, boolean second, int newClass, long newAddress) {
        fault = newFault;
        secondStage = second;
        eventClass = newClass;
        address = second ? newAddress & -4096L & (1L << 52) - 1 : newAddress;
        alwaysRecorded = false;
        absent = false;
        tooWide = false;
        return STOPPED;
    }

    /// A stream entry or a descriptor cannot be used.
    ///
    /// @param isAbsent whether it is not even valid
    long ofEntry(SmmuFault newFault, boolean isAbsent) {
        of(newFault, false, 0, 0);
        absent = isAbsent;
        return STOPPED;
    }

    /// A fault that only names the stream.
    long ofConfiguration(SmmuFault newFault) {
        return of(newFault, false, 0, 0);
    }

    /// The address was refused before any stage that could silence the event.
    long ofBypass() {
        of(SmmuFault.ADDRESS_SIZE, false, INPUT, 0);
        alwaysRecorded = true;
        tooWide = true;
        return STOPPED;
    }

    /// @param fetch hpa that nobody answered
    long fetchAborted(SmmuFault newFault, long fetch) {
        of(newFault, false, 0, 0);
        address = fetch;
        return STOPPED;
    }

    /// @param fetch hpa of the descriptor that nobody answered
    long walkAborted(boolean second, int newClass, long fetch) {
        of(SmmuFault.WALK_ABORT, second, newClass, 0);
        address = fetch & -8L;
        return STOPPED;
    }

    /// @param failure of [TableWalker#walk] or [SecondStage#place], no missing table
    long ofWalk(long failure, boolean second, int newClass, long ipa) {
        var reason =
                switch (TableWalker.brokenRule(failure)) {
                    case Regime.ADDRESS_SIZE -> SmmuFault.ADDRESS_SIZE;
                    case Regime.ACCESS_FLAG -> SmmuFault.ACCESS_FLAG;
                    default ->
                            failure == TableWalker.NO_RIGHT
                                    ? SmmuFault.PERMISSION
                                    : failure == TableWalker.NO_UPDATE
                                            ? SmmuFault.WALK_ABORT
                                            : SmmuFault.TRANSLATION;
                };
        return of(reason, second, newClass, ipa);
    }

    /// What it comes to in the terms of all architectures.
    ///
    /// @param hasSubstream whether the request names one
    StopCause cause(boolean hasSubstream) {
        var nobody = hasSubstream ? StopCause.PASID : StopCause.BLOCKED;
        return switch (fault) {
            case BAD_STREAM_ID, STREAM_DISABLED -> StopCause.BLOCKED;
            case BAD_STREAM_ENTRY -> absent ? StopCause.BLOCKED : StopCause.OTHER;
            case BAD_SUBSTREAM_ID -> nobody;
            case BAD_DESCRIPTOR -> absent ? nobody : StopCause.OTHER;
            case TRANSLATION ->
                    secondStage ? StopCause.SECOND_STAGE_UNMAPPED : StopCause.FIRST_STAGE_UNMAPPED;
            case PERMISSION ->
                    secondStage ? StopCause.SECOND_STAGE_RIGHTS : StopCause.FIRST_STAGE_RIGHTS;
            case ADDRESS_SIZE -> tooWide ? StopCause.SECOND_STAGE_UNMAPPED : StopCause.OTHER;
            case UNSUPPORTED_UPSTREAM,
                    STREAM_FETCH,
                    BAD_ATS_REQUEST,
                    TRANSLATED_FORBIDDEN,
                    DESCRIPTOR_FETCH,
                    WALK_ABORT,
                    ACCESS_FLAG ->
                    StopCause.OTHER;
        };
    }

    SmmuFault fault() {
        return fault;
    }

    boolean isSecondStage() {
        return secondStage;
    }

    /// Whether neither R nor S2R silences it.
    boolean isAlwaysRecorded() {
        return alwaysRecorded || !fault.isTranslationRelated();
    }

    /// Bits 41:40 of the second word.
    int eventClass() {
        return eventClass;
    }

    /// Fourth word of the record.
    long address() {
        return address;
    }
}

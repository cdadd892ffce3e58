package iommulab.engine.os;

import iommulab.engine.iommu.Stage;
import iommulab.engine.os.device.GuestEntry;

import org.jspecify.annotations.Nullable;

/// What an [Attachment] came to: addresses and depths.
///
/// @param first address of the top first-stage table, 0 for none
/// @param second hpa of the top second-stage table, 0 for none
/// @param guest the entry of a guest that keeps all first stages itself, if it does
record Translation(
        int tag,
        int parentTag,
        long first,
        int firstLevels,
        long second,
        int secondLevels,
        @Nullable GuestEntry guest) {
    static Translation of(Attachment to) {
        var first = to.first();
        var second = to.second();
        return new Translation(
                to.tag(),
                to.parentTag(),
                first == null ? 0 : first.top(),
                first == null ? 0 : first.limits().levels(),
                second == null ? 0 : second.top(),
                second == null ? 0 : second.limits().levels(),
                to.guest());
    }

    boolean hasFirst() {
        return first != 0;
    }

    boolean hasSecond() {
        return second != 0;
    }

    /// Whether there may be a first stage, ours or one that only the guest knows.
    boolean mayHaveFirst() {
        return hasFirst() || guest != null;
    }

    /// Whether a device of which this is the entry can have a PASID besides.
    boolean leavesRoomFor(Translation pasid) {
        return second == pasid.second && guest == null;
    }

    /// Whether it uses a domain, itself or as the second stage below another.
    ///
    /// @param stage of the domain's tables
    boolean uses(int otherTag, Stage stage) {
        return stage == Stage.FIRST ? tag == otherTag : parentTag == otherTag;
    }
}

package iommulab.engine.os;

/// What an [Attachment] came to: addresses and depths.
///
/// @param first address of the top first-stage table, 0 for none
/// @param second hpa of the top second-stage table, 0 for none
record Translation(
        int tag, int parentTag, long first, int firstLevels, long second, int secondLevels) {
    static Translation of(Attachment to) {
        var first = to.first();
        var second = to.second();
        return new Translation(
                to.tag(),
                to.parentTag(),
                first == null ? 0 : first.top(),
                first == null ? 0 : first.limits().levels(),
                second == null ? 0 : second.top(),
                second == null ? 0 : second.limits().levels());
    }

    boolean hasFirst() {
        return first != 0;
    }

    boolean hasSecond() {
        return second != 0;
    }
}

package iommulab.app.topology;

/// How high the box of an IOMMU is: name, scope, a line for each cache, two lines of state.
final class UnitText {
    static final double HEAD = 46;
    static final double LINE = 18;

    private UnitText() {}

    /// @param caches how many it has
    static double height(int caches) {
        return HEAD + LINE * caches + 6 + 2 * LINE + 8;
    }
}

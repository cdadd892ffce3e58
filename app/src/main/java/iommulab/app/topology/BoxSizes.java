package iommulab.app.topology;

/// How large the boxes of the picture are and how far they stand apart, in pixels at 100 %. On a wall
/// a box holds the name of one function in large type and nothing else, so that as many of them as
/// possible can be read from far away.
///
/// @param link length of a line between two boxes
/// @param margin around a bridge and all below it, for the outline of a group
/// @param marginTop likewise, with room for the group's number
/// @param caseHead from the top of a switch's frame to what it contains
record BoxSizes(
        double portWidth,
        double portHeight,
        double deviceWidth,
        double deviceHeight,
        double slotWidth,
        double rowHeight,
        double stackHeight,
        double link,
        double gap,
        double margin,
        double marginTop,
        double casePad,
        double caseHead,
        double memoryWidth,
        double unitWidth,
        double corridor,
        double complexHead,
        double complexPad) {

    static final BoxSizes USUAL =
            new BoxSizes(
                    118, 36, 222, 44, 162, 24, 60, 34, 14, 9, 15, 10, 28, 148, 172, 42, 38, 14);

    /// Boxes that have room for a name even at 40 %, for machines that only fit at less otherwise.
    static final BoxSizes COMPACT =
            new BoxSizes(118, 36, 124, 36, 66, 28, 40, 18, 4, 4, 8, 5, 20, 148, 172, 30, 38, 8);

    static final BoxSizes ON_WALL =
            new BoxSizes(74, 24, 74, 24, 62, 24, 24, 18, 3, 4, 13, 4, 4, 20, 60, 14, 16, 6);

    /// Whether only the name of a thing is shown.
    boolean onWall() {
        return this == ON_WALL;
    }

    /// How large a picture of so many pixels is drawn in its usual place: beside the inspector, or
    /// alone on a wall of 1280 × 720 pixels with text at 245 %.
    double fit(double width, double height) {
        return onWall()
                ? Math.min(520 / width, 258 / height)
                : Math.min(1188 / width, 650 / height);
    }

    /// Height of an IOMMU's box.
    ///
    /// @param lines of counters that it shows
    double unitHeight(int lines) {
        return onWall() ? 54 : UnitText.height(lines);
    }
}

package iommulab.app.walk;

/// Where the columns of the ladder stand, in pixels at 100 %. A narrow window draws them together.
///
/// @param wall whether only the current rung shows everything, for a wall or a small window
record LadderColumns(
        double width,
        double rail,
        double name,
        double address,
        double raw,
        double fields,
        double givenBy,
        double cyclesRight,
        boolean wall) {
    private static final double WALL_BELOW = 780;
    private static final double NARROW = 860;
    private static final double FULL = 1188;

    static LadderColumns of(double width) {
        double t = Math.clamp((width - NARROW) / (FULL - NARROW), 0, 1);
        boolean wall = width < WALL_BELOW;
        return new LadderColumns(
                width,
                wall ? 26 : between(30, 44, t),
                wall ? 44 : between(46, 60, t),
                between(184, 222, t),
                wall ? 168 : between(352, 452, t),
                between(520, 642, t),
                width - (wall ? 150 : between(166, 198, t)),
                width - 16,
                wall);
    }

    private static double between(double narrow, double full, double t) {
        return Math.round(narrow + (full - narrow) * t);
    }

    double fieldsWidth() {
        return givenBy - fields - 12;
    }
}

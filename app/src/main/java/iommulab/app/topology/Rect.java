package iommulab.app.topology;

/// A box in the picture, in pixels at 100 %; y grows downwards.
record Rect(double x, double y, double width, double height) {
    double right() {
        return x + width;
    }

    double bottom() {
        return y + height;
    }

    double centreX() {
        return x + width / 2;
    }

    double centreY() {
        return y + height / 2;
    }

    boolean contains(double px, double py) {
        return px >= x && px <= right() && py >= y && py <= bottom();
    }

    boolean contains(Rect other) {
        return other.x >= x
                && other.right() <= right()
                && other.y >= y
                && other.bottom() <= bottom();
    }

    /// Whether the two share more than an edge.
    boolean overlaps(Rect other) {
        return x < other.right() && other.x < right() && y < other.bottom() && other.y < bottom();
    }

    /// The smallest rectangle around both.
    Rect with(Rect other) {
        double left = Math.min(x, other.x);
        double top = Math.min(y, other.y);
        return new Rect(
                left,
                top,
                Math.max(right(), other.right()) - left,
                Math.max(bottom(), other.bottom()) - top);
    }

    /// The rectangle with its edges moved outwards.
    Rect grown(double sides, double top, double bottom) {
        return new Rect(x - sides, y - top, width + 2 * sides, height + top + bottom);
    }
}

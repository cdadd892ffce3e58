package iommulab.app.topology;

/// Which part of the picture the canvas shows, and how large. Text does not shrink below 100 %: where
/// the picture is smaller, boxes shrink around it and say less; where it is larger, text grows along.
///
/// @param zoom 1 for 100 %
/// @param wide how much wider than tall a square of the picture is drawn, from 1: names need width
/// @param x where the picture's left edge lies on the canvas
/// @param y where its top lies
record View(double zoom, double wide, double x, double y) {
    static final double SMALLEST = 0.02;
    static final double LARGEST = 4;
    private static final double WIDEST = 2;
    private static final double WIDEST_BOXES = 1.25;

    static final View WHOLE = new View(1, 1, 0, 0);

    /// The view that shows the whole picture, not larger than 100 %. Width that is left over goes to
    /// the boxes, so that less of their names is cut.
    static View fitting(Picture picture, double width, double height) {
        double zoom =
                Math.clamp(
                        Math.min(width / picture.width(), height / picture.height()), SMALLEST, 1);
        double most = Math.clamp(WIDEST_BOXES / zoom, 1, WIDEST);
        double wide = Math.clamp(width / (picture.width() * zoom), 1, most);
        return new View(
                zoom,
                wide,
                Math.max(0, (width - picture.width() * zoom * wide) / 2),
                Math.max(0, (height - picture.height() * zoom) / 2));
    }

    /// Larger or smaller, with the place under the pointer staying where it is.
    View zoomedAt(double px, double py, double factor) {
        double to = Math.clamp(zoom * factor, SMALLEST, LARGEST);
        double k = to / zoom;
        return new View(to, wide, px - (px - x) * k, py - (py - y) * k);
    }

    View moved(double dx, double dy) {
        return new View(zoom, wide, x + dx, y + dy);
    }

    /// The same zoom with a place of the picture in the middle of the canvas.
    View centredOn(Rect rect, double width, double height) {
        return new View(
                zoom,
                wide,
                width / 2 - rect.centreX() * zoom * wide,
                height / 2 - rect.centreY() * zoom);
    }

    /// How much text and lines grow: 1 up to 100 %.
    double grown() {
        return Math.max(1, zoom);
    }

    /// Where a place of the picture lies before growing.
    double toX(double pictureX) {
        return (x + pictureX * zoom * wide) / grown();
    }

    double toY(double pictureY) {
        return (y + pictureY * zoom) / grown();
    }

    /// A length of the picture before growing, measured downwards.
    double length(double pictureLength) {
        return pictureLength * zoom / grown();
    }

    Rect to(Rect rect) {
        return new Rect(
                toX(rect.x()), toY(rect.y()), length(rect.width()) * wide, length(rect.height()));
    }

    Point to(Point point) {
        return new Point(toX(point.x()), toY(point.y()));
    }

    double pictureX(double canvasX) {
        return (canvasX - x) / (zoom * wide);
    }

    double pictureY(double canvasY) {
        return (canvasY - y) / zoom;
    }
}

package iommulab.app.topology;

/// Which part of the picture the canvas shows, and how large. Text does not shrink below 100 %: where
/// the picture is smaller, boxes shrink around it and say less; where it is larger, text grows along.
///
/// @param zoom 1 for 100 %
/// @param x where the picture's left edge lies on the canvas
/// @param y where its top lies
record View(double zoom, double x, double y) {
    static final double SMALLEST = 0.02;
    static final double LARGEST = 4;

    static final View WHOLE = new View(1, 0, 0);

    /// The view that shows the whole picture, not larger than 100 %.
    static View fitting(Picture picture, double width, double height) {
        double zoom =
                Math.clamp(
                        Math.min(width / picture.width(), height / picture.height()), SMALLEST, 1);
        return new View(
                zoom,
                Math.max(0, (width - picture.width() * zoom) / 2),
                Math.max(0, (height - picture.height() * zoom) / 2));
    }

    /// Larger or smaller, with the place under the pointer staying where it is.
    View zoomedAt(double px, double py, double factor) {
        double to = Math.clamp(zoom * factor, SMALLEST, LARGEST);
        double k = to / zoom;
        return new View(to, px - (px - x) * k, py - (py - y) * k);
    }

    View moved(double dx, double dy) {
        return new View(zoom, x + dx, y + dy);
    }

    /// The same zoom with a place of the picture in the middle of the canvas.
    View centredOn(Rect rect, double width, double height) {
        return new View(
                zoom, width / 2 - rect.centreX() * zoom, height / 2 - rect.centreY() * zoom);
    }

    /// How much text and lines grow: 1 up to 100 %.
    double grown() {
        return Math.max(1, zoom);
    }

    /// Where a place of the picture lies before growing.
    double toX(double pictureX) {
        return (x + pictureX * zoom) / grown();
    }

    double toY(double pictureY) {
        return (y + pictureY * zoom) / grown();
    }

    /// A length of the picture before growing.
    double length(double pictureLength) {
        return pictureLength * zoom / grown();
    }

    Rect to(Rect rect) {
        return new Rect(toX(rect.x()), toY(rect.y()), length(rect.width()), length(rect.height()));
    }

    Point to(Point point) {
        return new Point(toX(point.x()), toY(point.y()));
    }

    double pictureX(double canvasX) {
        return (canvasX - x) / zoom;
    }

    double pictureY(double canvasY) {
        return (canvasY - y) / zoom;
    }
}

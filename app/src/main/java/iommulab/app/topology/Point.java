package iommulab.app.topology;

/// A place in the picture, in pixels at 100 %; y grows downwards.
record Point(double x, double y) {}

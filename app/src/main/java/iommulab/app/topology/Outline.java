package iommulab.app.topology;

/// The outline of a group, or of as much of it as lies together.
///
/// @param several whether it surrounds more than one box
/// @param label beside the number, empty for a single box
record Outline(int group, Rect at, boolean several, String label, boolean selected) {}

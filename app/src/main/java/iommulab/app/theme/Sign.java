package iommulab.app.theme;

import javafx.scene.paint.Color;

/// The shape that stands for an outcome. Shape first, word second, colour third.
public enum Sign {
    /// A cache gave it: filled circle.
    HIT,
    /// Read from memory: filled diamond.
    WALK,
    /// Still to be read: hollow diamond.
    WALK_TO_COME,
    /// Looked for and not found, or still to come: hollow circle.
    PROBE,
    /// Stopped: octagon with a cross.
    FAULT,
    /// An entry that no longer agrees with memory: triangle.
    STALE,
    /// A peer was reached without the IOMMU: double arrow.
    PEER,
    /// Stopped by the fabric: square with a bar.
    BLOCKED,
    /// Not read, because a cache knew more: dashed circle.
    SAVED;

    /// The colour that goes with the shape.
    public Color colour(Palette palette) {
        return switch (this) {
            case HIT -> palette.hit();
            case WALK, WALK_TO_COME, PROBE -> palette.walk();
            case FAULT -> palette.fault();
            case STALE -> palette.stale();
            case PEER -> palette.peer();
            case BLOCKED -> palette.blocked();
            case SAVED -> palette.text3();
        };
    }
}

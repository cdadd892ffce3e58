package iommulab.app.cli;

import iommulab.engine.session.Session;

import java.io.IOException;
import java.nio.file.Path;

/// Takes pictures of the window without a display.
@FunctionalInterface
public interface Camera {
    /// @param session the machine in the window
    /// @param file the PNG to write
    void take(Session session, Shot shot, Path file) throws IOException;

    /// What to take a picture of.
    ///
    /// @param view the perspective that is open
    /// @param width in pixels
    /// @param height in pixels
    /// @param dark whether in the dark theme
    record Shot(View view, int width, int height, boolean dark) {}

    /// Perspectives of which there are pictures.
    enum View {
        MACHINE,
        GROUPS,
        WALK
    }
}

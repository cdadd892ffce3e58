package iommulab.app;

import javafx.application.Platform;
import javafx.embed.swing.SwingFXUtils;
import javafx.stage.Stage;

import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.CompletableFuture;

import javax.imageio.ImageIO;

/// Saves a picture of the window as it is.
final class WindowPicture {
    private WindowPicture() {}

    /// Asks for a file, and writes it away from the JavaFX thread.
    ///
    /// @param name proposed, without ending
    static void save(Stage stage, FileDialogs dialogs, String name) {
        var picture = SwingFXUtils.fromFXImage(stage.getScene().snapshot(null), null);
        dialogs.toSave("Save a picture of the window", name, ".png")
                .ifPresent(path ->
                        CompletableFuture.runAsync(() -> {
                            try (var out = Files.newOutputStream(path)) {
                                ImageIO.write(picture, "png", out);
                                Platform.runLater(() -> dialogs.note("Saved", path.toString()));
                            } catch (IOException unwritable) {
                                Platform.runLater(() ->
                                        dialogs.tell(
                                                path.getFileName() + " was not saved",
                                                String.valueOf(unwritable.getMessage())));
                            }
                        }));
    }
}

package iommulab.app;

import javafx.application.Platform;
import javafx.embed.swing.SwingFXUtils;
import javafx.scene.image.WritableImage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

import javax.imageio.ImageIO;

/// JavaFX on its own headless platform: everything is drawn, nobody sees it.
final class HeadlessScreen implements AutoCloseable {
    /// The platform's one screen is a square of this many pixels; a stage that is larger fails.
    static final int PIXELS = 1000;

    /// Starts JavaFX; it must not have been started before.
    HeadlessScreen() {
        System.setProperty("glass.platform", "Headless");
        System.setProperty("prism.order", "sw");
        System.setProperty("java.awt.headless", "true");
        Platform.startup(() -> Platform.setImplicitExit(false));
    }

    /// Runs something on the JavaFX thread and waits for it.
    <T> T ask(Supplier<T> question) {
        var answer = new CompletableFuture<T>();
        Platform.runLater(() -> {
            try {
                answer.complete(question.get());
            } catch (RuntimeException defect) {
                answer.completeExceptionally(defect);
            }
        });
        try {
            return answer.join();
        } catch (CompletionException failed) {
            throw new IllegalStateException("the window could not be drawn", failed.getCause());
        }
    }

    static void write(WritableImage image, Path file) throws IOException {
        try (var out = Files.newOutputStream(file)) {
            ImageIO.write(SwingFXUtils.fromFXImage(image, null), "png", out);
        }
    }

    @Override
    public void close() {
        Platform.exit();
    }
}

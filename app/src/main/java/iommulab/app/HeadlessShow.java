package iommulab.app;

import iommulab.app.shell.Bench;
import iommulab.app.shell.MainWindow;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Counters;
import iommulab.engine.session.Session;

import javafx.stage.Stage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// What the start command does where there is no display: the same window, a few seconds of traffic, a
/// picture and a summary.
final class HeadlessShow {
    private static final int SECONDS = 3;
    private static final int WIDTH = 1600;
    private static final int HEIGHT = 1000;

    private HeadlessShow() {}

    /// Runs the machine in a window that nobody sees.
    ///
    /// @param picture the file to write
    /// @return the summary, line by line
    static List<String> run(Session session, Path picture) throws IOException {
        var before = session.newest().counters();
        try (var screen = new HeadlessScreen()) {
            var window = screen.ask(() -> window(session));
            if (!session.newest().sources().isEmpty()) {
                session.setRunning(true).join();
                new CompletableFuture<Void>()
                        .completeOnTimeout(null, SECONDS, TimeUnit.SECONDS)
                        .join();
            }
            var image = screen.ask(() -> window.picture(WIDTH, HEIGHT));
            session.setRunning(false).join();
            HeadlessScreen.write(image, picture);
            return summary(before, session.newest(), picture);
        }
    }

    private static MainWindow window(Session session) {
        var window = LabWindow.around(new Bench(session), List.of());
        var stage = new Stage();
        stage.setX(0);
        stage.setY(0);
        stage.setWidth(HeadlessScreen.PIXELS);
        stage.setHeight(HeadlessScreen.PIXELS);
        window.openOn(stage);
        return window;
    }

    private static List<String> summary(Counters before, MachineSnapshot machine, Path picture) {
        var now = machine.counters();
        var lines = new ArrayList<String>();
        lines.add(
                "Machine   %s, %d functions in %d groups"
                        .formatted(
                                machine.name(),
                                machine.topology().size(),
                                machine.grouping().groups().size()));
        if (machine.sources().isEmpty()) {
            lines.add("Requests  none: no device of this machine has traffic yet");
        } else {
            long hits = now.hits() - before.hits();
            long translated = hits + now.walks() - before.walks();
            lines.add(
                    "Requests  %,d in %d seconds"
                            .formatted(now.requests() - before.requests(), SECONDS));
            lines.add(
                    "IOTLB     %.1f %% hits: %,d hits, %,d walks"
                            .formatted(
                                    100.0 * hits / Math.max(1, translated),
                                    hits,
                                    translated - hits));
            lines.add("Faults    %,d".formatted(now.faults() - before.faults()));
        }
        lines.add("Picture   " + picture.toAbsolutePath().normalize());
        return lines;
    }
}

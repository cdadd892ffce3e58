package iommulab.app;

import iommulab.app.cli.Camera;
import iommulab.app.shell.Bench;
import iommulab.app.shell.DomainUse;
import iommulab.app.shell.MainWindow;
import iommulab.app.shell.Perspective;
import iommulab.app.theme.Theme;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.Session;
import iommulab.engine.session.WalkQuestion;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Pictures of the window from the command line.
final class HeadlessCamera implements Camera {
    @Override
    public void take(Session session, Shot shot, Path file) throws IOException {
        try (var screen = new HeadlessScreen()) {
            var bench = screen.ask(() -> new Bench(session));
            var window = screen.ask(() -> window(bench, session.newest(), shot));
            // The walk's answer reaches the JavaFX thread before what is asked of it after this
            // one.
            question(session.newest()).ifPresent(asked -> session.explain(asked).join());
            HeadlessScreen.write(
                    screen.ask(() -> window.picture(shot.width(), shot.height())), file);
        }
    }

    private static MainWindow window(Bench bench, MachineSnapshot machine, Shot shot) {
        bench.settings().theme().set(shot.dark() ? Theme.DARK : Theme.LIGHT);
        var window = LabWindow.around(bench, List.of());
        switch (shot.view()) {
            case MACHINE -> bench.open(Perspective.MACHINE);
            case GROUPS -> bench.open(Perspective.GROUPS);
            case WALK -> {
                bench.open(Perspective.WALK);
                question(machine).ifPresent(asked -> bench.openWalk(asked, -1));
            }
        }
        return window;
    }

    /// A walk worth looking at: of a mapping that somebody made, if there is one.
    private static Optional<WalkQuestion> question(MachineSnapshot machine) {
        return machine.domains().stream()
                .filter(domain -> DomainUse.firstOf(domain).isPresent())
                .filter(domain -> !domain.mappings().isEmpty())
                .max(Comparator.comparing(Domain::byUser))
                .flatMap(domain ->
                        DomainUse.firstOf(domain)
                                .map(u -> u.read(domain.mappings().getFirst().iova(), false)));
    }
}

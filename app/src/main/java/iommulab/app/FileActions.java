package iommulab.app;

import iommulab.app.shell.Bench;
import iommulab.app.shell.WindowAction;
import iommulab.engine.io.FileRefused;
import iommulab.engine.io.Progress;
import iommulab.engine.io.machine.Expectation;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.io.machine.MachineReader;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.Session;

import javafx.application.Platform;
import javafx.concurrent.Task;
import javafx.embed.swing.SwingFXUtils;
import javafx.scene.control.Alert;
import javafx.scene.control.ButtonBar;
import javafx.scene.control.ButtonType;
import javafx.scene.control.Label;
import javafx.stage.FileChooser;
import javafx.stage.Stage;

import org.controlsfx.control.Notifications;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

import javax.imageio.ImageIO;

/// The File menu: opens and imports machines, saves them, and saves a picture of the window.
final class FileActions {
    private final Bench bench;
    private final Stage stage;
    private final Recovery recovery;
    private OpenMachine open;

    /// @param open the machine that the window begins with
    FileActions(Bench bench, Stage stage, OpenMachine open) {
        this.bench = bench;
        this.stage = stage;
        this.open = open;
        this.recovery =
                new Recovery(why ->
                        tell(
                                "What you do is not written down for recovery",
                                String.valueOf(why.getMessage())));
    }

    /// To be called when the window is open: offers what a crash left behind, then writes down what is
    /// done from now on.
    void begin() {
        try {
            var path = open.path();
            var left =
                    path.isEmpty()
                            ? Optional.<MachineFile>empty()
                            : Recovery.find(path.get(), open.content());
            left.ifPresentOrElse(found -> offer(found, open), () -> recovery.follow(open));
        } catch (FileRefused damaged) {
            tell("What was left for recovery is damaged", String.valueOf(damaged.getMessage()));
            recovery.follow(open);
        }
    }

    /// Nothing is left for recovery when a window is closed.
    void end() {
        recovery.end();
        open.session().close();
    }

    private void offer(MachineFile found, OpenMachine machine) {
        var recover = new ButtonType("Recover", ButtonBar.ButtonData.YES);
        var discard = new ButtonType("Discard", ButtonBar.ButtonData.NO);
        var question =
                new Alert(
                        Alert.AlertType.CONFIRMATION,
                        "The program ended before it was saved. Its journal had %d commands, the file has %d."
                                .formatted(
                                        found.journal().size(), machine.content().journal().size()),
                        recover,
                        discard);
        question.initOwner(stage);
        question.setTitle("IOMMU Lab");
        question.setHeaderText("Bring back what was done to this machine?");
        question.resultProperty()
                .addListener((_, _, answer) -> {
                    if (answer == recover) {
                        bench.tasks().run(recovering(found, machine));
                    } else {
                        recovery.follow(machine);
                    }
                });
        question.show();
    }

    private Task<OpenMachine> recovering(MachineFile found, OpenMachine machine) {
        var task =
                new Task<OpenMachine>() {
                    @Override
                    protected OpenMachine call() throws CommandRefused {
                        updateTitle("Recovering");
                        return new OpenMachine(
                                Session.open(found.machine(), found.journal()),
                                found,
                                machine.path());
                    }
                };
        task.setOnSucceeded(_ -> {
            put(task.getValue());
            recovery.follow(open);
        });
        task.setOnFailed(_ -> refuse(machine.path().orElseThrow(), task.getException()));
        return task;
    }

    /// A machine in the window.
    ///
    /// @param content what its file held when it was opened
    /// @param path where it is saved; empty for a sample or an import
    record OpenMachine(Session session, MachineFile content, Optional<Path> path) {}

    List<WindowAction> all() {
        return List.of(
                WindowAction.of("File", "Open or import…", "Shortcut+O", this::choose),
                WindowAction.of("File", "", "", () -> {}),
                WindowAction.of("File", "Save", "Shortcut+S", this::save),
                WindowAction.of("File", "Save as…", "Shortcut+Shift+S", this::saveAs),
                WindowAction.of("File", "Save picture of the window…", "", this::savePicture),
                WindowAction.of("File", "", "", () -> {}),
                WindowAction.of("File", "Close", "Shortcut+Q", stage::close));
    }

    private void choose() {
        var chooser = new FileChooser();
        chooser.setTitle("Open a machine, or import a capture");
        chooser.getExtensionFilters()
                .addAll(
                        new FileChooser.ExtensionFilter(
                                "Machines and captures",
                                "*" + MachineFile.ENDING,
                                "*.json",
                                "*.tar",
                                "*.tar.gz",
                                "*.tgz",
                                "*.txt"),
                        new FileChooser.ExtensionFilter("All files", "*"));
        Optional.ofNullable(chooser.showOpenDialog(stage)).map(File::toPath).ifPresent(this::read);
    }

    /// Reads a file away from the JavaFX thread; the machine in the window stays until the new one runs.
    void read(Path path) {
        var task = new Reading(path);
        task.setOnSucceeded(_ -> show(task.getValue()));
        task.setOnFailed(_ -> refuse(path, task.getException()));
        bench.tasks().run(task);
    }

    private void show(OpenMachine machine) {
        recovery.end();
        put(machine);
        begin();
        for (var remark : machine.content().machine().remarks()) {
            Notifications.create().owner(stage).title("Import").text(remark).show();
        }
    }

    private void put(OpenMachine machine) {
        open = machine;
        bench.settings().restore(machine.content().view());
        bench.replace(machine.session());
        stage.setTitle(title(machine));
    }

    /// What stands in the title bar.
    static String title(OpenMachine machine) {
        return machine.path()
                .map(path -> path.getFileName() + " — IOMMU Lab")
                .orElse(machine.content().machine().name() + " — IOMMU Lab");
    }

    private void refuse(Path path, Throwable why) {
        if (why instanceof CommandRefused refused) {
            tell("%s cannot be opened".formatted(path.getFileName()), refused.reason());
        } else if (why instanceof FileRefused || why instanceof IOException) {
            tell(
                    "%s cannot be opened".formatted(path.getFileName()),
                    String.valueOf(why.getMessage()));
        } else {
            iommulab.app.shell.Defects.report(why);
        }
    }

    private void tell(String head, String words) {
        var alert = new Alert(Alert.AlertType.WARNING);
        alert.initOwner(stage);
        alert.setTitle("IOMMU Lab");
        alert.setHeaderText(head);
        var text = new Label(words);
        text.setWrapText(true);
        alert.getDialogPane().setContent(text);
        alert.show();
    }

    private void save() {
        open.path().ifPresentOrElse(this::write, this::saveAs);
    }

    private void saveAs() {
        var chooser = new FileChooser();
        chooser.setTitle("Save the machine");
        chooser.setInitialFileName(open.content().machine().name() + MachineFile.ENDING);
        Optional.ofNullable(chooser.showSaveDialog(stage)).map(File::toPath).ifPresent(this::write);
    }

    /// Saves the machine as it is now; the file is replaced as a whole or not at all.
    void write(Path path) {
        var before = open;
        before.session()
                .saved()
                .thenAccept(saved -> {
                    var content =
                            new MachineFile(
                                    saved.description(),
                                    saved.journal(),
                                    OptionalLong.of(saved.stateHash()),
                                    promises(before, saved),
                                    bench.settings().toView(before.content().view()),
                                    before.content().unknown());
                    written(before, content, path);
                });
    }

    /// What a file expects was said of its own commands; other commands make no promise.
    private static List<Expectation> promises(OpenMachine before, Session.Saved saved) {
        return saved.journal().equals(before.content().journal())
                ? before.content().expects()
                : List.of();
    }

    private void written(OpenMachine before, MachineFile content, Path path) {
        try {
            content.write(path);
            Platform.runLater(() -> {
                if (open.session() == before.session()) {
                    open = new OpenMachine(before.session(), content, Optional.of(path));
                    stage.setTitle(title(open));
                    recovery.follow(open);
                }
                Notifications.create()
                        .owner(stage)
                        .title("Saved")
                        .text(path.toString())
                        .showInformation();
            });
        } catch (IOException unwritable) {
            Platform.runLater(() ->
                    tell(
                            "%s was not saved; the file is as before".formatted(path.getFileName()),
                            String.valueOf(unwritable.getMessage())));
        }
    }

    private void savePicture() {
        var picture = SwingFXUtils.fromFXImage(stage.getScene().snapshot(null), null);
        var chooser = new FileChooser();
        chooser.setTitle("Save a picture of the window");
        chooser.setInitialFileName(open.content().machine().name() + ".png");
        Optional.ofNullable(chooser.showSaveDialog(stage))
                .ifPresent(file -> {
                    try {
                        ImageIO.write(picture, "png", file);
                    } catch (IOException unwritable) {
                        tell(
                                file.getName() + " was not saved",
                                String.valueOf(unwritable.getMessage()));
                    }
                });
    }

    /// Reading a file and switching its machine on, with progress and Cancel.
    private static final class Reading extends Task<OpenMachine> {
        private final Path path;

        Reading(Path path) {
            this.path = path;
            updateTitle("Opening " + path.getFileName());
        }

        @Override
        protected OpenMachine call() throws FileRefused, CommandRefused {
            var content = MachineReader.read(path, new Steps());
            updateMessage("Switching on");
            var session = Session.open(content.machine(), content.journal());
            boolean ours = path.toString().endsWith(MachineFile.ENDING);
            return new OpenMachine(session, content, ours ? Optional.of(path) : Optional.empty());
        }

        /// The import's progress as the task's.
        private final class Steps implements Progress {
            @Override
            public void at(String what, long done, long total) {
                updateMessage(what);
                updateProgress(total < 0 ? -1 : done, Math.max(1, total));
            }

            @Override
            public boolean cancelled() {
                return isCancelled();
            }
        }
    }
}

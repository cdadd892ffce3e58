package iommulab.app;

import iommulab.app.Opening.Source;
import iommulab.app.shell.Bench;
import iommulab.app.shell.WindowAction;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.io.machine.MachineReader;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.Session;

import javafx.application.Platform;
import javafx.stage.Stage;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// The File menu: which machine is in the window, and how it comes and goes.
final class FileActions implements AutoCloseable {
    private final Bench bench;
    private final Stage stage;
    private final Recovery recovery;
    private final FileDialogs dialogs;
    private final Saving saving;
    private final Autosave autosave;
    private OpenMachine open;
    private boolean closed;

    /// @param open the machine that the window begins with
    /// @param files asks for names
    FileActions(Bench bench, Stage stage, OpenMachine open, Recovery recovery, FileQuestion files) {
        this.bench = bench;
        this.stage = stage;
        this.recovery = recovery;
        this.open = open;
        this.dialogs = new FileDialogs(stage, files);
        this.saving = new Saving(bench.settings());
        bench.othersFrom(new OtherFiles(dialogs, bench.tasks())::choose);
        this.autosave =
                new Autosave(
                        recovery,
                        why ->
                                Platform.runLater(() ->
                                        dialogs.note("Changes are only kept if you save", why)));
    }

    List<WindowAction> all() {
        var actions = new ArrayList<WindowAction>();
        actions.add(WindowAction.of("File", "Open or import…", "Shortcut+O", this::choose));
        Samples.NAMES.forEach(name -> actions.add(sample(name)));
        actions.addAll(
                List.of(
                        WindowAction.of("File", "", "", () -> {}),
                        WindowAction.of("File", "Save", "Shortcut+S", this::save),
                        WindowAction.of("File", "Save as…", "Shortcut+Shift+S", this::saveAs),
                        WindowAction.of(
                                "File",
                                "Save picture of the window…",
                                "",
                                () -> WindowPicture.save(stage, dialogs, open.name())),
                        WindowAction.of("File", "", "", () -> {}),
                        WindowAction.of(
                                "File", "Close", "Shortcut+Q", () -> leaveThen(stage::close))));
        for (var architecture : Architecture.OF_MACHINES) {
            actions.add(conversion(architecture));
        }
        return List.copyOf(actions);
    }

    /// The machine in the window with another IOMMU, as a machine of its own.
    private WindowAction conversion(Architecture architecture) {
        return WindowAction.of(
                "Machine/Convert to",
                architecture.words(),
                "",
                () -> {
                    var converted = open.session().converted(architecture);
                    var name = "%s, %s".formatted(open.name(), architecture.words());
                    open(
                            new Source(
                                    name,
                                    Optional.empty(),
                                    _ -> MachineFile.of(answered(converted))));
                });
    }

    private static Session.Saved answered(CompletableFuture<Session.Saved> converted)
            throws CommandRefused {
        try {
            return converted.join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof CommandRefused refused) {
                throw refused;
            }
            throw failed;
        }
    }

    private WindowAction sample(String name) {
        var unread = new Samples.Line(name, "");
        var line = Samples.line(name).exceptionally(_ -> unread);
        var source = new Source(name, Optional.empty(), _ -> Samples.read(name));
        return WindowAction.of(Samples.menu(name), name, "", () -> open(source))
                .titled(() -> line.getNow(unread).name())
                .about(() -> line.getNow(unread).about());
    }

    /// Takes the first machine over, with what was not saved of it; call when the window is there.
    void begin() {
        bench.settings().restore(open.content().view());
        stage.setOnCloseRequest(request -> {
            if (open.isChanged()) {
                request.consume();
                leaveThen(stage::close);
            }
        });
        name(open);
        if (recovery.isThere(open)) {
            var content = open.content();
            run(new Source(open.name(), open.path(), _ -> content));
        } else {
            autosave.follow(open);
        }
    }

    private void choose() {
        dialogs.toOpen().ifPresent(this::read);
    }

    /// Reads a file of any kind away from the JavaFX thread; the machine in the window stays until the
    /// new one runs.
    void read(Path path) {
        open(
                new Source(
                        String.valueOf(path.getFileName()),
                        OpenMachine.own(path),
                        progress -> MachineReader.read(path, progress)));
    }

    /// Opens something else, after the changes of what is open were saved or let go.
    void open(Source source) {
        leaveThen(() -> run(source));
    }

    private void run(Source source) {
        var task = new Opening(source, recovery, offer -> dialogs.recover(source.name(), offer));
        task.setOnSucceeded(_ -> {
            show(task.getValue());
            if (!stage.isFocused()) {
                dialogs.note("Opened", source.name());
            }
            task.remark().ifPresent(words -> dialogs.tell("Unsaved work is damaged", words));
        });
        task.setOnFailed(_ -> dialogs.refuse(source.name(), task.getException()));
        bench.tasks().run(task);
    }

    private void show(OpenMachine machine) {
        if (closed) {
            machine.session().close();
            return;
        }
        bench.settings().restore(machine.content().view());
        bench.replace(machine.session());
        name(machine);
        autosave.follow(machine);
        for (var remark : machine.content().machine().remarks()) {
            dialogs.note("Import", remark);
        }
    }

    private void name(OpenMachine machine) {
        open = machine;
        bench.kept().set(machine.kept());
        stage.setTitle(machine.title());
    }

    /// Does something that ends the machine in the window, unless its user wants to keep it.
    private void leaveThen(Runnable next) {
        if (!open.isChanged()) {
            next.run();
            return;
        }
        dialogs.unsaved(open.name())
                .thenAccept(answer -> {
                    switch (answer) {
                        case SAVE -> whereToSave().ifPresent(path -> write(path, next));
                        case DISCARD -> next.run();
                        case KEEP -> stage.requestFocus();
                    }
                });
    }

    private void save() {
        whereToSave().ifPresent(this::write);
    }

    private Optional<Path> whereToSave() {
        return open.path().or(this::newPlace);
    }

    private void saveAs() {
        newPlace().ifPresent(this::write);
    }

    private Optional<Path> newPlace() {
        return dialogs.toSave(
                "Save the machine", open.content().machine().name(), MachineFile.ENDING);
    }

    /// Saves the machine as it is now.
    void write(Path path) {
        write(path, () -> dialogs.note("Saved", path.toString()));
    }

    private void write(Path path, Runnable next) {
        var before = open;
        saving.save(before, path)
                .whenComplete((saved, failure) -> {
                    if (failure != null) {
                        dialogs.tell(
                                "%s was not saved; the file is as before"
                                        .formatted(path.getFileName()),
                                String.valueOf(failure.getMessage()));
                        return;
                    }
                    if (!closed && open.session() == before.session()) {
                        name(saved);
                        autosave.follow(saved);
                    }
                    next.run();
                });
    }

    /// Ends the machine in the window; its user has let go what was not saved.
    @Override
    public void close() {
        closed = true;
        autosave.close();
        open.session().close();
    }
}

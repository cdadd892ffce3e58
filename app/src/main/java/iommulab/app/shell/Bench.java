package iommulab.app.shell;

import iommulab.app.theme.Palette;
import iommulab.app.theme.PaletteReader;
import iommulab.engine.iommu.Walk;
import iommulab.engine.pci.DeviceNames;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.FrameView;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Outcome;
import iommulab.engine.session.Preview;
import iommulab.engine.session.Session;
import iommulab.engine.session.Trial;
import iommulab.engine.session.WalkQuestion;

import javafx.application.Platform;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.SimpleObjectProperty;
import javafx.beans.value.ObservableBooleanValue;
import javafx.beans.value.ObservableValue;
import javafx.scene.Node;

import org.jspecify.annotations.Nullable;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/// The workbench of one window: which machine lies on it, what is selected, which perspective is open.
/// Lives on the JavaFX thread; answers of the engine are brought there.
public final class Bench implements Workbench {
    /// The packaged PCI ID database, read when the first name is asked for.
    private static final DeviceNames NAMES = DeviceNames.reading(Bench::packagedNames);

    private final ReadOnlyObjectWrapper<Subject> subject =
            new ReadOnlyObjectWrapper<>(new Subject.Nothing());
    private final ReadOnlyObjectWrapper<Optional<AskedWalk>> askedWalk =
            new ReadOnlyObjectWrapper<>(Optional.empty());
    private final ReadOnlyObjectWrapper<Optional<String>> askedTable =
            new ReadOnlyObjectWrapper<>(Optional.empty());
    private final ReadOnlyObjectWrapper<Long> speed = new ReadOnlyObjectWrapper<>(0L);
    private final SubjectHistory history = new SubjectHistory();
    private final PaletteReader paletteReader = new PaletteReader();
    private final ViewSettings settings = new ViewSettings();
    private final ObjectProperty<Kept> kept = new SimpleObjectProperty<>(Kept.NOTHING);
    private final RunningTasks tasks = new RunningTasks();
    private final Refusals refusals;
    private Supplier<CompletionStage<Optional<OtherMachine>>> others =
            () -> CompletableFuture.completedFuture(Optional.empty());
    private Session engine;

    /// @param engine the machine to begin with
    public Bench(Session engine) {
        this.engine = engine;
        this.refusals = new Refusals();
        engine.defect().thenAccept(Defects::report);
    }

    private static InputStream packagedNames() throws IOException {
        var file = Bench.class.getResourceAsStream("/names/pci.ids.gz");
        if (file == null) {
            throw new FileNotFoundException("/names/pci.ids.gz is not packaged");
        }
        return file;
    }

    /// Puts another machine on the bench; the one before is switched off.
    public void replace(Session next) {
        var before = engine;
        engine = next;
        next.defect().thenAccept(Defects::report);
        before.close();
        askedWalk.set(Optional.empty());
        select(new Subject.Nothing());
    }

    public ViewSettings settings() {
        return settings;
    }

    /// What a file has of the machine.
    public ObjectProperty<Kept> kept() {
        return kept;
    }

    /// Where long work runs and is shown.
    public RunningTasks tasks() {
        return tasks;
    }

    PaletteReader paletteReader() {
        return paletteReader;
    }

    /// The perspective that is open.
    public ReadOnlyObjectProperty<Perspective> perspective() {
        return settings.perspective();
    }

    @Override
    public CompletionStage<Outcome> submit(Command command, Node where) {
        return told(engine.submit(command), where);
    }

    @Override
    public CompletionStage<Outcome> submit(Command command) {
        return onScreen(engine.submit(command));
    }

    @Override
    public CompletionStage<Walk> explain(WalkQuestion question) {
        return onScreen(engine.explain(question));
    }

    @Override
    public CompletionStage<Walk> explainOn(Architecture architecture, WalkQuestion question) {
        return onScreen(engine.explainOn(architecture, question));
    }

    /// Where other machines come from.
    public void othersFrom(Supplier<CompletionStage<Optional<OtherMachine>>> chooser) {
        others = chooser;
    }

    @Override
    public CompletionStage<Optional<OtherMachine>> chooseOther() {
        return others.get();
    }

    @Override
    public CompletionStage<Preview> preview(List<Command> commands) {
        return onScreen(engine.preview(commands));
    }

    @Override
    public CompletionStage<List<Trial>> tried(List<Command> commands) {
        return onScreen(engine.tried(commands));
    }

    @Override
    public CompletionStage<FrameView> frame(long hpa) {
        return onScreen(engine.frame(hpa));
    }

    @Override
    public CompletionStage<List<FrameView.Place>> tables() {
        return onScreen(engine.tables());
    }

    @Override
    public DeviceNames names() {
        return NAMES;
    }

    @Override
    public MachineSnapshot machine() {
        return engine.newest();
    }

    @Override
    public ReadOnlyObjectProperty<Subject> subject() {
        return subject.getReadOnlyProperty();
    }

    @Override
    public void select(Subject next) {
        history.visit(next);
        subject.set(next);
    }

    void back() {
        history.back().ifPresent(subject::set);
    }

    void forward() {
        history.forward().ifPresent(subject::set);
    }

    boolean canGoBack() {
        return history.canGoBack();
    }

    boolean canGoForward() {
        return history.canGoForward();
    }

    @Override
    public void open(Perspective next) {
        refusals.hide();
        settings.perspective().set(next);
    }

    @Override
    public void openWalk(WalkQuestion question, int stepToShow) {
        askedWalk.set(Optional.of(new AskedWalk(question, stepToShow)));
        open(Perspective.WALK);
    }

    @Override
    public ReadOnlyObjectProperty<Optional<AskedWalk>> askedWalk() {
        return askedWalk.getReadOnlyProperty();
    }

    @Override
    public void openInvalidation(String key) {
        askedTable.set(Optional.empty());
        askedTable.set(Optional.of(key));
    }

    @Override
    public ReadOnlyObjectProperty<Optional<String>> askedTable() {
        return askedTable.getReadOnlyProperty();
    }

    @Override
    public ObservableValue<Palette> palette() {
        return paletteReader.palette();
    }

    @Override
    public WalkLook walkLook() {
        return settings.walks();
    }

    @Override
    public ObservableBooleanValue reducedMotion() {
        return settings().reducedMotion();
    }

    @Override
    public void setRunning(boolean running) {
        setRunning(running, paletteReader);
    }

    /// Starts or pauses traffic; a refusal is shown beside the control that asked.
    void setRunning(boolean running, Node where) {
        told(engine.setRunning(running), where);
    }

    /// Takes the last command back.
    void undo(Node where) {
        told(engine.undo(), where);
    }

    /// Does the command again that was taken back last.
    void redo(Node where) {
        told(engine.redo(), where);
    }

    @Override
    public void goTo(int position, Node where) {
        told(engine.goTo(position), where);
    }

    /// Requests per second; 0 for as fast as the engine can.
    ReadOnlyObjectProperty<Long> speed() {
        return speed.getReadOnlyProperty();
    }

    void setSpeed(long requestsPerSecond) {
        speed.set(requestsPerSecond);
        onScreen(engine.setSpeed(requestsPerSecond));
    }

    private <T extends @Nullable Object> CompletionStage<T> told(
            CompletableFuture<T> asked, Node where) {
        var answer = onScreen(asked);
        answer.whenComplete((_, failure) -> {
            if (failure instanceof CommandRefused refused) {
                refusals.show(where, refused);
            }
        });
        return answer;
    }

    /// The same answer, given on the JavaFX thread; whatever is neither an answer nor a refusal is a
    /// defect.
    static <T extends @Nullable Object> CompletionStage<T> onScreen(CompletableFuture<T> asked) {
        var answer = new CompletableFuture<T>();
        asked.whenComplete((value, failure) ->
                Platform.runLater(() -> {
                    if (failure == null) {
                        answer.complete(value);
                        return;
                    }
                    var cause = unwrapped(failure);
                    answer.completeExceptionally(cause);
                    if (!(cause instanceof CommandRefused)) {
                        Defects.report(cause);
                    }
                }));
        return answer;
    }

    private static Throwable unwrapped(Throwable failure) {
        var cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }
}

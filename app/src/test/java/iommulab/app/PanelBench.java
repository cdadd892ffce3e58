package iommulab.app;

import iommulab.app.shell.OtherMachine;
import iommulab.app.shell.Panel;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.WalkLook;
import iommulab.app.shell.Workbench;
import iommulab.app.theme.Palette;
import iommulab.app.theme.PaletteReader;
import iommulab.app.theme.Theme;
import iommulab.engine.iommu.Walk;
import iommulab.engine.pci.DeviceNames;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.Command;
import iommulab.engine.session.FrameView;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Outcome;
import iommulab.engine.session.Preview;
import iommulab.engine.session.Trial;
import iommulab.engine.session.WalkQuestion;

import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.property.SimpleObjectProperty;
import javafx.beans.value.ObservableBooleanValue;
import javafx.beans.value.ObservableValue;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.layout.StackPane;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/// One panel alone in a window, with a machine that stands still: for looking at the panel and for
/// seeing which commands it sends.
public final class PanelBench implements Workbench {
    private final PaletteReader colours = new PaletteReader();
    private final SimpleObjectProperty<Subject> subject =
            new SimpleObjectProperty<>(new Subject.Nothing());
    private final SimpleObjectProperty<Optional<AskedWalk>> asked =
            new SimpleObjectProperty<>(Optional.empty());
    private final SimpleObjectProperty<Optional<String>> askedTable =
            new SimpleObjectProperty<>(Optional.empty());
    private final WalkLook look = new WalkLook();
    private final MachineSnapshot machine;
    private final Function<WalkQuestion, Walk> answers;
    private final List<Command> sent = new ArrayList<>();
    private final List<CompletableFuture<FrameView>> framesAsked = new ArrayList<>();
    private Optional<Function<List<Command>, Preview>> previews = Optional.empty();

    public PanelBench(MachineSnapshot machine, Function<WalkQuestion, Walk> answers) {
        this.machine = machine;
        this.answers = answers;
    }

    /// The same bench with somebody who answers what commands would do to the groups.
    public PanelBench answeringPreviews(Function<List<Command>, Preview> engine) {
        previews = Optional.of(engine);
        return this;
    }

    /// The panel in a scene, shown once.
    public Scene scene(Panel panel, Theme theme, double width, double height, double textScale) {
        var scene = new Scene(new StackPane(colours, panel.view()), width, height);
        theme.dress(scene, textScale);
        panel.show(machine, subject.get());
        subject.addListener((_, _, now) -> panel.show(machine, now));
        return scene;
    }

    /// The commands that the panel sent.
    public List<Command> sent() {
        return List.copyOf(sent);
    }

    @Override
    public CompletionStage<Optional<OtherMachine>> chooseOther() {
        return CompletableFuture.completedFuture(Optional.empty());
    }

    @Override
    public WalkLook walkLook() {
        return look;
    }

    @Override
    public CompletionStage<Outcome> submit(Command command, Node where) {
        sent.add(command);
        return CompletableFuture.completedFuture(new Outcome.Done());
    }

    @Override
    public CompletionStage<Outcome> submit(Command command) {
        sent.add(command);
        return CompletableFuture.completedFuture(new Outcome.Done());
    }

    @Override
    public CompletionStage<Walk> explain(WalkQuestion question) {
        return CompletableFuture.completedFuture(answers.apply(question));
    }

    @Override
    public CompletionStage<Walk> explainOn(Architecture architecture, WalkQuestion question) {
        return explain(question);
    }

    @Override
    public CompletionStage<Preview> preview(List<Command> commands) {
        return previews.<CompletionStage<Preview>>map(
                        engine -> CompletableFuture.completedFuture(engine.apply(commands)))
                .orElseGet(CompletableFuture::new);
    }

    @Override
    public CompletionStage<List<Trial>> tried(List<Command> commands) {
        return new CompletableFuture<>();
    }

    @Override
    public CompletionStage<FrameView> frame(long hpa) {
        var answer = new CompletableFuture<FrameView>();
        framesAsked.add(answer);
        return answer;
    }

    /// The questions for frames, which the test answers.
    public List<CompletableFuture<FrameView>> framesAsked() {
        return List.copyOf(framesAsked);
    }

    @Override
    public CompletionStage<List<FrameView.Place>> tables() {
        return new CompletableFuture<>();
    }

    @Override
    public MachineSnapshot machine() {
        return machine;
    }

    @Override
    public ReadOnlyObjectProperty<Subject> subject() {
        return subject;
    }

    @Override
    public void select(Subject selected) {
        subject.set(selected);
    }

    @Override
    public void open(Perspective perspective) {}

    @Override
    public void openWalk(WalkQuestion question, int stepToShow) {
        asked.set(Optional.of(new AskedWalk(question, stepToShow)));
    }

    @Override
    public ReadOnlyObjectProperty<Optional<AskedWalk>> askedWalk() {
        return asked;
    }

    @Override
    public void openInvalidation(String key) {
        askedTable.set(Optional.of(key));
    }

    @Override
    public ReadOnlyObjectProperty<Optional<String>> askedTable() {
        return askedTable;
    }

    @Override
    public ObservableValue<Palette> palette() {
        return colours.palette();
    }

    @Override
    public ObservableBooleanValue reducedMotion() {
        return new SimpleBooleanProperty();
    }

    @Override
    public DeviceNames names() {
        return DeviceNames.NONE;
    }

    @Override
    public void goTo(int position, Node where) {}

    @Override
    public void setRunning(boolean running) {}
}

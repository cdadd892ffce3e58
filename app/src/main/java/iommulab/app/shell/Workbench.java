package iommulab.app.shell;

import iommulab.app.theme.Palette;
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
import javafx.beans.value.ObservableBooleanValue;
import javafx.beans.value.ObservableValue;
import javafx.scene.Node;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// What a panel may ask of the window and, through it, of the engine. All calls on the JavaFX thread;
/// none waits. Stages complete on the JavaFX thread.
public interface Workbench {
    /// Sends a command to the engine. A refusal is shown beside `where`, with its errno and its rule;
    /// the stage then completes exceptionally with [iommulab.engine.session.CommandRefused].
    CompletionStage<Outcome> submit(Command command, Node where);

    /// Sends a command to the engine; who asks shows a refusal, with which the stage completes exceptionally.
    CompletionStage<Outcome> submit(Command command);

    /// Asks what the hardware would do, step by step, without doing it.
    CompletionStage<Walk> explain(WalkQuestion question);

    /// Asks the same of this machine with an IOMMU of another architecture, its caches empty. Completes
    /// exceptionally with [iommulab.engine.session.CommandRefused] if that one cannot do the same.
    CompletionStage<Walk> explainOn(Architecture architecture, WalkQuestion question);

    /// Lets the user choose another machine to compare this one with. Empty if there is none in the end; why
    /// not is shown. Who gets it switches it off.
    CompletionStage<Optional<OtherMachine>> chooseOther();

    /// Asks what commands would do to the groups, without doing them.
    CompletionStage<Preview> preview(List<Command> commands);

    /// Asks what commands would come to, each by itself, without running them.
    CompletionStage<List<Trial>> tried(List<Command> commands);

    /// The frame of memory that holds an address, with what IOMMUs take it for.
    CompletionStage<FrameView> frame(long hpa);

    /// All structures in memory that IOMMUs use now.
    CompletionStage<List<FrameView.Place>> tables();

    /// The newest snapshot.
    MachineSnapshot machine();

    /// What people call vendors, devices and classes.
    DeviceNames names();

    /// What is selected.
    ReadOnlyObjectProperty<Subject> subject();

    /// Selects a subject, in every panel.
    void select(Subject subject);

    /// Shows a perspective.
    void open(Perspective perspective);

    /// Shows the Walk perspective with this question asked; `stepToShow` -1 shows the last step.
    void openWalk(WalkQuestion question, int stepToShow);

    /// The question that was asked last for the Walk perspective. The Walk panel listens.
    ReadOnlyObjectProperty<Optional<AskedWalk>> askedWalk();

    /// A question for the Walk perspective.
    ///
    /// @param stepToShow index of a step; -1 for the last
    record AskedWalk(WalkQuestion question, int stepToShow) {}

    /// Opens the frame editor for invalidations of a kernel object.
    ///
    /// @param key of a nested table or a virtual IOMMU, as in [iommulab.engine.os.SoftwareView.Node]
    void openInvalidation(String key);

    /// The object that was asked for last. The frame editor listens.
    ReadOnlyObjectProperty<Optional<String>> askedTable();

    /// The colours in force, for what is drawn.
    ObservableValue<Palette> palette();

    /// How the user looks at walks.
    WalkLook walkLook();

    /// Whether nothing shall move on the screen: what would move stands at its end.
    ObservableBooleanValue reducedMotion();

    /// Goes to a position of the journal: 0 is power-on, n is after command n. A refusal is shown
    /// beside `where`.
    void goTo(int position, Node where);

    /// Starts or pauses traffic.
    void setRunning(boolean running);
}

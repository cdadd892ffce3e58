package iommulab.app.timeline;

import iommulab.app.shell.Panel;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Node;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;

import org.jspecify.annotations.Nullable;

/// The timeline, with the transcript beside it where there is room.
public final class TimelinePanel implements Panel {
    private static final double ROOM_FOR_BOTH = 1100;

    private final TimelineCanvas canvas;
    private final TranscriptPanel transcript;
    private final HBox root;
    private @Nullable TimelineModel shown;

    /// A timeline of no machine.
    public TimelinePanel(Workbench bench) {
        canvas = new TimelineCanvas(bench.palette(), position -> goTo(bench, position));
        transcript = TranscriptPanel.withoutRules(bench);
        root = new HBox(canvas, transcript.view());
        HBox.setHgrow(canvas, Priority.ALWAYS);
        transcript.view().getStyleClass().add("beside");
        root.widthProperty()
                .subscribe(width -> {
                    boolean both =
                            width.doubleValue() >= ROOM_FOR_BOTH * canvas.scaleProperty().get();
                    transcript.view().setVisible(both);
                    transcript.view().setManaged(both);
                });
        canvas.setOnMouseClicked(click -> {
            double scale = canvas.scaleProperty().get();
            canvas.tickAt(click.getX() / scale, click.getY() / scale)
                    .ifPresent(tick -> bench.select(new Subject.DmaEvent(tick)));
        });
    }

    private void goTo(Workbench bench, int position) {
        bench.goTo(position, canvas);
    }

    @Override
    public Node view() {
        return root;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        var model = TimelineModel.of(machine);
        if (!model.equals(shown)) {
            canvas.show(model);
            shown = model;
        }
        transcript.show(machine, subject);
    }
}

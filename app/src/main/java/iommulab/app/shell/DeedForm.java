package iommulab.app.shell;

import iommulab.app.shell.KernelDeed.Question;
import iommulab.app.theme.Popovers;
import iommulab.engine.os.call.Vocabulary;
import iommulab.engine.session.Call;
import iommulab.engine.session.Trial;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import org.controlsfx.control.PopOver;
import org.jspecify.annotations.Nullable;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/// Asks for the arguments of a call that are not known yet. While they are typed, the kernel is asked what
/// it would answer: what it would refuse cannot be sent, and says why.
final class DeedForm {
    private static final double WIDTH = 330;

    private final Workbench workbench;
    private final BiConsumer<Call, Node> send;
    private final KernelDeed deed;
    private final Map<Question, ComboBox<String>> fields = new LinkedHashMap<>();
    private final Label text = new Label();
    private final Label verdict = new Label();
    private final Button button = new Button("Call");
    private final PopOver popOver = new PopOver();
    private @Nullable Call asked;
    private boolean underWay;

    /// @param send told the complete call
    DeedForm(Workbench workbench, KernelDeed deed, BiConsumer<Call, Node> send) {
        this.workbench = workbench;
        this.deed = deed;
        this.send = send;
    }

    void open(Node where) {
        var grid = new GridPane();
        grid.getStyleClass().add("form-grid");
        int row = 0;
        for (var question : deed.asked()) {
            grid.addRow(row++, name(question), field(question));
        }
        text.setId("deed-call");
        text.getStyleClass().add("mono-secondary");
        verdict.setId("deed-verdict");
        for (var label : List.of(text, verdict)) {
            label.setWrapText(true);
            label.setPrefWidth(WIDTH);
            label.setMinHeight(Region.USE_PREF_SIZE);
        }
        button.setId("deed-send");
        button.getStyleClass().add("primary");
        button.setDefaultButton(true);
        button.setOnAction(_ -> {
            popOver.hide();
            send.accept(call(), where);
        });
        var content = new VBox(grid, text, verdict, button);
        content.getStyleClass().addAll("pop-over-form", "deed-form");
        popOver.setContentNode(content);
        popOver.setTitle(deed.title().replace("…", ""));
        popOver.setHeaderAlwaysVisible(true);
        popOver.setDetachable(false);
        popOver.setAutoHide(true);
        Popovers.dress(popOver);
        judge();
        popOver.show(where);
    }

    private Label name(Question question) {
        var label = new Label(question.argument() + (question.optional() ? " ?" : ""));
        label.getStyleClass().add("mono-secondary");
        Vocabulary.all()
                .find(deed.call().name())
                .flatMap(entry -> entry.parameter(question.argument()))
                .filter(parameter -> !parameter.doc().isEmpty())
                .ifPresent(parameter -> label.setTooltip(new Tooltip(parameter.doc())));
        return label;
    }

    private ComboBox<String> field(Question question) {
        var box = new ComboBox<String>();
        box.setId("deed-" + question.argument());
        box.setEditable(true);
        box.setAccessibleText(question.argument());
        box.getItems().setAll(question.proposals());
        box.getEditor().setText(question.proposals().isEmpty() ? "" : question.proposals().get(0));
        box.getEditor().textProperty().addListener((_, _, _) -> judge());
        box.setPrefWidth(210);
        fields.put(question, box);
        return box;
    }

    private Call call() {
        var call = deed.call();
        for (var field : fields.entrySet()) {
            var value = field.getValue().getEditor().getText().strip();
            if (!value.isEmpty() || !field.getKey().optional()) {
                call = call.with(field.getKey().argument(), value);
            }
        }
        return call;
    }

    /// One question at a time; what was typed meanwhile is asked next.
    private void judge() {
        var call = call();
        text.setText(call.toString());
        if (underWay || call.equals(asked)) {
            return;
        }
        underWay = true;
        asked = call;
        workbench
                .tried(List.of(KernelDeed.command(call)))
                .whenComplete((trials, _) -> {
                    underWay = false;
                    if (trials != null) {
                        show(trials.getFirst());
                    }
                    if (!call().equals(asked)) {
                        judge();
                    }
                });
    }

    private void show(Trial trial) {
        verdict.getStyleClass().setAll("label", trial.succeeds() ? "secondary" : "says-fault");
        verdict.setText(
                trial.succeeds()
                        ? trial.rule().isEmpty() ? "The kernel would do it." : trial.rule()
                        : trial.errno() + ": " + trial.rule());
        button.setDisable(!trial.succeeds());
        popOver.sizeToScene();
    }
}

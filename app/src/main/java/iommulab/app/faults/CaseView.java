package iommulab.app.faults;

import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;

import java.util.List;

/// One kind of fault, explained: the finding, the kernel's lines, their parts, the causes, what to try.
final class CaseView extends VBox {
    private final Workbench workbench;
    private final Label finding = new Label();
    private final VBox kernel = new VBox();
    private final GridPane parts = new GridPane();
    private final VBox causes = new VBox();
    private final VBox tries = new VBox();

    CaseView(Workbench workbench) {
        this.workbench = workbench;
        finding.setId("fault-finding");
        finding.getStyleClass().add("finding");
        finding.setMinHeight(USE_PREF_SIZE);
        kernel.getStyleClass().add("kernel-lines");
        kernel.setId("fault-kernel");
        parts.getStyleClass().add("key-values");
        var name = new ColumnConstraints();
        name.setMinWidth(USE_PREF_SIZE);
        var meaning = new ColumnConstraints();
        meaning.setHgrow(Priority.ALWAYS);
        parts.getColumnConstraints().setAll(name, meaning);
        causes.getStyleClass().add("cause-list");
        tries.getStyleClass().add("cause-list");
        getStyleClass().add("fault-case");
        getChildren()
                .addAll(
                        finding,
                        kernel,
                        parts,
                        head("Likely causes", "checked against journal and tables, best first"),
                        causes,
                        head("What to try", ""),
                        tries);
    }

    private static Node head(String title, String rest) {
        var head = new Label(title);
        head.getStyleClass().add("row-name");
        var more = new Label(rest);
        more.getStyleClass().add("secondary");
        var row = new HBox(head, more);
        row.getStyleClass().addAll("form-row", "case-head");
        return row;
    }

    void show(FaultsModel.Case shown) {
        finding.setText(shown.finding());
        kernel.getChildren()
                .setAll(shown.kernelLines().stream().map(CaseView::kernelLine).toList());
        parts.getChildren().clear();
        for (int i = 0; i < shown.parts().size(); i++) {
            var key = new Label(shown.parts().get(i).name());
            key.getStyleClass().add("key");
            var value = new Label(shown.parts().get(i).meaning());
            value.getStyleClass().add("value");
            value.setWrapText(true);
            parts.addRow(i, key, value);
        }
        causes.getChildren().clear();
        for (int i = 0; i < shown.causes().size(); i++) {
            causes.getChildren().add(cause(i + 1, shown.causes().get(i)));
        }
        tries.getChildren().setAll(tries(shown));
    }

    private static Node kernelLine(String text) {
        var line = new Label(text);
        line.getStyleClass().add("mono");
        line.setWrapText(true);
        line.setMinHeight(USE_PREF_SIZE);
        return line;
    }

    private Node cause(int number, Cause cause) {
        var place = new Label(String.valueOf(number));
        place.getStyleClass().add("count");
        place.setMinWidth(USE_PREF_SIZE);
        var verdict = new Label(cause.verdict().words());
        verdict.getStyleClass()
                .addAll(
                        "badge",
                        switch (cause.verdict()) {
                            case FOUND -> "fault";
                            case POSSIBLE -> "stale";
                            case RULED_OUT -> "blocked";
                        });
        verdict.getStyleClass().add("verdict");
        var title = new Label(cause.title());
        title.getStyleClass().add("strong");
        title.setWrapText(true);
        var text = new Label(cause.text());
        text.getStyleClass().add("muted");
        text.setWrapText(true);
        var words = new VBox(title, text);
        HBox.setHgrow(words, Priority.ALWAYS);
        var row = new HBox(place, verdict, words);
        cause.about().ifPresent(about -> row.getChildren().add(link("Look", about)));
        row.getStyleClass().add("cause");
        return row;
    }

    private Hyperlink link(String text, Subject about) {
        var link = new Hyperlink(text);
        link.setMinWidth(USE_PREF_SIZE);
        link.setOnAction(_ -> {
            workbench.select(about);
            switch (about) {
                case Subject.Mapping _, Subject.Domain _ -> workbench.open(Perspective.DOMAINS);
                case Subject.Group _ -> workbench.open(Perspective.GROUPS);
                case Subject.Function _ -> workbench.open(Perspective.MACHINE);
                case Subject.Pasid _ -> workbench.open(Perspective.PASIDS);
                case Subject.Nothing _,
                        Subject.Unit _,
                        Subject.CacheLine _,
                        Subject.Fault _,
                        Subject.DmaEvent _,
                        Subject.WalkStep _,
                        Subject.Memory _ -> {}
                case Subject.Software _ -> workbench.open(Perspective.SOFTWARE);
            }
        });
        return link;
    }

    private List<Node> tries(FaultsModel.Case shown) {
        var fault = shown.kind().newest();
        var again = new Button("Send the same request again");
        again.setId("fault-again");
        again.setOnAction(_ -> workbench.submit(FaultsActions.again(fault), again));
        var text =
                new Label("See whether it still fails with the tables and caches as they are now.");
        var nodes = new java.util.ArrayList<Node>();
        nodes.add(tryRow(again, text));
        if (shown.domain().isPresent()) {
            int domain = shown.domain().getAsInt();
            var map = new Button("Open the page in Domains");
            map.setOnAction(_ -> {
                workbench.select(new Subject.Mapping(domain, fault.iova() & -4096));
                workbench.open(Perspective.DOMAINS);
            });
            nodes.add(
                    tryRow(
                            map,
                            new Label(
                                    "Map 0x%x with the right to %s there, then send it again."
                                            .formatted(
                                                    fault.iova() & -4096, fault.access().word()))));
        }
        return nodes;
    }

    private static Node tryRow(Button button, Label text) {
        button.setMinWidth(USE_PREF_SIZE);
        text.getStyleClass().add("muted");
        text.setWrapText(true);
        var row = new HBox(button, text);
        row.getStyleClass().add("form-row");
        return row;
    }
}

package iommulab.app.pasids;

import iommulab.app.pasids.EntryModel.Cached;
import iommulab.app.pasids.EntryModel.Line;
import iommulab.app.pasids.EntryModel.Way;
import iommulab.app.pasids.EntryModel.Word;
import iommulab.app.shell.AddressSpace;
import iommulab.app.shell.FunctionNames;
import iommulab.app.shell.GuestTable;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.app.shell.Workbench;
import iommulab.app.theme.Palette;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Beside the picture: one address space, its entry in memory, and what can be done with it.
final class EntrySide extends VBox {
    private final Workbench workbench;
    private final Label kicker = styled("", "secondary");
    private final Label title = styled("", "panel-title");
    private final GridPane means = new GridPane();
    private final VBox entry = new VBox();
    private final Button walk = new Button("Open walk");
    private final Button send = new Button("Send DMA…");
    private final Button detach = new Button("Detach");
    private final Button invalidate = new Button("Invalidation…");
    private @Nullable AddressSpace space;
    private @Nullable EntryModel shown;
    private Optional<Domain> domain = Optional.empty();

    EntrySide(Workbench workbench, PasidsActions actions) {
        this.workbench = workbench;
        var form = new SendForm(workbench);
        walk.setId("pasid-walk");
        send.setId("pasid-send-open");
        detach.setId("pasid-detach");
        walk.setOnAction(_ -> Optional.ofNullable(space).ifPresent(actions::walk));
        send.setOnAction(_ -> Optional.ofNullable(space).ifPresent(s -> form.open(send, s)));
        detach.setOnAction(
                _ -> Optional.ofNullable(space).ifPresent(s -> actions.detach(s, detach)));
        var buttons = new FlowPane(walk, send, detach, invalidate);
        buttons.getStyleClass().add("pasid-buttons");
        invalidate.setId("pasid-invalidate");
        means.getStyleClass().add("pasid-means");
        var head = new VBox(kicker, title);
        head.getStyleClass().add("inspector-head");
        entry.setId("pasid-entry");
        getChildren().addAll(head, section(buttons), section(means), entry);
        getStyleClass().add("pasid-side");
    }

    private static Label styled(String text, String... styles) {
        var label = new Label(text);
        label.getStyleClass().addAll(styles);
        return label;
    }

    private static VBox section(Node... content) {
        var section = new VBox(content);
        section.getStyleClass().add("inspector-section");
        return section;
    }

    /// Which address space; what memory says of it comes later.
    void show(AddressSpace now, MachineSnapshot machine) {
        var current = now.domain(machine);
        var guests = current.flatMap(d -> GuestTable.of(machine, d.id()));
        invalidate.setVisible(guests.isPresent());
        invalidate.setManaged(guests.isPresent());
        invalidate.setOnAction(_ -> guests.ifPresent(workbench::openInvalidation));
        if (now.equals(space) && current.equals(domain)) {
            return;
        }
        if (!now.equals(space)) {
            entry.getChildren().clear();
            shown = null;
        }
        space = now;
        domain = current;
        kicker.setText("Address space of " + FunctionNames.address(now.function()));
        title.setText(now.isOwn() ? "Requests without a PASID" : "PASID " + Words.hex(now.pasid()));
        detach.setDisable(now.isOwn() || current.isEmpty());
        means(now, current);
    }

    private void means(AddressSpace now, Optional<Domain> current) {
        means.getChildren().clear();
        int row = 0;
        var device =
                link(FunctionNames.address(now.function()), new Subject.Function(now.function()));
        if (current.isEmpty()) {
            fact(row++, "Means", styled("nothing: its requests fault", "says-fault"));
        } else {
            var d = current.get();
            fact(row++, "Means", tab(d), domainLink(d.id(), PasidsModel.name(d)));
            fact(row++, "Tables", styled(tables(d), "value"));
            if (d.levels() > 0) {
                fact(row++, "Top table", top(d));
            }
            if (d.parent() != 0) {
                fact(row++, "Nested in", domainLink(d.parent(), "domain " + d.parent()));
            }
            fact(row++, "Domain ID", styled(Words.hex(d.tag()), "mono"));
        }
        device.getStyleClass().add("mono");
        fact(row, "Device", device);
    }

    private static String tables(Domain domain) {
        return domain.levels() == 0
                ? "none, " + domain.type().sysfs()
                : "%s, %d levels".formatted(domain.stage().words(), domain.levels());
    }

    /// Only what lies in host memory can be looked at.
    private Node top(Domain domain) {
        var address = Words.hex(domain.table());
        return domain.parent() == 0
                ? memory(address, domain.table())
                : styled("gpa " + address, "mono");
    }

    private void fact(int row, String name, Node... value) {
        var key = styled(name, "key");
        means.addRow(row, key, new HBox(6, value));
    }

    private Node tab(Domain domain) {
        var tab = styled("" + domain.id(), "group-tab");
        if (domain.byUser()) {
            tab.getStyleClass().add(Palette.categoryClass(domain.id()));
        }
        return tab;
    }

    private Hyperlink domainLink(int id, String words) {
        var link = link(words, new Subject.Domain(id));
        link.setOnAction(_ -> {
            workbench.select(new Subject.Domain(id));
            workbench.open(Perspective.DOMAINS);
        });
        return link;
    }

    /// An address in memory, which leads there.
    private Hyperlink memory(String words, long hpa) {
        var link = new Hyperlink(words);
        link.getStyleClass().addAll("link", "mono");
        link.setAccessibleText("memory at " + words);
        link.setOnAction(_ -> {
            workbench.select(new Subject.Memory(hpa));
            workbench.open(Perspective.MEMORY);
        });
        return link;
    }

    private Hyperlink link(String words, Subject subject) {
        var link = new Hyperlink(words);
        link.getStyleClass().add("link");
        link.setOnAction(_ -> {
            workbench.select(subject);
            workbench.open(Perspective.MACHINE);
        });
        return link;
    }

    /// What memory and caches say of it.
    void show(EntryModel model) {
        if (model.equals(shown)) {
            return;
        }
        shown = model;
        entry.getChildren().clear();
        if (!model.stopped().isEmpty()) {
            var why = styled(model.stopped(), "says-fault");
            why.setWrapText(true);
            why.setMinHeight(USE_PREF_SIZE);
            entry.getChildren()
                    .add(section(styled("The hardware stops here", "section-head"), why));
        }
        if (!model.structure().isEmpty()) {
            entry.getChildren().add(words(model));
        }
        if (!model.ways().isEmpty()) {
            entry.getChildren().add(ways(model.ways()));
        }
        entry.getChildren().add(caches(model.caches()));
    }

    private VBox words(EntryModel model) {
        var space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        var head =
                new HBox(
                        styled(model.structure(), "section-head"),
                        space,
                        memory("0x" + model.address(), model.hpa()));
        var raw = new GridPane();
        raw.getStyleClass().add("pasid-words");
        int row = 0;
        for (var word : model.words()) {
            raw.addRow(row++, name(word), styled(word.bits(), "mono", "strong"));
        }
        var section = section(head, raw);
        if (!model.zeros().isEmpty()) {
            section.getChildren().add(styled(model.zeros(), "secondary"));
        }
        section.getChildren().add(fields(model.fields()));
        if (!model.zeroFields().isEmpty()) {
            var rest = styled("0: " + String.join(", ", model.zeroFields()), "secondary");
            rest.setId("pasid-zero-fields");
            rest.setWrapText(true);
            rest.setMinHeight(USE_PREF_SIZE);
            section.getChildren().add(rest);
        }
        return section;
    }

    private static Label name(Word word) {
        return styled(word.name(), "mono-secondary");
    }

    private static GridPane fields(List<Line> lines) {
        var grid = new GridPane();
        grid.getStyleClass().add("field-table");
        var stretch = new ColumnConstraints();
        stretch.setHgrow(Priority.ALWAYS);
        var fixed = new ColumnConstraints();
        fixed.setMinWidth(USE_PREF_SIZE);
        grid.getColumnConstraints().addAll(fixed, fixed, fixed, stretch);
        int row = 0;
        for (var line : lines) {
            var meaning = styled(line.meaning(), line.offends() ? "says-fault" : "muted");
            meaning.setWrapText(true);
            var cells =
                    Arrays.asList(
                            styled(line.bits(), "mono-secondary"),
                            styled(line.name(), line.offends() ? "says-fault" : "value", "strong"),
                            styled(line.value(), "mono"),
                            meaning);
            for (int column = 0; column < cells.size(); column++) {
                var cell = new HBox(cells.get(column));
                cell.getStyleClass().add("field-cell");
                grid.add(cell, column, row);
            }
            row++;
        }
        return grid;
    }

    private VBox ways(List<Way> ways) {
        var grid = new GridPane();
        grid.getStyleClass().add("pasid-ways");
        int row = 0;
        for (var way : ways) {
            grid.addRow(
                    row++,
                    styled(way.name(), "secondary"),
                    styled(way.table(), "mono-secondary"),
                    styled("+", "mono-secondary"),
                    styled(way.index(), "mono", "strong"),
                    styled("× " + way.size(), "mono-secondary"),
                    styled("=", "mono-secondary"),
                    memory(way.address(), way.hpa()));
        }
        return section(styled("Where it lies", "section-head"), grid);
    }

    private static VBox caches(List<Cached> caches) {
        var section = section(styled("In caches", "section-head"));
        for (var cached : caches) {
            var badge =
                    cached.agrees()
                            ? styled("agrees", "badge", "hit")
                            : styled("stale", "badge", "stale");
            section.getChildren().add(new HBox(8, styled(cached.what(), "value"), badge));
        }
        if (caches.isEmpty()) {
            section.getChildren().add(styled("nothing of it", "secondary"));
        }
        return section;
    }
}

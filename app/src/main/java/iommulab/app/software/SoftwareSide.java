package iommulab.app.software;

import iommulab.app.shell.DeedList;
import iommulab.app.shell.DomainUse;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.app.shell.Workbench;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.SoftwareView.Edge;
import iommulab.engine.os.SoftwareView.Node;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;

import javafx.scene.control.Button;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// Beside the picture: what is selected, why it cannot go, the table that it is in memory, and the calls
/// that can be made of it.
final class SoftwareSide extends VBox {
    private static final int LONGEST_NAME = 15;

    private final Workbench workbench;
    private final Label kicker = styled("", "secondary");
    private final Label title = styled("", "panel-title");
    private final VBox told = new VBox();
    private final DeedList deeds;
    private @Nullable Shown shown;

    private record Shown(
            SoftwareView software, Optional<Node> node, List<Domain> tables, OptionalInt group) {}

    SoftwareSide(Workbench workbench, DeedList deeds) {
        this.workbench = workbench;
        this.deeds = deeds;
        title.setId("software-title");
        var head = new VBox(kicker, title);
        head.getStyleClass().add("inspector-head");
        getChildren().addAll(head, told, section(styled("Calls", "section-head"), deeds));
        getStyleClass().add("pasid-side");
    }

    private static Label styled(String text, String... styles) {
        var label = new Label(text);
        label.getStyleClass().addAll(styles);
        return label;
    }

    private static VBox section(javafx.scene.Node... content) {
        var section = new VBox(content);
        section.getStyleClass().add("inspector-section");
        return section;
    }

    /// @param group that is selected instead
    void show(MachineSnapshot machine, Optional<Node> node, OptionalInt group) {
        var software = machine.software();
        var possible = new SoftwareDeeds(software);
        var tables = node.map(n -> tables(machine, n)).orElse(List.of());
        var now = new Shown(software, node, tables, group);
        if (!now.equals(shown)) {
            if (shown == null || !shown.node().map(Node::key).equals(node.map(Node::key))) {
                deeds.forgetAnswer();
            }
            shown = now;
            kicker.setText(node.map(Node::type).orElse("Nothing is selected"));
            title.setText(node.map(Node::key).orElse("Begin a story"));
            told.getChildren().clear();
            node.ifPresent(n -> tell(software, n, tables));
            group.ifPresent(this::tell);
        }
        deeds.show(node.map(possible::of).orElseGet(possible::first), machine);
    }

    private void tell(int group) {
        kicker.setText("Group");
        title.setText(SoftwareModel.groupKey(group));
        var owner = new Button("Show its owner");
        owner.setId("software-owner");
        owner.setOnAction(_ -> workbench.open(Perspective.OWNERSHIP));
        told.getChildren().add(section(owner));
    }

    /// The domains that a thing is for hardware: a container has one for each kind of IOMMU.
    private static List<Domain> tables(MachineSnapshot machine, Node node) {
        return machine.domains().stream()
                .filter(domain ->
                        domain.id() == node.domain()
                                || node.facts()
                                        .contains(SoftwareView.Fact.of("domain", domain.id())))
                .toList();
    }

    private void tell(SoftwareView software, Node node, List<Domain> tables) {
        var facts = new GridPane();
        facts.getStyleClass().add("pasid-means");
        int row = 0;
        if (!node.type().equals("process")) {
            facts.addRow(
                    row++, styled("references", "key"), styled("" + node.references(), "mono"));
        }
        var lights = Lights.of(software, node);
        for (var fact : lights.isPresent() ? List.<SoftwareView.Fact>of() : node.facts()) {
            row = fact(facts, row, fact);
        }
        told.getChildren().add(section(facts));
        lights.ifPresent(known -> told.getChildren().add(lights(known)));
        tables.forEach(table -> told.getChildren().add(table(table)));
        var keeping = software.keeping(node.key());
        if (!keeping.isEmpty()) {
            told.getChildren().add(edges("Kept alive by", keeping, true));
        }
        var kept = software.edges().stream().filter(e -> e.from().equals(node.key())).toList();
        if (!kept.isEmpty()) {
            told.getChildren().add(edges("Keeps alive", kept, false));
        }
    }

    /// A long name, such as a range of addresses, stands above its value.
    ///
    /// @return the next row
    private static int fact(GridPane facts, int row, SoftwareView.Fact fact) {
        var value = styled(fact.value(), "value");
        value.setWrapText(true);
        value.setMinHeight(Region.USE_PREF_SIZE);
        if (fact.name().contains(" ") || fact.name().length() <= LONGEST_NAME) {
            var key = styled(fact.name(), "key");
            key.setWrapText(true);
            key.setMinHeight(Region.USE_PREF_SIZE);
            facts.addRow(row, key, value);
            return row + 1;
        }
        facts.add(styled(fact.name(), "mono-secondary"), 0, row, 2, 1);
        facts.add(value, 0, row + 1, 2, 1);
        return row + 2;
    }

    private VBox edges(String head, List<Edge> edges, boolean fromThere) {
        var section = section(styled(head, "section-head"));
        for (var edge : edges) {
            var key = fromThere ? edge.from() : edge.to();
            var count = styled("" + edge.count(), "count");
            count.setAccessibleText(Words.count(edge.count(), "reference"));
            section.getChildren()
                    .add(new HBox(8, count, link(key), styled(edge.why(), "secondary")));
        }
        return section;
    }

    private Hyperlink link(String key) {
        var link = new Hyperlink(key);
        link.getStyleClass().addAll("link", "mono");
        link.setOnAction(_ -> workbench.select(new Subject.Software(key)));
        return link;
    }

    // ---- the table in memory

    private VBox table(Domain domain) {
        var buttons = new FlowPane();
        buttons.getStyleClass().add("pasid-buttons");
        var domains = new Button("Domain " + domain.id());
        domains.setId("software-domain");
        domains.setOnAction(_ -> {
            workbench.select(new Subject.Domain(domain.id()));
            workbench.open(Perspective.DOMAINS);
        });
        buttons.getChildren().add(domains);
        var place = TablePlace.of(workbench.machine(), domain);
        place.hpa().ifPresent(hpa -> buttons.getChildren().add(memory(hpa)));
        var walk = new Button("Walk");
        walk.setId("software-walk");
        var user = DomainUse.firstOf(domain);
        long iova =
                domain.mappings().stream()
                        .findFirst()
                        .map(MachineSnapshot.Mapping::iova)
                        .orElse(0L);
        walk.setDisable(user.isEmpty());
        user.ifPresent(use -> walk.setOnAction(_ -> workbench.openWalk(use.read(iova, true), -1)));
        buttons.getChildren().add(walk);
        var section = section(styled("This table in hardware", "section-head"), buttons);
        if (!place.remark().isEmpty()) {
            section.getChildren().add(wrapped(place.remark(), "secondary"));
        }
        if (user.isEmpty()) {
            section.getChildren().add(styled("No walk: no device is attached to it.", "secondary"));
        }
        return section;
    }

    private Button memory(long hpa) {
        var memory = new Button("Memory " + Words.hex(hpa));
        memory.setId("software-memory");
        memory.setOnAction(_ -> {
            workbench.select(new Subject.Memory(hpa));
            workbench.open(Perspective.MEMORY);
        });
        return memory;
    }

    private static Label wrapped(String text, String style) {
        var label = styled(text, style);
        label.setWrapText(true);
        label.setMinHeight(Region.USE_PREF_SIZE);
        return label;
    }

    // ---- coherency

    private VBox lights(Lights lights) {
        var section = section(styled("Caches", "section-head"));
        section.setId("software-lights");
        section.getChildren()
                .add(
                        new HBox(
                                8,
                                lights.coherent()
                                        ? styled("coherent", "badge", "hit")
                                        : styled("not coherent", "badge", "stale"),
                                styled(
                                        lights.coherent()
                                                ? "write-back by the guest does nothing"
                                                : "write-back by the guest is carried out",
                                        "secondary")));
        for (var light : lights.files()) {
            section.getChildren()
                    .add(
                            new HBox(
                                    8,
                                    link(light.file()),
                                    light.forces()
                                            ? styled("forces snooping", "badge", "hit")
                                            : styled("does not force", "badge", "stale")));
        }
        if (lights.files().isEmpty()) {
            section.getChildren().add(styled("It was told of no VFIO file.", "secondary"));
        }
        lights.cpus().forEach(cpu -> section.getChildren().add(styled(cpu, "secondary")));
        if (lights.stale()) {
            section.getChildren()
                    .add(
                            wrapped(
                                    "The files say otherwise by now. The kernel looks again when a"
                                            + " file is added or deleted.",
                                    "says-stale"));
        }
        return section;
    }
}

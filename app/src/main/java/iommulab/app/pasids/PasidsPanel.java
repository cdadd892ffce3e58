package iommulab.app.pasids;

import iommulab.app.shell.AddressSpace;
import iommulab.app.shell.NewDomainForm;
import iommulab.app.shell.Panel;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.ProposalLabel;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.iommu.Walk;
import iommulab.engine.pci.Pasid;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.session.JournalView;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Outcome;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.ToggleButton;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;

import org.controlsfx.control.SegmentedButton;
import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Layout and gestures of the PASIDs perspective; what it says comes from [PasidsModel] and [EntryModel].
public final class PasidsPanel implements Panel {
    /// So many entries are looked up in memory; those that nobody asks for stand without their place.
    private static final int MOST_ASKED = 64;

    private final Workbench workbench;
    private final PasidsActions actions;
    private final PasidsCanvas canvas;
    private final SharingView sharing;
    private final ToggleButton byDevice = new ToggleButton("Devices");
    private final ToggleButton bySoftware = new ToggleButton("Processes and guests");
    private final ProposalLabel proposal = ProposalLabel.ofMachine();
    private final EntrySide side;
    private final ScrollPane sideScroll = new ScrollPane();
    private final AttachForm attachForm;
    private final NewDomainForm spaceForm = new NewDomainForm(this::create);
    private final Label headline = new Label();
    private final Label hint = new Label();
    private final Button attach = new Button("Attach PASID…");
    private final Button create = new Button("New address space…");
    private final VBox empty = new VBox();
    private final BorderPane content = new BorderPane();
    private final BorderPane root = new BorderPane();
    private final Map<AddressSpace, Walk> walks = new HashMap<>();
    private Optional<State> asked = Optional.empty();
    private @Nullable AddressSpace chosen;
    private @Nullable PasidsModel shown;

    /// A state of the tables, as far as it can be told from outside.
    private record State(String machine, int position, long hash) {
        static State of(MachineSnapshot machine) {
            var journal = machine.journal();
            return new State(
                    machine.name(),
                    journal.position(),
                    journal.undoable().map(JournalView.Entry::stateHash).orElse(0L));
        }
    }

    /// @param workbench takes the commands and answers what the hardware would do
    public PasidsPanel(Workbench workbench) {
        this.workbench = workbench;
        actions = new PasidsActions(workbench);
        canvas = new PasidsCanvas(workbench.palette(), actions::select);
        canvas.setId("pasids-picture");
        sharing = new SharingView(workbench);
        side = new EntrySide(workbench, actions);
        attachForm = new AttachForm(actions);
        sideScroll.setContent(side);
        sideScroll.setFitToWidth(true);
        sideScroll.getStyleClass().addAll("fault-side-scroll", "pasid-side-scroll");
        hint.setId("pasid-hint");
        hint.setWrapText(true);
        hint.setMaxWidth(Double.MAX_VALUE);
        hint.getStyleClass().addAll("info-box", "secondary", "not-on-wall");
        content.setTop(hint);
        content.setCenter(canvas);
        content.setRight(sideScroll);
        root.setTop(tools());
        root.setCenter(new StackPane(content, emptyState()));
        root.getStyleClass().addAll("canvas-surface", "pasids");
    }

    private Node tools() {
        var title = new Label("PASIDs");
        title.getStyleClass().add("panel-title");
        title.setMinWidth(Region.USE_PREF_SIZE);
        headline.getStyleClass().add("muted");
        headline.setMinWidth(0);
        attach.setId("pasid-attach");
        attach.getStyleClass().add("primary");
        create.setId("pasid-space");
        for (var button : List.of(create, attach)) {
            button.setMinWidth(Region.USE_PREF_SIZE);
            button.getStyleClass().add("not-on-wall");
        }
        attach.setOnAction(_ -> attachForm.open(attach, workbench.machine(), device()));
        create.setOnAction(_ ->
                spaceForm.open(
                        create, workbench.machine(), device(), NewDomainForm.Sort.FIRST_STAGE));
        var space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        var tools = new HBox(title, headline, space, proposal, looks(), create, attach);
        tools.getStyleClass().add("panel-tools");
        return tools;
    }

    /// Whether the picture begins with the names of devices, or with who submits work.
    private Node looks() {
        byDevice.setId("pasids-by-device");
        bySoftware.setId("pasids-by-software");
        byDevice.setSelected(true);
        var looks = new SegmentedButton(byDevice, bySoftware);
        looks.getToggleGroup()
                .selectedToggleProperty()
                .addListener((_, before, now) -> {
                    if (now == null) {
                        before.setSelected(true);
                    } else {
                        content.setCenter(bySoftware.isSelected() ? sharing : canvas);
                        show(workbench.machine(), workbench.subject().get());
                    }
                });
        looks.getStyleClass().add("not-on-wall");
        looks.setMinWidth(Region.USE_PREF_SIZE);
        return looks;
    }

    private Node emptyState() {
        var sentence =
                new Label(
                        "No device of this machine has a PASID capability (PCI Express extended"
                                + " capability 001bh), so no request can name an address space:"
                                + " each device has one, that of its domain.");
        var domains = new Button("Show the domains");
        domains.setId("pasids-domains");
        domains.getStyleClass().add("primary");
        domains.setOnAction(_ -> workbench.open(Perspective.DOMAINS));
        empty.getStyleClass().add("empty-state");
        empty.getChildren().addAll(sentence, domains);
        return empty;
    }

    private void create(Command command, Node where) {
        workbench
                .submit(command, where)
                .thenAccept(outcome -> {
                    spaceForm.close();
                    if (outcome instanceof Outcome.DomainCreated(int domain)) {
                        workbench.select(new Subject.Domain(domain));
                    }
                });
    }

    /// The device that a form offers first: the selected one, else that of the chosen address space, else
    /// the first that can use PASIDs.
    private Optional<PciAddress> device() {
        return workbench.subject().get() instanceof Subject.Function(var address)
                ? Optional.of(address)
                : Optional.ofNullable(chosen)
                        .map(AddressSpace::function)
                        .or(() -> capable(workbench.machine()).stream().findFirst());
    }

    private static List<PciAddress> capable(MachineSnapshot machine) {
        return machine.topology().functions().stream()
                .filter(f -> Pasid.of(f.config()).isPresent())
                .map(f -> f.address())
                .toList();
    }

    @Override
    public Node view() {
        return root;
    }

    @Override
    public boolean takesInspectorsPlace() {
        return true;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        ask(machine);
        var model = PasidsModel.of(machine, subject, walks);
        var space = model.chosen().or(() -> kept(model)).or(() -> first(model));
        if (!model.equals(shown)) {
            shown = model;
            hint.setText(model.hint());
            hint.setVisible(!model.hint().isEmpty());
            hint.setManaged(hint.isVisible());
            empty.setVisible(model.devices().isEmpty());
            // Nothing could name what they make: the empty state has the only button.
            for (var button : List.of(create, attach)) {
                button.setVisible(!empty.isVisible());
                button.setManaged(button.isVisible());
            }
            content.setVisible(!model.devices().isEmpty());
        }
        chosen = space.orElse(null);
        sharing.show(machine);
        headline.setText(bySoftware.isSelected() ? sharing.headline() : model.headline());
        proposal.show(machine);
        canvas.show(space.map(model::choosing).orElse(model));
        space.ifPresent(s -> {
            side.show(s, machine);
            Optional.ofNullable(walks.get(s))
                    .ifPresent(walk -> side.show(EntryModel.of(walk, machine, s)));
        });
    }

    private Optional<AddressSpace> kept(PasidsModel model) {
        return Optional.ofNullable(chosen)
                .filter(s -> model.entries().stream().anyMatch(e -> e.space().equals(s)));
    }

    private static Optional<AddressSpace> first(PasidsModel model) {
        return model.entries().stream()
                .map(PasidsModel.Entry::space)
                .filter(s -> !s.isOwn())
                .findFirst()
                .or(() -> model.entries().stream().map(PasidsModel.Entry::space).findFirst());
    }

    /// Where the entries lie, once for every state of the tables.
    private void ask(MachineSnapshot machine) {
        var now = Optional.of(State.of(machine));
        if (now.equals(asked)) {
            return;
        }
        asked = now;
        var spaces =
                capable(machine).stream()
                        .flatMap(f -> PasidsModel.spacesOf(machine, f).stream())
                        .limit(MOST_ASKED)
                        .toList();
        walks.keySet().retainAll(spaces);
        for (var space : spaces) {
            workbench
                    .explain(PasidsActions.question(machine, space, false))
                    .thenAccept(walk -> {
                        if (now.equals(asked)) {
                            walks.put(space, walk);
                            if (space.equals(chosen) || space.equals(spaces.getLast())) {
                                show(workbench.machine(), workbench.subject().get());
                            }
                        }
                    });
        }
    }
}

package iommulab.app.shell;

import iommulab.app.theme.Popovers;
import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Stage;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.layout.GridPane;
import javafx.util.StringConverter;

import org.controlsfx.control.PopOver;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Stream;

/// Asks for what a new domain needs: below which device's IOMMU, what sort of tables, in which domain a
/// guest keeps them, levels.
public final class NewDomainForm extends GridPane {
    private static final int USUAL = 0;

    /// What sort of domain.
    public enum Sort {
        /// Tables of the usual stage, mapped by whoever made it.
        PAGE_TABLE("page table"),
        /// For one PASID, or for a guest that keeps its own tables.
        FIRST_STAGE("first stage"),
        IDENTITY("identity"),
        BLOCKED("blocked");

        private final String words;

        Sort(String words) {
            this.words = words;
        }
    }

    private final FunctionChooser like = new FunctionChooser();
    private final ComboBox<Sort> type = new ComboBox<>();
    private final ComboBox<Integer> parent = new ComboBox<>();
    private final ComboBox<Integer> levels = new ComboBox<>();
    private final Button create = new Button("Create");
    private final PopOver popOver = new PopOver(this);
    private MachineSnapshot machine = MachineSnapshot.POWER_OFF;

    /// @param submit sends the command; the node is where a refusal is shown
    public NewDomainForm(BiConsumer<Command, Node> submit) {
        getStyleClass().addAll("form-grid", "pop-over-form");
        like.setPrefWidth(190);
        like.setId("domain-like");
        type.getItems().addAll(Sort.values());
        type.setConverter(words(sort -> sort.words));
        type.setId("domain-type");
        type.setValue(Sort.PAGE_TABLE);
        parent.setConverter(words(this::parentWords));
        parent.setId("domain-parent");
        parent.getItems().setAll(List.of(0));
        parent.setValue(0);
        parent.disableProperty().bind(type.valueProperty().isNotEqualTo(Sort.FIRST_STAGE));
        levels.setConverter(words(NewDomainForm::levelWords));
        levels.setId("domain-levels");
        levels.disableProperty()
                .bind(
                        type.valueProperty()
                                .isEqualTo(Sort.IDENTITY)
                                .or(type.valueProperty().isEqualTo(Sort.BLOCKED)));
        type.valueProperty().subscribe(this::offerLevels);
        create.setId("domain-create");
        create.getStyleClass().add("primary");
        create.disableProperty().bind(like.valueProperty().isNull());
        addRow(0, new Label("for the IOMMU of"), like);
        addRow(1, new Label("type"), type);
        addRow(2, new Label("nested in"), parent);
        addRow(3, new Label("levels"), levels);
        add(create, 1, 4);
        popOver.setTitle("New domain");
        popOver.setHeaderAlwaysVisible(true);
        popOver.setArrowLocation(PopOver.ArrowLocation.TOP_CENTER);
        popOver.setDetachable(false);
        popOver.setAutoHide(true);
        Popovers.dress(popOver);
        like.valueProperty().addListener((_, _, _) -> offerParents());
        create.setOnAction(_ -> submit.accept(command(), create));
    }

    private Command command() {
        var below = like.chosen().orElseThrow();
        int depth = Objects.requireNonNullElse(levels.getValue(), USUAL);
        return switch (type.getValue()) {
            case PAGE_TABLE -> new Command.CreateDomain(below, DomainType.UNMANAGED, depth);
            case IDENTITY -> new Command.CreateDomain(below, DomainType.IDENTITY, 0);
            case BLOCKED -> new Command.CreateDomain(below, DomainType.BLOCKED, 0);
            case FIRST_STAGE ->
                    new Command.CreateFirstStage(
                            below, Objects.requireNonNullElse(parent.getValue(), 0), depth);
        };
    }

    /// First-stage tables of some architectures have other depths than second-stage tables: as many levels
    /// as usual is always right.
    private void offerLevels(Sort sort) {
        if (sort == Sort.FIRST_STAGE) {
            levels.getItems().setAll(List.of(USUAL, 3, 4, 5));
            levels.setValue(USUAL);
        } else {
            levels.getItems().setAll(List.of(3, 4, 5));
            levels.setValue(4);
        }
    }

    private void offerParents() {
        var unit = like.chosen().flatMap(this::unitOf);
        var chosen = parent.getValue();
        var offered =
                Stream.concat(
                                Stream.of(0),
                                machine.domains().stream()
                                        .filter(NewDomainForm::canBeParent)
                                        .filter(d -> unit.filter(d.unit()::equals).isPresent())
                                        .map(Domain::id))
                        .toList();
        parent.getItems().setAll(offered);
        parent.setValue(chosen != null && offered.contains(chosen) ? chosen : 0);
    }

    private Optional<String> unitOf(PciAddress function) {
        return machine.units().stream()
                .filter(unit -> unit.functions().contains(function))
                .findFirst()
                .map(MachineSnapshot.Unit::name);
    }

    private static boolean canBeParent(Domain domain) {
        return domain.byUser() && domain.stage() == Stage.SECOND && domain.levels() > 0;
    }

    private String parentWords(int id) {
        return id == 0
                ? "nothing"
                : machine.domains().stream()
                        .filter(d -> d.id() == id)
                        .findFirst()
                        .map(d -> "%d  %s".formatted(id, d.name()))
                        .orElse("" + id);
    }

    private static String levelWords(int count) {
        return count == USUAL ? "as usual" : "%d: %d bits".formatted(count, 12 + 9 * count);
    }

    private static <T> StringConverter<T> words(Function<T, String> words) {
        return new StringConverter<>() {
            @Override
            public String toString(T value) {
                return value == null ? "" : words.apply(value);
            }

            @Override
            public T fromString(String text) {
                throw new IllegalStateException("nobody types here: " + text);
            }
        };
    }

    /// Opens the form below a control.
    ///
    /// @param now the machine
    /// @param selected whose IOMMU is offered first
    /// @param sort which is offered first
    public void open(Node below, MachineSnapshot now, Optional<PciAddress> selected, Sort sort) {
        machine = now;
        like.show(machine);
        selected.ifPresent(like::choose);
        type.setValue(sort);
        offerParents();
        popOver.show(below);
    }

    public void close() {
        popOver.hide();
    }
}

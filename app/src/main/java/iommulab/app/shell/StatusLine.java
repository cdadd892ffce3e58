package iommulab.app.shell;

import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Node;
import javafx.scene.control.Label;

import org.controlsfx.control.StatusBar;
import org.jspecify.annotations.Nullable;

/// The bar at the bottom: what it says comes from [StatusModel].
final class StatusLine implements Panel {
    private final StatusBar bar = new StatusBar();
    private final Rates rates = new Rates();
    private final Label name = item("status-name", "Machine");
    private final Label tick = item("status-tick", "Requests served");
    private final Label rate = item("status-rate", "Rate");
    private final Label iotlb = item("status-iotlb", "IOTLB hit rate");
    private final Label faults = item("status-faults", "Faults");
    private final Label rules = item("status-rules", "Grouping rules");
    private final Label proposal = item("status-proposal", "Calls that Linux never got");
    private final Label state = item("status-state", "State hash");
    private final Label text = item("status-text", "Text size");
    private final Label file = item("status-file", "Whether the machine is saved");
    private final ViewSettings settings;
    private final Bench bench;
    private @Nullable StatusModel shown;

    StatusLine(Bench bench) {
        this.bench = bench;
        settings = bench.settings();
        bar.setText("");
        bar.setAccessibleText("Status");
        bar.setFocusTraversable(false);
        name.getStyleClass().add("file");
        proposal.getStyleClass().add("proposal-item");
        bar.getLeftItems().addAll(name, tick, rate, iotlb, faults, rules, proposal);
        bar.getRightItems().addAll(bench.tasks().view(), state, text, file);
        bench.kept().addListener((_, _, _) -> showFile(bench.machine()));
        settings.textScale().addListener((_, _, _) -> showTextScale());
        settings.presenting().addListener((_, _, _) -> showTextScale());
        showTextScale();
    }

    private static Label item(String id, String help) {
        var label = new Label();
        label.setId(id);
        label.setAccessibleHelp(help);
        label.getStyleClass().add("status-item");
        label.managedProperty().bind(label.visibleProperty());
        return label;
    }

    private void showTextScale() {
        text.setText("text %.0f %%".formatted(settings.textScaleInForce() * 100));
    }

    private void showFile(MachineSnapshot machine) {
        put(file, bench.kept().get().word(machine.journal()));
    }

    @Override
    public Node view() {
        return bar;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        showFile(machine);
        rates.look(machine, System.nanoTime());
        var model = StatusModel.of(machine, rates);
        put(proposal, machine.software().proposals() ? "proposal mode" : "");
        if (model.equals(shown)) {
            return;
        }
        put(name, model.name());
        put(tick, model.tick());
        put(rate, model.rate());
        put(iotlb, model.iotlb());
        put(faults, model.faults().isEmpty() ? "" : "✕  " + model.faults());
        put(rules, model.rules());
        put(state, model.state());
        shown = model;
    }

    private static void put(Label label, String words) {
        label.setText(words);
        label.setVisible(!words.isEmpty());
    }
}

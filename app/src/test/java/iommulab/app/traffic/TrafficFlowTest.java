package iommulab.app.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.Robot;
import iommulab.app.shell.FunctionChooser;
import iommulab.app.shell.Perspective;
import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.Invalidation;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.session.CostEvent;
import iommulab.engine.traffic.Pattern;
import iommulab.engine.traffic.TrafficSource;

import javafx.scene.control.TextField;
import javafx.scene.input.KeyCode;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a person does in the Traffic perspective.
class TrafficFlowTest {
    private static final PciAddress NIC = PciAddress.parse("0000:06:00.0");
    private static final long IOVA = 0x4000_0000L;

    private LiveLab lab;

    @BeforeEach
    void aDeviceHasSixtyFourKibibytesMapped() {
        lab = LiveLab.on("switch-noacs-a");
        lab.did(new Command.CreateDomain(NIC, DomainType.UNMANAGED, 4));
        int domain = lab.machine().domains().getLast().id();
        lab.did(new Command.AttachDevice(NIC, domain));
        lab.did(new Command.MapPages(domain, IOVA, 0x100_0000, 0x1_0000, Permissions.READ_WRITE));
        lab.opens(Perspective.TRAFFIC);
    }

    @AfterEach
    void close() {
        lab.close();
    }

    @SuppressWarnings("unchecked")
    private void choose(PatternKind kind) {
        var patterns =
                (javafx.scene.control.ComboBox<PatternKind>) lab.robot().find("#source-pattern");
        Robot.onScreen(() -> patterns.setValue(kind));
        lab.robot().settle();
    }

    private void chooseDevice() {
        var devices = (FunctionChooser) lab.robot().find("#source-device");
        Robot.onScreen(() -> devices.choose(NIC));
        lab.robot().settle();
    }

    @Test
    void aSourceIsAddedRunPausedAndTakenAway() {
        chooseDevice();
        choose(PatternKind.UNIFORM);
        lab.robot().activate("#source-add");
        lab.robot().until("the source is there", () -> lab.machine().sources().size() == 1);
        var source = lab.machine().sources().getFirst();
        assertThat(source.device()).isEqualTo(NIC);
        assertThat(source.pattern())
                .as("the pattern, over what the device's domain maps")
                .isEqualTo(new Pattern.Uniform(IOVA, 0x1_0000));

        lab.robot().click("#traffic-run");
        lab.robot().until("it runs", () -> lab.machine().running());
        lab.robot().until("requests are made", () -> lab.machine().counters().requests() > 0);
        lab.robot().click("#traffic-run");
        lab.robot().until("it is paused", () -> !lab.machine().running());
        var run = lab.machine().journal().undoable().orElseThrow();
        assertThat(run.call())
                .as("the whole run is one entry")
                .isEqualTo(
                        "traffic.run(requests=%d)".formatted(lab.machine().counters().requests()));
        assertThat(lab.machine().counters().faults()).isZero();

        Robot.onScreen(() ->
                ((javafx.scene.control.TableView<?>) lab.robot().find("#source-table"))
                        .getSelectionModel()
                        .select(0));
        lab.robot().activate("#source-remove");
        lab.robot().until("the source is gone", () -> lab.machine().sources().isEmpty());
    }

    @Test
    void thePlotsShowWhatTheEngineCounted() {
        lab.did(
                new Command.SetSource(
                        new TrafficSource(
                                1, NIC, new Pattern.Uniform(IOVA, 0x1_0000), 10, 64, 50, 7)));
        lab.did(new Command.RunTraffic(1000));
        var from = lab.machine().counters();
        lab.did(new Command.RunTraffic(500));
        var to = lab.machine().counters();
        double hits = to.hits() - from.hits();
        double share = 100 * hits / (hits + to.walks() - from.walks());
        assertThat(plotted("#plot-hits")).isEqualTo("hits %.1f".formatted(share));
        assertThat(plotted("#plot-cycles"))
                .isEqualTo(
                        "cycles %.1f, reads %.1f"
                                .formatted(
                                        (to.cycles() - from.cycles()) / 500.0,
                                        (to.reads() - from.reads()) / 500.0));
    }

    private String plotted(String plot) {
        return Robot.onScreen(() -> lab.robot().find(plot).getAccessibleText());
    }

    @Test
    void theEngineDoesNotWaitForAWindowThatStandsStill() {
        chooseDevice();
        choose(PatternKind.UNIFORM);
        lab.robot().activate("#source-add");
        lab.robot().until("the source is there", () -> !lab.machine().sources().isEmpty());
        lab.robot().click("#traffic-run");
        Robot.onScreen(() -> {
            // This is the thread that draws; while it is here, nobody takes a snapshot.
            long before = lab.machine().counters().requests();
            while (lab.machine().counters().requests() < before + 100_000) {
                Thread.onSpinWait();
            }
        });
        lab.robot().click("#traffic-run");
        lab.robot().until("it is paused", () -> !lab.machine().running());
    }

    @Test
    void aPriceChangesWhatTheNextRequestCosts() {
        lab.did(new Command.IssueDma(NIC, IOVA, 64, iommulab.engine.iommu.Access.READ));
        var before = lab.machine().events().getFirst();
        var field = (TextField) lab.robot().find("#cost-memory-read");
        Robot.onScreen(() -> {
            field.requestFocus();
            field.setText("1110");
        });
        lab.robot().press(KeyCode.ENTER);
        lab.robot()
                .until(
                        "the price is known",
                        () -> lab.machine().costs().get(CostEvent.MEMORY_READ) == 1110);
        // From power-on caches, as the first request had them.
        lab.did(new Command.Invalidate("dmar0", new Invalidation.ContextGlobal(), false));
        lab.did(new Command.Invalidate("dmar0", new Invalidation.IotlbGlobal(), false));
        lab.did(new Command.IssueDma(NIC, IOVA, 64, iommulab.engine.iommu.Access.READ));
        var after = lab.machine().events().getFirst();
        assertThat(after.reads()).isEqualTo(before.reads()).isPositive();
        assertThat(after.cycles() - before.cycles()).isEqualTo(1000L * before.reads());
    }
}

package iommulab.app.walk;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.Robot;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.traffic.Pattern;
import iommulab.engine.traffic.TrafficSource;

import javafx.scene.control.Labeled;
import javafx.scene.input.KeyCode;

import org.junit.jupiter.api.Test;

import java.util.Comparator;

/// Traffic, walks, caches and faults of a captured machine, as a person meets them.
class WalkFlowTest {
    private static final String CAPTURE = "conventional-in-pcie-slot-a";
    private static final long IOVA = 0x4000_0000L;

    private static Domain domain(LiveLab lab) {
        return lab.machine().domains().stream()
                .filter(d -> d.levels() > 0 && !d.attached().isEmpty())
                .min(Comparator.comparingInt(Domain::id))
                .orElseThrow();
    }

    /// A device with 64 KiB mapped, and a source that reads and writes them.
    private static PciAddress prepared(LiveLab lab) {
        var domain = domain(lab);
        lab.did(
                new Command.MapPages(
                        domain.id(), IOVA, 0x100_0000, 0x10000, Permissions.READ_WRITE));
        var device = domain.attached().getLast();
        lab.did(
                new Command.SetSource(
                        new TrafficSource(
                                1, device, new Pattern.Uniform(IOVA, 0x10000), 10, 64, 50, 7)));
        return device;
    }

    private static String place(LiveLab lab) {
        return Robot.onScreen(() -> ((Labeled) lab.robot().find("#walk-place")).getText());
    }

    @Test
    void aWalkIsSteppedBackAndForthByButtonsAndKeys() {
        try (var lab = LiveLab.on(CAPTURE)) {
            var device = prepared(lab);
            lab.did(new Command.IssueDma(device, IOVA, 64, Access.READ));
            lab.selects(new Subject.Function(device)).opens(Perspective.WALK);
            lab.robot().click("#walk-cold");
            lab.robot().until("a walk", () -> !place0(lab).isEmpty());
            lab.robot().click("#walk-first");
            var first = place(lab);
            lab.robot().click("#walk-step").click("#walk-step");
            var third = place(lab);
            lab.robot().press(KeyCode.LEFT);
            var second = place(lab);
            assertThat(first).startsWith("step 1 of ");
            assertThat(third).startsWith("step 3 of ");
            assertThat(second).startsWith("step 2 of ");
            assertThat(lab.subject()).isInstanceOf(Subject.WalkStep.class);
        }
    }

    private static String place0(LiveLab lab) {
        return ((Labeled) lab.robot().stage().getScene().getRoot().lookup("#walk-place")).getText();
    }

    @Test
    void aRequestEitherReadsOrWrites() {
        try (var lab = LiveLab.on(CAPTURE)) {
            var device = prepared(lab);
            lab.did(new Command.IssueDma(device, IOVA, 64, Access.WRITE));
            lab.selects(new Subject.Function(device)).opens(Perspective.WALK);
            lab.robot().until("the write", () -> isChosen(lab, "#walk-write"));
            assertThat(Robot.onScreen(() -> isChosen(lab, "#walk-read"))).isFalse();
            lab.robot().click("#walk-read");
            assertThat(Robot.onScreen(() -> isChosen(lab, "#walk-write"))).isFalse();
        }
    }

    private static boolean isChosen(LiveLab lab, String button) {
        return lab.robot().stage().getScene().getRoot().lookup(button)
                        instanceof javafx.scene.control.ToggleButton toggle
                && toggle.isSelected();
    }

    @Test
    void trafficRunsAndTheCachesAnswer() {
        try (var lab = LiveLab.on(CAPTURE)) {
            prepared(lab);
            lab.opens(Perspective.TRAFFIC);
            lab.robot().click("#traffic-many");
            lab.robot().until("1000 requests", () -> lab.machine().counters().requests() >= 1000);
            lab.robot().click("#traffic-one");
            lab.robot().until("one more", () -> lab.machine().counters().requests() >= 1001);
        }
    }

    @Test
    void aForgottenInvalidationIsSeenAndSent() {
        try (var lab = LiveLab.on(CAPTURE)) {
            var device = prepared(lab);
            lab.did(new Command.IssueDma(device, IOVA, 64, Access.READ));
            lab.did(new Command.UnmapPages(domain(lab).id(), IOVA, 0x10000, false));
            lab.opens(Perspective.CACHES);
            lab.robot()
                    .until(
                            "the stale entry",
                            () ->
                                    lab.robot().stage().getScene().getRoot().lookup("#stale-send")
                                                    instanceof javafx.scene.Node n
                                            && n.getParent().isVisible());
            lab.robot().click("#stale-send");
            lab.robot()
                    .until(
                            "no entry to be stale",
                            () ->
                                    lab.machine().units().stream()
                                            .flatMap(u -> u.caches().stream())
                                            .flatMap(c -> c.lines().stream())
                                            .noneMatch(l -> l.stale().isPresent()));
        }
    }

    @Test
    void aFaultIsMadeReadAndFollowedToItsWalk() {
        try (var lab = LiveLab.on(CAPTURE)) {
            lab.opens(Perspective.FAULTS);
            lab.robot().click("#fault-make");
            lab.robot().until("a fault", () -> !lab.machine().faults().isEmpty());
            lab.robot()
                    .until(
                            "its case",
                            () ->
                                    lab.robot()
                                                            .stage()
                                                            .getScene()
                                                            .getRoot()
                                                            .lookup("#fault-finding")
                                                    instanceof Labeled l
                                            && !l.getText().isEmpty());
            lab.robot().activate("#fault-open-walk");
            lab.robot().until("the walk", () -> lab.perspective() == Perspective.WALK);
        }
    }
}

package iommulab.app.walk;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.NestedMachine;
import iommulab.app.Robot;
import iommulab.app.shell.Naming;
import iommulab.app.shell.Subject;
import iommulab.engine.session.Architecture;

import javafx.scene.control.ChoiceBox;
import javafx.scene.control.Labeled;
import javafx.scene.input.KeyCode;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;

/// Nested walks as a person meets them: grid, steps, two of them side by side.
class NestedGridFlowTest {
    private static Subject.WalkStep at(LiveLab lab) {
        return (Subject.WalkStep) lab.subject();
    }

    private static GridModel grid(LiveLab lab) {
        return GridModel.of(at(lab).walk()).orElseThrow();
    }

    private static LiveLab opened(Architecture architecture, boolean withCaches) {
        var lab = LiveLab.on(NestedMachine.of(architecture));
        if (withCaches) {
            lab.did(NestedMachine.readOfTheNeighbour());
        }
        lab.asks(NestedMachine.question(withCaches), 0);
        lab.robot().until("a nested walk", () -> lab.subject() instanceof Subject.WalkStep);
        return lab;
    }

    @Test
    void aNestedWalkHasAGridOfTwentyFourEntriesAndCachesSaveMostOfThem() {
        try (var lab = opened(Architecture.VTD_SCALABLE, true)) {
            lab.robot().click("#walk-as-grid");
            assertThat(grid(lab).all()).isEqualTo(24);
            assertThat(grid(lab).read()).isEqualTo(2);
            int warm = grid(lab).saved();
            lab.robot().click("#walk-cold");
            lab.robot().until("the cold walk", () -> grid(lab).saved() < warm);
            assertThat(grid(lab).all()).isEqualTo(24);
        }
    }

    @Test
    void steppingGoesThroughTheCellsInTheOrderOfTheHardware() {
        try (var lab = opened(Architecture.SMMUV3, false)) {
            lab.robot().click("#walk-as-grid").click("#walk-first");
            var orders = new ArrayList<Integer>();
            int steps = at(lab).walk().steps().size();
            for (int i = 1; i < steps; i++) {
                lab.robot().press(KeyCode.RIGHT);
                grid(lab).cellOf(at(lab).step()).ifPresent(c -> orders.add(c.order()));
            }
            assertThat(orders).hasSize(grid(lab).all()).isSorted();
            lab.robot().press(KeyCode.LEFT);
            assertThat(at(lab).step()).isEqualTo(steps - 2);
        }
    }

    @Test
    void theSameRequestColdStandsBesideTheOneWithCaches() {
        try (var lab = opened(Architecture.RISCV, true)) {
            lab.robot().click("#walk-as-pair");
            lab.robot().until("both walks", () -> !text(lab, "#walk-right-title").isEmpty());
            assertThat(text(lab, "#walk-left-title")).endsWith("with caches");
            assertThat(text(lab, "#walk-right-title")).endsWith("cold");
            assertThat(text(lab, "#beside-reads")).startsWith("2 against 20 reads (+18)");
        }
    }

    @Test
    void theSameMachineWithAnotherIommuAnswersBeside() {
        try (var lab = opened(Architecture.SMMUV3, false)) {
            lab.robot().click("#walk-as-pair");
            Robot.onScreen(() -> {
                @SuppressWarnings("unchecked")
                var choice = (ChoiceBox<Beside>) lab.robot().find("#beside-choice");
                choice.setValue(new Beside.On(Architecture.AMD_VI));
            });
            lab.robot()
                    .until(
                            "the walk of the other IOMMU",
                            () -> text(lab, "#walk-right-title").contains("ivhd0"));
            assertThat(text(lab, "#walk-left-title")).contains("smmu");
        }
    }

    @Test
    void aRungIsCalledByWhoseNamesTheReaderWants() {
        try (var lab = opened(Architecture.SMMUV3, false)) {
            lab.robot().click("#walk-first");
            assertThat(first(lab, Naming.VENDORS)).startsWith("Level 1 stream table descriptor");
            assertThat(first(lab, Naming.OURS)).startsWith("Device directory");
            assertThat(first(lab, Naming.BOTH)).contains("stream table", "device directory");
        }
    }

    private static String first(LiveLab lab, Naming naming) {
        return Robot.onScreen(() -> {
            @SuppressWarnings("unchecked")
            var choice = (ChoiceBox<Naming>) lab.robot().find("#walk-naming");
            choice.setValue(naming);
            var ladder = (WalkCanvas) lab.robot().find("#walk-ladder");
            var rung = ladder.shown().rungs().getFirst();
            return rung.name() + ", " + rung.detail();
        });
    }

    private static String text(LiveLab lab, String id) {
        return Robot.onScreen(() -> ((Labeled) lab.robot().find(id)).getText());
    }
}

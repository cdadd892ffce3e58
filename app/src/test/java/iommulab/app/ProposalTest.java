package iommulab.app;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.shell.Perspective;

import javafx.scene.control.Label;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What Linux never got is called a proposal wherever it shows.
class ProposalTest {
    private static final String RIGHT = "enqcmd.authorize(process=p0, pasid=48)";

    private static int labels(String beginning) {
        return Robot.all(
                        Label.class,
                        label ->
                                label.isVisible()
                                        && label.getStyleClass().contains("proposal")
                                        && label.getText().startsWith(beginning))
                .size();
    }

    @ParameterizedTest
    @EnumSource(names = {"MACHINE", "PASIDS", "SOFTWARE", "OWNERSHIP"})
    void theToolBarsOfAMachineInProposalModeSayIt(Perspective perspective) {
        try (var lab = LiveLab.on(PasidMachine.withProposals())) {
            lab.opens(perspective);
            assertThat(labels("proposal, not in Linux")).isEqualTo(1);
            var status = (Label) lab.robot().find("#status-proposal");
            assertThat(Robot.onScreen(status::getText)).isEqualTo("proposal mode");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"MACHINE", "PASIDS", "SOFTWARE", "OWNERSHIP"})
    void aMachineAsLinuxIsSaysNothingOfIt(Perspective perspective) {
        try (var lab = LiveLab.on(PasidMachine.describe())) {
            lab.opens(perspective);
            assertThat(labels("proposal")).isZero();
            assertThat(lab.robot().sees("#status-proposal")).isFalse();
        }
    }

    @Test
    void theTranscriptLabelsTheCalls() {
        try (var lab = LiveLab.on(PasidMachine.withProposals())) {
            KernelStory.on(lab).did("kvm.vm_create()").did(RIGHT);
            lab.opens(Perspective.MACHINE).opensDrawer("Transcript");
            lab.robot().until("one line is labelled", () -> labels("proposal") == 2);
        }
    }

    @Test
    void theConsoleSaysItBelowTheAnswer() {
        try (var lab = LiveLab.on(PasidMachine.withProposals())) {
            lab.opensDrawer("Console");
            lab.robot().click("#console-input").type(RIGHT + "\n");
            lab.robot()
                    .until(
                            "the answer is labelled",
                            () ->
                                    !Robot.all(
                                                    javafx.scene.control.Labeled.class,
                                                    line ->
                                                            "proposal: Linux has no such call"
                                                                    .equals(line.getText()))
                                            .isEmpty());
        }
    }
}

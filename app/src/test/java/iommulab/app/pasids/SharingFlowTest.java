package iommulab.app.pasids;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.NestedLab;
import iommulab.app.PasidMachine;
import iommulab.app.Robot;
import iommulab.app.pasids.EnqcmdPath.End;
import iommulab.app.shell.Perspective;
import iommulab.engine.os.SharedPasids;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.CommandText;

import javafx.scene.control.Label;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.concurrent.CompletionException;

/// What a person sees of processes and guests that use PASIDs, on a machine with the proposal.
class SharingFlowTest {
    private LiveLab lab;

    @BeforeEach
    void aMachineInProposalMode() {
        lab = LiveLab.on(PasidMachine.withProposals());
        lab.opens(Perspective.PASIDS);
        lab.robot().activate("#pasids-by-software");
    }

    @AfterEach
    void close() {
        lab.close();
    }

    private void isRefused(String call) {
        try {
            lab.did(CommandText.parse(call));
            throw new AssertionError("not refused: " + call);
        } catch (CommandRefused refused) {
            throw new AssertionError(refused);
        } catch (CompletionException refused) {
            assertThat(refused.getCause()).isInstanceOf(CommandRefused.class);
        }
        lab.robot().settle();
    }

    private boolean says(String words) {
        return !Robot.all(Label.class, label -> words.equals(label.getText()) && label.isVisible())
                .isEmpty();
    }

    @Test
    void aThreadWithoutANumberIsKilledAndOneOfABoundProcessGetsThrough() {
        lab.robot().activate("#enqcmd-submit");
        lab.robot()
                .until(
                        "killed",
                        () ->
                                says("✕ ENQCMD: thread t0 of p0 to 03:00.0: killed")
                                        || EnqcmdPath.of(lab.machine()).isPresent());
        var killed = EnqcmdPath.of(lab.machine()).orElseThrow();
        assertThat(killed.title()).endsWith("killed");
        assertThat(killed.steps())
                .extracting(EnqcmdPath.Step::end)
                .containsExactly(
                        End.PASSED, End.STOPPED, End.STOPPED, End.NEVER_REACHED, End.NEVER_REACHED);

        NestedLab.does(lab, "sva.bind(device=0000:06:00.0, process=p0)");
        NestedLab.does(lab, "enqcmd.submit(process=p0, thread=t0, device=0000:06:00.0)");
        var through = EnqcmdPath.of(lab.machine()).orElseThrow();
        assertThat(through.failed()).as(through.toString()).isFalse();
        assertThat(through.steps().get(2).words()).isEqualTo("loads 1, again");
        lab.robot().until("the register is shown", () -> says("register of t0: 1"));
    }

    @Test
    void aNumberThatTheProcessMayNotUseIsRefusedWhereItHappens() {
        NestedLab.does(lab, "kvm.vm_create()");
        isRefused("enqcmd.vm_map(vm=vm1, guest_pasid=7, host_pasid=48)");
        var row = SharingModel.of(lab.machine()).owners().getFirst().rows().getFirst();
        assertThat(row.guest()).isEqualTo("7");
        assertThat(row.refusal()).startsWith("EPERM: ");
        lab.robot().until("the refusal is shown", () -> says("asked for 48"));

        NestedLab.does(lab, "enqcmd.authorize(process=p0, pasid=48)");
        NestedLab.does(lab, "enqcmd.vm_map(vm=vm1, guest_pasid=7, host_pasid=48)");
        var linked = SharingModel.of(lab.machine()).owners().getFirst().rows();
        assertThat(linked).hasSize(1);
        assertThat(linked.getFirst().host()).isEqualTo(48);
        assertThat(linked.getFirst().hostDetail()).isEqualTo("per device");
    }

    @Test
    void aGuestWithoutAnEntryIsLeftAndOneWithItFaultsAtADeviceThatKnowsNothing() {
        NestedLab.does(lab, "kvm.vm_create()");
        NestedLab.does(lab, "enqcmd.guest_submit(vm=vm1, device=0000:06:00.0, guest_pasid=5)");
        assertThat(EnqcmdPath.of(lab.machine()).orElseThrow().title()).endsWith("VM exit");
        NestedLab.does(lab, "enqcmd.authorize(process=p0, pasid=52)");
        NestedLab.does(lab, "enqcmd.vm_map(vm=vm1, guest_pasid=5, host_pasid=52)");
        NestedLab.does(lab, "enqcmd.guest_submit(vm=vm1, device=0000:06:00.0, guest_pasid=5)");
        var path = EnqcmdPath.of(lab.machine()).orElseThrow();
        assertThat(path.title()).endsWith("accepted, and its DMA faults");
        assertThat(path.steps().getLast().end()).isEqualTo(End.STOPPED);
        assertThat(List.of(path.failed())).containsExactly(true);
    }

    private SharedPasids pasids() {
        return lab.machine().software().pasids();
    }

    /// Presses the button of a call, and sends it as it stands in the form.
    private void calls(String button) {
        lab.robot().settle().activate(button);
        lab.robot()
                .until(
                        "the kernel would do it",
                        () ->
                                lab.robot().sees("#deed-send")
                                        && !lab.robot().find("#deed-send").isDisabled());
        lab.robot().activate("#deed-send");
    }

    @Test
    void aDeviceIsBoundAndAPasidGivenAndLinkedByClicksAlone() {
        calls("#deed-sva-bind");
        lab.robot().until("bound", () -> pasids().bonds().size() == 1);
        calls("#deed-enqcmd-authorize");
        lab.robot().until("given", () -> pasids().rights().size() == 1);
        NestedLab.does(lab, "kvm.vm_create()");
        calls("#deed-enqcmd-vm_map");
        lab.robot().until("linked", () -> pasids().links().size() == 1);
        calls("#deed-enqcmd-vm_unmap");
        lab.robot().until("unlinked", () -> pasids().links().isEmpty());
        calls("#deed-enqcmd-revoke");
        lab.robot().until("taken away", () -> pasids().rights().isEmpty());
        calls("#deed-sva-unbind");
        lab.robot().until("unbound", () -> pasids().bonds().isEmpty());
    }

    @Test
    void whatThereIsNothingToTakeAwayFromSaysItsErrno() {
        lab.robot()
                .until(
                        "nothing was given",
                        () -> says("ENOENT: PASID 1 is not on the list of p0."));
        assertThat(lab.robot().find("#deed-enqcmd-revoke").isDisabled()).isTrue();
    }
}

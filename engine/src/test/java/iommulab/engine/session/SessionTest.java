package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Walk;
import iommulab.engine.os.Invalidation;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;
import iommulab.engine.traffic.Pattern;
import iommulab.engine.traffic.TrafficSource;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;

class SessionTest {
    private static final PciAddress NIC = PciAddress.parse("0000:06:00.0");
    private Session session;

    @BeforeEach
    void switchOn() throws CommandRefused {
        session = Session.open(TestMachine.captured("switch-noacs-a"), List.of());
    }

    @AfterEach
    void switchOff() {
        session.close();
    }

    @Test
    void aDeviceReachesWhatItsDomainMaps() throws Exception {
        int domain = attachedDomain();
        run(new Command.MapPages(domain, 0x40000000, 0x1000000, 0x200000, Permissions.READ_WRITE));
        var walk = dma(0x40000123L, Access.READ);
        assertThat(walk.outcome()).isEqualTo(DmaOutcome.WALK);
        assertThat(walk.target()).isEqualTo(0x1000123L);
        assertThat(dma(0x40000456L, Access.WRITE).outcome()).isEqualTo(DmaOutcome.HIT);
    }

    @Test
    void anUnmappedAddressFaultsAndTheKernelSaysSo() throws Exception {
        attachedDomain();
        var event = dma(0x5000, Access.WRITE);
        assertThat(event.outcome()).isEqualTo(DmaOutcome.FAULT);
        var fault = session.newest().faults().getFirst();
        assertThat(fault.kernelLines().getLast())
                .isEqualTo(
                        "DMAR: [DMA Write NO_PASID] Request device [06:00.0] fault addr 0x5000"
                                + " [fault reason 0x05] PTE Write access is not set");
    }

    @Test
    void aForgottenInvalidationLeavesAStaleAnswerUntilItIsSent() throws Exception {
        int domain = attachedDomain();
        run(new Command.MapPages(domain, 0x1000, 0x200000, 0x1000, Permissions.READ));
        dma(0x1000, Access.READ);
        run(new Command.UnmapPages(domain, 0x1000, 0x1000, false));
        assertThat(dma(0x1000, Access.READ).outcome()).isEqualTo(DmaOutcome.STALE);
        assertThat(domain(domain).unflushed()).containsExactly("1 page from 0x1000");
        run(
                new Command.Invalidate(
                        "dmar0",
                        new Invalidation.IotlbPage(domain(domain).tag(), 0x1000, 0),
                        true));
        assertThat(dma(0x1000, Access.READ).outcome()).isEqualTo(DmaOutcome.FAULT);
        assertThat(domain(domain).unflushed()).isEmpty();
    }

    @Test
    void aGroupThatTheKernelUsesCannotBeAttached() throws Exception {
        run(new Command.CreateDomain(NIC, DomainType.UNMANAGED, 4));
        int domain = session.newest().domains().getLast().id();
        run(new Command.BindDriver(NIC, Optional.of("e1000e")));
        assertThatThrownBy(() -> run(new Command.AttachDevice(NIC, domain)))
                .isInstanceOf(CommandRefused.class)
                .hasMessageContaining("0000:06:00.0 is bound to e1000e");
    }

    @Test
    void undoTakesTheLastCommandBackAndRedoBringsItAgain() throws Exception {
        int domain = attachedDomain();
        run(new Command.MapPages(domain, 0x1000, 0x2000, 0x1000, Permissions.READ));
        long mapped = session.stateHash().get();
        session.undo().get();
        assertThat(domain(domain).mappings()).isEmpty();
        session.redo().get();
        assertThat(session.stateHash().get()).isEqualTo(mapped);
    }

    @Test
    void anExplanationLeavesTheMachineAsItWas() throws Exception {
        int domain = attachedDomain();
        run(new Command.MapPages(domain, 0x1000, 0x2000, 0x1000, Permissions.READ));
        long before = session.stateHash().get();
        var walk = session.explain(new WalkQuestion(NIC, 0x1008, 4, Access.READ, true)).get();
        assertThat(walk.outcome()).isInstanceOf(Walk.Outcome.Reached.class);
        assertThat(walk.reads()).isEqualTo(6);
        assertThat(session.stateHash().get()).isEqualTo(before);
    }

    @Test
    void whatACommandWouldComeToLeavesTheMachineAsItWas() throws Exception {
        int domain = attachedDomain();
        long before = session.stateHash().join();
        var map = new Command.MapPages(domain, 0x1000, 0x1000000, 0x1000, Permissions.READ);
        var open = new Command.KernelCall(Call.of("iommufd.open"));
        var destroy =
                new Command.KernelCall(
                        Call.of("iommufd.destroy").with("iommufd", "iommufd1").with("id", 1));
        var trials = session.tried(List.of(map, map, open, destroy)).join();
        assertThat(trials).extracting(Trial::errno).containsExactly("", "", "", "EBADF");
        assertThat(trials.getLast().rule()).contains("iommufd1");
        assertThat(session.stateHash().join()).isEqualTo(before);
        assertThat(session.newest().software().node("iommufd1")).isEmpty();
    }

    @Test
    void clearingRedirectOnAPortMergesGroupsAtOnce() throws Exception {
        var port = PciAddress.parse("0000:00:03.0");
        int before = session.newest().grouping().groups().size();
        var acs =
                iommulab.engine.pci.Acs.of(session.newest().topology().get(port).config())
                        .orElseThrow();
        run(new Command.WriteConfig(port, acs.offset() + 6, 2, 0));
        assertThat(session.newest().grouping().groups()).hasSize(before - 1);
        assertThat(session.newest().grouping().groupOf(NIC))
                .isEqualTo(session.newest().grouping().groupOf(port));
    }

    @Test
    void removingAFunctionRegroupsAtOnce() throws Exception {
        var port = PciAddress.parse("0000:00:03.0");
        var before = session.newest().grouping();
        assertThat(before.groupOf(NIC)).isPresent();
        run(new Command.RemoveFunction(port));
        var after = session.newest().grouping();
        assertThat(session.newest().topology().find(NIC)).as("what was below the port").isEmpty();
        assertThat(after.groupOf(NIC)).isEmpty();
        assertThat(after.groups()).hasSizeLessThan(before.groups().size());
        session.undo().get();
        assertThat(session.newest().grouping().groups()).isEqualTo(before.groups());
    }

    @Test
    void aRunInManyPiecesIsTheSameAsOneRun() throws Exception {
        var source = new TrafficSource(1, NIC, new Pattern.Uniform(0x1000, 0x8000), 1, 64, 50, 9);
        int domain = attachedDomain();
        run(new Command.MapPages(domain, 0x1000, 0x200000, 0x8000, Permissions.READ_WRITE));
        run(new Command.SetSource(source));
        int before = session.newest().journal().position();
        session.setRunning(true).get();
        long served = session.newest().counters().requests();
        while (session.newest().counters().requests() < served + 20_000) {
            Thread.onSpinWait();
        }
        session.setRunning(false).get();
        var journal = session.newest().journal();
        assertThat(journal.position()).as("the run is one entry").isEqualTo(before + 1);
        long state = session.stateHash().get();
        session.undo().get();
        session.redo().get();
        assertThat(session.stateHash().get()).as("the run at one go").isEqualTo(state);
    }

    // ---- the lab's language

    private int attachedDomain() throws Exception {
        if (session.newest().topology().get(NIC).driver().isPresent()) {
            run(new Command.BindDriver(NIC, Optional.empty()));
        }
        var created = run(new Command.CreateDomain(NIC, DomainType.UNMANAGED, 4));
        int domain = ((Outcome.DomainCreated) created).domain();
        run(new Command.AttachDevice(NIC, domain));
        return domain;
    }

    private MachineSnapshot.Domain domain(int id) {
        return session.newest().domains().stream()
                .filter(d -> d.id() == id)
                .findFirst()
                .orElseThrow();
    }

    private DmaEvent dma(long iova, Access access) throws Exception {
        return ((Outcome.DmaFinished) run(new Command.IssueDma(NIC, iova, 16, access))).event();
    }

    private Outcome run(Command command) throws Exception {
        try {
            return session.submit(command).get();
        } catch (ExecutionException failed) {
            throw (Exception) failed.getCause();
        }
    }
}

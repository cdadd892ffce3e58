package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Replacement;
import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.QueueState;
import iommulab.engine.iommu.Walk;
import iommulab.engine.os.Invalidation;
import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.List;

/// A device with a TLB of its own, on every architecture: the same commands.
class DeviceTlbTest {
    private static final PciAddress DEVICE = ArchitectureBench.DEVICE;
    private static final long IOVA = 0x4000_0000L;
    private static final long PAGE = 0x100_0000L;
    private static final PasidPrefix NONE = PasidPrefix.NONE;

    private ArchitectureBench bench;
    private int domain;

    private void on(Architecture architecture) throws CommandRefused {
        bench = new ArchitectureBench(architecture);
        domain = bench.created(new Command.CreateDomain(DEVICE, DomainType.UNMANAGED, 0));
        bench.run(new Command.AttachDevice(DEVICE, domain));
        bench.map(domain, IOVA, PAGE, 0x4000, Permissions.READ_WRITE);
    }

    private void withAts(Architecture architecture) throws CommandRefused {
        on(architecture);
        bench.run(new Command.SetAts(DEVICE, true));
    }

    private DmaEvent read(long iova) throws CommandRefused {
        return bench.read(iova, NONE);
    }

    private DmaEvent send(long address, AddressType type) throws CommandRefused {
        var command = new Command.IssueDma(DEVICE, address, 4, Access.READ, NONE, type);
        return ((Outcome.DmaFinished) bench.run(command)).event();
    }

    private void unmap(boolean flush) throws CommandRefused {
        bench.run(new Command.UnmapPages(domain, IOVA, 0x1000, flush));
    }

    private DeviceSide device() {
        var sides = bench.machine.snapshot(false, JournalView.EMPTY).units().getFirst().devices();
        assertThat(sides).as("devices with a TLB").hasSize(1);
        return sides.getFirst();
    }

    private static List<String> names(Walk walk) {
        return walk.steps().stream().map(Walk.Step::name).toList();
    }

    private Walk walk(long iova) throws CommandRefused {
        return bench.machine.explain(new WalkQuestion(DEVICE, iova, 4, Access.READ, NONE, true));
    }

    // ---- translations

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SELFTEST")
    void aDeviceAsksOnceAndThenSendsWhatItKnows(Architecture architecture) throws CommandRefused {
        withAts(architecture);
        var first = read(IOVA + 4);
        assertThat(first.outcome()).isEqualTo(DmaOutcome.WALK);
        assertThat(first.target()).isEqualTo(PAGE + 4);
        assertThat(first.note()).startsWith("asked for the translation first");
        var second = read(IOVA + 8);
        assertThat(second.outcome()).isEqualTo(DmaOutcome.HIT);
        assertThat(second.target()).isEqualTo(PAGE + 8);
        assertThat(second.note()).isEqualTo("translated by the device TLB");
        assertThat(second.reads()).isLessThan(first.reads());
        assertThat(device().questions()).isEqualTo(1);
        assertThat(device().tlb().lines()).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SELFTEST")
    void aQuestionFillsTheTlbAndMovesNothing(Architecture architecture) throws CommandRefused {
        withAts(architecture);
        long bytes = bench.machine.counters().bytes();
        var answer = send(IOVA + 0x10, AddressType.TRANSLATION_REQUEST);
        assertThat(answer.outcome()).isEqualTo(DmaOutcome.WALK);
        assertThat(answer.target()).isEqualTo(PAGE + 0x10);
        assertThat(bench.machine.counters().bytes()).isEqualTo(bytes);
        assertThat(read(IOVA).outcome()).isEqualTo(DmaOutcome.HIT);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SELFTEST")
    void whatIsNotMappedIsNotSentAndNoFault(Architecture architecture) throws CommandRefused {
        withAts(architecture);
        var event = read(IOVA + 0x10_0000);
        assertThat(event.outcome()).isEqualTo(DmaOutcome.BLOCKED);
        assertThat(event.note()).contains("sends nothing");
        assertThat(bench.machine.counters().faults()).isZero();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SELFTEST")
    void aTranslatedRequestOfADeviceThatMayNotIsAFault(Architecture architecture)
            throws CommandRefused {
        on(architecture);
        var event = send(PAGE, AddressType.TRANSLATED);
        if (architecture == Architecture.SMMUV3) {
            assertThat(event.outcome()).as("nothing is checked").isEqualTo(DmaOutcome.BYPASS);
            return;
        }
        assertThat(event.outcome()).isEqualTo(DmaOutcome.FAULT);
        var fault = bench.machine.snapshot(false, JournalView.EMPTY).faults().getFirst();
        assertThat(fault.type()).isEqualTo(AddressType.TRANSLATED);
        assertThat(fault.iova()).isEqualTo(PAGE);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SELFTEST")
    void aDeviceWhoseEntryForbidsItIsRefusedItsQuestion(Architecture architecture)
            throws CommandRefused {
        on(architecture);
        // Only the device is switched on, as a careless setpci would.
        bench.run(new Command.WriteConfig(DEVICE, 0xa26, 2, 0x8000));
        assertThat(read(IOVA).outcome()).isEqualTo(DmaOutcome.FAULT);
        assertThat(device().tlb().lines()).isEmpty();
        var fault = bench.machine.snapshot(false, JournalView.EMPTY).faults().getFirst();
        assertThat(fault.type()).isEqualTo(AddressType.TRANSLATION_REQUEST);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SELFTEST")
    void atsIsSwitchedOffAgain(Architecture architecture) throws CommandRefused {
        withAts(architecture);
        read(IOVA);
        bench.run(new Command.SetAts(DEVICE, false));
        assertThat(read(IOVA + 4).note()).isEmpty();
        assertThat(bench.machine.snapshot(false, JournalView.EMPTY).units().getFirst().devices())
                .isEmpty();
        assertThatThrownBy(() -> send(IOVA, AddressType.TRANSLATION_REQUEST))
                .hasMessageContaining("switched off");
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SELFTEST")
    void theTlbHasTheShapeThatItsUserGivesIt(Architecture architecture) throws CommandRefused {
        withAts(architecture);
        read(IOVA);
        var unit = bench.machine.units.getFirst().name();
        var small = new CacheGeometry(1, 2, Replacement.LRU);
        bench.run(new Command.SetCacheGeometry(unit, CacheKind.DEVICE_TLB, small));
        assertThat(device().tlb().lines()).isEmpty();
        for (int page = 0; page < 3; page++) {
            read(IOVA + page * 0x1000L);
        }
        assertThat(device().tlb().lines()).hasSize(2);
    }

    // ---- invalidation

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SELFTEST")
    void anUnmapReachesTheDevice(Architecture architecture) throws CommandRefused {
        withAts(architecture);
        read(IOVA);
        read(IOVA + 0x1000);
        unmap(true);
        assertThat(device().tlb().lines()).hasSize(1);
        assertThat(read(IOVA).outcome()).isEqualTo(DmaOutcome.BLOCKED);
        assertThat(read(IOVA + 0x1000).outcome()).isEqualTo(DmaOutcome.HIT);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SELFTEST")
    void withoutAnInvalidationTheDeviceUsesWhatIsStale(Architecture architecture)
            throws CommandRefused {
        withAts(architecture);
        read(IOVA);
        unmap(false);
        var unit = bench.machine.units.getFirst().name();
        bench.run(new Command.Invalidate(unit, new Invalidation.IotlbGlobal(), true));
        assertThat(read(IOVA).outcome()).isEqualTo(DmaOutcome.STALE);
        assertThat(device().tlb().lines().getFirst().stale()).isPresent();
        bench.run(
                new Command.Invalidate(
                        unit,
                        new Invalidation.DeviceTlb(DEVICE.requesterId().raw(), -1, IOVA, 0),
                        true));
        assertThat(device().tlb().lines()).isEmpty();
        assertThat(read(IOVA).outcome()).isEqualTo(DmaOutcome.BLOCKED);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SELFTEST")
    void aDeviceThatHangsIsGivenUpAndTheKernelGoesOn(Architecture architecture)
            throws CommandRefused {
        withAts(architecture);
        read(IOVA);
        bench.run(new Command.SetAnswering(DEVICE, false));
        assertThat(bench.run(new Command.UnmapPages(domain, IOVA, 0x1000, true)))
                .isInstanceOf(Outcome.TimedOut.class);
        assertThat(device().unanswered()).isPositive();
        assertThat(bench.machine.units.getFirst().forDeviceTlbs().openInvalidations()).isZero();
        read(IOVA + 0x1000);
        bench.run(new Command.UnmapPages(domain, IOVA + 0x1000, 0x1000, true));
        assertThat(read(IOVA + 0x1000).outcome()).isEqualTo(DmaOutcome.BLOCKED);
        bench.run(new Command.SetAnswering(DEVICE, true));
        assertThat(device().unanswered()).isZero();
        bench.run(new Command.UnmapPages(domain, IOVA + 0x2000, 0x1000, true));
        assertThat(device().unanswered()).isZero();
    }

    private void forgetWithoutWaiting() throws CommandRefused {
        var unit = bench.machine.units.getFirst().name();
        var what = new Invalidation.DeviceTlb(DEVICE.requesterId().raw(), -1, IOVA, 0);
        bench.run(new Command.Invalidate(unit, what, true, false));
    }

    private QueueState commands() {
        return bench.machine.units.getFirst().hardware().queues().getFirst();
    }

    private int open() {
        return bench.machine.units.getFirst().forDeviceTlbs().openInvalidations();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SELFTEST")
    void theQueueThatWaitsForADeviceCanBeLookedAt(Architecture architecture) throws CommandRefused {
        withAts(architecture);
        read(IOVA);
        bench.run(new Command.SetAnswering(DEVICE, false));
        forgetWithoutWaiting();
        assertThat(open()).as("completions that are owed").isEqualTo(1);
        assertThat(device().tlb().lines()).as("the device has forgotten").isEmpty();
        var waiting = commands();
        assertThat(waiting.tail() - waiting.head())
                .as("it stands before the wait")
                .isEqualTo(waiting.entryBytes());
        var before = bench.machine.checkpoint();
        bench.run(new Command.SetAnswering(DEVICE, true));
        assertThat(open()).isZero();
        assertThat(commands().head()).as("it has gone on").isEqualTo(commands().tail());
        bench.machine.restore(before);
        assertThat(open()).isEqualTo(1);
        assertThat(commands()).isEqualTo(waiting);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SELFTEST")
    void theKernelsNextCommandGivesUpADeviceThatNobodyWaitedFor(Architecture architecture)
            throws CommandRefused {
        withAts(architecture);
        read(IOVA);
        bench.run(new Command.SetAnswering(DEVICE, false));
        forgetWithoutWaiting();
        forgetWithoutWaiting();
        bench.run(new Command.UnmapPages(domain, IOVA, 0x1000, true));
        assertThat(open()).isZero();
        assertThat(commands().head()).isEqualTo(commands().tail());
        assertThat(read(IOVA).outcome()).isEqualTo(DmaOutcome.BLOCKED);
    }

    @Test
    void nobodyWaitsForARegister() throws CommandRefused {
        on(Architecture.VTD_LEGACY);
        var command = new Command.Invalidate("dmar0", new Invalidation.IotlbGlobal(), false, false);
        assertThatThrownBy(() -> bench.run(command)).hasMessageContaining("send it by queue");
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SELFTEST")
    void anotherDomainIsAnotherAddressSpaceForTheDevice(Architecture architecture)
            throws CommandRefused {
        withAts(architecture);
        read(IOVA);
        bench.run(new Command.DetachDevice(DEVICE));
        int other = bench.created(new Command.CreateDomain(DEVICE, DomainType.UNMANAGED, 0));
        bench.run(new Command.AttachDevice(DEVICE, other));
        bench.map(other, IOVA, PAGE + 0x1000, 0x1000, Permissions.READ);
        assertThat(read(IOVA).target()).isEqualTo(PAGE + 0x1000);
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"VTD_LEGACY", "SELFTEST"})
    void aPasidsTranslationIsKeptApart(Architecture architecture) throws CommandRefused {
        bench = new ArchitectureBench(architecture);
        bench.passThrough();
        var pasid = PasidPrefix.of(0x2a);
        int space = bench.created(new Command.CreateFirstStage(DEVICE, 0, 0));
        bench.run(new Command.AttachPasid(DEVICE, 0x2a, space));
        bench.map(space, IOVA, PAGE, 0x1000, Permissions.READ);
        bench.run(new Command.SetAts(DEVICE, true));
        assertThat(bench.read(IOVA, pasid).target()).isEqualTo(PAGE);
        assertThat(bench.read(IOVA, pasid).note()).isEqualTo("translated by the device TLB");
        assertThat(bench.read(IOVA, NONE).target()).isNotEqualTo(PAGE);
        bench.run(new Command.UnmapPages(space, IOVA, 0x1000, true));
        assertThat(bench.read(IOVA, pasid).outcome()).isNotEqualTo(DmaOutcome.HIT);
    }

    // ---- going back, and looking

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SELFTEST")
    void goingBackBringsBackWhatTheDeviceKnew(Architecture architecture) throws CommandRefused {
        withAts(architecture);
        long before = bench.machine.stateHash();
        var then = bench.machine.checkpoint();
        read(IOVA);
        long knowing = bench.machine.stateHash();
        bench.run(new Command.SetAts(DEVICE, false));
        bench.machine.restore(then);
        assertThat(bench.machine.stateHash()).isEqualTo(before);
        assertThat(read(IOVA).outcome()).isEqualTo(DmaOutcome.WALK);
        assertThat(bench.machine.stateHash()).isEqualTo(knowing);
        unmap(true);
        assertThat(device().tlb().lines()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SELFTEST")
    void theWalkTellsTheQuestionAndThenTheTranslatedRequest(Architecture architecture)
            throws CommandRefused {
        withAts(architecture);
        var asked = walk(IOVA + 4);
        assertThat(names(asked)).startsWith("Device TLB probe").endsWith("Answer to the device");
        assertReached(asked, PAGE + 4, false);
        read(IOVA);
        var known = walk(IOVA + 4);
        assertThat(names(known)).startsWith("Device TLB probe");
        assertThat(known.steps().size()).isLessThan(asked.steps().size());
        assertReached(known, PAGE + 4, false);
        assertThat(walk(IOVA + 0x10_0000).outcome()).isInstanceOf(Walk.Outcome.NotTranslated.class);
        unmap(false);
        assertReached(walk(IOVA), PAGE, true);
    }

    private static void assertReached(Walk walk, long hpa, boolean stale) {
        assertThat(walk.outcome()).isInstanceOf(Walk.Outcome.Reached.class);
        var reached = (Walk.Outcome.Reached) walk.outcome();
        assertThat(List.of(reached.hpa(), reached.pageBytes())).containsExactly(hpa, 4096L);
        assertThat(reached.stale()).as("stale").isEqualTo(stale);
    }
}

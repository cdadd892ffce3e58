package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import java.util.List;
import java.util.TreeMap;

/// What always holds of a device with a TLB, as long as the driver sends what it has to send: it reaches what
/// is mapped now, and nothing else.
class DeviceTlbPropertyTest {
    private static final PciAddress DEVICE = ArchitectureBench.DEVICE;
    private static final long IOVA = 0x4000_0000L;
    private static final long HOME = 0x100_0000L;
    private static final int PAGE = 4096;

    /// One step: something with one of three pages.
    record Step(What what, int page, int frame) {}

    enum What {
        MAP,
        UNMAP,
        READ,
        WRITE,
        SWITCH,
        GO_BACK
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        return Combinators.combine(
                        Arbitraries.of(What.values()),
                        Arbitraries.integers().between(0, 2),
                        Arbitraries.integers().between(0, 63))
                .as(Step::new)
                .list()
                .ofMinSize(20)
                .ofMaxSize(60);
    }

    @Provide
    Arbitrary<Architecture> architectures() {
        return Arbitraries.of(Architecture.values()).filter(a -> a != Architecture.SELFTEST);
    }

    @Property(tries = 60)
    void theDeviceReachesWhatIsMappedNow(
            @ForAll("architectures") Architecture architecture, @ForAll("steps") List<Step> steps)
            throws CommandRefused {
        var bench = new ArchitectureBench(architecture);
        int domain = bench.created(new Command.CreateDomain(DEVICE, DomainType.UNMANAGED, 0));
        bench.run(new Command.AttachDevice(DEVICE, domain));
        bench.run(new Command.SetAts(DEVICE, true));
        var mapped = new TreeMap<Integer, Long>();
        boolean ats = true;
        for (var step : steps) {
            long iova = IOVA + (long) step.page() * PAGE;
            switch (step.what()) {
                case MAP -> {
                    if (!mapped.containsKey(step.page())) {
                        long to = HOME + (long) step.frame() * PAGE;
                        bench.map(domain, iova, to, PAGE, Permissions.READ_WRITE);
                        mapped.put(step.page(), to);
                    }
                }
                case UNMAP -> {
                    if (mapped.remove(step.page()) != null) {
                        bench.run(new Command.UnmapPages(domain, iova, PAGE, true));
                    }
                }
                case READ -> reaches(bench.read(iova, PasidPrefix.NONE), mapped.get(step.page()));
                case WRITE ->
                        reaches(
                                bench.dma(iova, Access.WRITE, PasidPrefix.NONE),
                                mapped.get(step.page()));
                case SWITCH -> {
                    ats = !ats;
                    bench.run(new Command.SetAts(DEVICE, ats));
                }
                case GO_BACK -> goesBack(bench, iova);
            }
        }
        assertThat(bench.machine.snapshot(false, JournalView.EMPTY).units().getFirst().devices())
                .flatExtracting(device -> device.tlb().lines())
                .noneMatch(line -> line.stale().isPresent());
    }

    private static void reaches(DmaEvent event, @org.jspecify.annotations.Nullable Long expected) {
        if (expected == null) {
            assertThat(event.outcome()).isIn(DmaOutcome.BLOCKED, DmaOutcome.FAULT);
        } else {
            assertThat(event.outcome()).isIn(DmaOutcome.HIT, DmaOutcome.WALK);
            assertThat(event.target()).isEqualTo(expected);
        }
    }

    /// Whatever the device does, going back gives the machine that was, to the bit.
    private static void goesBack(ArchitectureBench bench, long iova) throws CommandRefused {
        long hash = bench.machine.stateHash();
        var then = bench.machine.checkpoint();
        bench.read(iova, PasidPrefix.NONE);
        bench.machine.restore(then);
        assertThat(bench.machine.stateHash()).isEqualTo(hash);
    }
}

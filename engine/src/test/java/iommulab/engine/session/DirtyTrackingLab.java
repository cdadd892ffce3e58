package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.TableChange;
import iommulab.engine.iommu.Walk;
import iommulab.engine.os.Domain;
import iommulab.engine.os.IommuDriver;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import java.util.ArrayList;
import java.util.List;

/// A device whose requests end in a domain that maps `RANGE` bytes.
final class DirtyTrackingLab {
    static final long IOVA = 0x4000_0000L;
    static final long HOME = 0x100_0000L;
    static final long GUEST_RAM = 0x200_0000L;
    static final long RANGE = 0x1_0000;
    private static final int NUMBER = 0x2a;
    private static final PasidPrefix PASID = PasidPrefix.of(NUMBER);

    /// Whose requests go through the domain that is tracked, and how.
    enum Way {
        DEVICE,
        PASID_FIRST_STAGE,
        BELOW_NESTED
    }

    /// One way on one architecture.
    record Case(Architecture architecture, Way way) {}

    final ArchitectureBench bench;
    final PasidPrefix prefix;
    final int tracked;
    /* What the tracked domain calls the address IOVA of the device. */
    final long inDomain;

    DirtyTrackingLab(Case of) throws CommandRefused {
        bench = new ArchitectureBench(of.architecture());
        switch (of.way()) {
            case DEVICE -> {
                prefix = PasidPrefix.NONE;
                inDomain = IOVA;
                tracked = created();
                bench.map(tracked, IOVA, HOME, RANGE, Permissions.READ_WRITE);
                attach(tracked);
            }
            case PASID_FIRST_STAGE -> {
                prefix = PASID;
                inDomain = IOVA;
                bench.passThrough();
                tracked = firstStage(0);
                bench.map(tracked, IOVA, HOME, RANGE, Permissions.READ_WRITE);
                bench.run(new Command.AttachPasid(device(), NUMBER, tracked));
            }
            case BELOW_NESTED -> {
                prefix = PasidPrefix.NONE;
                inDomain = 0x4_0000;
                tracked = created();
                // Small pages, but for where the guest keeps its tables.
                bench.map(tracked, 0x4_0000, GUEST_RAM, RANGE, Permissions.READ_WRITE);
                bench.map(
                        tracked,
                        0x80_0000,
                        GUEST_RAM + 0x80_0000,
                        0x80_0000,
                        Permissions.READ_WRITE);
                int nested = firstStage(tracked);
                bench.map(nested, IOVA, 0x4_0000, RANGE, Permissions.READ_WRITE);
                attach(nested);
            }
            default -> throw new IllegalStateException("no way " + of.way());
        }
    }

    private static PciAddress device() {
        return ArchitectureBench.DEVICE;
    }

    int created() throws CommandRefused {
        return bench.created(new Command.CreateDomain(device(), DomainType.UNMANAGED, 0));
    }

    int firstStage(int parent) throws CommandRefused {
        return bench.created(new Command.CreateFirstStage(device(), parent, 0));
    }

    void attach(int domain) throws CommandRefused {
        bench.run(new Command.AttachDevice(device(), domain));
    }

    IommuDriver driver() {
        return bench.machine.units.getFirst().driver();
    }

    Domain domain() {
        return bench.machine.domains.find(tracked).orElseThrow();
    }

    void track(boolean on) throws MappingRefused {
        domain().trackDirty(on, driver());
    }

    DmaOutcome dma(Access access, long offset) throws CommandRefused {
        return bench.dma(IOVA + offset, access, prefix).outcome();
    }

    void write(long offset) throws CommandRefused {
        assertThat(dma(Access.WRITE, offset)).isIn(DmaOutcome.WALK, DmaOutcome.HIT);
    }

    /// Offsets of the pages that the domain says were written.
    List<Long> dirty() throws MappingRefused {
        return read(false, new ArrayList<>()).pages;
    }

    /// The words of entries on the way of a write, leaves with them, tables between not.
    List<Long> entries() throws CommandRefused {
        var question = new WalkQuestion(device(), IOVA + 0x1000, 4, Access.WRITE, prefix, false);
        return Explanation.of(bench.machine, question).steps().stream()
                .filter(step -> step.kind() != Walk.Kind.TABLE_ENTRY)
                .flatMap(step -> step.raw().stream())
                .toList();
    }

    record Read(List<Long> pages, TableChange change) {}

    Read read(boolean clear, List<Long> pages) throws MappingRefused {
        var change =
                domain().readDirty(inDomain, RANGE, clear, (page, _) -> pages.add(page - inDomain));
        return new Read(pages, change);
    }

    List<Long> clear(boolean flush) throws MappingRefused {
        var read = read(true, new ArrayList<>());
        if (flush) {
            var identity = domain().identity();
            driver().flushUnmapped(identity.tag(), identity.stage(), read.change);
        }
        return read.pages;
    }
}

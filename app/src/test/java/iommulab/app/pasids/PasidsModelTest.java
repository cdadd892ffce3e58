package iommulab.app.pasids;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.PasidMachine;
import iommulab.app.pasids.PasidsModel.Entry;
import iommulab.app.shell.AddressSpace;
import iommulab.app.shell.Subject;
import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;
import iommulab.engine.session.Outcome;
import iommulab.engine.session.Session;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;

/// What the PASIDs perspective says of a real machine.
class PasidsModelTest {
    private static final Subject NOTHING = new Subject.Nothing();

    private Session session;

    @BeforeEach
    void powerOn() throws CommandRefused {
        session = Session.open(PasidMachine.describe(), List.of());
    }

    @AfterEach
    void powerOff() {
        session.close();
    }

    private Outcome did(Command command) {
        return session.submit(command).join();
    }

    private int made(Command command) {
        return ((Outcome.DomainCreated) did(command)).domain();
    }

    private PasidsModel model(Subject subject) {
        return PasidsModel.of(session.newest(), subject, Map.of());
    }

    private Entry entry(int pasid) {
        return model(NOTHING).entries().stream()
                .filter(e -> e.space().equals(new AddressSpace(PasidMachine.NVME, pasid)))
                .findFirst()
                .orElseThrow();
    }

    /// A guest with 4 MiB of memory and an address space in it for PASID 0x2a.
    private int nested() {
        int guest = made(new Command.CreateDomain(PasidMachine.NVME, DomainType.UNMANAGED, 4));
        did(new Command.MapPages(guest, 0, 0xa00_0000, 0x40_0000, Permissions.READ_WRITE));
        int space = made(new Command.CreateFirstStage(PasidMachine.NVME, guest, 0));
        did(new Command.MapPages(space, 0x4000_0000, 0x5000, 0x1000, Permissions.READ));
        did(new Command.AttachPasid(PasidMachine.NVME, 0x2a, space));
        return guest;
    }

    private EntryModel memory(int pasid) {
        var space = new AddressSpace(PasidMachine.NVME, pasid);
        MachineSnapshot machine = session.newest();
        var walk = session.explain(PasidsActions.question(machine, space, false)).join();
        return EntryModel.of(walk, session.newest(), space);
    }

    @Test
    void onlyDevicesWithTheCapabilityAreShown() {
        assertThat(model(NOTHING).devices())
                .extracting(PasidsModel.Device::address)
                .containsExactlyInAnyOrder(PasidMachine.NVME, PasidMachine.NIC);
        assertThat(model(NOTHING).devices())
                .extracting(PasidsModel.Device::ability)
                .containsOnly("PASIDs of 20 bits, off");
    }

    @Test
    void attachingSwitchesThePasidsOn() {
        nested();
        assertThat(
                        model(NOTHING).devices().stream()
                                .filter(d -> d.address().equals(PasidMachine.NVME)))
                .extracting(PasidsModel.Device::ability, PasidsModel.Device::pasids)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("PASIDs of 20 bits, on", "PASIDs 2a"));
    }

    @Test
    void aNestedSpaceNamesItsParent() {
        int guest = nested();
        assertThat(model(NOTHING).spaces())
                .filteredOn(s -> s.id() == entry(0x2a).domain())
                .extracting(PasidsModel.Space::kind, PasidsModel.Space::parent)
                .containsExactly(org.assertj.core.groups.Tuple.tuple("nested", guest));
    }

    @Test
    void theEntryIsFoundThroughDirectoryAndTable() {
        nested();
        var memory = memory(0x2a);
        assertThat(memory.structure()).isEqualTo("PASID table entry");
        assertThat(memory.ways())
                .extracting(EntryModel.Way::name)
                .endsWith("pasid directory", "pasid table");
        assertThat(memory.ways().getLast().index()).isEqualTo("2a");
        assertThat(memory.ways().getLast().address()).isEqualTo(memory.address());
        assertThat(memory.fields())
                .filteredOn(f -> f.name().equals("PGTT"))
                .extracting(EntryModel.Line::value)
                .containsExactly("3");
        assertThat(memory.stopped()).isEmpty();
    }

    @Test
    void whatCachesHoldIsSaidWithItsPlace() {
        nested();
        assertThat(memory(0x2a).caches()).isEmpty();
        did(
                new Command.IssueDma(
                        PasidMachine.NVME, 0x4000_0000, 4, Access.READ, PasidPrefix.of(0x2a)));
        assertThat(memory(0x2a).caches())
                .extracting(EntryModel.Cached::what)
                .anyMatch(what -> what.startsWith("PASID cache, set"))
                .anyMatch(what -> what.startsWith("IOTLB, 1 entry"));
        assertThat(entry(0x2a).last()).contains(DmaOutcome.WALK);
    }

    @Test
    void aPasidThatWasTriedInVainIsShownWithItsFault() {
        nested();
        did(
                new Command.IssueDma(
                        PasidMachine.NVME, 0x4000_0000, 4, Access.READ, PasidPrefix.of(0x2b)));
        assertThat(entry(0x2b).domain()).isZero();
        assertThat(entry(0x2b).trouble()).startsWith("1 fault, last ");
        assertThat(memory(0x2b).stopped()).isNotEmpty();
        assertThat(model(NOTHING).headline()).endsWith("1 without an entry");
    }

    @Test
    void theSelectedThingChoosesTheName() {
        nested();
        var space = new AddressSpace(PasidMachine.NVME, 0x2a);
        assertThat(model(new Subject.Pasid(PasidMachine.NVME, 0x2a)).chosen()).contains(space);
        assertThat(model(new Subject.Function(PasidMachine.NVME)).chosen()).contains(space);
        assertThat(model(new Subject.Domain(entry(0x2a).domain())).chosen()).contains(space);
        assertThat(model(new Subject.Pasid(PasidMachine.NVME, 0x99)).chosen()).isEmpty();
    }
}

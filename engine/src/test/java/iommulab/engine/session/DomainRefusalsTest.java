package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.pci.PciAddress;

import org.junit.jupiter.api.Test;

import java.util.Optional;

/// What Linux refuses about domains, with its errno, and that nothing of it leaves a trace.
class DomainRefusalsTest {
    private static final PciAddress CARD = PciAddress.parse("0000:06:00.0");
    private static final PciAddress LEFT = PciAddress.parse("0000:03:00.0");
    private final Machine machine = on("switch-noacs-a");

    @Test
    void aDeviceWhoseMemoryFirmwareUsesKeepsItsDomain() throws Exception {
        var locked = on("rmrr-a");
        var group =
                locked.wiring().grouping().groups().stream()
                        .filter(g -> g.reserved().stream().anyMatch(r -> r.kind().equals("direct")))
                        .findFirst()
                        .orElseThrow();
        var device = group.members().getFirst();
        int domain = created(locked, device);
        refused(locked, new Command.AttachDevice(device, domain), "EPERM", "RMRR");
    }

    @Test
    void aGroupThatAKernelDriverUsesIsNotViable() throws Exception {
        int domain = created(machine, LEFT);
        machine.apply(new Command.BindDriver(LEFT, Optional.of("e1000e")));
        refused(machine, new Command.AttachDevice(LEFT, domain), "EBUSY", "not viable");
        refused(
                machine,
                new Command.AttachDevice(PciAddress.parse("0000:02:00.0"), domain),
                "EBUSY",
                "0000:03:00.0 is bound to e1000e");
    }

    @Test
    void aKernelDriverCannotBindWhileAUserHasTheGroup() throws Exception {
        machine.apply(new Command.AttachDevice(CARD, created(machine, CARD)));
        refused(machine, new Command.BindDriver(CARD, Optional.of("e1000e")), "EBUSY", "attached");
        machine.apply(new Command.BindDriver(CARD, Optional.of("vfio-pci")));
    }

    @Test
    void aGroupIsAttachedOnce() throws Exception {
        int first = created(machine, CARD);
        int second = created(machine, CARD);
        machine.apply(new Command.AttachDevice(CARD, first));
        refused(machine, new Command.AttachDevice(CARD, second), "EBUSY", "Detach it first");
    }

    @Test
    void aDomainInUseIsNotDeleted() throws Exception {
        int domain = created(machine, CARD);
        machine.apply(new Command.AttachDevice(CARD, domain));
        refused(machine, new Command.DeleteDomain(domain), "EBUSY", "is used by group");
        machine.apply(new Command.DetachDevice(CARD));
        machine.apply(new Command.DeleteDomain(domain));
        refused(machine, new Command.DeleteDomain(domain), "ENOENT", "no domain " + domain);
    }

    @Test
    void whatIsMappedIsNotMappedAgain() throws Exception {
        int domain = created(machine, CARD);
        machine.apply(map(domain, 0x4000, 0x2000));
        refused(machine, map(domain, 0x5000, 0x1000), "EEXIST", "already maps page 0x5000");
        refused(machine, map(domain, 0x4800, 0x1000), "EINVAL", "whole pages");
        refused(machine, map(domain, 1L << 48, 0x1000), "ERANGE", "48 bits");
    }

    @Test
    void theInterruptWindowIsNotMappedForADevice() throws Exception {
        int domain = created(machine, CARD);
        machine.apply(new Command.AttachDevice(CARD, domain));
        refused(machine, map(domain, 0xfee0_0000L, 0x1000), "EINVAL", "reserved (msi)");
    }

    @Test
    void aDomainThatMapsTheInterruptWindowIsNotAttached() throws Exception {
        int domain = created(machine, CARD);
        machine.apply(map(domain, 0xfee0_0000L, 0x1000));
        refused(machine, new Command.AttachDevice(CARD, domain), "EINVAL", "reserved (msi)");
    }

    @Test
    void belowAVirtioIommuTranslationIsRefusedAndGroupsStand() {
        var guest = on("virtio-iommu-a");
        var device = PciAddress.parse("0000:00:03.0");
        assertThat(guest.wiring().grouping().groupOf(device)).isPresent();
        refused(
                guest,
                new Command.CreateDomain(device, DomainType.UNMANAGED, 4),
                "EOPNOTSUPP",
                "no IOMMU that the engine executes");
    }

    @Test
    void theKernelsDomainsAreItsOwn() {
        int ofCard =
                machine.wiring()
                        .grouping()
                        .groupOf(CARD)
                        .flatMap(g -> machine.domains.groups.domainOf(g.id()))
                        .orElseThrow()
                        .id();
        refused(machine, new Command.DeleteDomain(ofCard), "EPERM", "the kernel needs it");
        refused(machine, new Command.AttachDevice(LEFT, ofCard), "EINVAL", "default of group");
    }

    // ---- the lab's language

    private static Machine on(String capture) {
        try {
            return Machine.powerOn(TestMachine.captured(capture));
        } catch (CommandRefused refused) {
            throw new IllegalStateException(refused);
        }
    }

    private static int created(Machine machine, PciAddress device) throws CommandRefused {
        var outcome = machine.apply(new Command.CreateDomain(device, DomainType.UNMANAGED, 4));
        return ((Outcome.DomainCreated) outcome).domain();
    }

    private static Command map(int domain, long iova, long bytes) {
        return new Command.MapPages(domain, iova, 0x100_0000, bytes, Permissions.READ_WRITE);
    }

    private static void refused(Machine machine, Command command, String errno, String words) {
        long before = machine.stateHash();
        assertThatThrownBy(() -> machine.apply(command))
                .asInstanceOf(type(CommandRefused.class))
                .satisfies(refusal -> {
                    assertThat(refusal.errno()).isEqualTo(errno);
                    assertThat(refusal.reason()).contains(words);
                });
        assertThat(machine.stateHash()).as("the machine after the refusal").isEqualTo(before);
    }
}

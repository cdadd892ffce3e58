package iommulab.engine.session;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.memory.Region.RegionKind;
import iommulab.engine.os.Domain;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.pci.Msi;
import iommulab.engine.pci.PciAddress;

/// The page to which devices write interrupts, where an IOMMU translates such writes like all others: the
/// kernel maps it in a window of addresses that it keeps for that. The window is the same in all tables.
/// Source: kernel `iommufd_sw_msi`, `iommufd_group_setup_msi`, `iommu_dma_get_msi_page`.
final class Doorbells {
    private static final long PAGE = 4096;

    private final Machine machine;

    Doorbells(Machine machine) {
        this.machine = machine;
    }

    /// A function begins to send messages.
    ///
    /// @throws CallFailed (EINVAL) it has no such interrupts
    void enable(PciAddress address) throws CallFailed {
        var function =
                machine.wiring()
                        .topology()
                        .find(address)
                        .orElseThrow(
                                () -> new CallFailed("ENODEV", "%s is gone.".formatted(address)));
        var messages =
                Msi.of(function.config())
                        .orElseThrow(() ->
                                new CallFailed(
                                        "EINVAL",
                                        "%s has neither MSI nor MSI-X.".formatted(address)));
        machine.replaceFunction(function.withConfig(messages.enabled(function.config())));
        var group = machine.wiring().grouping().groupOf(address);
        if (group.isPresent()) {
            int number = group.get().id();
            var domain = machine.domains.groups.domainOf(number);
            if (domain.isPresent() && domain.get().identity().byUser()) {
                install(number, domain.get());
            }
        }
    }

    /// Before a group goes to a table: with members that send messages, the table has their page.
    void install(int group, Domain to) throws CallFailed {
        var unit = machine.units.get(to.identity().unit());
        if (unit.description().isSmmu() && sendsMessages(group)) {
            var table = behind(to);
            DomainDrivers.passOnDoing(() -> map(table));
        }
    }

    /// The table in which a message ends: below a guest's own it is the host's.
    private Domain behind(Domain domain) {
        return machine.domains.find(domain.identity().parent()).orElse(domain);
    }

    private void map(Domain table) throws MappingRefused {
        if (table.tables().isPresent() && table.mappingAt(IommuHardware.DOORBELLS).isEmpty()) {
            table.map(IommuHardware.DOORBELLS, page(), PAGE, Permissions.READ_WRITE);
        }
    }

    /// hpa of the page.
    private long page() {
        return machine.memory.map().regions().stream()
                .filter(region -> region.kind() == RegionKind.INTERRUPT)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no region takes interrupts"))
                .range()
                .start();
    }

    private boolean sendsMessages(int number) {
        for (var group : machine.wiring().grouping().groups()) {
            if (group.id() == number) {
                return group.members().stream().anyMatch(this::sendsMessages);
            }
        }
        return false;
    }

    private boolean sendsMessages(PciAddress member) {
        return machine.wiring()
                .topology()
                .find(member)
                .flatMap(function -> Msi.of(function.config()))
                .filter(Msi::isEnabled)
                .isPresent();
    }
}

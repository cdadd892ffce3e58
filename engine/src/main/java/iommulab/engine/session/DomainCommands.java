package iommulab.engine.session;

import iommulab.engine.group.DomainType;
import iommulab.engine.group.Group;
import iommulab.engine.group.Viability;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.os.Domain;
import iommulab.engine.pci.Pasid;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.RequesterId;
import iommulab.engine.session.MachineSnapshot.PasidUse;

import java.util.List;

/// Commands about domains, refused where Linux would refuse them.
final class DomainCommands {
    private DomainCommands() {}

    static Outcome create(Machine machine, Command.CreateDomain command) throws CommandRefused {
        CommandRunner.function(machine, command.like());
        var unit = CommandRunner.requireEmulated(servingUnit(machine, command.like()));
        var type = command.type();
        if (type == DomainType.DMA || type == DomainType.DMA_FQ) {
            throw new CommandRefused(
                    "EINVAL",
                    "A %s domain is the kernel's own. Create an unmanaged, identity or blocked one."
                            .formatted(type.sysfs()));
        }
        boolean paging = type == DomainType.UNMANAGED;
        if (!paging && command.levels() != 0) {
            throw new CommandRefused(
                    "EINVAL",
                    "A domain of type %s has no page table; leave the levels at 0."
                            .formatted(type.sysfs()));
        }
        var created = new int[1];
        machine.atomically(() ->
                created[0] =
                        machine.domains.createForUser(type, unit.number(), command.levels()).id());
        return new Outcome.DomainCreated(created[0]);
    }

    static Outcome createFirstStage(Machine machine, Command.CreateFirstStage command)
            throws CommandRefused {
        CommandRunner.function(machine, command.like());
        var unit = CommandRunner.requireEmulated(servingUnit(machine, command.like()));
        var created = new int[1];
        machine.atomically(() ->
                created[0] =
                        machine.domains
                                .createFirstStage(unit.number(), command.parent(), command.levels())
                                .id());
        return new Outcome.DomainCreated(created[0]);
    }

    static Outcome attachPasid(Machine machine, Command.AttachPasid command) throws CommandRefused {
        var function = CommandRunner.function(machine, command.function());
        var unit = CommandRunner.requireEmulated(servingUnit(machine, command.function()));
        var capability = requirePasid(function, command.pasid());
        machine.atomically(() -> {
            var domain = machine.domains.require(command.domain());
            requireSameUnit(machine, command.function(), domain, unit);
            machine.domains.pasids.attach(
                    new PasidUse(command.function(), command.pasid()),
                    domain,
                    requestersOf(machine, command.function()));
            if (!capability.isEnabled()) {
                machine.replaceFunction(function.withConfig(capability.enabled(function.config())));
            }
        });
        return new Outcome.Done();
    }

    static Outcome detachPasid(Machine machine, Command.DetachPasid command) throws CommandRefused {
        CommandRunner.function(machine, command.function());
        CommandRunner.requireEmulated(servingUnit(machine, command.function()));
        machine.atomically(() ->
                machine.domains.pasids.detach(
                        new PasidUse(command.function(), command.pasid()),
                        requestersOf(machine, command.function())));
        return new Outcome.Done();
    }

    private static List<RequesterId> requestersOf(Machine machine, PciAddress function) {
        return List.of(machine.path.originOf(function).route().requester());
    }

    private static Pasid requirePasid(PciFunction function, int pasid) throws CommandRefused {
        var capability =
                Pasid.of(function.config())
                        .orElseThrow(() ->
                                new CommandRefused(
                                        "EOPNOTSUPP",
                                        "%s has no PASID capability: its requests cannot name an address space."
                                                .formatted(function.address())));
        if (pasid < 0 || pasid >>> capability.width() != 0) {
            throw new CommandRefused(
                    "EINVAL",
                    "PASID 0x%x: %s sends at most %d bits."
                            .formatted(pasid, function.address(), capability.width()));
        }
        return capability;
    }

    /// What a device may put into a PASID prefix.
    static void requirePrefix(PciFunction function, PasidPrefix prefix) throws CommandRefused {
        if (!prefix.isPresent()) {
            return;
        }
        var capability = requirePasid(function, prefix.pasid());
        if (!capability.isEnabled()) {
            throw new CommandRefused(
                    "EINVAL",
                    "PASIDs of %s are switched off (PASID Control, Enable). Attach one, or set the bit."
                            .formatted(function.address()));
        }
        if (prefix.execute() && !capability.mayExecute()
                || prefix.privileged() && !capability.mayBePrivileged()) {
            throw new CommandRefused(
                    "EINVAL",
                    "%s may not send %s requests (PASID Control)."
                            .formatted(
                                    function.address(),
                                    prefix.execute() && !capability.mayExecute()
                                            ? "execute"
                                            : "privileged"));
        }
    }

    static Outcome delete(Machine machine, int id) throws CommandRefused {
        machine.atomically(() -> machine.domains.deleteForUser(machine.domains.require(id)));
        return new Outcome.Done();
    }

    static Outcome attach(Machine machine, PciAddress function, int id) throws CommandRefused {
        var group = requireGroup(machine, function);
        var unit = CommandRunner.requireEmulated(servingUnit(machine, function));
        machine.atomically(() -> {
            var domain = machine.domains.require(id);
            requireSameUnit(machine, function, domain, unit);
            requireFree(machine, group, domain);
            requireNoFirmwareUse(group, domain);
            requireReservedUnmapped(group, domain);
            machine.domains.groups.move(group.id(), domain);
        });
        return new Outcome.Done();
    }

    static Outcome detach(Machine machine, PciAddress function) throws CommandRefused {
        var group = requireGroup(machine, function);
        CommandRunner.requireEmulated(servingUnit(machine, function));
        if (machine.domains.groups.isInDefault(group.id())) {
            throw new CommandRefused(
                    "EINVAL",
                    "Group %d of %s is in its default domain; there is nothing to detach."
                            .formatted(group.id(), function));
        }
        machine.atomically(() -> machine.domains.groups.backToDefault(group.id()));
        return new Outcome.Done();
    }

    static Outcome map(Machine machine, Command.MapPages command) throws CommandRefused {
        try {
            var domain = machine.domains.require(command.domain());
            requireOutsideReserved(machine, domain, command.iova(), command.bytes());
            var change =
                    domain.map(
                            command.iova(), command.hpa(), command.bytes(), command.permissions());
            machine.units
                    .get(domain.identity().unit())
                    .driver()
                    .flushMapped(domain.identity().tag(), domain.identity().stage(), change);
        } catch (MappingRefused refused) {
            throw new CommandRefused(refused.errno(), refused.reason());
        }
        return new Outcome.Done();
    }

    static Outcome unmap(Machine machine, Command.UnmapPages command) throws CommandRefused {
        try {
            var domain = machine.domains.require(command.domain());
            var change = domain.unmap(command.iova(), command.bytes());
            if (command.flush()) {
                machine.units
                        .get(domain.identity().unit())
                        .driver()
                        .flushUnmapped(domain.identity().tag(), domain.identity().stage(), change);
            } else {
                domain.forgetInvalidation(change.stale());
            }
        } catch (MappingRefused refused) {
            throw new CommandRefused(refused.errno(), refused.reason());
        }
        return new Outcome.Done();
    }

    // ---- what can stand in the way

    private static Unit servingUnit(Machine machine, PciAddress function) throws CommandRefused {
        var number = machine.wiring().unitOf().get(function);
        if (number == null) {
            throw new CommandRefused(
                    "ENODEV",
                    "%s is below no IOMMU: %s."
                            .formatted(
                                    function,
                                    machine.wiring()
                                            .grouping()
                                            .ungrouped()
                                            .getOrDefault(function, "it has no group")));
        }
        return machine.units.get(number);
    }

    private static Group requireGroup(Machine machine, PciAddress function) throws CommandRefused {
        CommandRunner.function(machine, function);
        servingUnit(machine, function);
        return machine.wiring().grouping().groupOf(function).orElseThrow();
    }

    private static void requireSameUnit(
            Machine machine, PciAddress function, Domain domain, Unit unit) throws CommandRefused {
        if (domain.identity().unit() != unit.number()) {
            throw new CommandRefused(
                    "EINVAL",
                    "%s is served by %s, and the tables of domain %d are made for %s. Create a domain like %s."
                            .formatted(
                                    function,
                                    unit.name(),
                                    domain.id(),
                                    machine.units.get(domain.identity().unit()).name(),
                                    function));
        }
    }

    private static void requireFree(Machine machine, Group group, Domain domain)
            throws CommandRefused {
        if (!domain.identity().byUser()) {
            throw new CommandRefused(
                    "EINVAL",
                    "Domain %d is the %s. Detach a device to give it back to its own."
                            .formatted(domain.id(), domain.identity().name()));
        }
        if (!machine.domains.groups.isInDefault(group.id())) {
            var current = machine.domains.groups.domainOf(group.id()).orElseThrow();
            throw new CommandRefused(
                    "EBUSY",
                    "Group %d is attached to domain %d already. Detach it first."
                            .formatted(group.id(), current.id()));
        }
        for (var member : Viability.of(group, machine.wiring().topology()).members()) {
            if (member.standing() == Viability.Standing.IN_THE_WAY) {
                throw new CommandRefused(
                        "EBUSY",
                        "Group %d is not viable: %s is bound to %s, and %s."
                                .formatted(
                                        group.id(),
                                        member.function(),
                                        member.driver().orElse(""),
                                        member.reason()));
            }
        }
    }

    /// Source: kernel `device_rmrr_is_locked`.
    private static void requireNoFirmwareUse(Group group, Domain domain) throws CommandRefused {
        if (domain.identity().type() == DomainType.IDENTITY) {
            return;
        }
        for (var region : group.reserved()) {
            if (region.kind().equals("direct")) {
                throw new CommandRefused(
                        "EPERM",
                        "Firmware uses 0x%x-0x%x by DMA of group %d (RMRR): the device is not eligible for another domain. Only USB and graphics are excepted."
                                .formatted(region.start(), region.last(), group.id()));
            }
        }
    }

    private static void requireReservedUnmapped(Group group, Domain domain) throws CommandRefused {
        for (var mapping : domain.mappings()) {
            refuseOverlap(group, domain, AddressRange.of(mapping.iova(), mapping.bytes()));
        }
    }

    private static void requireOutsideReserved(
            Machine machine, Domain domain, long iova, long bytes) throws CommandRefused {
        if (!domain.identity().byUser() || bytes <= 0) {
            return;
        }
        for (int id : machine.domains.groups.in(domain.id())) {
            for (var group : machine.wiring().grouping().groups()) {
                if (group.id() == id) {
                    refuseOverlap(group, domain, AddressRange.of(iova, bytes));
                }
            }
        }
    }

    /// Source: kernel `vfio_iommu_iova_dma_valid`.
    private static void refuseOverlap(Group group, Domain domain, AddressRange range)
            throws CommandRefused {
        for (var region : group.reserved()) {
            boolean binding = !region.kind().equals("direct-relaxable");
            if (binding && new AddressRange(region.start(), region.last()).overlaps(range)) {
                throw new CommandRefused(
                        "EINVAL",
                        "%s of domain %d overlaps 0x%x-0x%x, which is reserved (%s) for group %d. Choose another range."
                                .formatted(
                                        range,
                                        domain.id(),
                                        region.start(),
                                        region.last(),
                                        region.kind(),
                                        group.id()));
            }
        }
    }
}

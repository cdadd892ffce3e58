package iommulab.engine.session;

import iommulab.engine.group.Viability;
import iommulab.engine.pci.Header;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciTopology;

import java.util.Optional;

/// Commands about functions: configuration writes, removal, drivers.
final class PciCommands {
    private static final int PRIMARY_BUS = 0x18;
    private static final int SUBORDINATE_BUS = 0x1a;

    private PciCommands() {}

    static Outcome write(Machine machine, Command.WriteConfig write) throws CommandRefused {
        var next = machine.wiring().with(edited(machine.wiring().topology(), write));
        machine.atomically(() -> machine.change(next));
        return new Outcome.Done();
    }

    /// The functions as a configuration edit leaves them.
    ///
    /// @throws CommandRefused (ENODEV) no such function, (EINVAL) bytes that are not known or must stay,
    ///     or a command that edits no configuration
    static PciTopology edited(PciTopology topology, Command command) throws CommandRefused {
        return switch (command) {
            case Command.WriteConfig write -> written(topology, write);
            case Command.RemoveFunction(var address) ->
                    topology.without(require(topology, address).address());
            default ->
                    throw new CommandRefused(
                            "EINVAL",
                            "Only configuration writes and removals can be tried out, not %s."
                                    .formatted(CommandText.of(command)));
        };
    }

    /// @throws CommandRefused (ENODEV) if there is no such function
    static PciFunction require(PciTopology topology, PciAddress address) throws CommandRefused {
        return topology.find(address)
                .orElseThrow(() ->
                        new CommandRefused(
                                "ENODEV",
                                "There is no function %s in this machine.".formatted(address)));
    }

    private static PciTopology written(PciTopology topology, Command.WriteConfig write)
            throws CommandRefused {
        var function = require(topology, write.function());
        int offset = write.offset();
        int width = write.width();
        if (width != 1 && width != 2 && width != 4 || offset % width != 0) {
            throw new CommandRefused(
                    "EINVAL",
                    "%d bytes at offset 0x%x: write 1, 2 or 4 bytes at a multiple of as many."
                            .formatted(width, offset));
        }
        if (!function.config().knows(offset, width)) {
            throw new CommandRefused(
                    "EINVAL",
                    "Offset 0x%x of %s is not known: the capture has %d configuration bytes."
                            .formatted(offset, function.address(), function.config().size()));
        }
        if (Header.isBridge(function.config())
                && offset + width > PRIMARY_BUS
                && offset <= SUBORDINATE_BUS) {
            throw new CommandRefused(
                    "EINVAL",
                    "Offset 0x%x of %s holds bus numbers; the functions below would move. Leave them."
                            .formatted(offset, function.address()));
        }
        return topology.with(
                function.withConfig(function.config().with(offset, width, write.value())));
    }

    static Outcome remove(Machine machine, PciAddress address) throws CommandRefused {
        var next =
                machine.wiring()
                        .with(
                                edited(
                                        machine.wiring().topology(),
                                        new Command.RemoveFunction(address)));
        machine.atomically(() -> {
            machine.change(next);
            machine.traffic.dropSourcesOfMissing();
        });
        return new Outcome.Done();
    }

    static Outcome bind(Machine machine, PciAddress address, Optional<String> driver)
            throws CommandRefused {
        var function = CommandRunner.function(machine, address);
        if (driver.isEmpty() && function.driver().isEmpty()) {
            throw new CommandRefused(
                    "ENODEV", "%s has no driver; there is nothing to unbind.".formatted(address));
        }
        if (driver.isPresent()) {
            if (function.driver().isPresent()) {
                throw new CommandRefused(
                        "EBUSY",
                        "%s is bound to %s. Unbind it first."
                                .formatted(address, function.driver().get()));
            }
            requireOwnership(machine, function.withDriver(driver));
        }
        var call = Call.of(driver.isPresent() ? "driver.bind" : "driver.unbind");
        var named = call.with("device", address.toString());
        return KernelCalls.run(
                machine, driver.map(name -> named.with("driver", name)).orElse(named));
    }

    /// A kernel driver uses the default domain; it cannot bind while a user owns the group's DMA.
    /// Source: kernel `iommu_device_use_default_domain`.
    private static void requireOwnership(Machine machine, PciFunction bound) throws CommandRefused {
        var group = machine.wiring().grouping().groupOf(bound.address()).orElse(null);
        if (group == null
                || machine.domains.groups.requestersOf(group.id()).isEmpty()
                || machine.domains.groups.isInDefault(group.id())) {
            return;
        }
        var viability = Viability.of(group, machine.wiring().topology().with(bound));
        if (!viability.viable()) {
            throw new CommandRefused(
                    "EBUSY",
                    "%s cannot be bound to %s: its group %d is attached to domain %d. Detach it first."
                            .formatted(
                                    bound.address(),
                                    bound.driver().orElse("no driver"),
                                    group.id(),
                                    machine.domains
                                            .groups
                                            .domainOf(group.id())
                                            .orElseThrow()
                                            .id()));
        }
    }
}

package iommulab.engine.session;

import iommulab.engine.group.Group;
import iommulab.engine.os.device.DeviceTraits;
import iommulab.engine.os.device.Inventory;
import iommulab.engine.os.device.KernelOptions;
import iommulab.engine.os.device.ReservedRange;
import iommulab.engine.os.device.UnitTraits;
import iommulab.engine.pci.PciAddress;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// What the kernel finds on a machine: its functions, groups and IOMMUs as they are wired now.
final class MachineInventory implements Inventory {
    private final Machine machine;

    MachineInventory(Machine machine) {
        this.machine = machine;
    }

    @Override
    public List<Function> functions() {
        var software = machine.description().software();
        var names = new HashMap<PciAddress, String>();
        software.names().forEach((name, address) -> names.put(address, name));
        var functions = new ArrayList<Function>();
        for (var function : machine.wiring().topology().functions()) {
            var address = function.address();
            var group = machine.wiring().grouping().groupOf(address);
            var unit = machine.wiring().unitOf().get(address);
            functions.add(
                    new Function(
                            address,
                            names.getOrDefault(address, address.toString()),
                            group.isPresent()
                                    ? OptionalInt.of(group.get().id())
                                    : OptionalInt.empty(),
                            unit == null ? OptionalInt.empty() : OptionalInt.of(unit),
                            function.driver(),
                            software.traits().getOrDefault(address, DeviceTraits.USUAL)));
        }
        return functions;
    }

    @Override
    public List<GroupFacts> groups() {
        return machine.wiring().grouping().groups().stream().map(MachineInventory::facts).toList();
    }

    private static GroupFacts facts(Group group) {
        return new GroupFacts(
                group.id(),
                group.members(),
                group.type().sysfs(),
                group.reserved().stream()
                        .map(r -> new ReservedRange(r.start(), r.last(), kind(r.kind())))
                        .toList());
    }

    private static ReservedRange.Kind kind(String sysfs) {
        return switch (sysfs) {
            case "direct" -> ReservedRange.Kind.DIRECT;
            case "direct-relaxable" -> ReservedRange.Kind.DIRECT_RELAXABLE;
            case "msi" -> ReservedRange.Kind.MSI;
            default -> ReservedRange.Kind.RESERVED;
        };
    }

    @Override
    public UnitTraits unit(int number) {
        return IommuHardware.traits(machine.units.get(number));
    }

    @Override
    public KernelOptions options() {
        return KernelOptions.of(machine.description().commandLine());
    }

    @Override
    public void bound(PciAddress address, Optional<String> driver) {
        machine.wiring()
                .topology()
                .find(address)
                .ifPresent(function -> machine.replaceFunction(function.withDriver(driver)));
    }
}

package iommulab.engine.io;

import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.Region;
import iommulab.engine.memory.Region.RegionKind;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciFunction.Resource;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// What answers at which address in a captured machine: RAM as `/proc/iomem` has it, BARs as the
/// functions have them, the interrupt window, and what firmware keeps for itself.
final class CapturedAddresses {
    private static final AddressRange INTERRUPTS = new AddressRange(0xfee0_0000L, 0xfeef_ffffL);
    private static final int LAST_BAR = 5;

    private final TreeMap<Long, Region> byStart = new TreeMap<>();
    private final List<String> remarks;

    private CapturedAddresses(List<String> remarks) {
        this.remarks = remarks;
    }

    /// @param remarks receives what had to be left out
    static AddressMap of(MachineCapture capture, List<String> remarks) {
        var addresses = new CapturedAddresses(remarks);
        addresses.add(INTERRUPTS, RegionKind.INTERRUPT, "Interrupt window", Optional.empty());
        if (capture.iomem().knowsAddresses()) {
            addresses.addOutermost(capture.iomem());
        } else {
            remarks.add("the addresses of RAM are not known; 2 GiB from 0 on are assumed");
            addresses.add(
                    AddressRange.of(0, 2L << 30),
                    RegionKind.RAM,
                    "System RAM (assumed)",
                    Optional.empty());
        }
        for (var function : capture.topology().functions()) {
            addresses.addBars(function);
        }
        return new AddressMap(List.copyOf(addresses.byStart.values()));
    }

    private void addOutermost(IomemMap iomem) {
        for (var line : iomem.lines()) {
            if (line.depth() != 0 || line.name().startsWith("PCI ")) {
                continue;
            }
            var range = new AddressRange(line.start(), line.last());
            if (range.overlaps(INTERRUPTS)) {
                continue;
            }
            boolean ram = line.name().equals("System RAM");
            add(range, ram ? RegionKind.RAM : RegionKind.RESERVED, line.name(), Optional.empty());
        }
    }

    private void addBars(PciFunction function) {
        for (var resource : function.resources()) {
            if (resource.index() <= LAST_BAR && resource.isMemory() && isPlaced(resource)) {
                add(
                        new AddressRange(resource.start(), resource.end()),
                        RegionKind.BAR,
                        "BAR %d of %s".formatted(resource.index(), function.address()),
                        Optional.of(function.address()));
            }
        }
    }

    private static boolean isPlaced(Resource resource) {
        return resource.start() != 0 && Long.compareUnsigned(resource.end(), resource.start()) > 0;
    }

    private void add(AddressRange range, RegionKind kind, String name, Optional<PciAddress> owner) {
        var before = byStart.floorEntry(range.last());
        if (before != null && before.getValue().range().overlaps(range)) {
            remarks.add(
                    "%s at %s overlaps %s and is left out of the address map"
                            .formatted(name, range, before.getValue().name()));
            return;
        }
        byStart.put(range.start(), new Region(range, kind, name, owner));
    }
}

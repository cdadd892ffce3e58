package iommulab.engine.group;

import iommulab.engine.firmware.Dmar;
import iommulab.engine.firmware.FirmwareTables;
import iommulab.engine.pci.ConfigSpace;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciFunction.PciIds;
import iommulab.engine.pci.PciFunction.Resource;
import iommulab.engine.pci.PciTopology;
import iommulab.engine.pci.PortType;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/// Draws a machine, function by function, for tests of grouping. One VT-d unit serves all of it.
final class GroupLab {
    /// The flags that Linux asks for.
    static final int ALL = 0x1d;

    private static final int PCIE = 0x40;
    private static final int ACS = 0x100;
    private static final long UNIT = 0xfed9_0000L;

    private final Map<PciAddress, PciFunction> functions = new LinkedHashMap<>();
    private PciAddress last = PciAddress.parse("00:00.0");
    private String release = "6.12.0";
    private String commandLine = "intel_iommu=on";
    private final List<IommuUnit> units = new ArrayList<>(List.of(unit(0x40)));

    static GroupLab machine() {
        return new GroupLab();
    }

    /// @param below the bus under a bridge, 0 for none
    private GroupLab add(String bdf, String parent, Optional<PortType> type, int below) {
        var bytes = new byte[type.isPresent() ? 4096 : 256];
        if (below != 0) {
            bytes[0x0e] = 1;
            bytes[0x19] = (byte) below;
            bytes[0x1a] = (byte) below;
        }
        type.ifPresent(t -> {
            bytes[0x06] = 0x10;
            bytes[0x34] = PCIE;
            bytes[PCIE] = 0x10;
            bytes[PCIE + 2] = (byte) (code(t) << 4 | 2);
        });
        last = PciAddress.parse(bdf);
        functions.put(
                last,
                new PciFunction(
                        last,
                        parent.isEmpty() ? Optional.empty() : Optional.of(PciAddress.parse(parent)),
                        ConfigSpace.of(bytes),
                        new PciIds(0x1b36, 1, 0, 0, below == 0 ? 0x020000 : 0x060400, 0),
                        Optional.empty(),
                        List.of(),
                        Optional.empty(),
                        OptionalInt.empty()));
        return this;
    }

    private static int code(PortType type) {
        for (int code = 0; code < 16; code++) {
            if (PortType.ofCode(code) == type) {
                return code;
            }
        }
        throw new IllegalArgumentException(type + " has no code");
    }

    GroupLab rootPort(String bdf, int below) {
        return add(bdf, "", Optional.of(PortType.ROOT_PORT), below);
    }

    GroupLab upstreamPort(String bdf, String parent, int below) {
        return add(bdf, parent, Optional.of(PortType.UPSTREAM_PORT), below);
    }

    GroupLab downstreamPort(String bdf, String parent, int below) {
        return add(bdf, parent, Optional.of(PortType.DOWNSTREAM_PORT), below);
    }

    GroupLab endpoint(String bdf, String parent) {
        return add(bdf, parent, Optional.of(PortType.ENDPOINT), 0);
    }

    GroupLab conventional(String bdf, String parent) {
        return add(bdf, parent, Optional.empty(), 0);
    }

    GroupLab conventionalBridge(String bdf, String parent, int below) {
        return add(bdf, parent, Optional.empty(), below);
    }

    GroupLab pcieToPciBridge(String bdf, String parent, int below) {
        return add(bdf, parent, Optional.of(PortType.PCIE_TO_PCI_BRIDGE), below);
    }

    private GroupLab change(java.util.function.UnaryOperator<PciFunction> change) {
        functions.compute(last, (_, function) -> change.apply(function));
        return this;
    }

    /// ACS registers for the last function.
    GroupLab acs(int offered, int control) {
        return change(f ->
                f.withConfig(
                        f.config()
                                .with(ACS, 4, 0x0001_000d)
                                .with(ACS + 4, 2, offered)
                                .with(ACS + 6, 2, control)));
    }

    /// The last function keeps peers apart.
    GroupLab isolated() {
        return acs(ALL, ALL);
    }

    /// Bit 7 of the last function's header type.
    GroupLab multifunction() {
        return change(f -> f.withConfig(f.config().with(0x0e, 1, f.config().read8(0x0e) | 0x80)));
    }

    GroupLab ids(int vendor, int device) {
        return change(f ->
                copy(
                        f,
                        new PciIds(vendor, device, 0, 0, f.ids().classCode(), 0),
                        f.resources(),
                        f.physicalFunction()));
    }

    GroupLab virtualFunctionOf(String physical) {
        return change(
                f -> copy(f, f.ids(), f.resources(), Optional.of(PciAddress.parse(physical))));
    }

    GroupLab driver(String name) {
        return change(f -> f.withDriver(Optional.of(name)));
    }

    /// A memory BAR, switched on.
    GroupLab bar(long start) {
        return change(f ->
                copy(
                        f.withConfig(f.config().with(4, 2, 2).with(0x10, 4, (int) start)),
                        f.ids(),
                        List.of(new Resource(0, start, start + 0xfff, 0x200)),
                        f.physicalFunction()));
    }

    /// The memory window of the last bridge, in steps of 1 MiB.
    GroupLab window(long start, long last) {
        return change(f ->
                f.withConfig(
                        f.config()
                                .with(4, 2, 2)
                                .with(0x20, 2, (int) (start >>> 16) & 0xfff0)
                                .with(0x22, 2, (int) (last >>> 16) & 0xfff0)));
    }

    private static PciFunction copy(
            PciFunction f, PciIds ids, List<Resource> resources, Optional<PciAddress> physical) {
        return new PciFunction(
                f.address(),
                f.parent(),
                f.config(),
                ids,
                physical,
                resources,
                f.driver(),
                f.numaNode());
    }

    GroupLab kernel(String release) {
        this.release = release;
        return this;
    }

    GroupLab booted(String commandLine) {
        this.commandLine = commandLine;
        return this;
    }

    /// The unit's capability registers.
    GroupLab unitWith(long cap, long ecap) {
        units.clear();
        units.add(
                new IommuUnit(
                        "dmar0",
                        OptionalLong.of(UNIT),
                        Optional.empty(),
                        OptionalLong.of(cap),
                        OptionalLong.of(ecap)));
        return this;
    }

    private static IommuUnit unit(long ecap) {
        return IommuUnit.of("dmar0", UNIT, 0, ecap);
    }

    PciTopology topology() {
        return new PciTopology(List.copyOf(functions.values()));
    }

    GroupFacts facts() {
        var dmar = new Dmar(39, 0, List.of(new Dmar.Drhd(true, 0, UNIT, List.of())), List.of());
        return new GroupFacts(
                topology(),
                new FirmwareTables(
                        Optional.of(dmar), Optional.empty(), Optional.empty(), Optional.empty()),
                KernelRelease.parse(release),
                new KernelParameters(commandLine),
                units,
                Set.of(),
                List.of());
    }

    Grouping groups() {
        return LinuxGroups.of(facts());
    }

    static PciAddress at(String bdf) {
        return PciAddress.parse(bdf);
    }

    /// The partition in words: `00:01.0 01:00.0 | 00:02.0`.
    static String partition(Grouping grouping) {
        return String.join(
                " | ",
                grouping.groups().stream()
                        .map(g ->
                                String.join(
                                        " ",
                                        g.members().stream()
                                                .map(PciAddress::withoutDomain)
                                                .toList()))
                        .toList());
    }
}

package iommulab.engine.pci;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;

/// Draws PCI trees for tests: bridges and functions with the bytes that routing looks at.
final class PciTree {
    static final int ALL_ACS =
            Acs.SOURCE_VALIDATION
                    | Acs.REQUEST_REDIRECT
                    | Acs.COMPLETION_REDIRECT
                    | Acs.UPSTREAM_FORWARDING;
    private static final int ACS_AT = 0x100;
    private static final int PCIE_AT = 0x40;

    private final Map<PciAddress, PciFunction> functions = new LinkedHashMap<>();

    static PciTree tree() {
        return new PciTree();
    }

    static PciAddress at(String address) {
        return PciAddress.parse(address);
    }

    /// A bridge with the buses `first` to `last` below it and a window of whole MiB.
    PciTree bridge(
            String address,
            String above,
            PortType type,
            int first,
            int last,
            int fromMib,
            int toMib) {
        var bytes = ConfigBytes.ofSize(4096).set(0x04, 7, 0).set(0x0e, 1);
        bytes.set(0x19, first, last);
        bytes.set16(0x20, fromMib << 4).set16(0x22, toMib << 4);
        bytes.set16(0x24, 0xfff1).set16(0x26, 1);
        express(bytes, type, PciAddress.parse(address).device());
        return add(address, above, bytes.build(), List.of());
    }

    /// A function with one BAR of 64 KiB.
    PciTree function(String address, String above, PortType type, long bar) {
        var bytes = ConfigBytes.ofSize(4096).set(0x04, 7, 0).set32(0x10, (int) bar);
        express(bytes, type, 0);
        return add(
                address,
                above,
                bytes.build(),
                List.of(new PciFunction.Resource(0, bar, bar + 0xffff, 0x40200)));
    }

    private static void express(ConfigBytes bytes, PortType type, int portNumber) {
        if (type.isPciExpress()) {
            int code = 0;
            while (PortType.ofCode(code) != type) {
                code++;
            }
            bytes.capability(PCIE_AT, 0x10).set16(PCIE_AT + 2, code << 4 | 2);
            bytes.set32(PCIE_AT + 0x0c, portNumber << 24);
        }
    }

    private PciTree add(
            String address, String above, ConfigSpace config, List<PciFunction.Resource> bars) {
        functions.put(
                at(address),
                new PciFunction(
                        at(address),
                        above.isEmpty() ? Optional.empty() : Optional.of(at(above)),
                        config,
                        new PciFunction.PciIds(0x1234, 0x5678, 0, 0, 0xff0000, 0),
                        Optional.empty(),
                        bars,
                        Optional.empty(),
                        OptionalInt.empty()));
        return this;
    }

    PciTree acs(String address, int control) {
        return acs(address, 0x7f | 8 << 8, control);
    }

    PciTree acs(String address, int capability, int control) {
        return change(
                address,
                f ->
                        f.withConfig(
                                f.config()
                                        .with(ACS_AT, 4, 1 << 16 | 0x0d)
                                        .with(ACS_AT + 4, 2, capability)
                                        .with(ACS_AT + 6, 2, control)));
    }

    PciTree egressVector(String address, int bits) {
        return change(address, f -> f.withConfig(f.config().with(ACS_AT + 8, 4, bits)));
    }

    PciTree multifunction(String address) {
        return change(
                address,
                f -> f.withConfig(f.config().with(0x0e, 1, f.config().read8(0x0e) | 0x80)));
    }

    PciTree memoryOff(String address) {
        return change(address, f -> f.withConfig(f.config().with(0x04, 2, 4)));
    }

    PciTree ids(String address, int vendor, int device) {
        return change(
                address,
                f ->
                        new PciFunction(
                                f.address(),
                                f.parent(),
                                f.config(),
                                new PciFunction.PciIds(vendor, device, 0, 0, 0xff0000, 0),
                                f.physicalFunction(),
                                f.resources(),
                                f.driver(),
                                f.numaNode()));
    }

    private PciTree change(String address, UnaryOperator<PciFunction> how) {
        functions.computeIfPresent(at(address), (_, f) -> how.apply(f));
        return this;
    }

    PciTopology topology() {
        return new PciTopology(new ArrayList<>(functions.values()));
    }

    Fabric fabric() {
        return new Fabric(topology());
    }

    /// A root port, a switch with two downstream ports, an endpoint below each.
    ///
    /// Windows: switch 0xc0000000 to 0xc03fffff; 03:00.0 has its BAR at 0xc0000000, 04:00.0 at
    /// 0xc0200000; nobody has 0xc0310000.
    static PciTree withSwitch() {
        return tree().bridge("00:02.0", "", PortType.ROOT_PORT, 1, 4, 0xc00, 0xc03)
                .bridge("01:00.0", "00:02.0", PortType.UPSTREAM_PORT, 2, 4, 0xc00, 0xc03)
                .bridge("02:00.0", "01:00.0", PortType.DOWNSTREAM_PORT, 3, 3, 0xc00, 0xc00)
                .bridge("02:01.0", "01:00.0", PortType.DOWNSTREAM_PORT, 4, 4, 0xc02, 0xc02)
                .function("03:00.0", "02:00.0", PortType.ENDPOINT, 0xc000_0000L)
                .function("04:00.0", "02:01.0", PortType.ENDPOINT, 0xc020_0000L);
    }
}

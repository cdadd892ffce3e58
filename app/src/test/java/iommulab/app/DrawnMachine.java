package iommulab.app;

import iommulab.engine.os.SoftwareView;
import iommulab.engine.pci.ConfigSpace;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciTopology;
import iommulab.engine.session.MachineSnapshot;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// A PCI tree drawn by hand, for tests that need one of a certain shape.
public final class DrawnMachine {
    public static final int ENDPOINT = 0;
    public static final int ROOT_PORT = 4;
    public static final int UPSTREAM = 5;
    public static final int DOWNSTREAM = 6;
    public static final int TO_PCI = 7;

    private final List<PciFunction> functions = new ArrayList<>();

    public DrawnMachine() {}

    public DrawnMachine port(String address, String parent, int type) {
        return add(address, parent, type, true, 0x060400, "pcieport", "");
    }

    public DrawnMachine device(String address, String parent, String driver) {
        return add(address, parent, ENDPOINT, false, 0x020000, driver, "");
    }

    public DrawnMachine virtualFunction(String address, String parent, String of) {
        return add(address, parent, ENDPOINT, false, 0x020000, "", of);
    }

    private DrawnMachine add(
            String address,
            String parent,
            int type,
            boolean bridge,
            int classCode,
            String driver,
            String physical) {
        var bytes = new byte[256];
        bytes[0x06] = 0x10;
        bytes[0x0e] = (byte) (bridge ? 1 : 0);
        bytes[0x34] = 0x40;
        bytes[0x40] = 0x10;
        bytes[0x42] = (byte) (type << 4 | 2);
        functions.add(
                new PciFunction(
                        PciAddress.parse(address),
                        parent.isEmpty() ? Optional.empty() : Optional.of(PciAddress.parse(parent)),
                        ConfigSpace.of(bytes),
                        // Every device has numbers of its own, so that nothing is stacked unasked.
                        new PciFunction.PciIds(
                                0x1234, bridge ? 1 : functions.size(), 0, 0, classCode, 0),
                        physical.isEmpty()
                                ? Optional.empty()
                                : Optional.of(PciAddress.parse(physical)),
                        List.of(),
                        driver.isEmpty() ? Optional.empty() : Optional.of(driver),
                        OptionalInt.empty()));
        return this;
    }

    public PciTopology topology() {
        return new PciTopology(functions);
    }

    public MachineSnapshot snapshot() {
        var off = MachineSnapshot.POWER_OFF;
        return new MachineSnapshot(
                "drawn",
                "by hand",
                off.kernel(),
                topology(),
                off.grouping(),
                Map.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                false,
                off.counters(),
                Map.of(),
                Map.of(),
                List.of(),
                List.of(),
                SoftwareView.NONE,
                off.journal());
    }
}

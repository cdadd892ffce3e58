package iommulab.engine.group;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;

import java.util.ArrayList;
import java.util.List;

/// Draws a machine from a list of numbers: each adds one function below an earlier bridge.
final class RandomMachine {
    private final GroupLab lab = GroupLab.machine();
    private final List<Bridge> bridges = new ArrayList<>();
    private int buses = 1;

    private RandomMachine() {}

    /// @param free next device number
    private static final class Bridge {
        final String name;
        final int bus;
        final boolean inSwitch;
        int device = 1;
        int function;

        Bridge(String name, int bus, boolean inSwitch) {
            this.name = name;
            this.bus = bus;
            this.inSwitch = inSwitch;
        }
    }

    static Arbitrary<GroupLab> any() {
        return Arbitraries.integers()
                .between(0, 1 << 20)
                .list()
                .ofMinSize(1)
                .ofMaxSize(30)
                .map(RandomMachine::of);
    }

    static GroupLab of(List<Integer> choices) {
        var machine = new RandomMachine();
        machine.bridges.add(new Bridge("", 0, false));
        choices.forEach(machine::add);
        return machine.lab;
    }

    private void add(int choice) {
        var parent = bridges.get((choice & 0xff) % bridges.size());
        boolean sameSlot = (choice >>> 8 & 1) == 0 && parent.function > 0 && parent.function < 8;
        if (!sameSlot) {
            parent.device++;
            parent.function = 0;
        }
        if (parent.device > 0x1f || buses > 0xfe) {
            return;
        }
        String name = "%02x:%02x.%x".formatted(parent.bus, parent.device, parent.function++);
        draw(choice >>> 9 & 7, name, parent);
        if ((choice >>> 12 & 1) == 0) {
            lab.multifunction();
        }
        int acs = choice >>> 13 & 3;
        if (acs > 0) {
            lab.acs(0x1f, acs == 1 ? 0 : acs == 2 ? 0x11 : 0x1d);
        }
    }

    private void draw(int kind, String name, Bridge parent) {
        if (parent.inSwitch) {
            lab.downstreamPort(name, parent.name, buses);
            bridges.add(new Bridge(name, buses++, false));
        } else if (kind <= 2) {
            lab.endpoint(name, parent.name);
        } else if (kind == 3 && !parent.name.isEmpty()) {
            lab.upstreamPort(name, parent.name, buses);
            bridges.add(new Bridge(name, buses++, true));
        } else if (kind <= 5 && parent.name.isEmpty()) {
            lab.rootPort(name, buses);
            bridges.add(new Bridge(name, buses++, false));
        } else if (kind == 6) {
            lab.pcieToPciBridge(name, parent.name, buses);
            bridges.add(new Bridge(name, buses++, false));
        } else {
            lab.endpoint(name, parent.name);
        }
    }
}

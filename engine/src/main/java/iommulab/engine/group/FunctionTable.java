package iommulab.engine.group;

import iommulab.engine.pci.Header;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciExpress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciTopology;
import iommulab.engine.pci.PortType;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The functions of a machine by number, in discovery order, with what grouping asks of each again and
/// again looked up once.
final class FunctionTable {
    /// Stands for no function.
    static final int NONE = -1;

    private final List<PciFunction> functions;
    private final Map<PciAddress, Integer> numbers;
    private final int[] parents;
    private final PortType[] types;
    private final boolean[] multifunction;
    private final int[][] slots;
    private final int[][] buses;
    private final @Nullable String[] names;

    FunctionTable(PciTopology topology) {
        functions = topology.functions();
        int size = functions.size();
        numbers = HashMap.newHashMap(size);
        for (int f = 0; f < size; f++) {
            numbers.put(functions.get(f).address(), f);
        }
        parents = new int[size];
        types = new PortType[size];
        multifunction = new boolean[size];
        for (int f = 0; f < size; f++) {
            var function = functions.get(f);
            parents[f] = function.parent().map(numbers::get).orElse(NONE);
            types[f] = typeOf(function);
            multifunction[f] =
                    !function.isVirtualFunction()
                            && (function.address().function() > 0
                                    || Header.multifunction(function.config()));
        }
        names = new String[size];
        slots =
                gather(address ->
                        (long) address.domain() << 16 | address.bus() << 8 | address.device());
        buses = gather(address -> (long) address.domain() << 16 | address.bus() << 8);
    }

    /// A VF's own bytes may be known only in part; it is always a PCI Express endpoint.
    private static PortType typeOf(PciFunction function) {
        var type = PciExpress.portType(function.config());
        return function.isVirtualFunction() && !type.isPciExpress() ? PortType.ENDPOINT : type;
    }

    private interface Place {
        long of(PciAddress address);
    }

    private int[][] gather(Place place) {
        Map<Long, List<Integer>> byPlace = new HashMap<>();
        for (int f = 0; f < functions.size(); f++) {
            byPlace.computeIfAbsent(place.of(address(f)), _ -> new ArrayList<>()).add(f);
        }
        var gathered = new int[functions.size()][];
        for (var together : byPlace.values()) {
            int[] members = together.stream().mapToInt(Integer::intValue).toArray();
            for (int f : members) {
                gathered[f] = members;
            }
        }
        return gathered;
    }

    int size() {
        return functions.size();
    }

    PciFunction function(int f) {
        return functions.get(f);
    }

    PciAddress address(int f) {
        return functions.get(f).address();
    }

    /// The number of a function, [#NONE] if it is not there.
    int number(PciAddress address) {
        return numbers.getOrDefault(address, NONE);
    }

    /// The bridge directly above, [#NONE] on a root bus.
    int parent(int f) {
        return parents[f];
    }

    boolean onRootBus(int f) {
        return parents[f] == NONE;
    }

    PortType type(int f) {
        return types[f];
    }

    /// As Linux sees it: bit 7 of its own header type, or a function number above 0; never for a VF.
    boolean isMultifunction(int f) {
        return multifunction[f];
    }

    /// All functions of the same bus and device number, itself included, in discovery order.
    int[] slot(int f) {
        return slots[f];
    }

    /// All functions of the same bus number, itself included, in discovery order.
    int[] bus(int f) {
        return buses[f];
    }

    int vendor(int f) {
        return functions.get(f).ids().vendor();
    }

    int device(int f) {
        return functions.get(f).ids().device();
    }

    /// Vendor in 31:16, device in 15:0.
    int id(int f) {
        return vendor(f) << 16 | device(f);
    }

    /// Base class, 8 bits.
    int baseClass(int f) {
        return functions.get(f).ids().classCode() >>> 16;
    }

    /// Base class and subclass, 16 bits.
    int subclass(int f) {
        return functions.get(f).ids().classCode() >>> 8;
    }

    /// `00:01.0`; with its domain if that is not 0.
    String name(int f) {
        var known = names[f];
        if (known == null) {
            known = name(address(f));
            names[f] = known;
        }
        return known;
    }

    static String name(PciAddress address) {
        if (address.domain() != 0) {
            return address.toString();
        }
        // Spelled out: a format string costs more than all the rest of grouping.
        return new StringBuilder(7)
                .append(digit(address.bus() >>> 4))
                .append(digit(address.bus()))
                .append(':')
                .append(digit(address.device() >>> 4))
                .append(digit(address.device()))
                .append('.')
                .append(address.function())
                .toString();
    }

    private static char digit(int value) {
        return Character.forDigit(value & 0xf, 16);
    }

    /// `root port 00:01.0`
    String title(int f) {
        String words =
                types[f] == PortType.CONVENTIONAL && Header.isBridge(function(f).config())
                        ? "conventional PCI bridge"
                        : function(f).isVirtualFunction() ? "virtual function" : types[f].words();
        return words + " " + name(f);
    }
}

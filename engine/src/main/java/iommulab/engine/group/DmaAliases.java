package iommulab.engine.group;

import iommulab.engine.pci.Header;
import iommulab.engine.pci.PortType;

import org.jspecify.annotations.Nullable;

import java.util.BitSet;

/// Functions that issue requests under the name of another function of their bus: those that Linux
/// knows by their ids, and those that an IVRS names.
/// Source: `drivers/pci/quirks.c` (dma alias), `setup_aliases` in `drivers/iommu/amd/iommu.c`.
final class DmaAliases {
    private static final IdSet TO_FUNCTION_0 =
            IdSet.of(
                    """
                    1180: e832 e476
                    6766: 3d40 3d41
                    """);
    private static final IdSet TO_FUNCTION_1 =
            IdSet.of(
                    """
                    1b4b: 9120 9123 9125 9128 9130 9170 9172 917a 9182 9183 91a0 9215 9220 9230 9235
                    1103: 0642 0645
                    197b: 2392
                    1c28: 0122
                    """);
    private static final IdSet ADAPTEC = IdSet.of("9005: 0285");
    private static final IdSet XEON_PHI = IdSet.of("8086: 2260 2264");
    private static final IdSet VISUAL_COMPUTE = IdSet.of("8086: 2954-2956 2958-295a");
    private static final IdSet PLX_NON_TRANSPARENT = IdSet.of("10b5: 87b0 87b1");

    /// Bridges without PCI Express capability that sit below a PCI Express port all the same.
    private static final IdSet PCIE_BRIDGES_WITHOUT_CAPABILITY =
            IdSet.of(
                    """
                    1b21: 1080
                    10e3: 8113
                    1283: 8892 8893
                    8086: 244e
                    """);

    private final FunctionTable table;
    private final IvrsRanges ivrs;
    private final @Nullable BitSet[] aliases;
    private final boolean[] busHasAliases;

    DmaAliases(FunctionTable table, GroupFacts facts) {
        this.table = table;
        this.ivrs = facts.firmware().ivrs().map(IvrsRanges::new).orElseGet(IvrsRanges::none);
        aliases = new BitSet[table.size()];
        busHasAliases = new boolean[table.size()];
        for (int f = 0; f < table.size(); f++) {
            addKnown(f);
        }
    }

    private void addKnown(int f) {
        int id = table.id(f);
        int own = table.address(f).devfn();
        int slot = own & ~7;
        if (TO_FUNCTION_0.has(id) && own != slot) {
            add(f, slot, slot);
        } else if (TO_FUNCTION_1.has(id) && own != (slot | 1)) {
            add(f, slot | 1, slot | 1);
        } else if (ADAPTEC.has(id) && isRebrandedAdaptec(f)) {
            add(f, 1 << 3, 1 << 3);
        } else if (XEON_PHI.has(id)) {
            add(f, 0x10 << 3, 0x10 << 3);
            add(f, 0x11 << 3, 0x11 << 3);
            add(f, 0x12 << 3 | 3, 0x12 << 3 | 3);
        } else if (VISUAL_COMPUTE.has(id)) {
            for (int device = 0; device < 0x20; device++) {
                add(f, device << 3, device << 3 | 4);
            }
        } else if (PLX_NON_TRANSPARENT.has(id)) {
            add(f, 0, 0xff);
        }
    }

    private boolean isRebrandedAdaptec(int f) {
        var ids = table.function(f).ids();
        return ids.subsystemVendor() == 0x9005
                && (ids.subsystemDevice() == 0x02bb || ids.subsystemDevice() == 0x02bc);
    }

    private void add(int f, int firstDevfn, int lastDevfn) {
        var set = aliases[f];
        if (set == null) {
            set = new BitSet(256);
            aliases[f] = set;
            for (int neighbour : table.bus(f)) {
                busHasAliases[neighbour] = true;
            }
        }
        set.set(firstDevfn, lastDevfn + 1);
    }

    /// Takes in what the IVRS says of a function. Linux does so when it probes the function, not before.
    void probe(int f) {
        var address = table.address(f);
        int alias = ivrs.aliasOf(address.domain(), address.requesterId().raw());
        if (alias >>> 8 == address.bus() && (alias & 0xff) != address.devfn()) {
            add(f, alias & 0xff, alias & 0xff);
        }
    }

    /// Whether any function on the bus of `f` has an alias.
    boolean possibleOnBusOf(int f) {
        return busHasAliases[f];
    }

    /// Whether one of two functions of a bus uses the other's name.
    boolean related(int f, int other) {
        return uses(f, other) || uses(other, f);
    }

    /// Whether `f` issues requests under the name of `other`.
    boolean uses(int f, int other) {
        var set = aliases[f];
        return set != null && set.get(table.address(other).devfn());
    }

    /// The other names that a function uses on its bus; null if none.
    @Nullable BitSet of(int f) {
        return aliases[f];
    }

    /// The requester ID under which a bridge passes on what comes from below it, 16 bits; -1 if it
    /// leaves the ID as it is. Source: `pci_for_each_dma_alias` in `drivers/pci/search.c`.
    int rewrittenBy(int bridge) {
        int own = table.address(bridge).requesterId().raw();
        int below = Header.secondaryBus(table.function(bridge).config()) << 8;
        return switch (table.type(bridge)) {
            case PCIE_TO_PCI_BRIDGE -> below;
            case PCI_TO_PCIE_BRIDGE -> own;
            case CONVENTIONAL -> hidesPciExpress(bridge) ? below : own;
            case ENDPOINT,
                    LEGACY_ENDPOINT,
                    ROOT_PORT,
                    UPSTREAM_PORT,
                    DOWNSTREAM_PORT,
                    ROOT_COMPLEX_ENDPOINT,
                    EVENT_COLLECTOR,
                    RESERVED,
                    UNKNOWN ->
                    -1;
        };
    }

    private boolean hidesPciExpress(int bridge) {
        int above = table.parent(bridge);
        return above != FunctionTable.NONE
                && PCIE_BRIDGES_WITHOUT_CAPABILITY.has(table.id(bridge))
                && table.type(above).isPciExpress()
                && table.type(above) != PortType.PCIE_TO_PCI_BRIDGE;
    }

    /// Whether an IVRS gives the function another name.
    boolean fromIvrs(int f) {
        var address = table.address(f);
        return ivrs.aliasOf(address.domain(), address.requesterId().raw()) >= 0;
    }

    /// Whether Linux knows that a bridge leaves requester IDs as they are although its type says
    /// otherwise: the ASPEED AST1150.
    boolean isTransparent(int bridge, KernelRelease release) {
        return table.id(bridge) == 0x1a031150 && release.isAtLeast(7, 0);
    }
}

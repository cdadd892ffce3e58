package iommulab.engine.group;

import iommulab.engine.pci.PortType;

import java.util.BitSet;

/// Finds the group that one function joins, and notes why.
/// Source: `pci_device_group` in `drivers/iommu/iommu.c`.
final class GroupSearch {
    private static final int NO_GROUP = -1;

    private final FunctionTable table;
    private final DmaAliases aliases;
    private final Isolation isolation;
    private final KernelRelease release;
    private final int[] groupOf;
    private final LinkSteps steps;

    GroupSearch(
            FunctionTable table,
            DmaAliases aliases,
            Isolation isolation,
            KernelRelease release,
            int[] groupOf,
            LinkSteps steps) {
        this.table = table;
        this.aliases = aliases;
        this.isolation = isolation;
        this.release = release;
        this.groupOf = groupOf;
        this.steps = steps;
    }

    /// The group that the function joins, -1 if it opens one.
    int find(int f) {
        int at = walkAliases(f);
        if (at != f && groupOf[at] != NO_GROUP) {
            return join(at);
        }
        int top = walkPorts(at);
        if (top != at && groupOf[top] != NO_GROUP) {
            return join(top);
        }
        int mate = findMate(top);
        return mate == FunctionTable.NONE ? NO_GROUP : join(mate);
    }

    private int join(int other) {
        steps.joins(other);
        return groupOf[other];
    }

    /// Step 1: bridges that put their own name on requests, up to the first that has a group.
    private int walkAliases(int f) {
        int at = f;
        for (int bridge = table.parent(f);
                bridge != FunctionTable.NONE;
                bridge = table.parent(bridge)) {
            int requester = aliases.rewrittenBy(bridge);
            if (requester < 0) {
                continue;
            }
            if (aliases.isTransparent(bridge, release)) {
                steps.fact(
                        bridge,
                        table.title(bridge) + " leaves requester IDs as they are",
                        "vendor rule for 1a03:1150");
                continue;
            }
            at = bridge;
            steps.fails(
                    bridge,
                    "%s passes requests from below on as its own (%02x:%02x.%x)"
                            .formatted(
                                    table.title(bridge),
                                    requester >>> 8,
                                    requester >>> 3 & 0x1f,
                                    requester & 7),
                    "requester ID alias of a " + kindOf(bridge),
                    bridge);
            if (groupOf[bridge] != NO_GROUP) {
                return at;
            }
        }
        return at;
    }

    private String kindOf(int bridge) {
        return table.type(bridge) == PortType.CONVENTIONAL
                ? "conventional PCI bridge"
                : table.type(bridge).words();
    }

    /// Step 2: ports that let peer requests through, up to the first that has a group or above which
    /// all is isolated.
    private int walkPorts(int from) {
        int at = from;
        int noted = FunctionTable.NONE;
        for (int port = table.parent(from); port != FunctionTable.NONE; port = table.parent(port)) {
            int open = isolation.firstOpen(port);
            if (open == FunctionTable.NONE) {
                var answer = isolation.answer(port);
                steps.passes(
                        port,
                        "every port from "
                                + table.title(port)
                                + " up to the root keeps peers apart",
                        answer.evidence());
                return at;
            }
            if (open != noted) {
                var answer = isolation.answer(open);
                steps.fails(open, table.title(open) + " " + answer.text(), answer.evidence(), port);
                noted = open;
            }
            at = port;
            if (groupOf[port] != NO_GROUP) {
                return at;
            }
        }
        if (table.onRootBus(from)) {
            steps.passes(
                    from,
                    table.name(from) + " sits on a root bus, no port above it is asked",
                    "root bus");
        }
        return at;
    }

    /// Steps 3 and 4: functions that share a name with `at`, then functions of its slot.
    private int findMate(int at) {
        if (table.isMultifunction(at) && isolation.isolated(at)) {
            var answer = isolation.answer(at);
            steps.passes(at, table.name(at) + " " + answer.text(), answer.evidence());
        }
        var seen = new BitSet();
        if (aliases.possibleOnBusOf(at)) {
            int alias = findAlias(at, seen);
            if (alias != FunctionTable.NONE) {
                return alias;
            }
        }
        return findInSlot(at, seen);
    }

    /// A function that has a group, reached from `f` by aliases; `f` itself if it has one.
    private int findAlias(int f, BitSet seen) {
        int devfn = table.address(f).devfn();
        if (seen.get(devfn)) {
            return FunctionTable.NONE;
        }
        seen.set(devfn);
        if (groupOf[f] != NO_GROUP) {
            return f;
        }
        if (!aliases.possibleOnBusOf(f)) {
            return FunctionTable.NONE;
        }
        for (int other : table.bus(f)) {
            if (other == f || !aliases.related(f, other)) {
                continue;
            }
            int found = findAlias(other, seen);
            if (found == FunctionTable.NONE) {
                found = findInSlot(other, seen);
            }
            if (found != FunctionTable.NONE) {
                noteAlias(f, other);
                return found;
            }
        }
        return FunctionTable.NONE;
    }

    private void noteAlias(int f, int other) {
        int user = aliases.uses(f, other) ? f : other;
        int used = user == f ? other : f;
        steps.fails(
                user,
                "%s issues requests under the name of %s"
                        .formatted(table.name(user), table.name(used)),
                aliases.fromIvrs(user)
                        ? "alias entry of the IVRS table"
                        : "DMA alias rule for %04x:%04x"
                                .formatted(table.vendor(user), table.device(user)),
                other);
    }

    private int findInSlot(int f, BitSet seen) {
        if (!table.isMultifunction(f) || isolation.isolated(f)) {
            return FunctionTable.NONE;
        }
        for (int mate : table.slot(f)) {
            if (mate == f || isolation.isolated(mate)) {
                continue;
            }
            int found = findAlias(mate, seen);
            if (found != FunctionTable.NONE) {
                var answer = isolation.answer(f);
                steps.fails(
                        f,
                        table.name(f)
                                + " is one function of a multifunction device and "
                                + answer.text(),
                        answer.evidence(),
                        mate);
                return found;
            }
        }
        return FunctionTable.NONE;
    }
}

package iommulab.engine.os.iommufd;

import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.call.Value;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Calls that make page tables and forget what hardware has cached of them. Source: kernel
/// `drivers/iommu/iommufd/hw_pagetable.c`.
public final class HwptCalls implements CallTable {
    private static final List<String> FLAGS = List.of("nest_parent", "dirty", "fault", "pasid");
    private static final long MOST_ENTRIES = 524_288;

    private final OpenFiles files;

    public HwptCalls(OpenFiles files) {
        this.files = files;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "iommufd.hwpt_alloc", this::alloc,
                "iommufd.hwpt_invalidate", this::invalidate,
                "mock.iotlb", this::iotlb);
    }

    private Iommufd file(Arguments a) throws CallFailed, BadArgument {
        return files.required(a, "iommufd", Iommufd.class);
    }

    static void requireReserved(Arguments a) throws CallFailed, BadArgument {
        if (a.number("reserved", 0) != 0) {
            throw new CallFailed("EOPNOTSUPP", "A reserved field is not 0.");
        }
    }

    // ---- alloc

    /// What was asked for, after the checks that need no object.
    private record Asked(DriverData data, Optional<FaultQueue> faults) {
        boolean has(String flag) {
            return data.has(flag);
        }
    }

    private Answer alloc(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        requireReserved(a);
        var data = DriverData.of(a);
        var device = file.require(a, "dev_id", BoundDevice.class);
        var target = file.find((int) a.number("pt_id"));
        if (target.isEmpty()) {
            throw new CallFailed(
                    "EINVAL",
                    "%s has no object %d to make a table for.".formatted(file, a.number("pt_id")));
        }
        var asked = new Asked(data, faults(file, a));
        var table =
                switch (target.get()) {
                    case IoAddressSpace space -> paging(space, device, asked);
                    case PagingTable parent -> nested(parent, Optional.empty(), device, asked, a);
                    case VirtualIommu viommu ->
                            nested(viommu.parent(), Optional.of(viommu), device, asked, a);
                    default ->
                            throw new CallFailed(
                                    "EINVAL", "%s can have no table.".formatted(target.get()));
                };
        return Answer.OK.with("hwpt_id", table.id());
    }

    private static Optional<FaultQueue> faults(Iommufd file, Arguments a)
            throws CallFailed, BadArgument {
        return a.words("flags").contains("fault")
                ? Optional.of(file.require(a.number("fault_id", 0), FaultQueue.class))
                : Optional.empty();
    }

    private static PagingTable paging(IoAddressSpace space, BoundDevice device, Asked asked)
            throws CallFailed {
        requireFlags(asked, FLAGS);
        if (asked.has("fault") && asked.has("nest_parent")) {
            throw new CallFailed(
                    "EOPNOTSUPP", "Page requests belong to the guest's stage, not to its parent.");
        }
        if (asked.has("dirty") && !device.device().tracksDirty()) {
            throw new CallFailed(
                    "EOPNOTSUPP", "Writes of %s cannot be tracked.".formatted(device.device()));
        }
        if (asked.data().length() != 0) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "No driver makes a table of its own from data %s."
                            .formatted(asked.data().type()));
        }
        return new PagingTable(
                space,
                device.device(),
                new PagingTable.Flags(
                        asked.has("nest_parent"), asked.has("dirty"), asked.has("pasid")),
                false,
                asked.faults());
    }

    private static void requireFlags(Asked asked, List<String> known) throws CallFailed {
        for (var flag : asked.data().flags()) {
            if (!known.contains(flag)) {
                throw new CallFailed(
                        "EOPNOTSUPP", "Flag '%s' is not one of %s.".formatted(flag, known));
            }
        }
    }

    private static NestedTable nested(
            PagingTable parent,
            Optional<VirtualIommu> viommu,
            BoundDevice device,
            Asked asked,
            Arguments a)
            throws CallFailed, BadArgument {
        requireFlags(asked, List.of("fault", "pasid"));
        if (asked.data().length() == 0) {
            throw new CallFailed(
                    "EOPNOTSUPP", "A guest's table is described by data of its IOMMU.");
        }
        if (!parent.canBeParent()) {
            throw new CallFailed(
                    "EINVAL",
                    parent.isAutomatic()
                            ? "%s is automatic: nobody asked for it to be a parent."
                                    .formatted(parent)
                            : "%s lacks the nest_parent flag.".formatted(parent));
        }
        var unit = device.device().unit().orElseThrow();
        if (!unit.driver().equals(parent.unit().driver())) {
            throw new CallFailed("EINVAL", "%s is a table of another driver.".formatted(parent));
        }
        var known = viommu.isPresent() ? viommu.get().nestedData() : unit.nestedData();
        if (known.isEmpty()) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "The driver of %s makes no nested tables this way.".formatted(unit.name()));
        }
        if (!known.equals(asked.data().type())) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "The driver of %s takes data of type %s, not %s."
                            .formatted(unit.name(), known, asked.data().type()));
        }
        return new NestedTable(
                parent,
                viommu,
                device.device(),
                asked.has("pasid"),
                asked.faults(),
                asked.data().read(a, parent, viommu, device.device()));
    }

    // ---- invalidate

    private Answer invalidate(Arguments a) throws CallFailed, BadArgument {
        try {
            return Answer.OK.with("entry_num", done(file(a), a));
        } catch (CallFailed failed) {
            throw failed.returns().containsKey("entry_num")
                    ? failed
                    : failed.returning("entry_num", Value.of(0));
        }
    }

    private static int done(Iommufd file, Arguments a) throws CallFailed, BadArgument {
        requireReserved(a);
        var entries = a.everyFields("entries");
        long count = a.number("entry_num", entries.size());
        if (count != 0) {
            requireArray(a, count);
        }
        var object = file.require(a, "hwpt_id", IoObject.class);
        return switch (object) {
            case NestedTable table -> {
                requireHandler(table);
                requireEntries(a, count, table.data().entryType(), table.data().entryBytes());
                yield table.invalidate(first(entries, count));
            }
            case VirtualIommu viommu -> {
                requireHandler(viommu);
                requireEntries(a, count, viommu.invalidationType(), viommu.entryBytes());
                yield viommu.invalidate(first(entries, count));
            }
            default ->
                    throw new CallFailed(
                            "EINVAL",
                            "%s is neither a nested table nor a virtual IOMMU: the kernel flushes it itself."
                                    .formatted(object));
        };
    }

    private static void requireHandler(NestedTable table) throws CallFailed {
        if (table.data().entryType().isEmpty()) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "%s takes no entries: its guest's commands go to the virtual IOMMU."
                            .formatted(table));
        }
    }

    private static void requireHandler(VirtualIommu viommu) throws CallFailed {
        if (viommu.invalidationType().isEmpty()) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "%s takes no entries: hardware reads its guest's command buffer (guest.command)."
                            .formatted(viommu));
        }
    }

    private static List<Arguments> first(List<Arguments> entries, long count) {
        return new ArrayList<>(entries.subList(0, (int) Math.min(count, entries.size())));
    }

    private static void requireArray(Arguments a, long count) throws CallFailed, BadArgument {
        if (a.optionalWord("data_ptr").filter("null"::equals).isPresent()) {
            throw new CallFailed(
                    "EINVAL", "%d entries, and the pointer to them is null.".formatted(count));
        }
        if (a.has("entry_len") && a.number("entry_len") == 0) {
            throw new CallFailed("EINVAL", "%d entries of 0 bytes.".formatted(count));
        }
        if (Long.compareUnsigned(count, MOST_ENTRIES) > 0
                || a.has("entry_len") && Long.compareUnsigned(a.number("entry_len"), 4096) > 0) {
            throw new CallFailed(
                    "EINVAL", "At most %d entries of at most 4096 bytes.".formatted(MOST_ENTRIES));
        }
    }

    private static void requireEntries(Arguments a, long count, String type, int bytes)
            throws CallFailed, BadArgument {
        if (!a.word("data_type").equals(type)) {
            throw new CallFailed(
                    "EINVAL",
                    "Entries of type %s; this object takes %s."
                            .formatted(a.word("data_type"), type));
        }
        if (count != 0 && a.number("entry_len", bytes) != bytes) {
            throw new CallFailed(
                    "EINVAL",
                    "An entry of type %s has %d bytes, not %d."
                            .formatted(type, bytes, a.number("entry_len")));
        }
    }

    private Answer iotlb(Arguments a) throws CallFailed, BadArgument {
        var table = file(a).require(a, "hwpt_id", NestedTable.class);
        if (!(table.data() instanceof NestedData.Selftest words)) {
            throw new CallFailed("EINVAL", "%s has no cache words.".formatted(table));
        }
        return Answer.OK.with("iotlb", Value.of(words.all().stream().map(Value::hex).toList()));
    }
}

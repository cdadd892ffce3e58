package iommulab.engine.os.iommufd;

import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.call.Value;
import iommulab.engine.os.device.GuestDomains;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Calls that make page tables and forget what hardware has cached of them. Source: kernel
/// `drivers/iommu/iommufd/hw_pagetable.c`.
public final class HwptCalls implements CallTable {
    private static final List<String> FLAGS = List.of("nest_parent", "dirty", "fault", "pasid");
    private static final Map<String, Integer> DATA_BYTES =
            Map.of(
                    "none",
                    0,
                    "selftest",
                    NestedData.Selftest.BYTES,
                    "vtd_s1",
                    NestedData.VtdStage1.BYTES,
                    "arm_smmuv3",
                    NestedData.StreamOfGuest.BYTES);
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
    ///
    /// @param type of the data
    /// @param length of the data in bytes
    private record Asked(
            List<String> flags, String type, long length, Optional<FaultQueue> faults) {
        boolean has(String flag) {
            return flags.contains(flag);
        }
    }

    private Answer alloc(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        requireReserved(a);
        var type = a.optionalWord("data_type").orElse("none");
        long length = a.number("data_len", DATA_BYTES.getOrDefault(type, 0));
        if (type.equals("none") != (length == 0)) {
            throw new CallFailed(
                    "EINVAL",
                    "Data of type %s and %d bytes: without a type there are no bytes, and with one there are some."
                            .formatted(type, length));
        }
        var device = file.require(a, "dev_id", BoundDevice.class);
        var target = file.find((int) a.number("pt_id"));
        if (target.isEmpty()) {
            throw new CallFailed(
                    "EINVAL",
                    "%s has no object %d to make a table for.".formatted(file, a.number("pt_id")));
        }
        var asked = new Asked(a.words("flags"), type, length, faults(file, a));
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
        if (asked.length() != 0) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "No driver makes a table of its own from data %s.".formatted(asked.type()));
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
        for (var flag : asked.flags()) {
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
        if (asked.length() == 0) {
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
        var known = viommu.isPresent() ? viommu.get().model() : unit.nestedData();
        if (known.isEmpty()) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "The driver of %s makes no nested tables this way.".formatted(unit.name()));
        }
        if (!known.equals(asked.type())) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "The driver of %s takes data of type %s, not %s."
                            .formatted(unit.name(), known, asked.type()));
        }
        return new NestedTable(
                parent,
                viommu,
                device.device(),
                asked.has("pasid"),
                asked.faults(),
                data(parent, device, asked, a));
    }

    private static NestedData data(PagingTable parent, BoundDevice device, Asked asked, Arguments a)
            throws CallFailed, BadArgument {
        if (asked.length() != DATA_BYTES.getOrDefault(asked.type(), 0)) {
            throw new CallFailed(
                    "EINVAL",
                    "Data of type %s has %d bytes, not %d: a driver's data is neither cut nor stretched."
                            .formatted(
                                    asked.type(),
                                    DATA_BYTES.getOrDefault(asked.type(), 0),
                                    asked.length()));
        }
        if (a.optionalWord("data_ptr").filter("null"::equals).isPresent()) {
            throw new CallFailed("EFAULT", "The pointer to the data leads nowhere.");
        }
        var fields = a.has("data") ? a.fields("data") : new Arguments(a.action(), Map.of());
        return switch (asked.type()) {
            case "selftest" ->
                    NestedData.Selftest.filledWith(
                            parent.file().ledger(), fields.number("iotlb", 0));
            case "vtd_s1" -> vtdStage1(parent, device, fields);
            case "arm_smmuv3" -> streamOfGuest(parent, device, asked, fields);
            default ->
                    throw new CallFailed(
                            "EOPNOTSUPP", "Data of type %s is not built.".formatted(asked.type()));
        };
    }

    private static NestedData vtdStage1(PagingTable parent, BoundDevice device, Arguments fields)
            throws CallFailed, BadArgument {
        long width = fields.number("addr_width", 48);
        if (width != 48 && width != 57) {
            throw new CallFailed(
                    "EINVAL",
                    "First-stage tables translate 48 or 57 bits, not %d.".formatted(width));
        }
        var guest = new GuestDomains.GuestTable((int) fields.number("pgtbl"));
        var guests = parent.file().core().guests();
        int domain = guests.createNested(device.device().unitNumber(), parent.domain(), guest);
        return new NestedData.VtdStage1(guests, domain, guest);
    }

    private static NestedData streamOfGuest(
            PagingTable parent, BoundDevice device, Asked asked, Arguments fields)
            throws CallFailed, BadArgument {
        if (asked.has("pasid")) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "A guest's stream has all PASIDs of its device: no flag allows more of them.");
        }
        var entry = VirtualStreamEntry.of(fields);
        var guests = parent.file().core().guests();
        int domain =
                guests.createOnGuestEntry(device.device().unitNumber(), parent.domain(), entry);
        return new NestedData.StreamOfGuest(domain, entry);
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

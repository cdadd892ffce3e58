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
import java.util.LinkedHashMap;
import java.util.Map;

/// Calls on virtual IOMMUs, their events and their queues. Source: kernel `drivers/iommu/iommufd/viommu.c`,
/// `eventq.c`.
public final class VirtualIommuCalls implements CallTable {
    private final OpenFiles files;

    public VirtualIommuCalls(OpenFiles files) {
        this.files = files;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "iommufd.viommu_alloc", this::alloc,
                "iommufd.vdevice_alloc", this::allocDevice,
                "iommufd.veventq_alloc", this::allocEvents,
                "iommufd.veventq_read", this::readEvents,
                "iommufd.veventq_close", this::closeEvents,
                "iommufd.hw_queue_alloc", this::allocQueue,
                "guest.command", this::command);
    }

    private Iommufd file(Arguments a) throws CallFailed, BadArgument {
        return files.required(a, "iommufd", Iommufd.class);
    }

    /// Whether a call asks for flags, of which there are none, or for the type that says nothing.
    static void requirePlain(Arguments a) throws CallFailed, BadArgument {
        if (a.number("flags", 0) != 0) {
            throw new CallFailed("EOPNOTSUPP", "There are no flags.");
        }
        if (a.word("type").equals("default")) {
            throw new CallFailed("EOPNOTSUPP", "The default type says nothing; name one.");
        }
    }

    private Answer alloc(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        requirePlain(a);
        var device = file.require(a, "dev_id", BoundDevice.class).device();
        var unit = device.unit().orElseThrow();
        var kind = VirtualIommu.Kind.of(a.word("type"));
        if (kind.isEmpty() || !a.word("type").equals(unit.viommuType())) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    unit.viommuType().isEmpty()
                            ? "The driver of %s has no virtual IOMMUs.".formatted(unit.name())
                            : "The driver of %s makes virtual IOMMUs of type %s only."
                                    .formatted(unit.name(), unit.viommuType()));
        }
        var parent = file.require(a, "hwpt_id", PagingTable.class);
        if (!parent.canBeParent()) {
            throw new CallFailed(
                    "EINVAL",
                    "%s was not made with nest_parent: nothing can be nested on it."
                            .formatted(parent));
        }
        if (!parent.unit().driver().equals(unit.driver())) {
            throw new CallFailed(
                    "EINVAL", "%s is a table of another IOMMU's driver.".formatted(parent));
        }
        return Answer.OK.with("viommu_id", new VirtualIommu(device, kind.get(), parent).id());
    }

    private Answer allocDevice(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        var viommu = file.require(a, "viommu_id", VirtualIommu.class);
        var device = file.require(a, "dev_id", BoundDevice.class);
        return Answer.OK.with(
                "vdevice_id", new VirtualDevice(viommu, device, a.number("virt_id")).id());
    }

    /// The guest writes into its command buffer, and hardware reads it: no call of the kernel is made.
    private Answer command(Arguments a) throws CallFailed, BadArgument {
        file(a).require(a, "viommu_id", VirtualIommu.class)
                .carryOut(a.wordOfPair("cmd", 0), a.wordOfPair("cmd", 1));
        return Answer.OK;
    }

    // ---- events

    private Answer allocEvents(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        requirePlain(a);
        long depth = a.number("depth");
        if (depth == 0) {
            throw new CallFailed("EINVAL", "A queue without room for one event is none.");
        }
        if (depth < 0 || depth > Integer.MAX_VALUE) {
            throw a.wrong("depth", a.value("depth"), "a number of events");
        }
        var viommu = file.require(a, "viommu_id", VirtualIommu.class);
        var type = a.word("type");
        var known = viommu.events(type);
        if (known.isPresent()) {
            throw new CallFailed(
                    "EEXIST",
                    "%s has %s for events of type %s.".formatted(viommu, known.get(), type));
        }
        var queue = new EventQueue(viommu, type, (int) depth);
        var opened = new EventFile(files.newHandle("veventq"), queue);
        files.add(opened);
        return Answer.OK.with("veventq_id", queue.id()).with("fd", opened.handle());
    }

    private Answer readEvents(Arguments a) throws CallFailed, BadArgument {
        var events = new ArrayList<Value>();
        for (var event : files.required(a, "fd", EventFile.class).queue().read()) {
            events.add(told(event));
        }
        return Answer.OK.with("events", Value.of(events));
    }

    private static Value told(EventQueue.Report report) {
        var fields = new LinkedHashMap<String, Value>();
        boolean lost = report instanceof EventQueue.Event event && event.lost();
        fields.put("kind", Value.of(lost ? "lost" : "event"));
        fields.put("sequence", Value.of(report.sequence()));
        switch (report) {
            case EventQueue.Event(_, boolean marker, long virtualId) -> {
                if (!marker) {
                    fields.put("virt_id", Value.hex(virtualId));
                }
            }
            case EventQueue.HardwareEvent(_, var words) ->
                    fields.put("evt", Value.of(words.all().stream().map(Value::hex).toList()));
        }
        return Value.of(fields);
    }

    private Answer closeEvents(Arguments a) throws CallFailed, BadArgument {
        files.close(files.required(a, "fd", EventFile.class));
        return Answer.OK;
    }

    // ---- queues of hardware

    /// Source: kernel `iommufd_hw_queue_alloc_ioctl`.
    private Answer allocQueue(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        requirePlain(a);
        long iova = a.number("iova");
        long length = a.number("length");
        if (length == 0) {
            throw new CallFailed("EINVAL", "A queue of no bytes is none.");
        }
        if (Long.compareUnsigned(iova + length - 1, iova) < 0) {
            throw new CallFailed("EOVERFLOW", "0x%x bytes at 0x%x wrap.".formatted(length, iova));
        }
        var viommu = file.require(a, "viommu_id", VirtualIommu.class);
        if (!viommu.hasHardwareQueues() || !viommu.model().equals(a.word("type"))) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "%s has no queues of type %s in the guest's memory."
                            .formatted(viommu, a.word("type")));
        }
        int index = Math.clamp(a.number("index"), -1, Integer.MAX_VALUE);
        var queue = new HardwareQueue(viommu, index, new IovaRange(iova, iova + length - 1));
        return Answer.OK.with("hw_queue_id", queue.id());
    }
}

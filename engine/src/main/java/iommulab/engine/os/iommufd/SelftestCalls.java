package iommulab.engine.os.iommufd;

import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.call.Value;
import iommulab.engine.os.device.Devices;
import iommulab.engine.os.device.SelftestHooks.PasidStep;
import iommulab.engine.os.device.SelftestHooks.PlannedError;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// Hooks of the kernel's self-test: what no user can do, but a test wants to see or to happen. Source:
/// kernel `drivers/iommu/iommufd/selftest.c`.
public final class SelftestCalls implements CallTable {
    private static final Pattern ERRNO = Pattern.compile("E[A-Z0-9]{2,}");

    private static final long MOST_PAGES = 64;
    private static final long MOST_EVENTS = 4096;
    private static final long PAGE = 4096;

    private final OpenFiles files;
    private final Devices devices;

    public SelftestCalls(OpenFiles files, Devices devices) {
        this.files = files;
        this.devices = devices;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "mock.add_reserved", this::addReserved,
                "mock.dev_cache", this::cache,
                "mock.inject_error", this::injectError,
                "mock.last_response", this::lastResponse,
                "mock.trigger_iopf", this::triggerPageRequests,
                "mock.trigger_vevent", this::triggerEvents);
    }

    private Answer addReserved(Arguments a) throws CallFailed, BadArgument {
        var file = files.required(a, "iommufd", Iommufd.class);
        var space = file.require(a, "ioas_id", IoAddressSpace.class);
        long start = a.number("start");
        long length = a.number("length");
        if (length == 0 || Long.compareUnsigned(start + length - 1, start) < 0) {
            throw new CallFailed(
                    "EINVAL", "0x%x bytes at 0x%x are no range.".formatted(length, start));
        }
        var range = new IovaRange(start, start + length - 1);
        space.free().reserve("the self-test at " + range, List.of(range));
        return Answer.OK;
    }

    private Answer cache(Arguments a) throws BadArgument {
        var words = devices.named(a, "device").hooks().cache();
        return Answer.OK.with("cache", Value.ofNumbers(words));
    }

    private Answer injectError(Arguments a) throws BadArgument {
        var step =
                switch (a.word("op")) {
                    case "attach" -> PasidStep.ATTACH;
                    case "replace" -> PasidStep.REPLACE;
                    case "any" -> PasidStep.ANY;
                    default -> throw a.wrong("op", a.value("op"), "attach, replace or any");
                };
        var errno = a.word("errno");
        if (!ERRNO.matcher(errno).matches()) {
            throw a.wrong("errno", a.value("errno"), "a name such as ENOMEM");
        }
        devices.named(a, "device").hooks().plan(new PlannedError(step, errno));
        return Answer.OK;
    }

    private Answer lastResponse(Arguments a) throws BadArgument {
        return Answer.OK.with("code", devices.named(a, "device").hooks().lastResponse());
    }

    private Answer triggerPageRequests(Arguments a) throws BadArgument {
        var device = devices.named(a, "device");
        long size = a.number("group_size", 1);
        if (size < 1 || size > MOST_PAGES) {
            throw a.wrong("group_size", a.value("group_size"), "1 to " + MOST_PAGES);
        }
        long first = a.number("addr", 0);
        var pages = new ArrayList<Long>();
        for (long page = 0; page < size; page++) {
            pages.add(first + page * PAGE);
        }
        PageRequests.report(device, (int) a.number("pasid", 0), pages);
        return Answer.OK;
    }

    private Answer triggerEvents(Arguments a) throws CallFailed, BadArgument {
        var device = devices.named(a, "device");
        long count = a.number("count");
        if (count < 1 || count > MOST_EVENTS) {
            throw a.wrong("count", a.value("count"), "1 to " + MOST_EVENTS);
        }
        var virtual = GuestEvents.guestsOf(device);
        if (virtual.isEmpty()) {
            throw new CallFailed(
                    "ENOENT", "%s uses no table of a virtual IOMMU now.".formatted(device));
        }
        var viommu = virtual.get().viommu();
        var queue = viommu.events(viommu.model());
        if (queue.isEmpty()) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "%s has no queue for its events: nobody is told.".formatted(viommu));
        }
        for (long event = 0; event < count; event++) {
            queue.get().report(virtual.get().virtualId());
        }
        return Answer.OK;
    }
}

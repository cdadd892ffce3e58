package iommulab.engine.os.device;

import iommulab.engine.os.CallTable;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.process.Capability;
import iommulab.engine.os.process.Processes;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;

/// Drivers are bound and unbound, the default domain is used and changed, groups are looked at.
public final class DriverCalls implements CallTable {
    private static final List<String> TYPES = List.of("identity", "DMA", "DMA-FQ", "auto");

    /* Nobody ever claims it, and it has no domain: sysfs tells its type as "unknown". */
    private static final Answer SOFTWARE_ONLY =
            Answer.OK
                    .with("owner", "none")
                    .with("owner_cnt", 0)
                    .with("domain", "none")
                    .with("default_type", "unknown");

    private final Devices devices;
    private final IntPredicate softwareGroups;
    private final Processes processes;

    /// @param softwareGroups whether a group exists by software only: its devices do no DMA
    public DriverCalls(Devices devices, Processes processes, IntPredicate softwareGroups) {
        this.devices = devices;
        this.softwareGroups = softwareGroups;
        this.processes = processes;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "driver.bind", this::bind,
                "driver.unbind", this::unbind,
                "driver.use_dma_api", this::use,
                "driver.unuse_dma_api", this::unuse,
                "driver.group_type", this::groupType,
                "iommu.group_state", this::groupState);
    }

    private Answer bind(Arguments a) throws CallFailed, BadArgument {
        var device = devices.named(a, "device");
        var driver = a.word("driver");
        devices.bind(device, driver);
        return Devices.isVfio(driver) && device.group().isEmpty()
                ? Answer.OK.because(
                        "No IOMMU stands before %s: its user could reach all of memory. The kernel is tainted (TAINT_USER)."
                                .formatted(device))
                : Answer.OK;
    }

    private Answer unbind(Arguments a) throws CallFailed, BadArgument {
        var device = devices.named(a, "device");
        if (device.isOpen()) {
            return Answer.OK
                    .with("blocked", true)
                    .because(
                            "A user has %s open: the driver asks for it and waits."
                                    .formatted(device));
        }
        devices.unbind(device);
        return Answer.OK.with("blocked", false);
    }

    private Answer use(Arguments a) throws CallFailed, BadArgument {
        groupOf(a).useDefaultDomain();
        return Answer.OK;
    }

    private Answer unuse(Arguments a) throws CallFailed, BadArgument {
        groupOf(a).unuseDefaultDomain();
        return Answer.OK;
    }

    /// A device without a group needs no permission for its DMA.
    private DeviceGroup groupOf(Arguments a) throws CallFailed, BadArgument {
        var device = devices.named(a, "device");
        return device.group()
                .orElseThrow(
                        () -> new CallFailed("ENODEV", "%s has no IOMMU group.".formatted(device)));
    }

    /// Source: kernel `iommu_group_store_type`.
    private Answer groupType(Arguments a) throws CallFailed, BadArgument {
        var type = a.word("type");
        var caller = processes.acting(a, processes.first());
        if (!caller.may(Capability.CAP_SYS_ADMIN) || !caller.may(Capability.CAP_SYS_RAWIO)) {
            throw new CallFailed(
                    "EACCES",
                    "The type of a group takes CAP_SYS_ADMIN and CAP_SYS_RAWIO; %s lacks them."
                            .formatted(caller));
        }
        if (!TYPES.contains(type)) {
            throw new CallFailed(
                    "EINVAL", "'%s' is no type; the types are %s.".formatted(type, TYPES));
        }
        if (softwareGroups.test((int) a.number("group"))) {
            throw new CallFailed(
                    "EINVAL", "The group exists by software only: it has no default domain.");
        }
        var group = devices.group(a, "group");
        boolean laterFlush = type.equals("DMA-FQ") && group.defaultType().equals("DMA");
        if (!laterFlush && group.ownerCount() > 0) {
            throw new CallFailed(
                    "EPERM",
                    "The default domain of group %d is %s: it cannot be exchanged."
                            .formatted(
                                    group.id(),
                                    group.owner()
                                            .map(user ->
                                                    "out of use while %s owns it".formatted(user))
                                            .orElse("in use by a kernel driver")));
        }
        group.setDefaultType(type);
        return Answer.OK;
    }

    private Answer groupState(Arguments a) throws BadArgument {
        if (softwareGroups.test((int) a.number("group"))) {
            return SOFTWARE_ONLY;
        }
        var group = devices.group(a, "group");
        return Answer.OK
                .with(
                        "owner",
                        group.owner()
                                .map(user -> user.kind())
                                .orElse(group.isUsedByKernel() ? "kernel" : "none"))
                .with("owner_cnt", group.ownerCount())
                .with("domain", group.use().name().toLowerCase(Locale.ROOT))
                .with("default_type", group.defaultType());
    }
}

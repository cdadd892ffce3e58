package iommulab.engine.os.vfio;

import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.iommufd.Iommufd;
import iommulab.engine.os.process.Processes;
import iommulab.engine.os.state.Ledger;

import java.util.Map;
import java.util.Set;

/// Calls on VFIO's device nodes.
public final class DeviceFileCalls implements CallTable {
    private static final long BIND_SIZE = 16;
    private static final long ATTACH_SIZE = 12;
    private static final long ATTACH_PASID_SIZE = 16;
    private static final long PASID_FLAG = 1;

    private final Ledger ledger;
    private static final String SET_INTERRUPTS = "SET_IRQS";
    private static final Set<String> CALLS =
            Set.of(
                    "GET_INFO",
                    "GET_REGION_INFO",
                    "GET_IRQ_INFO",
                    SET_INTERRUPTS,
                    "RESET",
                    "GET_PCI_HOT_RESET_INFO",
                    "PCI_HOT_RESET",
                    "IOEVENTFD",
                    "FEATURE");

    private final OpenFiles files;
    private final LentDevices lent;
    private final Processes processes;

    public DeviceFileCalls(Ledger ledger, OpenFiles files, LentDevices lent, Processes processes) {
        this.ledger = ledger;
        this.files = files;
        this.lent = lent;
        this.processes = processes;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "vfio.cdev_open", this::open,
                "vfio.cdev_bind", this::bind,
                "vfio.cdev_attach", this::attach,
                "vfio.cdev_detach", this::detach,
                "vfio.cdev_ioctl", this::ioctl,
                "vfio.cdev_close", this::close);
    }

    private Answer open(Arguments a) throws CallFailed, BadArgument {
        var name = a.word("device");
        var device = lent.device(name);
        var group = device.flatMap(lent::groupOf);
        if (group.isEmpty()) {
            throw new CallFailed(
                    "ENOENT", "%s is bound to no VFIO driver: it has no node.".formatted(name));
        }
        var file =
                new DeviceFile(
                        ledger,
                        files.newHandle("cdev"),
                        processes.first(),
                        device.get(),
                        group.get());
        files.add(file);
        return Answer.OK.with("cdev", file.handle());
    }

    private DeviceFile file(Arguments a) throws CallFailed, BadArgument {
        return files.required(a, "cdev", DeviceFile.class);
    }

    /// A file that came from a group is bound, and has none of the calls of a device's own node.
    private DeviceFile file(Arguments a, String errno) throws CallFailed, BadArgument {
        if (files.any(a, "cdev") instanceof GroupDeviceFile fromGroup) {
            throw new CallFailed(
                    errno,
                    "%s came from a group: it has none of the calls of a device's own node."
                            .formatted(fromGroup));
        }
        return file(a);
    }

    private Answer bind(Arguments a) throws CallFailed, BadArgument {
        var file = file(a, "EINVAL");
        requireArgsz(a, BIND_SIZE);
        requireFlags(a, 0);
        if (a.word("iommufd").startsWith("-") || a.word("iommufd").equals("negative")) {
            throw new CallFailed("EINVAL", "A descriptor is not negative.");
        }
        var target = files.any(a, "iommufd");
        if (!(target instanceof Iommufd iommufd)) {
            throw new CallFailed("EBADFD", "%s is no IOMMUFD.".formatted(target));
        }
        return Answer.OK.with("devid", file.bind(iommufd).id());
    }

    private Answer attach(Arguments a) throws CallFailed, BadArgument {
        var file = file(a, "ENOTTY");
        var bound = file.requireBound();
        int pasid = pasid(a, bound);
        return Answer.OK.with("pt_id", bound.attach(a.number("pt_id"), pasid));
    }

    private Answer detach(Arguments a) throws CallFailed, BadArgument {
        var bound = file(a, "ENOTTY").requireBound();
        bound.detach(pasid(a, bound));
        return Answer.OK;
    }

    /// The PASID that a call names, 0 without one.
    private static int pasid(Arguments a, DeviceBinding bound) throws CallFailed, BadArgument {
        boolean named = a.has("pasid");
        requireArgsz(a, ATTACH_SIZE);
        requireFlags(a, named ? PASID_FLAG : 0);
        if (named) {
            bound.requirePasids();
            requireArgsz(a, ATTACH_PASID_SIZE);
        }
        return (int) a.number("pasid", 0);
    }

    private static void requireArgsz(Arguments a, long smallest) throws CallFailed, BadArgument {
        if (a.number("argsz", smallest) < smallest) {
            throw new CallFailed(
                    "EINVAL", "The structure has at least %d bytes.".formatted(smallest));
        }
    }

    private static void requireFlags(Arguments a, long known) throws CallFailed, BadArgument {
        if ((a.number("flags", 0) & ~known) != 0) {
            throw new CallFailed("EINVAL", "Unknown flags 0x%x.".formatted(a.number("flags")));
        }
    }

    /// Source: kernel `vfio_pci_core_ioctl`.
    private Answer ioctl(Arguments a) throws CallFailed, BadArgument {
        VfioDevice device;
        if (files.any(a, "cdev") instanceof GroupDeviceFile fromGroup) {
            device = fromGroup.device();
        } else {
            file(a).requireBound();
            device = file(a).device();
        }
        var command = a.word("cmd").replaceFirst("^VFIO_DEVICE_", "");
        if (!CALLS.contains(command)) {
            throw new CallFailed("ENOTTY", "Device files have no call '%s'.".formatted(command));
        }
        if (command.equals(SET_INTERRUPTS) && device instanceof VfioDevice.Physical(var function)) {
            function.group().orElseThrow().enableInterrupts(function);
        }
        return Answer.OK;
    }

    private Answer close(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        file.letGo();
        files.close(file);
        return Answer.OK;
    }
}

package iommulab.engine.os.iommufd;

import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.Devices;
import iommulab.engine.os.device.IommuCore;
import iommulab.engine.os.process.Capability;
import iommulab.engine.os.process.Processes;
import iommulab.engine.os.state.Ledger;

import java.util.Map;
import java.util.Optional;

/// Calls on an IOMMUFD as a whole: opening, options, destroying, and the in-kernel way to attach devices.
public final class IommufdCalls implements CallTable {
    private final Ledger ledger;
    private final IommuCore core;
    private final OpenFiles files;
    private final Devices devices;
    private final Processes processes;

    public IommufdCalls(
            Ledger ledger, IommuCore core, OpenFiles files, Devices devices, Processes processes) {
        this.ledger = ledger;
        this.core = core;
        this.files = files;
        this.devices = devices;
        this.processes = processes;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "iommufd.open", this::open,
                "iommufd.close", this::close,
                "iommufd.destroy", this::destroy,
                "iommufd.option", this::option,
                "iommufd.vfio_ioas", this::vfioIoas,
                "iommufd.k_attach", this::attach,
                "iommufd.k_replace", this::replace,
                "iommufd.k_detach", this::detach,
                "iommufd.attached_hwpt", this::attached);
    }

    private Answer open(Arguments a) throws BadArgument {
        var opener = processes.acting(a, processes.first());
        var file = new Iommufd(ledger, core, files.newHandle("iommufd"), opener);
        files.add(file);
        return Answer.OK.with("iommufd", file.handle());
    }

    /// Source: kernel `iommufd_fops_release`.
    private Answer close(Arguments a) throws CallFailed, BadArgument {
        return files.closed(file(a));
    }

    private Iommufd file(Arguments a) throws CallFailed, BadArgument {
        return files.required(a, "iommufd", Iommufd.class);
    }

    private Answer destroy(Arguments a) throws CallFailed, BadArgument {
        file(a).require(a, "id", IoObject.class).destroyByUser();
        return Answer.OK;
    }

    // ---- options

    /// Source: kernel `iommufd_option`.
    private Answer option(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        boolean set =
                switch (a.word("op")) {
                    case "set" -> true;
                    case "get" -> false;
                    default ->
                            throw new CallFailed(
                                    "EOPNOTSUPP", "An option is got or set, nothing else.");
                };
        return switch (a.word("option")) {
            case "rlimit_mode" -> billing(file, a, set);
            case "huge_pages" -> hugePages(file, a, set);
            default ->
                    throw new CallFailed(
                            "EOPNOTSUPP", "There is no option '%s'.".formatted(a.word("option")));
        };
    }

    private Answer billing(Iommufd file, Arguments a, boolean set) throws CallFailed, BadArgument {
        if (a.number("object_id", 0) != 0) {
            throw new CallFailed("EOPNOTSUPP", "rlimit_mode is an option of the whole file.");
        }
        if (!set) {
            return Answer.OK.with("val", file.billsProcess().get() ? 1 : 0);
        }
        if (!file.opener().may(Capability.CAP_SYS_RESOURCE)) {
            throw new CallFailed("EPERM", "%s lacks CAP_SYS_RESOURCE.".formatted(file.opener()));
        }
        if (!file.objects().isEmpty()) {
            throw new CallFailed(
                    "EBUSY",
                    "%s has objects already; how they are billed is settled.".formatted(file));
        }
        file.billsProcess().set(flag(a));
        return Answer.OK;
    }

    private static boolean flag(Arguments a) throws CallFailed, BadArgument {
        long value = a.number("val", 0);
        if (value != 0 && value != 1) {
            throw new CallFailed("EINVAL", "%d is neither 0 nor 1.".formatted(value));
        }
        return value == 1;
    }

    private Answer hugePages(Iommufd file, Arguments a, boolean set)
            throws CallFailed, BadArgument {
        var space = file.require(a.number("object_id", 0), IoAddressSpace.class);
        if (!set) {
            return Answer.OK.with("val", space.hugePages() ? 1 : 0);
        }
        space.setHugePages(flag(a));
        return Answer.OK;
    }

    /// Source: kernel `iommufd_vfio_ioas`.
    private Answer vfioIoas(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        return switch (a.word("op")) {
            case "get" -> {
                if (file.compatIoas().get() == 0) {
                    throw new CallFailed(
                            "ENODEV",
                            "No address space stands for a container in %s.".formatted(file));
                }
                yield Answer.OK.with("ioas_id", file.compatIoas().get());
            }
            case "set" -> {
                file.compatIoas()
                        .set(file.require(a.number("ioas_id", 0), IoAddressSpace.class).id());
                yield Answer.OK;
            }
            case "clear" -> {
                file.compatIoas().set(0);
                yield Answer.OK;
            }
            default ->
                    throw new CallFailed(
                            "EOPNOTSUPP", "There is no operation '%s'.".formatted(a.word("op")));
        };
    }

    // ---- attaching as the kernel does

    private BoundDevice bound(Arguments a) throws CallFailed, BadArgument {
        var device = devices.named(a, "device");
        return find(device.name())
                .orElseThrow(() ->
                        new CallFailed("ENODEV", "%s is bound to no IOMMUFD.".formatted(device)));
    }

    private Optional<BoundDevice> find(String device) {
        for (var file : files.all()) {
            if (file instanceof Iommufd iommufd) {
                for (var object : iommufd.objects()) {
                    if (object instanceof BoundDevice bound
                            && bound.device().name().equals(device)) {
                        return Optional.of(bound);
                    }
                }
            }
        }
        return Optional.empty();
    }

    private static int pasid(Arguments a) throws BadArgument {
        return (int) a.number("pasid", 0);
    }

    private Answer attach(Arguments a) throws CallFailed, BadArgument {
        return Answer.OK.with("pt_id", bound(a).attach(a.number("pt_id"), pasid(a)).id());
    }

    private Answer replace(Arguments a) throws CallFailed, BadArgument {
        return Answer.OK.with("pt_id", bound(a).replace(a.number("pt_id"), pasid(a)).id());
    }

    private Answer detach(Arguments a) throws CallFailed, BadArgument {
        bound(a).detach(pasid(a));
        return Answer.OK;
    }

    private Answer attached(Arguments a) throws BadArgument {
        var device = find(devices.named(a, "device").name());
        int pasid = pasid(a);
        int table = device.flatMap(bound -> bound.attached(pasid)).map(PageTable::id).orElse(0);
        return Answer.OK.with("hwpt_id", table);
    }
}

package iommulab.engine.os.iommufd;

import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;

import java.util.Map;

/// Calls on virtual IOMMUs. Source: kernel `drivers/iommu/iommufd/viommu.c`.
public final class VirtualIommuCalls implements CallTable {
    private final OpenFiles files;

    public VirtualIommuCalls(OpenFiles files) {
        this.files = files;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "iommufd.viommu_alloc", this::alloc, "iommufd.vdevice_alloc", this::allocDevice);
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
}

package iommulab.engine.os.iommufd;

import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;

import java.util.Map;

/// What the IOMMU behind a device is. Source: kernel `iommufd_get_hw_info`.
public final class HardwareInfoCalls implements CallTable {
    private final OpenFiles files;

    public HardwareInfoCalls(OpenFiles files) {
        this.files = files;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of("iommufd.get_hw_info", this::info);
    }

    /// Data of one driver.
    ///
    /// @param bytes of its structure
    private record Kind(String name, int bytes) {}

    private static Kind kind(BoundDevice device) {
        return switch (device.device().unit().orElseThrow().driver()) {
            case "mock" -> new Kind("selftest", 8);
            case "vtd" -> new Kind("intel_vtd", 24);
            case "smmuv3" -> new Kind("arm_smmuv3", 40);
            case "amd" -> new Kind("amd", 16);
            default -> new Kind("none", 0);
        };
    }

    /// The kernel says how much it has, fills as much as fits, and clears the rest of the buffer.
    private Answer info(Arguments a) throws CallFailed, BadArgument {
        var device =
                files.required(a, "iommufd", Iommufd.class).require(a, "dev_id", BoundDevice.class);
        var kind = kind(device);
        var wanted = a.optionalWord("type").orElse("default");
        if (!wanted.equals("default") && !wanted.equals(kind.name())) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "The IOMMU of %s tells of itself as %s, not as %s."
                            .formatted(device.device(), kind.name(), wanted));
        }
        long room = a.number("data_len", kind.bytes());
        long copied = Math.min(room, kind.bytes());
        return Answer.OK
                .with("type", kind.name())
                .with("data_len", kind.bytes())
                .with("copied", copied)
                .with("zeroed", room - copied)
                .with("dirty_tracking", device.device().tracksDirty())
                .with("max_pasid_log2", device.device().pasidBits());
    }
}

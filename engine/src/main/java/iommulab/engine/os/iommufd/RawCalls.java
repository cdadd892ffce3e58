package iommulab.engine.os.iommufd;

import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.call.Value;
import iommulab.engine.os.call.Vocabulary;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Calls as frames: a number, a size, and what lies behind. Source: kernel `iommufd_fops_ioctl`,
/// `copy_struct_from_user`.
public final class RawCalls implements CallTable {
    private static final Map<String, Frame> FRAMES =
            Map.ofEntries(
                    frame("DESTROY", 8, 8, "iommufd.destroy"),
                    frame("IOAS_ALLOC", 12, 12, "iommufd.ioas_alloc"),
                    frame("IOAS_MAP", 40, 40, "iommufd.ioas_map"),
                    frame("IOAS_UNMAP", 24, 24, "iommufd.ioas_unmap"),
                    frame("IOAS_COPY", 40, 40, "iommufd.ioas_copy"),
                    frame("IOVA_RANGES", 32, 32, "iommufd.ioas_iova_ranges"),
                    frame("ALLOW_IOVAS", 24, 24, "iommufd.ioas_allow_iovas"),
                    frame("OPTION", 24, 24, "iommufd.option"),
                    frame("VFIO_IOAS", 12, 12, "iommufd.vfio_ioas"),
                    frame("HWPT_ALLOC", 24, 48, "iommufd.hwpt_alloc"),
                    frame("GET_HW_INFO", 32, 40, "iommufd.get_hw_info"),
                    frame("HWPT_INVALIDATE", 32, 32, "iommufd.hwpt_invalidate"),
                    frame("VIOMMU_ALLOC", 24, 40, "iommufd.viommu_alloc"),
                    frame("VDEVICE_ALLOC", 24, 24, "iommufd.vdevice_alloc"));

    private final OpenFiles files;
    private final Map<String, Action> actions;

    /// One known command.
    ///
    /// @param smallest bytes of its first generation
    /// @param known bytes that this kernel knows
    private record Frame(int smallest, int known, String action) {}

    private static Map.Entry<String, Frame> frame(
            String name, int smallest, int known, String action) {
        return Map.entry("IOMMU_" + name, new Frame(smallest, known, action));
    }

    /// @param actions where an accepted frame goes
    public RawCalls(OpenFiles files, Map<String, Action> actions) {
        this.files = files;
        this.actions = actions;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of("iommufd.ioctl_raw", this::raw);
    }

    private Answer raw(Arguments a) throws CallFailed, BadArgument {
        files.required(a, "iommufd", Iommufd.class);
        var frame = FRAMES.get(a.word("cmd"));
        if (frame == null) {
            throw new CallFailed(
                    "ENOTTY",
                    "iommufd knows no command %s; size and content are not looked at."
                            .formatted(a.word("cmd")));
        }
        if (a.optionalWord("arg").filter("null"::equals).isPresent()) {
            throw new CallFailed("EFAULT", "The pointer to the structure leads nowhere.");
        }
        long size = a.number("size");
        if (Long.compareUnsigned(size, frame.smallest()) < 0) {
            throw new CallFailed(
                    "EINVAL",
                    "%d bytes: the first kernels with this command had %d already."
                            .formatted(size, frame.smallest()));
        }
        if (Long.compareUnsigned(size, frame.known()) > 0
                && a.optionalWord("trailing").filter("nonzero"::equals).isPresent()) {
            throw new CallFailed(
                    "E2BIG",
                    "%d bytes, of which this kernel knows %d, and what is behind is not zero."
                            .formatted(size, frame.known()));
        }
        var action = actions.get(frame.action());
        if (action == null) {
            throw new IllegalStateException("no action " + frame.action());
        }
        var call = new Arguments(frame.action(), fields(frame.action(), a));
        Vocabulary.all().check(call);
        return action.run(call);
    }

    /// The fields that were given; the others read as zero.
    private static Map<String, Value> fields(String action, Arguments a) throws BadArgument {
        var fields = new LinkedHashMap<String, Value>();
        for (var parameter : Vocabulary.all().find(action).orElseThrow().parameters()) {
            if (!parameter.optional()) {
                fields.put(
                        parameter.name(),
                        switch (parameter.type()) {
                            case WORDS, LIST -> Value.of(List.of());
                            default -> Value.of(0);
                        });
            }
        }
        fields.put("iommufd", a.value("iommufd"));
        if (a.has("fields")) {
            fields.putAll(a.fields("fields").values());
        }
        return fields;
    }
}

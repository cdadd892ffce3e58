package iommulab.engine.os.vfio;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.PagingDomains;
import iommulab.engine.os.iommufd.Iommufd;
import iommulab.engine.os.iommufd.OldContainer;
import iommulab.engine.os.process.LockedPages;
import iommulab.engine.os.process.Processes;
import iommulab.engine.os.state.Ledger;

import java.util.List;
import java.util.Map;

/// Calls on a container: which backend it has, and what it maps.
public final class ContainerCalls implements CallTable {
    /// `dma_entry_limit` as Linux sets it.
    private static final int MAPPINGS = 65535;

    private static final long MAP_SIZE = 32;
    private static final long UNMAP_SIZE = 24;
    private static final long PAGE = 4096;

    private final Ledger ledger;
    private final PagingDomains paging;
    private final OpenFiles files;
    private final Processes processes;
    private final LockedPages locked;

    public ContainerCalls(
            Ledger ledger,
            PagingDomains paging,
            OpenFiles files,
            Processes processes,
            LockedPages locked) {
        this.ledger = ledger;
        this.paging = paging;
        this.files = files;
        this.processes = processes;
        this.locked = locked;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "vfio.container_open", this::open,
                "vfio.container_close", this::close,
                "vfio.check_extension", this::checkExtension,
                "vfio.set_iommu", this::setIommu,
                "vfio.get_info", this::info,
                "vfio.type1_map", this::map,
                "vfio.type1_unmap", this::unmap,
                "vfio.type1_dirty", this::dirty);
    }

    private Answer open(Arguments a) throws BadArgument {
        var opener = processes.acting(a, processes.first());
        long limit = a.number("dma_entry_limit", MAPPINGS);
        if (limit < 0 || limit > Integer.MAX_VALUE) {
            throw a.wrong("dma_entry_limit", a.value("dma_entry_limit"), "a number of mappings");
        }
        var container =
                new Container(
                        ledger, paging, locked, files.newHandle("container"), opener, (int) limit);
        files.add(container);
        return Answer.OK.with("container", container.handle());
    }

    /// Source: kernel `vfio_fops_release`.
    private Answer close(Arguments a) throws CallFailed, BadArgument {
        return files.closed(files.required(a, "container", Container.class));
    }

    /// What answers the calls on the file of an argument.
    private MappingInterface container(Arguments a) throws CallFailed, BadArgument {
        return files.any(a, "container") instanceof Iommufd iommufd
                ? new MappingInterface.Emulated(new OldContainer(iommufd), locked)
                : new MappingInterface.Native(files.required(a, "container", Container.class));
    }

    private Answer checkExtension(Arguments a) throws CallFailed, BadArgument {
        return Answer.OK.with("value", container(a).extension(a.word("ext")));
    }

    private Answer setIommu(Arguments a) throws CallFailed, BadArgument {
        container(a).choose(a.word("type"));
        return Answer.OK;
    }

    private Answer info(Arguments a) throws CallFailed, BadArgument {
        return container(a).info(new InfoFrame(a));
    }

    // ---- mappings

    private Answer map(Arguments a) throws CallFailed, BadArgument {
        var container = container(a);
        requireArgsz(a, MAP_SIZE);
        var permissions = permissions(a.word("flags"));
        var process = processes.acting(a, files.any(a, "container").opener());
        container.map(
                process,
                a.number("iova"),
                Processes.address(a, "vaddr", process),
                a.number("size"),
                permissions);
        return Answer.OK;
    }

    private static void requireArgsz(Arguments a, long smallest) throws CallFailed, BadArgument {
        if (a.number("argsz", smallest) < smallest) {
            throw new CallFailed(
                    "EINVAL", "The structure has at least %d bytes.".formatted(smallest));
        }
    }

    /// @param flags letters r and w
    private static Permissions permissions(String flags) throws CallFailed {
        for (char letter : flags.toCharArray()) {
            if (letter != 'r' && letter != 'w') {
                throw new CallFailed("EINVAL", "Unknown flag '%c'.".formatted(letter));
            }
        }
        return Permissions.of(flags.contains("r"), flags.contains("w"));
    }

    private Answer unmap(Arguments a) throws CallFailed, BadArgument {
        var container = container(a);
        requireArgsz(a, UNMAP_SIZE);
        boolean all = isAll(a);
        long iova = a.number("iova");
        long size = a.number("size");
        if (all && (iova | size) != 0) {
            throw new CallFailed("EINVAL", "With the flag 'all', iova and size are 0.");
        }
        return Answer.OK.with("size", all ? container.unmapAll() : container.unmap(iova, size));
    }

    private static boolean isAll(Arguments a) throws CallFailed, BadArgument {
        var flags = a.words("flags");
        for (var flag : flags) {
            if (!flag.equals("all")) {
                throw new CallFailed("EINVAL", "Unknown flag '%s'.".formatted(flag));
            }
        }
        return !flags.isEmpty();
    }

    // ---- the log of writes

    private Answer dirty(Arguments a) throws CallFailed, BadArgument {
        var backend = container(a).log();
        var flags = a.words("flags");
        if (flags.size() != 1 || !List.of("start", "stop", "get").contains(flags.getFirst())) {
            throw new CallFailed(
                    "EINVAL", "One of start, stop and get is asked for, not %s.".formatted(flags));
        }
        if (!flags.getFirst().equals("get")) {
            backend.log(flags.getFirst().equals("start"));
            return Answer.OK;
        }
        long pages =
                backend.dirtyPages(
                        a.number("iova", 0), a.number("size", 0), a.number("page_size", PAGE));
        return Answer.OK.with("dirty_pages", pages);
    }
}

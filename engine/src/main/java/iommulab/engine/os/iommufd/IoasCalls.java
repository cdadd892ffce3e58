package iommulab.engine.os.iommufd;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.call.Value;
import iommulab.engine.os.process.LockedPages;
import iommulab.engine.os.process.Process;
import iommulab.engine.os.process.Processes;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Calls on address spaces. Source: kernel `drivers/iommu/iommufd/ioas.c`.
public final class IoasCalls implements CallTable {
    private static final long PAGE = 4096;
    private static final List<String> MAP_FLAGS = List.of("fixed", "read", "write");

    private final OpenFiles files;
    private final Processes processes;
    private final LockedPages locked;

    public IoasCalls(OpenFiles files, Processes processes, LockedPages locked) {
        this.files = files;
        this.processes = processes;
        this.locked = locked;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "iommufd.ioas_alloc", this::alloc,
                "iommufd.ioas_map", this::map,
                "iommufd.ioas_map_file", this::mapFile,
                "iommufd.ioas_unmap", this::unmap,
                "iommufd.ioas_copy", this::copy,
                "iommufd.ioas_iova_ranges", this::ranges,
                "iommufd.ioas_allow_iovas", this::allow,
                "iommufd.ioas_change_process", this::changeProcess);
    }

    private Iommufd file(Arguments a) throws CallFailed, BadArgument {
        return files.required(a, "iommufd", Iommufd.class);
    }

    private Answer alloc(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        if (a.number("flags", 0) != 0) {
            throw new CallFailed("EOPNOTSUPP", "An address space has no flags.");
        }
        return Answer.OK.with("ioas_id", new IoAddressSpace(file).id());
    }

    // ---- map

    /// What a map call asks for, after the checks that need no address space.
    private record Asked(Permissions permissions, Optional<Long> at, long length) {}

    private static Asked asked(Arguments a, String iova) throws CallFailed, BadArgument {
        var flags = a.words("flags");
        for (var flag : flags) {
            if (!MAP_FLAGS.contains(flag)) {
                throw new CallFailed(
                        "EOPNOTSUPP",
                        "'%s' is no flag; the flags are %s.".formatted(flag, MAP_FLAGS));
            }
        }
        long length = a.number("length");
        long at = a.number(iova, 0);
        if (at == -1 || length == -1) {
            throw new CallFailed("EOVERFLOW", "The last address of all cannot be named.");
        }
        var permissions = Permissions.of(flags.contains("read"), flags.contains("write"));
        if (permissions == Permissions.NONE) {
            throw new CallFailed("EINVAL", "A mapping is for reading, writing, or both.");
        }
        return new Asked(
                permissions, flags.contains("fixed") ? Optional.of(at) : Optional.empty(), length);
    }

    private Answer map(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        var process = processes.acting(a, file.opener());
        long va = Processes.address(a, "user_va", process);
        var asked = asked(a, "iova");
        var space = file.require(a, "ioas_id", IoAddressSpace.class);
        if (Long.compareUnsigned(va + asked.length() - 1, va) < 0 && asked.length() != 0) {
            throw new CallFailed(
                    "EOVERFLOW",
                    "0x%x bytes of memory at 0x%x wrap.".formatted(asked.length(), va));
        }
        var pages =
                new SharedPages(
                        file.ledger(),
                        new PageSource.Memory(process.memory(), va),
                        va % PAGE,
                        asked.length(),
                        asked.permissions().write(),
                        bill(file, process));
        long iova =
                space.map(asked.at(), pages, 0, asked.length(), va % PAGE, va, asked.permissions());
        return Answer.OK.with("iova", Value.hex(iova));
    }

    private LockedPages.Bill bill(Iommufd file, Process process) {
        return locked.bill(
                process,
                file.billsProcess().get() ? LockedPages.Payer.PROCESS : LockedPages.Payer.USER);
    }

    private Answer mapFile(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        var asked = asked(a, "iova");
        var space = file.require(a, "ioas_id", IoAddressSpace.class);
        var name = a.word("file");
        var area =
                file.opener().memory().areas().stream()
                        .filter(one -> one.shared() && one.buffer().equals(name))
                        .findFirst();
        if (area.isEmpty()) {
            throw new CallFailed("EBADF", "'%s' is no open file of memory.".formatted(name));
        }
        long start = a.number("start");
        var pages =
                new SharedPages(
                        file.ledger(),
                        new PageSource.File(
                                name,
                                start,
                                area.get().hpa() - area.get().offset(),
                                area.get().offset() + area.get().bytes()),
                        start % PAGE,
                        asked.length(),
                        asked.permissions().write(),
                        bill(file, file.opener()));
        long iova =
                space.map(
                        asked.at(),
                        pages,
                        0,
                        asked.length(),
                        start % PAGE,
                        start,
                        asked.permissions());
        return Answer.OK.with("iova", Value.hex(iova));
    }

    // ---- unmap, copy

    private Answer unmap(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        var space = file.require(a, "ioas_id", IoAddressSpace.class);
        long iova = a.number("iova");
        long length = a.number("length");
        if (iova == 0 && length == -1) {
            return Answer.OK.with("length", Value.hex(space.unmap(IovaRange.ALL)));
        }
        if (iova == -1 || length == -1) {
            throw new CallFailed("EOVERFLOW", "The last address of all cannot be named.");
        }
        if (length == 0) {
            throw new CallFailed("EINVAL", "Nothing to unmap: 0 bytes.");
        }
        if (Long.compareUnsigned(iova + length - 1, iova) < 0) {
            throw new CallFailed("EOVERFLOW", "0x%x bytes at 0x%x wrap.".formatted(length, iova));
        }
        var range = new IovaRange(iova, iova + length - 1);
        long bytes = space.unmap(range);
        if (bytes == 0) {
            throw new CallFailed("ENOENT", "%s maps nothing in %s.".formatted(space, range));
        }
        return Answer.OK.with("length", Value.hex(bytes));
    }

    private Answer copy(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        var asked = asked(a, "dst_iova");
        long from = a.number("src_iova");
        if (from == -1) {
            throw new CallFailed("EOVERFLOW", "The last address of all cannot be named.");
        }
        var source = file.require(a, "src_ioas_id", IoAddressSpace.class);
        if (asked.length() == 0) {
            throw new CallFailed("EINVAL", "Nothing to copy: 0 bytes.");
        }
        if (Long.compareUnsigned(from + asked.length() - 1, from) < 0) {
            throw new CallFailed(
                    "EOVERFLOW", "0x%x bytes at 0x%x wrap.".formatted(asked.length(), from));
        }
        var areas = source.covering(new IovaRange(from, from + asked.length() - 1));
        var target = file.require(a, "dst_ioas_id", IoAddressSpace.class);
        long first = copyAll(areas, from, asked, target);
        return Answer.OK.with("dst_iova", Value.hex(first));
    }

    private static long copyAll(
            List<MappedArea> areas, long from, Asked asked, IoAddressSpace target)
            throws CallFailed {
        long first = 0;
        var at = asked.at();
        long left = asked.length();
        for (var area : areas) {
            long skip = Math.max(0, from - area.iova());
            long bytes = Math.min(left, area.bytes() - skip);
            long iova =
                    target.map(
                            at,
                            area.pages(),
                            area.offset() + skip,
                            bytes,
                            area.pageOffset() + skip & PAGE - 1,
                            area.pageOffset() + skip & PAGE - 1,
                            asked.permissions());
            if (left == asked.length()) {
                first = iova;
            }
            left -= bytes;
            at = Optional.of(iova + bytes);
        }
        return first;
    }

    // ---- ranges

    private static Value value(IovaRange range) {
        var fields = new LinkedHashMap<String, Value>();
        fields.put("start", Value.hex(range.first()));
        fields.put("last", Value.hex(range.last()));
        return Value.of(fields);
    }

    private Answer ranges(Arguments a) throws CallFailed, BadArgument {
        var space = file(a).require(a, "ioas_id", IoAddressSpace.class);
        var usable = space.free().usable();
        long room = a.number("num_iovas", usable.size());
        var shown =
                usable.subList(0, (int) Math.min(room, usable.size())).stream()
                        .map(IoasCalls::value)
                        .toList();
        if (room < usable.size()) {
            throw new CallFailed(
                            "EMSGSIZE",
                            "%s has %d usable ranges, and the array has room for %d."
                                    .formatted(space, usable.size(), room))
                    .returning("ranges", Value.of(shown))
                    .returning("num_iovas", Value.of(usable.size()));
        }
        return Answer.OK
                .with("num_iovas", usable.size())
                .with("ranges", Value.of(shown))
                .with("alignment", space.alignment());
    }

    private Answer allow(Arguments a) throws CallFailed, BadArgument {
        var space = file(a).require(a, "ioas_id", IoAddressSpace.class);
        var ranges = new ArrayList<IovaRange>();
        for (var range : a.everyFields("ranges")) {
            ranges.add(new IovaRange(range.number("start"), range.number("last")));
        }
        space.free().allow(ranges);
        return Answer.OK;
    }

    // ---- who pays

    /// Source: kernel `iommufd_ioas_change_process`.
    private Answer changeProcess(Arguments a) throws CallFailed, BadArgument {
        var file = file(a);
        var caller = processes.named(a, "process");
        var pages = new ArrayList<SharedPages>();
        for (var object : file.objects()) {
            if (object instanceof IoAddressSpace space) {
                for (var area : space.areas()) {
                    if (!area.pages().isOfFile()) {
                        throw new CallFailed(
                                "EINVAL",
                                "The mapping %s of %s is private memory: only a file's can change hands."
                                        .formatted(area.range(), space));
                    }
                    if (!pages.contains(area.pages())) {
                        pages.add(area.pages());
                    }
                }
            }
        }
        for (var one : pages) {
            one.billTo(bill(file, caller));
        }
        return Answer.OK;
    }
}
